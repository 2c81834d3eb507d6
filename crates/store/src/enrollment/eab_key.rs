//! Sealed MAC keys that go once they have bound what they may (policy `eab_reveal = until_bound`, security S-42).
//!
//! A row of this table is all that there is of such a key. What was deleted stays in the files of the database for a while:
//! to be rid of that is [`Scoped::forget`](crate::Scoped::forget).

use base::Timestamp;

use crate::{Engine, Error, ReadTx, WriteTx, columns, sql, values};

/// The table, for who has it forget what was deleted.
pub const TABLE: &str = "eab_key";

/// A key.
pub(super) struct ErasableKey {
    /// Of which credential.
    pub(super) key_id: String,
    /// Sealed.
    pub(super) mac_key: Vec<u8>,
}

columns! { "eab_key" eab_key => ErasableKey { key_id, mac_key } }

/// Stores the key as it is sealed anew, unless that was done meanwhile, or the key is gone.
pub(super) async fn reseal(
    tx: &mut WriteTx,
    key_id: &str,
    (from, to): (&[u8], &[u8]),
) -> Result<(), Error> {
    let reseal = sql!("UPDATE eab_key SET mac_key = $3 WHERE key_id = $1 AND mac_key = $2");
    tx.execute(reseal, &values![key_id, from, to])
        .await
        .map(drop)
}

/// Deletes the key of a credential.
pub(super) async fn delete(tx: &mut WriteTx, key_id: &str) -> Result<(), Error> {
    let delete = sql!("DELETE FROM eab_key WHERE key_id = $1");
    tx.execute_later(delete, &values![key_id]).await
}

/// Deletes the keys of all credentials that were revoked, or replaced and bind nobody any more; how many there were.
pub async fn delete_ended(tx: &mut WriteTx, now: &Timestamp) -> Result<u64, Error> {
    let note = sql!(system:
        "UPDATE eab_credential SET erased_at = $1
         WHERE erased_at IS NULL AND (revoked_at IS NOT NULL OR valid_until <= $1)
           AND key_id IN (SELECT key_id FROM eab_key)"
    );
    let ended = tx.execute(note, &values![*now]).await?;
    if ended > 0 {
        let delete = sql!(system:
            "DELETE FROM eab_key WHERE EXISTS (SELECT 1 FROM eab_credential c
               WHERE c.key_id = eab_key.key_id AND c.erased_at IS NOT NULL)"
        );
        tx.execute_later(delete, &[]).await?;
    }
    Ok(ended)
}

/// Whether the table, as it was last written anew, has none but the keys that there are: PostgreSQL copies deleted ones
/// that an older transaction may still see. The index, which is made anew with it, counts those too; the table's own figure
/// leaves them out.
pub async fn is_rid_of_deleted(tx: &mut ReadTx, (): &()) -> Result<bool, Error> {
    if tx.engine() == Engine::Sqlite {
        return Ok(true);
    }
    let statement = sql!(
        postgres: "SELECT c.reltuples <= (SELECT COUNT(*) FROM eab_key) AS is_rid
         FROM pg_class c WHERE c.oid = 'eab_key_pkey'::regclass"
    );
    let row = tx.row(statement, &[]).await?;
    row.map_or(Ok(false), |row| row.bool("is_rid"))
}

#[cfg(test)]
mod tests;
