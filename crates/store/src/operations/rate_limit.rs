//! What nodes tell each other of limits that are nearly reached. Adding is commutative, so that it does not matter who
//! comes first.

use base::Timestamp;

use crate::{Error, ReadTx, WriteTx, columns, sql, values};

columns! { "rate_limit" rate_limit => Used { bucket, arrival_at, changed_at } }

/// How much of a limit one subject has used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Used {
    /// Which limit, of whom.
    pub bucket: Vec<u8>,
    /// When all of it is earned again.
    pub arrival_at: Timestamp,
    /// When a node has last told of it.
    pub changed_at: Timestamp,
}

/// What one node has counted since it told the others.
#[derive(Clone, Debug)]
pub struct Counted {
    /// Which limit, of whom.
    pub bucket: Vec<u8>,
    /// How far that moves the arrival time, in microseconds.
    pub moved: i64,
}

/// Adds what a node has counted.
pub async fn add(
    tx: &mut WriteTx,
    (counted, now): &(Vec<Counted>, Timestamp),
) -> Result<(), Error> {
    let statement = sql!(
        "INSERT INTO rate_limit (",
        rate_limit!(),
        ") VALUES ($1, $2, $3)
         ON CONFLICT (bucket) DO UPDATE SET changed_at = $3,
           arrival_at = CASE WHEN rate_limit.arrival_at > $3 THEN rate_limit.arrival_at ELSE $3 END + $4"
    );
    for Counted { bucket, moved } in counted {
        let first = Timestamp::from_micros(now.as_micros().saturating_add(*moved));
        tx.execute(statement, &values![bucket.as_slice(), first, *now, *moved])
            .await?;
    }
    Ok(())
}

/// What was counted on any node since a moment, at most so much.
pub async fn changed(
    tx: &mut ReadTx,
    (since, limit): &(Timestamp, i64),
) -> Result<Vec<Used>, Error> {
    let statement = sql!(
        "SELECT ",
        rate_limit!(),
        " FROM rate_limit WHERE changed_at >= $1 ORDER BY changed_at LIMIT $2"
    );
    tx.records(statement, &values![*since, *limit]).await
}

/// Deletes some rows of which all is earned again.
pub async fn delete_earned(
    tx: &mut WriteTx,
    (now, limit): &(Timestamp, i64),
) -> Result<u64, Error> {
    let statement = sql!(
        "DELETE FROM rate_limit WHERE bucket IN
           (SELECT bucket FROM rate_limit WHERE arrival_at < $1 LIMIT $2)"
    );
    tx.execute(statement, &values![*now, *limit]).await
}
