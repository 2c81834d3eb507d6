//! Failed attempts to sign in. No row means none; unknown addresses have rows like known ones.

use base::Timestamp;
use tenancy::lockout::{AttemptKey, Limits, Lockout};

use crate::{Error, ReadTx, Row, WriteTx, sql, values};

/// What was counted under each key, in their order.
pub async fn load(tx: &mut ReadTx, keys: &[&AttemptKey]) -> Result<Vec<Lockout>, Error> {
    let values: Vec<_> = keys
        .iter()
        .map(|key| values![key.as_str()].to_vec())
        .collect();
    let rows = tx
        .row_each(
            sql!(
                "SELECT failures, window_start, locked_until FROM sign_in_lock WHERE subject = $1"
            ),
            &values,
        )
        .await?;
    rows.iter()
        .map(|row| row.as_ref().map_or(Ok(Lockout::default()), from_row))
        .collect()
}

/// Stores what is counted under a key; nothing counted is no row.
pub async fn save(tx: &mut WriteTx, key: &AttemptKey, lockout: &Lockout) -> Result<(), Error> {
    let Some(window_start) = lockout.window_start else {
        delete(tx, key).await?;
        return Ok(());
    };
    tx.execute(
        sql!(
            "INSERT INTO sign_in_lock (subject, failures, window_start, locked_until)
             VALUES ($1, $2, $3, $4)
             ON CONFLICT (subject) DO UPDATE
             SET failures = excluded.failures, window_start = excluded.window_start,
               locked_until = excluded.locked_until"
        ),
        &values![
            key.as_str(),
            lockout.failures,
            window_start,
            lockout.locked_until
        ],
    )
    .await?;
    Ok(())
}

/// Forgets what was counted under a key; `false` when nothing was.
pub async fn delete(tx: &mut WriteTx, key: &AttemptKey) -> Result<bool, Error> {
    let deleted = tx
        .execute(
            sql!("DELETE FROM sign_in_lock WHERE subject = $1"),
            &values![key.as_str()],
        )
        .await?;
    Ok(deleted == 1)
}

/// Deletes up to `limit` rows that lock nothing and count for nothing any more.
pub async fn delete_ended(tx: &mut WriteTx, now: Timestamp, limit: i64) -> Result<u64, Error> {
    let window = Limits::ADDRESS.window.max(Limits::NETWORK.window);
    tx.execute(
        sql!(
            "DELETE FROM sign_in_lock WHERE subject IN
               (SELECT subject FROM sign_in_lock
                WHERE window_start <= $2 AND (locked_until IS NULL OR locked_until <= $1)
                ORDER BY window_start LIMIT $3)"
        ),
        &values![now, now.minus(window), limit],
    )
    .await
}

fn from_row(row: &Row) -> Result<Lockout, Error> {
    Ok(Lockout {
        failures: u32::try_from(row.int("failures")?)
            .map_err(|error| row.corrupt("failures", error))?,
        window_start: Some(row.timestamp("window_start")?),
        locked_until: row.opt_timestamp("locked_until")?,
    })
}
