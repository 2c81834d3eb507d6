//! The writer thread: it runs the closures that are waiting, each undone on its own if it fails,
//! and commits them together, so that one flush to disk serves them all. Nobody is answered
//! before that flush, not even those who failed: they may have seen what was not yet durable.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use crate::db::counters::{Tally, count};
use crate::db::{Error, ReadTx, WriteTx, transaction};

use super::{ENGINE, finish, open_writer};

/// The way to the writer thread.
pub(in crate::db) struct Writer {
    queue: mpsc::Sender<Message>,
}

enum Message {
    Close(oneshot::Sender<()>),
    Work(Box<dyn Work>),
}

/// A closure that waits to be run, or for the commit of what it did.
trait Work: Send {
    /// Runs the closure and says whether to keep what it did. It may be run again.
    fn run(&mut self, tx: &mut WriteTx) -> Outcome;
    /// Replaces the result: what was done did not last.
    fn fail(&mut self, error: &Error);
    fn answer(self: Box<Self>);
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Keep,
    Undo,
}

struct Closure<I, T, E, F> {
    input: I,
    run: F,
    result: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
}

impl Writer {
    pub(in crate::db) fn open(path: &Path, tally: Arc<Tally>) -> Result<Self, Error> {
        let connection = transaction::Connection::Sqlite(open_writer(path)?);
        let (queue, waiting) = mpsc::channel(QUEUED);
        let thread = Thread {
            tx: WriteTx::new(ReadTx::new(connection, Arc::clone(&tally))),
            waiting,
            is_open: false,
            group: Vec::with_capacity(GROUP),
            refusal: None,
            tally,
        };
        std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || thread.serve())
            .map_err(Error::unavailable)?;
        Ok(Self { queue })
    }

    pub(in crate::db) async fn run<I, T, E, F>(&self, input: I, run: F) -> Result<T, E>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: for<'a> Fn(&'a mut WriteTx, &'a I) -> BoxFuture<'a, Result<T, E>>
            + Send
            + Sync
            + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let work = Box::new(Closure {
            input,
            run,
            result: None,
            reply,
        });
        let queued = self.queue.send(Message::Work(work)).await;
        queued.map_err(|_| Error::Closed)?;
        answer.await.unwrap_or_else(|_| Err(Error::Closed.into()))
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

impl<I, T, E, F> Work for Closure<I, T, E, F>
where
    I: Send + Sync,
    T: Send,
    E: From<Error> + Send,
    F: for<'a> Fn(&'a mut WriteTx, &'a I) -> BoxFuture<'a, Result<T, E>> + Send + Sync,
{
    fn run(&mut self, tx: &mut WriteTx) -> Outcome {
        let caught = catch_unwind(AssertUnwindSafe(|| finish((self.run)(tx, &self.input))));
        let result = caught.unwrap_or_else(|panic| Err(Error::panicked(panic.as_ref()).into()));
        let failure = tx.take_failure();
        let result = match (result, failure) {
            (Ok(_), Some(error)) => Err(error.into()),
            (result, _) => result,
        };
        let outcome = if result.is_ok() {
            Outcome::Keep
        } else {
            Outcome::Undo
        };
        self.result = Some(result);
        outcome
    }

    fn fail(&mut self, error: &Error) {
        self.result = Some(Err(error.clone().into()));
    }

    fn answer(self: Box<Self>) {
        if let Some(result) = self.result {
            // Whoever asked may have gone; what is committed stays committed.
            let _ = self.reply.send(result);
        }
    }
}

struct Thread {
    tx: WriteTx,
    waiting: mpsc::Receiver<Message>,
    /// Whether a transaction has begun that was not ended.
    is_open: bool,
    /// Those who wait for the commit of that transaction, and whether they count on it.
    group: Vec<(Box<dyn Work>, Outcome)>,
    /// Why no transaction could begin; it holds for all who are waiting at that moment, so that
    /// a foreign lock does not cost each of them the whole time-out in turn.
    refusal: Option<Error>,
    tally: Arc<Tally>,
}

impl Thread {
    fn serve(mut self) {
        let mut closing = None;
        while let Some(message) = self.waiting.blocking_recv() {
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
        // The first has nothing before it to protect: the whole transaction is its savepoint.
        let is_first = !self.is_open;
        let begin = if is_first {
            "BEGIN IMMEDIATE"
        } else {
            "SAVEPOINT one"
        };
        if self.refusal.is_none() {
            self.refusal = self.control(begin).err();
        }
        if let Some(error) = &self.refusal {
            work.fail(error);
            return work.answer();
        }
        self.is_open = true;
        let outcome = work.run(&mut self.tx);
        if self.has_ended() {
            // A full or broken disk ends the whole transaction, also for those before.
            work.answer();
            return self.run_again_alone();
        }
        let ended = match outcome {
            Outcome::Keep if is_first => Ok(()),
            Outcome::Keep => self.control("RELEASE one"),
            Outcome::Undo if is_first => {
                self.roll_back();
                return work.answer();
            }
            Outcome::Undo => self
                .control("ROLLBACK TO one")
                .and_then(|()| self.control("RELEASE one")),
        };
        self.group.push((work, outcome));
        if let Err(error) = ended {
            self.roll_back();
            self.answer(Some(&error));
        }
    }

    /// Gives each of the group a transaction of its own, after one of them took the common one
    /// down.
    fn run_again_alone(&mut self) {
        self.roll_back();
        for (work, _) in std::mem::take(&mut self.group) {
            self.take(work);
            self.commit();
        }
    }

    fn commit(&mut self) {
        self.refusal = None;
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
        }
        for (mut work, _) in self.group.drain(..) {
            if let Some(error) = failure {
                work.fail(error);
            }
            work.answer();
        }
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

/// Closures per commit; beyond that, waiting for others costs more than the flush.
const GROUP: usize = 128;
/// Closures that may wait; whoever comes then waits before the door.
const QUEUED: usize = 1_024;
