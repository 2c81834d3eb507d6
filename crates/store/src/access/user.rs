//! People who sign in, and their passwords' hashes.
//!
//! The table is read in two ways: as [`User`], which is what pages show and never carries the hash, and whole, for
//! the few who check or replace a password.

use base::{TenantId, Timestamp, UserId};
use tenancy::password::{Credential, PasswordHash};
use tenancy::role::Role;
use tenancy::user::{DisplayName, Email, Locale, Status, Theme, User};

use crate::{Error, ReadTx, WriteTx};
use crate::{columns, sql, text_columns, values, word_columns};

columns! {
    "portal_user" user => User {
        id, tenant = "tenant_id", email, display_name, role, status, theme, locale, created_at
    }
}
columns! {
    "portal_user" whole => UserRow {
        id, tenant_id, email, display_name, role, status, theme, locale, password_hash,
        password_changed_at, password_initial_until, created_at, last_sign_in_at
    }
}
word_columns!(Locale, Role, Status, Theme);
text_columns!(DisplayName, Email, PasswordHash);
pub(crate) use {user, whole};

/// A row of the table.
pub(crate) struct UserRow {
    id: UserId,
    tenant_id: TenantId,
    email: Email,
    display_name: DisplayName,
    role: Role,
    status: Status,
    theme: Theme,
    locale: Locale,
    password_hash: PasswordHash,
    password_changed_at: Timestamp,
    password_initial_until: Option<Timestamp>,
    created_at: Timestamp,
    last_sign_in_at: Option<Timestamp>,
}

/// A user in the list of a tenant.
#[derive(Clone, Debug)]
pub struct Person {
    /// The user.
    pub user: User,
    /// When they signed in last, if ever.
    pub last_sign_in_at: Option<Timestamp>,
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

impl From<&(User, Credential)> for UserRow {
    fn from((user, credential): &(User, Credential)) -> Self {
        Self {
            id: user.id,
            tenant_id: user.tenant,
            email: user.email.clone(),
            display_name: user.display_name.clone(),
            role: user.role,
            status: user.status,
            theme: user.theme,
            locale: user.locale,
            password_hash: credential.hash.clone(),
            password_changed_at: credential.changed_at,
            password_initial_until: credential.initial_until,
            created_at: user.created_at,
            last_sign_in_at: None,
        }
    }
}

impl From<UserRow> for (User, Credential) {
    fn from(row: UserRow) -> Self {
        let user = User {
            id: row.id,
            tenant: row.tenant_id,
            email: row.email,
            display_name: row.display_name,
            role: row.role,
            status: row.status,
            theme: row.theme,
            locale: row.locale,
            created_at: row.created_at,
        };
        let credential = Credential {
            hash: row.password_hash,
            changed_at: row.password_changed_at,
            initial_until: row.password_initial_until,
        };
        (user, credential)
    }
}

impl From<UserRow> for Person {
    fn from(row: UserRow) -> Self {
        let last_sign_in_at = row.last_sign_in_at;
        let (user, _) = row.into();
        Self {
            user,
            last_sign_in_at,
        }
    }
}

/// Stores a new user; `false` when somebody has the e-mail address.
pub async fn insert(tx: &mut WriteTx, new: &(User, Credential)) -> Result<bool, Error> {
    tx.insert_new(&UserRow::from(new)).await
}

/// The user with this identifier.
pub async fn by_id(tx: &mut ReadTx, id: UserId) -> Result<Option<User>, Error> {
    let statement = sql!(system: "SELECT ", user!(), " FROM portal_user WHERE id = $1");
    tx.record(statement, &values![id]).await
}

/// The user with this e-mail address.
pub async fn by_email(tx: &mut ReadTx, email: &Email) -> Result<Option<User>, Error> {
    let statement = sql!(system: "SELECT ", user!(), " FROM portal_user WHERE email = $1");
    tx.record(statement, &values![email.as_str()]).await
}

/// The person with this e-mail address, and when they signed in last.
pub async fn person_by_email(tx: &mut ReadTx, email: &Email) -> Result<Option<Person>, Error> {
    let statement = sql!(system: "SELECT ", whole!(), " FROM portal_user WHERE email = $1");
    let row: Option<UserRow> = tx.record(statement, &values![email.as_str()]).await?;
    Ok(row.map(Person::from))
}

/// How a user proves who they are.
pub async fn credential(tx: &mut ReadTx, id: &UserId) -> Result<Option<Credential>, Error> {
    let statement = sql!(
        tenant: "SELECT ", whole!(), " FROM portal_user WHERE tenant_id = $1 AND id = $2"
    );
    let row: Option<UserRow> = tx.record(statement, &values![id]).await?;
    Ok(row.map(|row| <(User, Credential)>::from(row).1))
}

/// Replaces a password's hash; `false` when it is another one already.
pub async fn replace_credential(
    tx: &mut WriteTx,
    replacement: &Replacement,
) -> Result<bool, Error> {
    let Replacement { user, from, to } = replacement;
    let replace = sql!(
        tenant: "UPDATE portal_user
         SET password_hash = $4, password_changed_at = $5, password_initial_until = $6
         WHERE tenant_id = $1 AND id = $2 AND password_hash = $3"
    );
    let values = values![
        user,
        from.as_str(),
        to.hash.as_str(),
        to.changed_at,
        to.initial_until
    ];
    Ok(tx.execute(replace, &values).await? == 1)
}

/// Stores the colours that a user chose; `false` when there is no such user.
pub async fn set_theme(tx: &mut WriteTx, (id, theme): &(UserId, Theme)) -> Result<bool, Error> {
    let set = sql!(tenant: "UPDATE portal_user SET theme = $3 WHERE tenant_id = $1 AND id = $2");
    Ok(tx.execute(set, &values![id, theme.as_str()]).await? == 1)
}

/// Stores what the portal calls a user; `false` when there is no such user.
pub async fn set_display_name(
    tx: &mut WriteTx,
    (id, name): &(UserId, DisplayName),
) -> Result<bool, Error> {
    let set = sql!(
        tenant: "UPDATE portal_user SET display_name = $3 WHERE tenant_id = $1 AND id = $2"
    );
    Ok(tx.execute(set, &values![id, name.as_str()]).await? == 1)
}

/// Notes that a user signed in.
pub async fn note_sign_in(tx: &mut WriteTx, (id, now): &(UserId, Timestamp)) -> Result<(), Error> {
    let note = sql!(
        tenant: "UPDATE portal_user SET last_sign_in_at = $3 WHERE tenant_id = $1 AND id = $2"
    );
    tx.execute(note, &values![id, *now]).await.map(|_| ())
}

/// The users of the tenant, oldest first.
pub async fn list(tx: &mut ReadTx, limit: &i64) -> Result<Vec<Person>, Error> {
    let statement = sql!(
        tenant: "SELECT ", whole!(), " FROM portal_user WHERE tenant_id = $1 ORDER BY id LIMIT $2"
    );
    let rows: Vec<UserRow> = tx.records(statement, &values![*limit]).await?;
    Ok(rows.into_iter().map(Person::from).collect())
}
