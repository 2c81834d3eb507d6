//! Keys that accounts gave up for other ones. They stay as long as their accounts, so that none of them opens another account.

use acme::Thumbprint;
use base::{AccountId, Timestamp};

use crate::{Error, ReadTx, WriteTx, columns, sql, values};

/// A key and whose it was.
#[derive(Clone, Debug)]
pub struct RetiredKey {
    /// The directory of the account.
    pub directory: String,
    /// The key.
    pub thumbprint: Thumbprint,
    /// The account.
    pub account: AccountId,
    /// Since when it has another one.
    pub retired_at: Timestamp,
}

columns! { "retired_key" retired_key => RetiredKey {
    directory, thumbprint, account = "account_id", retired_at,
} }

/// Why a key that has no account may not get one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyStanding {
    /// It was reported as compromised.
    pub is_blocked: bool,
    /// An account of the directory had it before.
    pub is_retired: bool,
}

/// Remembers a key that an account gave up.
pub async fn insert(tx: &mut WriteTx, key: &RetiredKey) -> Result<(), Error> {
    tx.insert(key).await
}

/// What is known against a key, by its thumbprint and the SHA-256 of its SubjectPublicKeyInfo.
pub async fn standing(
    tx: &mut ReadTx,
    directory: &str,
    thumbprint: &Thumbprint,
    key_digest: &[u8; 32],
) -> Result<KeyStanding, Error> {
    let statement = sql!(
        "SELECT EXISTS (SELECT 1 FROM retired_key r WHERE r.directory = $1 AND r.thumbprint = $2) AS is_retired,
           EXISTS (SELECT 1 FROM blocked_key k WHERE k.key_digest = $3) AS is_blocked"
    );
    let values = values![directory, thumbprint.as_bytes(), key_digest];
    let row = tx.row(statement, &values).await?;
    let is = |column| row.as_ref().map_or(Ok(false), |row| row.bool(column));
    Ok(KeyStanding {
        is_blocked: is("is_blocked")?,
        is_retired: is("is_retired")?,
    })
}

/// Deletes those of guests of test directories that are gone, at most the limit.
pub async fn delete_of_guests(tx: &mut WriteTx, limit: &i64) -> Result<u64, Error> {
    let statement = sql!(system:
        "DELETE FROM retired_key WHERE (directory, thumbprint) IN
           (SELECT r.directory, r.thumbprint FROM directory d JOIN retired_key r ON r.directory = d.slug
            WHERE d.is_test AND NOT EXISTS (SELECT 1 FROM acme_account a WHERE a.id = r.account_id)
            LIMIT $1)"
    );
    tx.execute(statement, &values![*limit]).await
}
