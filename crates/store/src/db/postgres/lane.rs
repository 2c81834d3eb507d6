//! Lanes: each takes the closures that are waiting, runs them one after the other in one
//! transaction and commits them together, so that one flush to disk serves them all. When one of
//! them has to be undone, a race is lost or somebody holds a row, each gets a transaction of its
//! own, beside the lanes, so that nobody waits for it.

use std::sync::{Arc, Mutex as Guarded, MutexGuard, PoisonError};

use deadpool_postgres::{Object, Pool};
use tokio::sync::{Mutex, mpsc};
use tokio::task::{JoinHandle, JoinSet};

use super::backoff;
use super::connect;
use crate::db::connection::{Connection, Session};
use crate::db::counters::{Tally, count};
use crate::db::work::{Group, Outcome, Work};
use crate::db::{Error, ReadTx, WriteTx};

/// How an attempt to run one closure ended.
pub(super) enum Attempt {
    Done,
    LostARace,
    WasBlocked,
}

/// The way to the lanes.
pub(super) struct Lanes {
    /// Gone once the store is closed.
    queues: Guarded<Option<Queues>>,
    running: Guarded<Vec<JoinHandle<()>>>,
}

#[derive(Clone)]
struct Queues {
    /// What shares transactions.
    shared: mpsc::Sender<Box<dyn Work>>,
    /// The pieces of large changes.
    pieces: mpsc::Sender<Box<dyn Work>>,
}

struct Lane {
    transactions: Transactions,
    /// Where those run that need a transaction of their own.
    spare: Transactions,
    waiting: Arc<Mutex<mpsc::Receiver<Box<dyn Work>>>>,
}

/// Runs closures in transactions on the connections of a pool.
#[derive(Clone)]
pub(super) struct Transactions {
    pub(super) pool: Pool,
    pub(super) tally: Arc<Tally>,
}

impl Lanes {
    pub(super) fn start(pool: &Pool, spare: &Pool, tally: &Arc<Tally>) -> Self {
        let (shared, waiting) = mpsc::channel(QUEUED);
        let (pieces, waiting_pieces) = mpsc::channel(1);
        let waiting = Arc::new(Mutex::new(waiting));
        let on = |pool: &Pool| Transactions {
            pool: pool.clone(),
            tally: Arc::clone(tally),
        };
        let lane = || Lane {
            transactions: on(pool),
            spare: on(spare),
            waiting: Arc::clone(&waiting),
        };
        let lanes = (0..LANES).map(|_| tokio::spawn(lane().serve()));
        let beside = tokio::spawn(serve_pieces(on(spare), waiting_pieces));
        Self {
            queues: Guarded::new(Some(Queues { shared, pieces })),
            running: Guarded::new(lanes.chain([beside]).collect()),
        }
    }

    pub(super) async fn queue(&self, work: Box<dyn Work>) -> Result<(), Error> {
        let queue = self.queues()?.shared;
        queue.send(work).await.map_err(|_| Error::Closed)
    }

    pub(super) async fn queue_piece(&self, work: Box<dyn Work>) -> Result<(), Error> {
        let queue = self.queues()?.pieces;
        queue.send(work).await.map_err(|_| Error::Closed)
    }

    fn queues(&self) -> Result<Queues, Error> {
        held(&self.queues).clone().ok_or(Error::Closed)
    }

    /// Finishes what is queued; new work is refused from here on.
    pub(super) async fn close(&self) {
        held(&self.queues).take();
        let running = std::mem::take(&mut *held(&self.running));
        for lane in running {
            // It fails only when the runtime is ending too.
            let _ = lane.await;
        }
    }
}

fn held<T>(guarded: &Guarded<T>) -> MutexGuard<'_, T> {
    guarded.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve_pieces(spare: Transactions, mut waiting: mpsc::Receiver<Box<dyn Work>>) {
    while let Some(mut work) = waiting.recv().await {
        spare.alone(work.as_mut()).await;
        work.answer();
    }
}

impl Lane {
    async fn serve(self) {
        let mut beside = JoinSet::new();
        while let Some(group) = self.next().await {
            for mut work in self.transactions.together(group).await {
                let spare = self.spare.clone();
                beside.spawn(async move {
                    spare.alone(work.as_mut()).await;
                    work.answer();
                });
            }
            while beside.try_join_next().is_some() {}
        }
        while beside.join_next().await.is_some() {}
    }

    /// Waits for a closure and takes those that came with it.
    async fn next(&self) -> Option<Group> {
        let mut waiting = self.waiting.lock().await;
        let mut group = vec![waiting.recv().await?];
        // The requests that are ready come first, and their writes join this group.
        tokio::task::yield_now().await;
        while group.len() < GROUP
            && let Ok(work) = waiting.try_recv()
        {
            group.push(work);
        }
        Some(group)
    }
}

impl Transactions {
    /// Runs a group in one transaction. Gives back those that need one of their own, because
    /// nothing has happened yet.
    async fn together(&self, mut group: Group) -> Group {
        if let [only] = group.as_mut_slice() {
            return match self.attempt(only.as_mut()).await {
                Attempt::Done => tell(group, None),
                Attempt::LostARace | Attempt::WasBlocked => group,
            };
        }
        let mut tx = match self.begin().await {
            Ok(tx) => tx,
            Err(error) => return tell(group, Some(&error)),
        };
        let mut kept = 0;
        for work in &mut group {
            let before = changes(&mut tx);
            match work.run(&mut tx).await {
                Outcome::Keep => kept += 1,
                // It has only looked; there is nothing to undo.
                Outcome::Undo if changes(&mut tx) == before => {}
                Outcome::Undo => {
                    let failure = roll_back(&mut tx).await;
                    return self.undone(&mut tx, group, failure);
                }
            }
        }
        match self.commit(&mut tx, kept).await {
            Ok(()) => tell(group, None),
            Err(error) => self.undone(&mut tx, group, Some(error)),
        }
    }

    /// Gives a group back that has had no effect, or tells it that nobody knows.
    fn undone(&self, tx: &mut WriteTx, group: Group, failure: Option<Error>) -> Group {
        if session(tx).is_some_and(|session| session.is_undone()) {
            self.note_race(tx);
            count(&self.tally.undone, 1);
            return group;
        }
        let lost = || Error::unavailable("the connection was lost in the middle of a transaction");
        tell(group, Some(&failure.unwrap_or_else(lost)))
    }

    /// Runs a closure in a transaction of its own, again and again as long as it loses races.
    async fn alone(&self, work: &mut dyn Work) {
        for attempt in 1..=backoff::ATTEMPTS {
            match self.attempt(work).await {
                Attempt::Done | Attempt::WasBlocked => return,
                Attempt::LostARace => tokio::time::sleep(backoff::delay(attempt)).await,
            }
        }
    }

    /// The result of a closure that is not done is there too, for who does not try it again.
    async fn attempt(&self, work: &mut dyn Work) -> Attempt {
        match self.begin().await {
            Ok(mut tx) => self.attempt_in(&mut tx, work).await,
            Err(error) => {
                work.fail(&error);
                Attempt::Done
            }
        }
    }

    /// The same in a transaction that was promised.
    pub(super) async fn attempt_in(&self, tx: &mut WriteTx, work: &mut dyn Work) -> Attempt {
        let failure = match work.run(tx).await {
            Outcome::Keep => self.commit(tx, 1).await.err(),
            Outcome::Undo => roll_back(tx).await,
        };
        if let Some(error) = failure {
            work.fail(&error);
        }
        if self.note_race(tx) {
            Attempt::LostARace
        } else if session(tx).is_some_and(|session| session.was_blocked()) {
            Attempt::WasBlocked
        } else {
            Attempt::Done
        }
    }

    fn note_race(&self, tx: &mut WriteTx) -> bool {
        let lost =
            session(tx).is_some_and(|session| session.lost_a_race() || session.met_a_duplicate());
        count(&self.tally.retries, usize::from(lost));
        lost
    }

    async fn begin(&self) -> Result<WriteTx, Error> {
        let client = Arc::new(connect(&self.pool).await?);
        Ok(self.promised(client))
    }

    /// A transaction that begins with its first statement.
    pub(super) fn promised(&self, client: Arc<Object>) -> WriteTx {
        let connection = Connection::Postgres(Box::new(Session::inside(client)));
        WriteTx::new(ReadTx::new(connection, Arc::clone(&self.tally)))
    }

    async fn commit(&self, tx: &mut WriteTx, kept: usize) -> Result<(), Error> {
        let Some(session) = session(tx) else {
            return Err(Error::Closed);
        };
        let has_flushed = session.commit().await?;
        count(&self.tally.transactions, kept);
        count(&self.tally.commits, usize::from(has_flushed));
        Ok(())
    }
}

async fn roll_back(tx: &mut WriteTx) -> Option<Error> {
    match session(tx) {
        Some(session) => session.roll_back().await,
        None => None,
    }
}

fn changes(tx: &mut WriteTx) -> usize {
    session(tx).map_or(0, |session| session.changes())
}

pub(super) fn session(tx: &mut WriteTx) -> Option<&mut Session> {
    match tx.connection() {
        Connection::Postgres(session) => Some(session),
        Connection::Sqlite(_) => None,
    }
}

/// Answers all of a group; none is left to be run.
fn tell(group: Group, failure: Option<&Error>) -> Group {
    for mut work in group {
        if let Some(error) = failure {
            work.fail(error);
        }
        work.answer();
    }
    Group::new()
}

/// How many transactions may run at once. A closure waits for the database only once or twice, so
/// few lanes suffice, and the fewer there are the more share a commit.
pub(super) const LANES: usize = 2;
/// Closures per commit; beyond that, waiting for others costs more than the flush.
const GROUP: usize = 64;
/// Closures that may wait; whoever comes then waits before the door.
const QUEUED: usize = 1_024;
