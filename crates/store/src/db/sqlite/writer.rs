//! The writer thread: it runs the closures that are waiting, undoes those that fail,
//! and commits the others together, so that one flush to disk serves them all. Nobody is answered
//! before that flush, not even those who failed: they may have seen what was not yet durable.

use std::path::Path;
use std::sync::Arc;

use futures_util::FutureExt;
use rusqlite::Connection;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

use crate::db::counters::{Tally, count};
use crate::db::work::{Group, Outcome, Work};
use crate::db::{Error, ReadTx, WriteTx, connection};

use super::{ENGINE, open_writer};

/// The way to the writer thread.
pub(in crate::db) struct Writer {
    queue: mpsc::Sender<Message>,
}

enum Message {
    Close(oneshot::Sender<()>),
    Work(Box<dyn Work>),
}

impl Writer {
    pub(in crate::db) fn open(
        path: &Path,
        tally: Arc<Tally>,
        runtime: &Handle,
    ) -> Result<Self, Error> {
        let connection = connection::Connection::Sqlite(open_writer(path)?);
        let (queue, waiting) = mpsc::channel(QUEUED);
        let (answers, ended) = mpsc::unbounded_channel();
        runtime.spawn(answer_groups(ended));
        let thread = Thread {
            tx: WriteTx::new(ReadTx::new(connection, Arc::clone(&tally))),
            waiting,
            is_open: false,
            is_guarded: false,
            group: Vec::with_capacity(GROUP),
            changed_before: 0,
            refusal: None,
            answers,
            tally,
        };
        std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || thread.serve())
            .map_err(Error::unavailable)?;
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

/// Where runtime and writer share a core, the requests that are ready come first, and their writes join the group
/// that is about to begin: at this priority, and only with it, a yield lets them. It makes a third of the commits
/// and saves a tenth of the processor. With a core to spare it changes nothing; under load the writer still gets a
/// quarter of the core, and its groups grow instead of its queue.
fn lower_priority() {
    // On Linux this is the thread's own, elsewhere the whole program's. Where it is refused, groups stay smaller.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::nice(WRITER_NICENESS);
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

async fn answer_groups(mut ended: mpsc::UnboundedReceiver<Group>) {
    while let Some(group) = ended.recv().await {
        for work in group {
            work.answer();
        }
    }
}

struct Thread {
    tx: WriteTx,
    waiting: mpsc::Receiver<Message>,
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
    /// Those whose transaction has ended go this way to be told, all at once: waking the runtime
    /// for each of them would switch threads each time.
    answers: mpsc::UnboundedSender<Group>,
    tally: Arc<Tally>,
}

impl Thread {
    fn serve(mut self) {
        lower_priority();
        let mut closing = None;
        while let Some(message) = self.waiting.blocking_recv() {
            std::thread::yield_now();
            let mut next = Some(message);
            while let Some(message) = next {
                match message {
                    Message::Close(reply) => {
                        self.waiting.close();
                        closing = Some(reply);
                    }
                    Message::Work(work) => self.take(work),
                }
                next = (self.group.len() < GROUP)
                    .then(|| self.waiting.try_recv().ok())
                    .flatten();
            }
            self.commit();
        }
        drop(self.tx);
        if let Some(reply) = closing {
            let _ = reply.send(());
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
            return self.tell(vec![work]);
        }
        let before = self.tx.changes();
        if is_first {
            self.changed_before = before.0;
        }
        self.is_open = true;
        let outcome = run_now(work.as_mut(), &mut self.tx);
        if self.has_ended() {
            // A full or broken disk ends the whole transaction, also for those before.
            self.tell(vec![work]);
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
            return self.tell(vec![work]);
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
        let ended = ended.collect();
        self.tell(ended);
    }

    fn tell(&self, ended: Group) {
        // The other side goes only with the runtime, and then nobody waits.
        let _ = self.answers.send(ended);
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

/// One step is worth a tenth; 3 hardly matters, 8 does no more than 5.
#[cfg(target_os = "linux")]
const WRITER_NICENESS: i32 = 5;
/// Closures per commit; beyond that, waiting for others costs more than the flush.
const GROUP: usize = 128;
/// Closures that may wait; whoever comes then waits before the door.
const QUEUED: usize = 1_024;
