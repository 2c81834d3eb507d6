//! Work that outlives its request: inserted with its cause, leased by a node, run until it is deleted.

use base::{JobId, NodeId, Timestamp};

use crate::{Error, ReadTx, Row, Sql, Value, WriteTx, sql, values};

/// A job as stored; `kind` and `subject` say what to do, `due_at` when a node may take it.
#[derive(Clone, Debug)]
pub struct Job {
    /// The job's identifier.
    pub id: JobId,
    /// Which use case runs it; the table of kinds is in `flow::jobs`.
    pub kind: String,
    /// The identifier of what it is about.
    pub subject: String,
    /// How often it was taken, this time included.
    pub attempts: i64,
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

/// Inserts a job in the transaction of its cause.
pub async fn insert(tx: &mut WriteTx, job: &NewJob) -> Result<(), Error> {
    let attempts = i64::from(job.leased_by.is_some());
    tx.execute_later(
        sql!(
            "INSERT INTO job (id, kind, subject, due_at, leased_by, attempts, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)"
        ),
        &values![
            job.id,
            job.kind,
            &job.subject,
            job.due_at,
            job.leased_by,
            attempts,
            job.created_at
        ],
    )
    .await
}

/// Takes up to `limit` due jobs for `node` until `lease_ends_at`.
pub async fn claim(
    tx: &mut WriteTx,
    node: NodeId,
    now: Timestamp,
    lease_ends_at: Timestamp,
    limit: i64,
) -> Result<Vec<Job>, Error> {
    let claim = tx.pick(
        sql!(sqlite:
            "UPDATE job SET due_at = $3, leased_by = $1, attempts = attempts + 1
             WHERE id IN (SELECT id FROM job WHERE due_at <= $2 ORDER BY due_at LIMIT $4)
             RETURNING id, kind, subject, attempts, created_at"
        ),
        sql!(postgres:
            "UPDATE job SET due_at = $3, leased_by = $1, attempts = attempts + 1
             WHERE id IN (SELECT id FROM job WHERE due_at <= $2 ORDER BY due_at LIMIT $4
                          FOR UPDATE SKIP LOCKED)
             RETURNING id, kind, subject, attempts, created_at"
        ),
    );
    let rows = tx
        .rows(claim, &values![node, now, lease_ends_at, limit])
        .await?;
    rows.iter().map(from_row).collect()
}

/// Removes a finished job, unless another node finished it first.
pub async fn delete(tx: &mut WriteTx, id: JobId) -> Result<(), Error> {
    let (statement, values) = delete_one(id);
    tx.execute_later(statement, &values).await
}

pub(crate) fn delete_one(id: JobId) -> (Sql, Vec<Value<'static>>) {
    (sql!("DELETE FROM job WHERE id = $1"), values![id].to_vec())
}

/// Gives a job back, to be tried again at `due_at`.
pub async fn postpone(
    tx: &mut WriteTx,
    id: JobId,
    due_at: Timestamp,
    error: &str,
) -> Result<(), Error> {
    tx.execute(
        sql!("UPDATE job SET due_at = $2, leased_by = NULL, last_error = $3 WHERE id = $1"),
        &values![id, due_at, error],
    )
    .await?;
    Ok(())
}

/// Removes waiting jobs that asked for the same work as `id` before `before`: it has done theirs.
pub async fn delete_same(
    tx: &mut WriteTx,
    kind: &str,
    subject: &str,
    id: JobId,
    before: Timestamp,
) -> Result<u64, Error> {
    tx.execute(
        sql!(
            "DELETE FROM job WHERE kind = $1 AND subject = $2 AND id <> $3 AND leased_by IS NULL
               AND created_at < $4"
        ),
        &values![kind, subject, id, before],
    )
    .await
}

/// Makes the jobs of nodes other than `node` due at once; for a database that only one process opens.
pub async fn reclaim_all(tx: &mut WriteTx, node: NodeId, now: Timestamp) -> Result<u64, Error> {
    tx.execute(
        sql!("UPDATE job SET due_at = $2 WHERE leased_by <> $1 AND due_at > $2"),
        &values![node, now],
    )
    .await
}

/// How many jobs there are, and when the next is due.
pub async fn backlog(tx: &mut ReadTx) -> Result<(i64, Option<Timestamp>), Error> {
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

/// Inserts a periodic job unless one of its kind waits already; its subject is its kind.
pub async fn insert_unless_present(tx: &mut WriteTx, job: &NewJob) -> Result<bool, Error> {
    let present = tx
        .row(
            sql!("SELECT id FROM job WHERE kind = $1 AND subject = $2"),
            &values![job.kind, &job.subject],
        )
        .await?;
    if present.is_some() {
        return Ok(false);
    }
    insert(tx, job).await?;
    Ok(true)
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

fn from_row(row: &Row) -> Result<Job, Error> {
    Ok(Job {
        id: row.id("id")?,
        kind: row.text("kind")?.to_owned(),
        subject: row.text("subject")?.to_owned(),
        attempts: row.int("attempts")?,
        created_at: row.timestamp("created_at")?,
    })
}
