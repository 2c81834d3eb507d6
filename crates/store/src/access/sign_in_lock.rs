//! Failed attempts to sign in. No row means none; unknown addresses have rows like known ones.

use base::Timestamp;
use tenancy::lockout::{AttemptKey, Limits, Lockout};

use crate::{Error, ReadTx, Record, WriteTx, columns, sql, values};

columns! { "sign_in_lock" lock => LockRow { subject, failures, window_start, locked_until } }

/// A row of the table.
struct LockRow {
    subject: String,
    failures: u32,
    window_start: Timestamp,
    locked_until: Option<Timestamp>,
}

impl From<LockRow> for Lockout {
    fn from(row: LockRow) -> Self {
        Self {
            failures: row.failures,
            window_start: Some(row.window_start),
            locked_until: row.locked_until,
        }
    }
}

/// What was counted under each key, in their order.
pub async fn load(tx: &mut ReadTx, keys: &[AttemptKey; 2]) -> Result<Vec<Lockout>, Error> {
    let values: Vec<_> = keys
        .iter()
        .map(|key| values![key.as_str()].to_vec())
        .collect();
    let statement = sql!("SELECT ", lock!(), " FROM sign_in_lock WHERE subject = $1");
    let rows = tx.row_each(statement, &values).await?;
    let lockout = |row: &Option<crate::Row>| {
        let row = row.as_ref().map(LockRow::from_row).transpose()?;
        Ok(row.map_or_else(Lockout::default, Lockout::from))
    };
    rows.iter().map(lockout).collect()
}

/// Stores what is counted under a key; nothing counted is no row.
pub async fn save(tx: &mut WriteTx, (key, lockout): &(AttemptKey, Lockout)) -> Result<(), Error> {
    let Some(window_start) = lockout.window_start else {
        delete(tx, key).await?;
        return Ok(());
    };
    let row = LockRow {
        subject: key.as_str().to_owned(),
        failures: lockout.failures,
        window_start,
        locked_until: lockout.locked_until,
    };
    let save = sql!(
        "INSERT INTO sign_in_lock (",
        lock!(),
        ") VALUES ($1, $2, $3, $4)
         ON CONFLICT (subject) DO UPDATE
         SET failures = excluded.failures, window_start = excluded.window_start,
           locked_until = excluded.locked_until"
    );
    tx.execute(save, &row.values()).await.map(|_| ())
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

/// Deletes some rows, at most the limit, that lock nothing and count for nothing any more.
pub async fn delete_ended(tx: &mut WriteTx, (now, limit): &(Timestamp, i64)) -> Result<u64, Error> {
    let window = Limits::ADDRESS.window.max(Limits::NETWORK.window);
    tx.execute(
        sql!(
            "DELETE FROM sign_in_lock WHERE subject IN
               (SELECT subject FROM sign_in_lock
                WHERE window_start <= $2 AND (locked_until IS NULL OR locked_until <= $1)
                ORDER BY window_start LIMIT $3)"
        ),
        &values![*now, now.minus(window), *limit],
    )
    .await
}
