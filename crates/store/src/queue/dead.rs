//! Jobs that were given up after their last attempt. They stay until an operator tries them again or drops them, or
//! until they are old.

use base::{JobId, RequestId, TenantId, Timestamp};

use super::job::{self, Job};
use crate::{Error, ReadTx, WriteTx, columns, sql, values};

columns! {
    "job_dead" job_dead => DeadJob {
        id, died_at, attempt, max_attempts, priority, share_of, queue, kind, dedup_key, payload, error,
        request_id
    }
}

/// A job that was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadJob {
    /// The job's identifier.
    pub id: JobId,
    /// When.
    pub died_at: Timestamp,
    /// How often it was tried.
    pub attempt: i64,
    /// How often it may be tried.
    pub max_attempts: i64,
    /// 0 or 1; those of 0 come first.
    pub priority: i64,
    /// The tenant in whose share of the queue it counts.
    pub share_of: Option<TenantId>,
    /// Which workers take it.
    pub queue: String,
    /// Which use case runs it.
    pub kind: String,
    /// What is the same work.
    pub dedup_key: Option<String>,
    /// What the use case needs to know, JSON.
    pub payload: String,
    /// Why the last attempt did not end it.
    pub error: String,
    /// The request that caused it.
    pub request_id: Option<RequestId>,
}

impl DeadJob {
    /// A job that is given up now.
    pub fn of(job: Job, error: String, now: Timestamp) -> Self {
        Self {
            id: job.id,
            died_at: now,
            attempt: job.attempt,
            max_attempts: job.max_attempts,
            priority: job.priority,
            share_of: job.share_of,
            queue: job.queue,
            kind: job.kind,
            dedup_key: job.dedup_key,
            payload: job.payload,
            error,
            request_id: job.request_id,
        }
    }

    /// The same work from the beginning.
    pub fn again(self, now: Timestamp) -> Job {
        Job {
            id: self.id,
            due_at: now,
            priority: self.priority,
            attempt: 0,
            max_attempts: self.max_attempts,
            leased_by: None,
            share_of: self.share_of,
            queue: self.queue,
            kind: self.kind,
            dedup_key: self.dedup_key,
            payload: self.payload,
            last_error: Some(self.error),
            request_id: self.request_id,
        }
    }
}

/// A job that is given up.
#[derive(Clone, Debug)]
pub struct Burial {
    /// The job.
    pub id: JobId,
    /// The attempt that was the last.
    pub attempt: i64,
    /// Why it did not end it.
    pub error: String,
    /// Now.
    pub now: Timestamp,
}

/// Gives a job up, unless it has ended meanwhile or somebody else has it.
pub async fn bury(tx: &mut WriteTx, burial: &Burial) -> Result<(), Error> {
    let found = job::by_id(tx, &burial.id).await?;
    if let Some(job) = found.filter(|job| job.attempt == burial.attempt) {
        tx.insert_new(&DeadJob::of(job, burial.error.clone(), burial.now))
            .await?;
        job::delete(tx, burial.id).await?;
    }
    Ok(())
}

/// One of them.
pub async fn by_id(tx: &mut ReadTx, id: &JobId) -> Result<Option<DeadJob>, Error> {
    let statement = sql!("SELECT ", job_dead!(), " FROM job_dead WHERE id = $1");
    tx.record(statement, &values![*id]).await
}

/// Those that died last, at most so many.
pub async fn newest(tx: &mut ReadTx, limit: &i64) -> Result<Vec<DeadJob>, Error> {
    let statement = sql!(
        "SELECT ",
        job_dead!(),
        " FROM job_dead ORDER BY died_at DESC LIMIT $1"
    );
    tx.records(statement, &values![*limit]).await
}

/// Takes one away.
pub async fn delete(tx: &mut WriteTx, id: JobId) -> Result<(), Error> {
    let statement = sql!("DELETE FROM job_dead WHERE id = $1");
    tx.execute_later(statement, &values![id]).await
}

/// Begins the work anew.
pub async fn revive(tx: &mut WriteTx, dead: &DeadJob, now: Timestamp) -> Result<(), Error> {
    delete(tx, dead.id).await?;
    job::insert(tx, &dead.clone().again(now)).await
}

/// Deletes those that died before a moment, at most so many.
pub async fn delete_old(
    tx: &mut WriteTx,
    (before, limit): &(Timestamp, i64),
) -> Result<u64, Error> {
    let statement = sql!(
        "DELETE FROM job_dead WHERE id IN
           (SELECT id FROM job_dead WHERE died_at < $1 ORDER BY died_at LIMIT $2)"
    );
    tx.execute(statement, &values![*before, *limit]).await
}
