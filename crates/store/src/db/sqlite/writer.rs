//! The writer thread: it runs the closures of a group, undoes those that fail, and commits the others together, so
//! that one flush to disk serves them all. Nobody is answered before that flush, not even those who failed: they may
//! have seen what was not yet durable.

use std::path::Path;
use std::sync::Arc;

use futures_util::FutureExt;
use rusqlite::Connection;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

use crate::db::counters::{Tally, count};
use crate::db::work::{Group, Outcome, Work};
use crate::db::{Error, ReadTx, WriteTx, connection};

use super::intake::{Intake, Message};
use super::{ENGINE, open_writer};

/// The way to the writer thread.
pub(in crate::db) struct Writer {
    queue: mpsc::Sender<Message>,
}

impl Writer {
    pub(in crate::db) fn open(
        path: &Path,
        tally: Arc<Tally>,
        runtime: &Handle,
    ) -> Result<Self, Error> {
        let connection = connection::Connection::Sqlite(open_writer(path)?);
        let (queue, waiting) = mpsc::channel(QUEUED);
        let (groups, given) = mpsc::channel(1);
        let (ended, answers) = mpsc::channel(1);
        let thread = Thread {
            tx: WriteTx::new(ReadTx::new(connection, Arc::clone(&tally))),
            is_open: false,
            is_guarded: false,
            group: Vec::new(),
            changed_before: 0,
            refusal: None,
            ended: Vec::new(),
            tally,
        };
        std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || thread.serve(given, &ended))
            .map_err(Error::unavailable)?;
        runtime.spawn(Intake::new(waiting, groups, answers).serve());
        Ok(Self { queue })
    }

    pub(in crate::db) async fn queue(&self, work: Box<dyn Work>) -> Result<(), Error> {
        let queued = self.queue.send(Message::Work(work)).await;
        queued.map_err(|_| Error::Closed)
    }

    /// Finishes what is queued, then ends the thread. New work is refused from here on.
    pub(in crate::db) async fn close(&self) {
        let (reply, done) = oneshot::channel();
        if self.queue.send(Message::Close(reply)).await.is_ok() {
            // The thread ends without an answer only if it has ended already.
            let _ = done.await;
        }
    }
}

/// Runs a closure, which never has to wait here. If it does, that is a mistake in it.
fn run_now(work: &mut dyn Work, tx: &mut WriteTx) -> Outcome {
    let outcome = work.run(tx).now_or_never();
    outcome.unwrap_or_else(|| {
        tx.take_failure();
        work.fail(&Error::Pended);
        Outcome::Undo
    })
}

struct Thread {
    tx: WriteTx,
    /// Whether a transaction has begun that was not ended.
    is_open: bool,
    /// Whether the closures of this transaction run in savepoints. They do only after one of them had to be undone:
    /// a savepoint costs a copy of every page that is then changed.
    is_guarded: bool,
    /// Those who wait for the commit of that transaction, and whether they count on it.
    group: Vec<(Box<dyn Work>, Outcome)>,
    /// What had been changed when this transaction began.
    changed_before: u64,
    /// Why no transaction could begin; it holds for all who are waiting at that moment, so that
    /// a foreign lock does not cost each of them the whole time-out in turn.
    refusal: Option<Error>,
    /// Those whose transaction has ended. They are told all at once: waking the runtime for each of them would switch
    /// threads each time.
    ended: Group,
    tally: Arc<Tally>,
}

impl Thread {
    /// Serves until no group can come any more. An answer says that the thread is free again.
    fn serve(mut self, mut given: mpsc::Receiver<Group>, ended: &mpsc::Sender<Group>) {
        while let Some(group) = given.blocking_recv() {
            for work in group {
                self.take(work);
            }
            self.commit();
            if ended
                .blocking_send(std::mem::take(&mut self.ended))
                .is_err()
            {
                break;
            }
        }
    }

    /// Runs one closure inside the open transaction, or begins one for it.
    fn take(&mut self, mut work: Box<dyn Work>) {
        let is_first = !self.is_open;
        let has_savepoint = self.is_guarded && !is_first;
        if self.refusal.is_none() {
            self.refusal = self.begin(has_savepoint).err();
        }
        if let Some(error) = &self.refusal {
            work.fail(error);
            return self.ended.push(work);
        }
        let before = self.tx.changes();
        if is_first {
            self.changed_before = before.0;
        }
        self.is_open = true;
        let outcome = run_now(work.as_mut(), &mut self.tx);
        if self.has_ended() {
            // A full or broken disk ends the whole transaction, also for those before.
            self.ended.push(work);
            return self.run_again_alone();
        }
        if outcome == Outcome::Undo && self.tx.changes() != before && !has_savepoint {
            return self.undo(work, is_first);
        }
        let ended = if has_savepoint {
            self.end_savepoint(outcome)
        } else {
            Ok(())
        };
        self.group.push((work, outcome));
        if let Err(error) = ended {
            self.roll_back();
            self.answer(Some(&error));
        }
    }

    /// Begins what the next closure runs in: a savepoint, or the transaction unless it is open.
    fn begin(&self, has_savepoint: bool) -> Result<(), Error> {
        match (has_savepoint, self.is_open) {
            (true, _) => self.control("SAVEPOINT one"),
            (false, false) => self.control("BEGIN IMMEDIATE"),
            (false, true) => Ok(()),
        }
    }

    fn end_savepoint(&self, outcome: Outcome) -> Result<(), Error> {
        if outcome == Outcome::Undo {
            self.control("ROLLBACK TO one")?;
        }
        self.control("RELEASE one")
    }

    /// Undoes what a closure did without a savepoint, which takes those before it along: they are run again, each
    /// in a savepoint from here to the commit, and so is whoever else joins them.
    fn undo(&mut self, work: Box<dyn Work>, is_first: bool) {
        self.roll_back();
        if is_first {
            return self.ended.push(work);
        }
        count(&self.tally.undone, 1);
        self.is_guarded = true;
        let group = std::mem::take(&mut self.group);
        for work in group.into_iter().map(|(work, _)| work).chain([work]) {
            self.take(work);
        }
    }

    /// Gives each of the group a transaction of its own, after one of them took the common one
    /// down.
    fn run_again_alone(&mut self) {
        self.roll_back();
        count(&self.tally.undone, usize::from(!self.group.is_empty()));
        for (work, _) in std::mem::take(&mut self.group) {
            self.take(work);
            self.commit();
        }
    }

    fn commit(&mut self) {
        self.refusal = None;
        self.is_guarded = false;
        if !self.is_open {
            return;
        }
        let committed = self.control("COMMIT");
        if committed.is_err() {
            self.roll_back();
        }
        self.is_open = false;
        self.answer(committed.as_ref().err());
    }

    fn answer(&mut self, failure: Option<&Error>) {
        let kept = self
            .group
            .iter()
            .filter(|(_, outcome)| *outcome == Outcome::Keep);
        if failure.is_none() {
            count(&self.tally.transactions, kept.count());
            count(&self.tally.commits, 1);
            let changed = self.tx.changes().0.saturating_sub(self.changed_before);
            count(
                &self.tally.rows,
                usize::try_from(changed).unwrap_or_default(),
            );
        }
        let ended = self.group.drain(..).map(|(mut work, _)| {
            if let Some(error) = failure {
                work.fail(error);
            }
            work
        });
        self.ended.extend(ended);
    }

    fn roll_back(&mut self) {
        self.is_open = false;
        if !self.has_ended() {
            // If even this fails the connection is broken, and the next BEGIN says so.
            let _ = self.control("ROLLBACK");
        }
    }

    fn has_ended(&self) -> bool {
        self.connection().is_none_or(Connection::is_autocommit)
    }

    fn control(&self, text: &str) -> Result<(), Error> {
        let Some(connection) = self.connection() else {
            return Err(Error::Closed);
        };
        let run = || connection.prepare_cached(text)?.raw_execute();
        run()
            .map(|_| ())
            .map_err(|error| Error::from_sqlite(ENGINE, error))
    }

    fn connection(&self) -> Option<&Connection> {
        self.tx.sqlite()
    }
}

/// Closures that may wait; whoever comes then waits before the door.
const QUEUED: usize = 1_024;
