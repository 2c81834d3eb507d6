//! CA keys with their certificates.

use base::{CaId, Timestamp, words};

use crate::{Error, ReadTx, WriteTx, columns, sql, values, word_columns};

/// A CA key with its certificate; the key is sealed.
#[derive(Clone, Debug)]
pub struct Ca {
    /// The CA's identifier.
    pub id: CaId,
    /// Who signed its certificate, or for an alternate the issuing CA; `None` for a root.
    pub parent: Option<CaId>,
    /// `root`, `intermediate`, `issuing`, `server`, or `alternate`: another certificate of the issuing CA.
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
    /// Who believes it.
    pub trust: Trust,
}

words! {
    /// Who believes a CA.
    pub enum Trust {
        /// Whoever was given its root.
        Private = "private",
        /// Everybody: the rules of the public web hold for it.
        Public = "public",
        /// Nobody; it stands in test directories only.
        Test = "test",
    }
}

word_columns!(Trust);

columns! { "ca" ca => Ca {
    id, parent = "parent_id", kind, name, certificate, private_key, created_at, retired_at,
    trust,
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

/// Lets a CA sign no more certificates; its CRLs go on.
pub async fn retire(tx: &mut WriteTx, (id, at): &(CaId, Timestamp)) -> Result<(), Error> {
    let statement = sql!("UPDATE ca SET retired_at = $2 WHERE id = $1 AND retired_at IS NULL");
    tx.execute(statement, &values![*id, *at]).await.map(drop)
}

/// A CA key that is sealed anew.
#[derive(Clone, Debug)]
pub struct ResealedCa {
    /// Whose key it is.
    pub id: CaId,
    /// How it was sealed.
    pub from: Vec<u8>,
    /// How it is sealed now.
    pub to: Vec<u8>,
}

/// Stores a CA key as it is sealed anew, unless that was done meanwhile.
pub async fn reseal(tx: &mut WriteTx, new: &ResealedCa) -> Result<(), Error> {
    let statement = sql!("UPDATE ca SET private_key = $3 WHERE id = $1 AND private_key = $2");
    let values = values![new.id, new.from.as_slice(), new.to.as_slice()];
    tx.execute(statement, &values).await.map(drop)
}
