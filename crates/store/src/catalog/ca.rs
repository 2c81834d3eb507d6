//! CA keys with their certificates.

use base::{CaId, Timestamp};

use crate::{Error, ReadTx, WriteTx, columns, sql};

/// A CA key with its certificate; the key is sealed.
#[derive(Clone, Debug)]
pub struct Ca {
    /// The CA's identifier.
    pub id: CaId,
    /// Who signed its certificate, or for an alternate the issuing CA; `None` for a root.
    pub parent: Option<CaId>,
    /// `root`, `issuing`, or `alternate`: another certificate of the issuing CA.
    pub kind: String,
    /// The subject's distinguished name, for people.
    pub name: String,
    /// The certificate, DER.
    pub certificate: Vec<u8>,
    /// The sealed PKCS#8 key; `None` when it is elsewhere.
    pub private_key: Option<Vec<u8>>,
    /// When it was made or imported.
    pub created_at: Timestamp,
    /// When it stopped signing.
    pub retired_at: Option<Timestamp>,
}

columns! { "ca" ca => Ca {
    id, parent = "parent_id", kind, name, certificate, private_key, created_at, retired_at,
} }

/// Stores a CA.
pub async fn insert(tx: &mut WriteTx, ca: &Ca) -> Result<(), Error> {
    tx.insert(ca).await
}

/// Every CA, oldest first as far as milliseconds tell.
pub async fn all(tx: &mut ReadTx, (): &()) -> Result<Vec<Ca>, Error> {
    tx.records(sql!("SELECT ", ca!(), " FROM ca ORDER BY id"), &[])
        .await
}
