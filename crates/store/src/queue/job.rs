//! Work that outlives its request: inserted with its cause, leased by a node, run until it is deleted.
//!
//! Of the same work, kind and subject, at most one job waits. A second one may come while a node is at work on
//! the first: what asked for it came too late for that run. When the first comes back it gives way to the second.

use base::{JobId, NodeId, Timestamp};

use crate::{Error, ReadTx, Sql, Value, WriteTx, columns, sql, values};

columns! { "job" job => Job { id, kind, subject, due_at, leased_by, attempts, last_error, created_at } }

/// A job as stored.
#[derive(Clone, Debug)]
pub struct Job {
    /// The job's identifier.
    pub id: JobId,
    /// Which use case runs it; the table of kinds is in `flow::jobs`.
    pub kind: String,
    /// The identifier of what it is about.
    pub subject: String,
    /// When a node may take it: while one works on it, the end of its lease.
    pub due_at: Timestamp,
    /// The node that works on it, or did so last without coming to an end.
    pub leased_by: Option<NodeId>,
    /// How often it was taken, this time included.
    pub attempts: i64,
    /// Why the last attempt did not end it.
    pub last_error: Option<String>,
    /// When it was inserted.
    pub created_at: Timestamp,
}

/// A job to insert.
#[derive(Clone, Debug)]
pub struct NewJob {
    /// The job's identifier.
    pub id: JobId,
    /// Which use case runs it.
    pub kind: &'static str,
    /// The identifier of what it is about.
    pub subject: String,
    /// When it may be taken; the end of the lease when `leased_by` starts it at once.
    pub due_at: Timestamp,
    /// The node that starts it at once.
    pub leased_by: Option<NodeId>,
    /// Now.
    pub created_at: Timestamp,
}

/// Who takes jobs, and how many.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    /// The node that takes them.
    pub node: NodeId,
    /// Those that are due by now.
    pub now: Timestamp,
    /// Until when nobody else may take them.
    pub lease_ends_at: Timestamp,
    /// At most so many.
    pub limit: i64,
}

/// A job that goes back to the others.
#[derive(Clone, Debug)]
pub struct Postponement {
    /// The job.
    pub id: JobId,
    /// When to try it again.
    pub due_at: Timestamp,
    /// Why it did not end; empty when it did and comes again.
    pub error: String,
}

/// Work that a run of a periodic job has done for others too.
#[derive(Clone, Debug)]
pub struct SameWork {
    /// The kind of the job that has run.
    pub kind: &'static str,
    /// What it was about.
    pub subject: String,
    /// The job that has run.
    pub id: JobId,
    /// Who asked before this moment was served.
    pub before: Timestamp,
}

impl From<&NewJob> for Job {
    fn from(new: &NewJob) -> Self {
        Self {
            id: new.id,
            kind: new.kind.to_owned(),
            subject: new.subject.clone(),
            due_at: new.due_at,
            leased_by: new.leased_by,
            attempts: i64::from(new.leased_by.is_some()),
            last_error: None,
            created_at: new.created_at,
        }
    }
}

/// Inserts a job in the transaction of its cause. One that waits for the same work already stands for it.
pub async fn insert(tx: &mut WriteTx, new: &NewJob) -> Result<(), Error> {
    let job = Job::from(new);
    if job.leased_by.is_some() {
        tx.insert(&job).await
    } else {
        tx.insert_new(&job).await.map(|_| ())
    }
}

/// Inserts a periodic job unless there is one for the same work, waiting or not.
pub async fn insert_unless_present(tx: &mut WriteTx, new: &NewJob) -> Result<bool, Error> {
    let present = tx
        .row(
            sql!("SELECT id FROM job WHERE kind = $1 AND subject = $2"),
            &values![new.kind, &new.subject],
        )
        .await?;
    if present.is_some() {
        return Ok(false);
    }
    // Of two that look at the same time, the second finds the first's, or is run again and sees it.
    tx.insert_new(&Job::from(new)).await
}

/// Takes due jobs, those that have waited longest first.
pub async fn claim(tx: &mut WriteTx, claim: &Claim) -> Result<Vec<Job>, Error> {
    let statement = tx.pick(
        sql!(sqlite:
            "UPDATE job SET due_at = $3, leased_by = $1, attempts = attempts + 1
             WHERE id IN (SELECT id FROM job WHERE due_at <= $2 ORDER BY due_at LIMIT $4)
             RETURNING ", job!()
        ),
        sql!(postgres:
            "UPDATE job SET due_at = $3, leased_by = $1, attempts = attempts + 1
             WHERE id IN (SELECT id FROM job WHERE due_at <= $2 ORDER BY due_at LIMIT $4
                          FOR UPDATE SKIP LOCKED)
             RETURNING ", job!()
        ),
    );
    let values = values![claim.node, claim.now, claim.lease_ends_at, claim.limit];
    tx.records(statement, &values).await
}

/// Keeps a job for its node until a later moment, unless somebody else has it.
pub async fn renew(
    tx: &mut WriteTx,
    (id, node, until): &(JobId, NodeId, Timestamp),
) -> Result<(), Error> {
    let statement = sql!("UPDATE job SET due_at = $3 WHERE id = $1 AND leased_by = $2");
    tx.execute_later(statement, &values![*id, *node, *until])
        .await
}

/// Removes a finished job, unless another node finished it first.
pub async fn delete(tx: &mut WriteTx, id: JobId) -> Result<(), Error> {
    let (statement, values) = delete_one(id);
    tx.execute_later(statement, &values).await
}

pub(crate) fn delete_one(id: JobId) -> (Sql, Vec<Value<'static>>) {
    (sql!("DELETE FROM job WHERE id = $1"), values![id].to_vec())
}

/// Gives a job back. When another one waits for the same work, that one is due then at the latest, and this one goes.
pub async fn postpone(tx: &mut WriteTx, postponed: &Postponement) -> Result<(), Error> {
    let Postponement { id, due_at, error } = postponed;
    let waits = tx
        .execute(
            sql!(
                "UPDATE job SET due_at = $2, leased_by = NULL, last_error = $3
                 WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM job other
                   WHERE other.kind = job.kind AND other.subject = job.subject AND other.leased_by IS NULL
                     AND other.id <> job.id)"
            ),
            &values![id, *due_at, error],
        )
        .await?;
    if waits == 1 {
        return Ok(());
    }
    tx.execute(
        sql!(
            "UPDATE job SET due_at = $2 WHERE leased_by IS NULL AND due_at > $2
               AND (kind, subject) = (SELECT own.kind, own.subject FROM job own WHERE own.id = $1)"
        ),
        &values![id, *due_at],
    )
    .await?;
    delete(tx, *id).await
}

/// Removes the waiting job that asked for work that has been done.
pub async fn delete_same(tx: &mut WriteTx, done: &SameWork) -> Result<u64, Error> {
    tx.execute(
        sql!(
            "DELETE FROM job WHERE kind = $1 AND subject = $2 AND id <> $3 AND leased_by IS NULL
               AND created_at < $4"
        ),
        &values![done.kind, &done.subject, done.id, done.before],
    )
    .await
}

/// Makes the jobs of other nodes than this one due at once; for a database that only one process opens.
pub async fn reclaim_all(
    tx: &mut WriteTx,
    (node, now): &(NodeId, Timestamp),
) -> Result<u64, Error> {
    tx.execute(
        sql!("UPDATE job SET due_at = $2 WHERE leased_by <> $1 AND due_at > $2"),
        &values![node, *now],
    )
    .await
}

/// How many jobs there are, and when the next is due.
pub async fn backlog(tx: &mut ReadTx, (): &()) -> Result<(i64, Option<Timestamp>), Error> {
    let row = tx
        .row(
            sql!("SELECT COUNT(*) AS jobs, MIN(due_at) AS next_due_at FROM job"),
            &[],
        )
        .await?;
    match row {
        Some(row) => Ok((row.int("jobs")?, row.opt_timestamp("next_due_at")?)),
        None => Ok((0, None)),
    }
}

/// Makes a waiting job due at `now`; `false` when there is none, or a node is at work on it already.
pub async fn bring_forward(
    tx: &mut WriteTx,
    kind: &str,
    subject: &str,
    now: Timestamp,
) -> Result<bool, Error> {
    let changed = tx
        .execute(
            sql!(
                "UPDATE job SET due_at = $3 WHERE kind = $1 AND subject = $2 AND leased_by IS NULL"
            ),
            &values![kind, subject, now],
        )
        .await?;
    Ok(changed > 0)
}
