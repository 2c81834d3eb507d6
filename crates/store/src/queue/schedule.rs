//! What comes again and again. Of several nodes that look at the same moment, one inserts the job.

use std::time::Duration;

use base::Timestamp;

use super::job::{self, Job};
use crate::{Error, ReadTx, WriteTx, columns, sql, values};

columns! {
    "schedule" schedule => Schedule { name, queue, kind, payload, every_seconds, next_at, last_at }
}

/// What comes again and again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Its name, of which there is one.
    pub name: String,
    /// Which workers take its jobs.
    pub queue: String,
    /// Which use case runs them.
    pub kind: String,
    /// What the use case needs to know, JSON.
    pub payload: String,
    /// Seconds between two of them.
    pub every_seconds: i64,
    /// When the next one is due.
    pub next_at: Timestamp,
    /// When the last one was inserted.
    pub last_at: Option<Timestamp>,
}

impl Schedule {
    /// The moment after the one that has come; what was missed comes once.
    fn after(&self, now: Timestamp) -> Timestamp {
        let every = u64::try_from(self.every_seconds).unwrap_or(0).max(1);
        now.plus(Duration::from_secs(every))
    }
}

/// Makes sure that these are there; one that is there already keeps its times.
pub async fn ensure(tx: &mut WriteTx, all: &Vec<Schedule>) -> Result<(), Error> {
    for wanted in all {
        if tx.insert_new(wanted).await? {
            continue;
        }
        let statement = sql!(
            "UPDATE schedule SET queue = $2, kind = $3, payload = $4, every_seconds = $5
             WHERE name = $1 AND (queue <> $2 OR kind <> $3 OR payload <> $4 OR every_seconds <> $5)"
        );
        let Schedule {
            name,
            queue,
            kind,
            payload,
            every_seconds,
            ..
        } = wanted;
        tx.execute(
            statement,
            &values![name, queue, kind, payload, *every_seconds],
        )
        .await?;
    }
    Ok(())
}

/// Those whose moment has come.
pub async fn due(tx: &mut ReadTx, now: &Timestamp) -> Result<Vec<Schedule>, Error> {
    let statement = sql!(
        "SELECT ",
        schedule!(),
        " FROM schedule WHERE next_at <= $1 ORDER BY next_at, name"
    );
    tx.records(statement, &values![*now]).await
}

/// All of them, by name.
pub async fn all(tx: &mut ReadTx, (): &()) -> Result<Vec<Schedule>, Error> {
    let statement = sql!("SELECT ", schedule!(), " FROM schedule ORDER BY name");
    tx.records(statement, &[]).await
}

/// Inserts the job of one whose moment has come, unless another node did.
pub async fn come(
    tx: &mut WriteTx,
    (due, job, now): &(Schedule, Job, Timestamp),
) -> Result<bool, Error> {
    let statement =
        sql!("UPDATE schedule SET next_at = $3, last_at = $4 WHERE name = $1 AND next_at = $2");
    let values = values![&due.name, due.next_at, due.after(*now), *now];
    if tx.execute(statement, &values).await? == 0 {
        return Ok(false);
    }
    job::insert(tx, job).await?;
    Ok(true)
}

/// What was put off for longer than it may be, since a clock was wrong, comes at once.
pub async fn bring_back(tx: &mut WriteTx, now: &Timestamp) -> Result<(), Error> {
    let statement =
        sql!("UPDATE schedule SET next_at = $1 WHERE next_at > $1 + every_seconds * 1000000");
    tx.execute(statement, &values![*now]).await.map(drop)
}

/// Ends one.
pub async fn delete(tx: &mut WriteTx, name: &String) -> Result<(), Error> {
    let statement = sql!("DELETE FROM schedule WHERE name = $1");
    tx.execute(statement, &values![name]).await.map(drop)
}
