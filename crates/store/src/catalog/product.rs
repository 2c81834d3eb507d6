//! Who issues, and which kinds of certificate there are.

use base::{AuthorityId, Timestamp};

use crate::{Error, ReadTx, WriteTx, columns, sql, values};

/// Who issues.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority {
    /// Its identifier.
    pub id: AuthorityId,
    /// `builtin`: this server itself.
    pub kind: String,
    /// For people.
    pub name: String,
    /// What its kind needs to know, JSON.
    pub config: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A kind of certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// Such as `dv`.
    pub code: String,
    /// For people.
    pub name: String,
    /// What is checked of its owner: a word of `pki::Level`.
    pub level: String,
    /// JSON.
    pub config: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was taken out.
    pub retired_at: Option<Timestamp>,
}

columns! { "authority" authority => Authority { id, kind, name, config, created_at } }
columns! { "product" product => Product { code, name, level, config, created_at, retired_at } }

/// Every product, in the order of their codes.
pub async fn all(tx: &mut ReadTx, (): &()) -> Result<Vec<Product>, Error> {
    let statement = sql!("SELECT ", product!(), " FROM product ORDER BY code");
    tx.records(statement, &[]).await
}

/// The product of this code.
pub async fn by_code(tx: &mut ReadTx, code: &str) -> Result<Option<Product>, Error> {
    let statement = sql!("SELECT ", product!(), " FROM product WHERE code = $1");
    tx.record(statement, &values![code]).await
}

/// Stores a product; `false` when there is one of this code.
pub async fn insert(tx: &mut WriteTx, new: &Product) -> Result<bool, Error> {
    tx.insert_new(new).await
}

/// The oldest authority of this kind.
pub async fn authority(tx: &mut ReadTx, kind: &str) -> Result<Option<Authority>, Error> {
    let statement = sql!(
        "SELECT ",
        authority!(),
        " FROM authority WHERE kind = $1 ORDER BY id LIMIT 1"
    );
    tx.record(statement, &values![kind]).await
}
