//! Keys that may not be certified again.

use base::Timestamp;

use crate::{Error, ReadTx, WriteTx, columns, sql, values};

/// A key and why it may not.
#[derive(Clone, Debug)]
pub struct BlockedKey {
    /// SHA-256 of its SubjectPublicKeyInfo.
    pub digest: Vec<u8>,
    /// Such as `keyCompromise`.
    pub reason: String,
    /// Since when.
    pub created_at: Timestamp,
}

columns! { "blocked_key" blocked_key => BlockedKey {
    digest = "key_digest", reason, created_at,
} }

/// Whether the key with this SHA-256 of its SubjectPublicKeyInfo is blocked.
pub async fn exists(tx: &mut ReadTx, digest: &[u8; 32]) -> Result<bool, Error> {
    let statement = sql!("SELECT key_digest FROM blocked_key WHERE key_digest = $1");
    Ok(tx.row(statement, &values![digest]).await?.is_some())
}

/// Remembers a key; one that is known keeps its first reason.
pub async fn insert(tx: &mut WriteTx, key: &BlockedKey) -> Result<(), Error> {
    tx.insert_new(key).await.map(|_| ())
}
