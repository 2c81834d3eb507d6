//! Jobs: inserted with their cause, leased by a node, run until they are deleted.
//!
//! Of the same work, kind and key, at most one job waits. A second one may come while a node is at work on the
//! first: what asked for it came too late for that run. When the first comes back it gives way to the second.

use base::{JobId, NodeId, RequestId, TenantId, Timestamp};

use crate::{Error, ReadTx, WriteTx, columns, sql, values};

columns! {
    "job" job => Job {
        id, due_at, priority, attempt, max_attempts, leased_by, share_of, queue, kind, dedup_key, payload, last_error,
        request_id
    }
}

/// A job as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// The job's identifier, which tells when it was made.
    pub id: JobId,
    /// When a node may take it: while one works on it, the end of its lease.
    pub due_at: Timestamp,
    /// 0 or 1; those of 0 come first.
    pub priority: i64,
    /// How often it was taken, this time included.
    pub attempt: i64,
    /// How often it may be taken.
    pub max_attempts: i64,
    /// The node that works on it, or did so last without coming to an end.
    pub leased_by: Option<NodeId>,
    /// The tenant in whose share of the queue it counts.
    pub share_of: Option<TenantId>,
    /// Which workers take it.
    pub queue: String,
    /// Which use case runs it.
    pub kind: String,
    /// What is the same work: of a kind and key, one waits at most.
    pub dedup_key: Option<String>,
    /// What the use case needs to know, JSON.
    pub payload: String,
    /// Why the last attempt did not end it.
    pub last_error: Option<String>,
    /// The request that caused it.
    pub request_id: Option<RequestId>,
}

/// Who takes jobs, of which queue, and how many.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    /// The node that takes them.
    pub node: NodeId,
    /// From which queue.
    pub queue: &'static str,
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
    /// Who has it.
    pub node: NodeId,
    /// When to try it again.
    pub due_at: Timestamp,
    /// What it needs to know then, if that is something else.
    pub payload: Option<String>,
    /// How often it was taken, from which on it counts.
    pub attempt: i64,
    /// Why it did not end, if that is why it goes back.
    pub error: Option<String>,
}

/// Inserts a job in the transaction of its cause. One that waits for the same work stands for it already, and is due
/// when the sooner of them was.
pub async fn insert(tx: &mut WriteTx, job: &Job) -> Result<(), Error> {
    if job.leased_by.is_some() || job.dedup_key.is_none() {
        return tx.insert(job).await;
    }
    if tx.insert_new(job).await? {
        return Ok(());
    }
    let statement = sql!(
        "UPDATE job SET due_at = $3 WHERE kind = $1 AND dedup_key = $2 AND leased_by IS NULL AND due_at > $3"
    );
    let values = values![&job.kind, job.dedup_key.as_deref(), job.due_at];
    tx.execute(statement, &values).await.map(drop)
}

/// Takes jobs that are due, urgent ones first, and of these the ones whose turn is longest due.
pub async fn claim(tx: &mut WriteTx, claim: &Claim) -> Result<Vec<Job>, Error> {
    macro_rules! turns {
        ($lock:literal) => {
            concat!(
                "UPDATE job SET due_at = $3, leased_by = $1, attempt = attempt + 1
                 WHERE id IN (SELECT t.id FROM (
                   SELECT * FROM (SELECT id, priority, due_at FROM job
                     WHERE queue = $5 AND priority = 0 AND due_at <= $2 ORDER BY due_at LIMIT $4", $lock, ") u
                   UNION ALL
                   SELECT * FROM (SELECT id, priority, due_at FROM job
                     WHERE queue = $5 AND priority = 1 AND due_at <= $2 ORDER BY due_at LIMIT $4", $lock, ") v
                 ) t ORDER BY t.priority, t.due_at LIMIT $4)
                 RETURNING "
            )
        };
    }
    let statement = tx.pick(
        sql!(sqlite: turns!(""), job!()),
        sql!(postgres: turns!(" FOR UPDATE SKIP LOCKED"), job!()),
    );
    let Claim {
        node,
        queue,
        now,
        lease_ends_at,
        limit,
    } = *claim;
    tx.records(statement, &values![node, now, lease_ends_at, limit, queue])
        .await
}

/// When the next job of a queue is due, which may have been long ago.
pub async fn next_due(tx: &mut ReadTx, queue: &String) -> Result<Option<Timestamp>, Error> {
    let statement = sql!(
        "SELECT MIN(t.due_at) AS due_at FROM (
           SELECT MIN(due_at) AS due_at FROM job WHERE queue = $1 AND priority = 0
           UNION ALL SELECT MIN(due_at) AS due_at FROM job WHERE queue = $1 AND priority = 1) t"
    );
    let row = tx.row(statement, &values![queue]).await?;
    row.map_or(Ok(None), |row| row.opt_timestamp("due_at"))
}

/// The jobs of a queue in the order of their turns, at most so many.
pub async fn of_queue(tx: &mut ReadTx, (queue, limit): &(String, i64)) -> Result<Vec<Job>, Error> {
    let statement = sql!(
        "SELECT ",
        job!(),
        " FROM job WHERE queue = $1 ORDER BY priority, due_at LIMIT $2"
    );
    tx.records(statement, &values![queue, *limit]).await
}

/// A job that waits or runs.
pub async fn by_id(tx: &mut ReadTx, id: &JobId) -> Result<Option<Job>, Error> {
    let statement = sql!("SELECT ", job!(), " FROM job WHERE id = $1");
    tx.record(statement, &values![*id]).await
}

/// Keeps a job for its node until a later moment; `false` when somebody else has it, or it has ended.
pub async fn renew(
    tx: &mut WriteTx,
    (id, node, attempt, until): &(JobId, NodeId, i64, Timestamp),
) -> Result<bool, Error> {
    let statement =
        sql!("UPDATE job SET due_at = $4 WHERE id = $1 AND leased_by = $2 AND attempt = $3");
    let renewed = tx
        .execute(statement, &values![*id, *node, *attempt, *until])
        .await?;
    Ok(renewed == 1)
}

/// Removes a finished job, unless another node finished it first.
pub async fn delete(tx: &mut WriteTx, id: JobId) -> Result<(), Error> {
    let statement = sql!("DELETE FROM job WHERE id = $1");
    tx.execute_later(statement, &values![id]).await
}

/// Gives a job back. When another one waits for the same work, that one is due then at the latest, and this one goes.
pub async fn postpone(tx: &mut WriteTx, postponed: &Postponement) -> Result<(), Error> {
    let Postponement {
        id,
        node,
        due_at,
        payload,
        attempt,
        error,
    } = postponed;
    let statement = sql!(
        "UPDATE job SET due_at = $3, leased_by = NULL, payload = COALESCE($4, payload), attempt = $5, last_error = $6
         WHERE id = $1 AND leased_by = $2 AND NOT EXISTS (SELECT 1 FROM job other
           WHERE other.kind = job.kind AND other.dedup_key = job.dedup_key AND other.leased_by IS NULL)"
    );
    let values = values![
        id,
        *node,
        *due_at,
        payload.as_deref(),
        *attempt,
        error.as_deref()
    ];
    if tx.execute(statement, &values).await? == 1 {
        return Ok(());
    }
    let sooner = sql!(
        "UPDATE job SET due_at = $3 WHERE leased_by IS NULL AND due_at > $3
           AND (kind, dedup_key) = (SELECT own.kind, own.dedup_key FROM job own WHERE own.id = $1 AND own.leased_by = $2)"
    );
    tx.execute(sooner, &values![id, *node, *due_at]).await?;
    let gone = sql!("DELETE FROM job WHERE id = $1 AND leased_by = $2");
    tx.execute(gone, &values![id, *node]).await.map(drop)
}

/// Lets go of jobs that this node will not end: they are due at once and this attempt does not count.
pub async fn release(
    tx: &mut WriteTx,
    (ids, node, now): &(Vec<JobId>, NodeId, Timestamp),
) -> Result<(), Error> {
    let statement = sql!(
        "UPDATE job SET due_at = $3, attempt = attempt - 1 WHERE id = $1 AND leased_by = $2 AND due_at > $3"
    );
    for id in ids {
        tx.execute_later(statement, &values![*id, *node, *now])
            .await?;
    }
    Ok(())
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
