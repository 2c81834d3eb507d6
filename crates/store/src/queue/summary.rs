//! What an operator sees of the queues: how many wait, how long, and single jobs.

use base::{JobId, Timestamp};

use crate::{Error, ReadTx, WriteTx, sql, values};

/// Counting further than this costs more than it tells.
pub const MAX_COUNTED: i64 = 10_000;

/// Those that jobs have.
const PRIORITIES: [i64; 2] = [0, 1];

/// How a queue stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueStanding {
    /// Jobs that wait to be taken, at most [`MAX_COUNTED`].
    pub waiting: i64,
    /// Jobs in the hands of nodes, at most [`MAX_COUNTED`].
    pub running: i64,
    /// The one whose turn is next, if one is due.
    pub next: Option<JobId>,
}

/// How a queue stands at a moment.
pub async fn of_queue(
    tx: &mut ReadTx,
    (queue, now): &(String, Timestamp),
) -> Result<QueueStanding, Error> {
    let statement = sql!(
        "SELECT (SELECT COUNT(*) FROM (SELECT 1 AS one FROM job WHERE queue = $1 AND leased_by IS NULL LIMIT $3) w)
             AS waiting,
           (SELECT COUNT(*) FROM (SELECT 1 AS one FROM job WHERE queue = $1 AND leased_by IS NOT NULL LIMIT $3) r)
             AS running,
           (SELECT id FROM job WHERE queue = $1 AND due_at <= $2 ORDER BY priority, due_at LIMIT 1) AS next"
    );
    let row = tx
        .row(statement, &values![queue, *now, MAX_COUNTED])
        .await?;
    let Some(row) = row else {
        return Ok(QueueStanding {
            waiting: 0,
            running: 0,
            next: None,
        });
    };
    Ok(QueueStanding {
        waiting: row.int("waiting")?,
        running: row.int("running")?,
        next: row.opt_id("next")?,
    })
}

/// Takes a job away that no node has in its hands.
pub async fn drop_waiting(tx: &mut WriteTx, id: JobId) -> Result<(), Error> {
    let statement = sql!("DELETE FROM job WHERE id = $1 AND leased_by IS NULL");
    tx.execute(statement, &values![id]).await.map(drop)
}

/// Makes a job due at once that no node has in its hands.
pub async fn hurry(tx: &mut WriteTx, id: JobId, now: Timestamp) -> Result<(), Error> {
    let statement =
        sql!("UPDATE job SET due_at = $2, attempt = 0 WHERE id = $1 AND leased_by IS NULL");
    tx.execute(statement, &values![id, now]).await.map(drop)
}

/// Jobs of a queue that are due later than `far`, since a clock was wrong, come at once.
pub async fn bring_back(
    tx: &mut WriteTx,
    (queue, far, now): &(String, Timestamp, Timestamp),
) -> Result<(), Error> {
    for priority in PRIORITIES {
        let statement =
            sql!("UPDATE job SET due_at = $4 WHERE queue = $1 AND priority = $2 AND due_at > $3");
        tx.execute(statement, &values![queue, priority, *far, *now])
            .await?;
    }
    Ok(())
}
