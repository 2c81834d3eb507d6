//! How users prove who they are.

use base::{TenantId, Timestamp, UserId};
use tenancy::password::{Credential, PasswordHash};

use crate::{Error, ReadTx, Row, WriteTx, columns, sql, text_columns, values};

columns! {
    "credential" credential => CredentialRow {
        user_id, tenant_id, kind, lookup, label, proof, secret, counter, created_at, changed_at, confirmed_at, last_used_at
    }
}
text_columns!(PasswordHash);
pub(crate) use credential;

/// A row of the table.
pub(super) struct CredentialRow {
    pub(super) user_id: UserId,
    pub(super) tenant_id: TenantId,
    pub(super) kind: String,
    /// Tells those of one kind apart.
    pub(super) lookup: String,
    /// What its owner calls it.
    pub(super) label: Option<String>,
    /// A password's hash, or the public half of a passkey.
    pub(super) proof: Option<String>,
    /// Sealed.
    pub(super) secret: Option<Vec<u8>>,
    pub(super) counter: Option<i64>,
    pub(super) created_at: Timestamp,
    pub(super) changed_at: Timestamp,
    pub(super) confirmed_at: Option<Timestamp>,
    pub(super) last_used_at: Option<Timestamp>,
}

/// Another hash for a password.
#[derive(Clone, Debug)]
pub struct Replacement {
    /// Whose password it is.
    pub user: UserId,
    /// The hash that is replaced, and no other.
    pub from: PasswordHash,
    /// What replaces it.
    pub to: Credential,
}

/// A password, whatever the user had before.
#[derive(Clone, Debug)]
pub struct NewPassword {
    /// Whose it is.
    pub user: UserId,
    /// The tenant for which they act.
    pub tenant: TenantId,
    /// The password.
    pub credential: Credential,
}

const PASSWORD: &str = "password";

/// The password of the user that a statement calls by the first name, under the second: its hash and when it was set,
/// which [`password_from`] reads.
macro_rules! with_password {
    ($user:ident) => {
        concat!(
            "LEFT JOIN credential pw ON pw.user_id = ",
            stringify!($user),
            ".id AND pw.kind = 'password' AND pw.lookup = ''"
        )
    };
}
pub(crate) use with_password;

/// What [`password_from`] reads of [`with_password`].
macro_rules! password_columns {
    () => {
        "pw.proof AS password_hash, pw.changed_at AS password_changed_at"
    };
}
pub(crate) use password_columns;

/// The password of a row that selects [`password_columns`]; `None` when the user has none.
pub(crate) fn password_from(row: &Row) -> Result<Option<Credential>, Error> {
    let (Some(hash), Some(changed_at)) = (
        row.opt_text("password_hash")?,
        row.opt_timestamp("password_changed_at")?,
    ) else {
        return Ok(None);
    };
    let hash = PasswordHash::parse(hash).map_err(|error| row.corrupt("password_hash", error))?;
    Ok(Some(Credential { hash, changed_at }))
}

/// The password of a user; `None` when they have none.
pub async fn password(tx: &mut ReadTx, user: &UserId) -> Result<Option<Credential>, Error> {
    let statement = sql!(
        tenant: "SELECT ", password_columns!(), " FROM credential pw
         WHERE pw.tenant_id = $1 AND pw.user_id = $2 AND pw.kind = 'password' AND pw.lookup = ''"
    );
    let row = tx.row(statement, &values![user]).await?;
    row.map_or(Ok(None), |row| password_from(&row))
}

/// Replaces a password's hash; `false` when it is another one already.
pub async fn replace_password(tx: &mut WriteTx, replacement: &Replacement) -> Result<bool, Error> {
    let Replacement { user, from, to } = replacement;
    let replace = sql!(
        tenant: "UPDATE credential SET proof = $4, changed_at = $5
         WHERE tenant_id = $1 AND user_id = $2 AND kind = 'password' AND lookup = '' AND proof = $3"
    );
    let values = values![user, from.as_str(), to.hash.as_str(), to.changed_at];
    Ok(tx.execute(replace, &values).await? == 1)
}

/// Gives a user a password, whatever they had before.
pub async fn set_password(tx: &mut WriteTx, new: &NewPassword) -> Result<(), Error> {
    delete_password(tx, &new.user).await?;
    insert_password(tx, new).await
}

/// Gives a password to a user who has none.
pub async fn insert_password(tx: &mut WriteTx, new: &NewPassword) -> Result<(), Error> {
    let at = new.credential.changed_at;
    tx.insert(&CredentialRow {
        user_id: new.user,
        tenant_id: new.tenant,
        kind: PASSWORD.to_owned(),
        lookup: String::new(),
        label: None,
        proof: Some(new.credential.hash.as_str().to_owned()),
        secret: None,
        counter: None,
        created_at: at,
        changed_at: at,
        confirmed_at: Some(at),
        last_used_at: None,
    })
    .await
}

/// Takes a user's password away.
pub async fn delete_password(tx: &mut WriteTx, user: &UserId) -> Result<(), Error> {
    let delete = sql!(
        tenant: "DELETE FROM credential
         WHERE tenant_id = $1 AND user_id = $2 AND kind = 'password' AND lookup = ''"
    );
    tx.execute(delete, &values![user]).await.map(|_| ())
}

/// Takes everything away by which a user proves who they are.
pub async fn delete_of_user(tx: &mut WriteTx, user: &UserId) -> Result<(), Error> {
    let delete = sql!(tenant: "DELETE FROM credential WHERE tenant_id = $1 AND user_id = $2");
    tx.execute(delete, &values![user]).await.map(|_| ())
}
