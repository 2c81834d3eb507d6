//! People who sign in, and their passwords' hashes.
//!
//! The hash is read by two functions only; what pages show never carries it. Column names are
//! spelled so that a user can be read from a row that holds more than it.

use base::{TenantId, Timestamp, UserId};
use tenancy::password::{Credential, PasswordHash};
use tenancy::role::Role;
use tenancy::tenant::{self, Tenant};
use tenancy::user::{DisplayName, Email, Locale, Status, Theme, User};

use crate::{Error, ReadTx, Row, WriteTx, sql, values};

/// Somebody who may be signing in, with all that decides it.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The user.
    pub user: User,
    /// The password's hash.
    pub credential: Credential,
    /// Their tenant.
    pub tenant: Tenant,
    /// The statuses of the tenant and of all above it.
    pub chain: Vec<tenant::Status>,
}

/// A user in a list.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The user.
    pub user: User,
    /// When they signed in last, if ever.
    pub last_sign_in_at: Option<Timestamp>,
}

/// Stores a new user; `false` when somebody has the e-mail address.
pub async fn insert(tx: &mut WriteTx, user: &User, credential: &Credential) -> Result<bool, Error> {
    let stored = tx
        .execute(
            sql!(
                "INSERT INTO portal_user (id, tenant_id, email, display_name, role, status, theme, locale,
                   password_hash, password_changed_at, password_initial_until, created_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING"
            ),
            &values![
                user.id,
                user.tenant,
                user.email.as_str(),
                user.display_name.as_str(),
                user.role.as_str(),
                user.status.as_str(),
                user.theme.as_str(),
                user.locale.as_str(),
                credential.hash.as_str(),
                credential.changed_at,
                credential.initial_until,
                user.created_at
            ],
        )
        .await?;
    Ok(stored == 1)
}

/// The user with this identifier.
pub async fn by_id(tx: &mut ReadTx, id: UserId) -> Result<Option<User>, Error> {
    let row = tx
        .row(
            sql!(
                "SELECT id AS user_id, tenant_id AS user_tenant_id, email, display_name, role,
                   status AS user_status, theme, locale, created_at AS user_created_at
                 FROM portal_user WHERE id = $1"
            ),
            &values![id],
        )
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// The user with this e-mail address.
pub async fn by_email(tx: &mut ReadTx, email: &Email) -> Result<Option<User>, Error> {
    let row = tx
        .row(
            sql!(
                "SELECT id AS user_id, tenant_id AS user_tenant_id, email, display_name, role,
                   status AS user_status, theme, locale, created_at AS user_created_at
                 FROM portal_user WHERE email = $1"
            ),
            &values![email.as_str()],
        )
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// The user with this e-mail address and all that decides whether they may sign in.
pub async fn candidate(tx: &mut ReadTx, email: &Email) -> Result<Option<Candidate>, Error> {
    let row = tx
        .row(
            sql!(
                "SELECT u.id AS user_id, u.tenant_id AS user_tenant_id, u.email, u.display_name, u.role,
                   u.status AS user_status, u.theme, u.locale, u.created_at AS user_created_at,
                   u.password_hash, u.password_changed_at, u.password_initial_until,
                   t.id AS tenant_id, t.parent_id, t.kind, t.name AS tenant_name,
                   t.status AS tenant_status, t.created_at AS tenant_created_at,
                   p.status AS parent_status, g.status AS grandparent_status
                 FROM portal_user u JOIN tenant t ON t.id = u.tenant_id
                   LEFT JOIN tenant p ON p.id = t.parent_id LEFT JOIN tenant g ON g.id = p.parent_id
                 WHERE u.email = $1"
            ),
            &values![email.as_str()],
        )
        .await?;
    row.as_ref()
        .map(|row| {
            Ok(Candidate {
                user: from_row(row)?,
                credential: credential_from_row(row)?,
                tenant: crate::tenancy::tenant::from_row(row)?,
                chain: crate::tenancy::tenant::chain_from_row(row)?,
            })
        })
        .transpose()
}

/// How a user proves who they are.
pub async fn credential(tx: &mut ReadTx, id: UserId) -> Result<Option<Credential>, Error> {
    let row = tx
        .row(
            sql!(
                "SELECT password_hash, password_changed_at, password_initial_until
                 FROM portal_user WHERE id = $1"
            ),
            &values![id],
        )
        .await?;
    row.as_ref().map(credential_from_row).transpose()
}

/// Replaces a password's hash; `false` when it is no longer `from`.
pub async fn update_credential(
    tx: &mut WriteTx,
    id: UserId,
    from: &PasswordHash,
    to: &Credential,
) -> Result<bool, Error> {
    let changed = tx
        .execute(
            sql!(
                "UPDATE portal_user
                 SET password_hash = $3, password_changed_at = $4, password_initial_until = $5
                 WHERE id = $1 AND password_hash = $2"
            ),
            &values![
                id,
                from.as_str(),
                to.hash.as_str(),
                to.changed_at,
                to.initial_until
            ],
        )
        .await?;
    Ok(changed == 1)
}

/// Stores the colours that a user chose; `false` when there is no such user.
pub async fn set_theme(tx: &mut WriteTx, id: UserId, theme: Theme) -> Result<bool, Error> {
    let changed = tx
        .execute(
            sql!("UPDATE portal_user SET theme = $2 WHERE id = $1"),
            &values![id, theme.as_str()],
        )
        .await?;
    Ok(changed == 1)
}

/// Stores what the portal calls a user; `false` when there is no such user.
pub async fn set_display_name(
    tx: &mut WriteTx,
    id: UserId,
    name: &DisplayName,
) -> Result<bool, Error> {
    let changed = tx
        .execute(
            sql!("UPDATE portal_user SET display_name = $2 WHERE id = $1"),
            &values![id, name.as_str()],
        )
        .await?;
    Ok(changed == 1)
}

/// Notes that a user signed in.
pub async fn note_sign_in(tx: &mut WriteTx, id: UserId, now: Timestamp) -> Result<(), Error> {
    tx.execute(
        sql!("UPDATE portal_user SET last_sign_in_at = $2 WHERE id = $1"),
        &values![id, now],
    )
    .await?;
    Ok(())
}

/// The users of a tenant, oldest first.
pub async fn of_tenant(
    tx: &mut ReadTx,
    tenant: TenantId,
    limit: i64,
) -> Result<Vec<Listed>, Error> {
    let rows = tx
        .rows(
            sql!(
                "SELECT id AS user_id, tenant_id AS user_tenant_id, email, display_name, role,
                   status AS user_status, theme, locale, created_at AS user_created_at, last_sign_in_at
                 FROM portal_user WHERE tenant_id = $1 ORDER BY id LIMIT $2"
            ),
            &values![tenant, limit],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Listed {
                user: from_row(row)?,
                last_sign_in_at: row.opt_timestamp("last_sign_in_at")?,
            })
        })
        .collect()
}

/// Reads the user's columns: those of the table, and `user_id`, `user_tenant_id`, `user_status`
/// and `user_created_at`.
pub(crate) fn from_row(row: &Row) -> Result<User, Error> {
    Ok(User {
        id: row.id("user_id")?,
        tenant: row.id("user_tenant_id")?,
        email: row.parse("email")?,
        display_name: DisplayName::parse(row.text("display_name")?)
            .map_err(|error| row.corrupt("display_name", error))?,
        role: row.word("role", Role::parse)?,
        status: row.word("user_status", Status::parse)?,
        theme: row.word("theme", Theme::parse)?,
        locale: row.word("locale", Locale::parse)?,
        created_at: row.timestamp("user_created_at")?,
    })
}

fn credential_from_row(row: &Row) -> Result<Credential, Error> {
    Ok(Credential {
        hash: PasswordHash::parse(row.text("password_hash")?)
            .map_err(|error| row.corrupt("password_hash", error))?,
        changed_at: row.timestamp("password_changed_at")?,
        initial_until: row.opt_timestamp("password_initial_until")?,
    })
}
