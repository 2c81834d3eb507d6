//! Transactions by key: of one key one runs at a time, on whichever node, and it begins when the one before it has ended,
//! so that its snapshot has all of that.
//!
//! An advisory lock of the transaction itself would come too late: the statement that takes it has a snapshot already. So
//! the connection holds it, around the transaction. Who does not get it lets go of the connection and comes again: nobody
//! waits on one of the few that run beside the lanes.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest;
use deadpool_postgres::{Object, Pool};
use tokio::sync::{Mutex, OwnedMutexGuard, Semaphore};
use tokio::time::Instant;
use tokio_postgres::Error as PgError;

use super::lane::{Attempt, Transactions, session};
use super::{ENGINE, backoff, connect};
use crate::db::Error;
use crate::db::counters::Tally;
use crate::db::work::Work;

/// Transactions of this node that wait for their turn: those of one key have one place.
const PLACES: usize = 64;
/// How long a transaction waits for another node.
const PATIENCE: Duration = Duration::from_secs(20);

/// The way to transactions by key.
pub(super) struct ByKey {
    places: Vec<Arc<Mutex<()>>>,
    /// One at a time: the lanes need the rest of the spare connections. Closed with the store.
    running: Arc<Semaphore>,
    transactions: Transactions,
}

/// The number of a key, the same in every release.
#[derive(Clone, Copy)]
struct Number(i64);

impl Number {
    fn of(key: &str) -> Self {
        let digest = digest::digest(&digest::SHA256, key.as_bytes());
        let first = digest.as_ref().first_chunk().copied();
        Self(i64::from_be_bytes(first.unwrap_or_default()))
    }
}

impl ByKey {
    pub(super) fn new(spare: &Pool, tally: &Arc<Tally>) -> Self {
        Self {
            places: (0..PLACES).map(|_| Arc::default()).collect(),
            running: Arc::new(Semaphore::new(1)),
            transactions: Transactions {
                pool: spare.clone(),
                tally: Arc::clone(tally),
            },
        }
    }

    /// Runs it to its end, whether or not somebody still waits for it.
    pub(super) fn queue(&self, key: &str, work: Box<dyn Work>) -> Result<(), Error> {
        if self.running.is_closed() {
            return Err(Error::Closed);
        }
        let number = Number::of(key);
        let place = usize::try_from(number.0.unsigned_abs()).unwrap_or_default() % PLACES;
        let place = self.places.get(place).cloned().unwrap_or_default();
        let (running, transactions) = (Arc::clone(&self.running), self.transactions.clone());
        tokio::spawn(async move {
            let turn = place.lock_owned().await;
            serve(number, work, (&transactions, &running), turn).await;
        });
        Ok(())
    }

    /// Waits for what runs; what has not begun is refused.
    pub(super) async fn close(&self) {
        let last = self.running.acquire().await;
        self.running.close();
        drop(last);
    }
}

async fn serve(
    number: Number,
    mut work: Box<dyn Work>,
    (transactions, running): (&Transactions, &Semaphore),
    turn: OwnedMutexGuard<()>,
) {
    let began = Instant::now();
    for attempt in 1.. {
        let Ok(permit) = running.acquire().await else {
            work.fail(&Error::Closed);
            break;
        };
        match locked(&transactions.pool, number).await {
            Ok(Some(client)) => {
                run(transactions, client, number, work.as_mut()).await;
                break;
            }
            Ok(None) if began.elapsed() < PATIENCE => {}
            Ok(None) => {
                work.fail(&Error::unavailable(
                    "another node has had the same work for too long",
                ));
                break;
            }
            Err(error) => {
                work.fail(&error);
                break;
            }
        }
        drop(permit);
        tokio::time::sleep(backoff::delay(attempt)).await;
    }
    drop(turn);
    work.answer();
}

/// A connection that holds the lock of a key; `None` while another one holds it.
async fn locked(pool: &Pool, number: Number) -> Result<Option<Arc<Object>>, Error> {
    let client = connect(pool).await?;
    match said(&client, "SELECT pg_try_advisory_lock($1)", number).await {
        Ok(true) => Ok(Some(Arc::new(client))),
        Ok(false) => Ok(None),
        Err(error) => {
            // Nobody knows whether it holds the lock.
            drop(Object::take(client));
            Err(Error::from_postgres(ENGINE, error))
        }
    }
}

async fn run(
    transactions: &Transactions,
    client: Arc<Object>,
    number: Number,
    work: &mut dyn Work,
) {
    for attempt in 1..=backoff::ATTEMPTS {
        let mut tx = transactions.promised(Arc::clone(&client));
        let ended = transactions.attempt_in(&mut tx, work).await;
        let is_free = session(&mut tx).is_some_and(|session| session.has_ended());
        drop(tx);
        if !is_free {
            close(client);
            return;
        }
        match ended {
            Attempt::Done | Attempt::WasBlocked => break,
            Attempt::LostARace => tokio::time::sleep(backoff::delay(attempt)).await,
        }
    }
    let unlocked = said(&client, "SELECT pg_advisory_unlock($1)", number).await;
    if !unlocked.is_ok_and(|unlocked| unlocked) {
        close(client);
    }
}

async fn said(client: &Object, text: &str, number: Number) -> Result<bool, PgError> {
    let statement = client.prepare_cached(text).await?;
    let row = client.query_one(&statement, &[&number.0]).await?;
    row.try_get(0)
}

/// A connection whose state is in doubt never goes back to the pool; its lock ends with it.
fn close(client: Arc<Object>) {
    if let Some(client) = Arc::into_inner(client) {
        drop(Object::take(client));
    }
}
