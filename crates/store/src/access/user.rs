//! People who sign in. How they prove who they are is in `credential`, what they may do in `role_assignment`.

use base::{Timestamp, UserId};
use tenancy::role::Roles;
use tenancy::role::binding::Binding;
use tenancy::user::{DisplayName, Email, Locale, Status, Theme, User};

use super::role_assignment::{roles_from, roles_of};
use super::role_binding::{binding_from, binding_of};
use super::second_factor::second_factors;
use crate::{Error, ReadTx, Record, Row, WriteTx};
use crate::{columns, sql, text_columns, values, word_columns};

columns! {
    "portal_user" user => User {
        id, tenant = "tenant_id", email, display_name, status, theme, locale, created_at
    }
}
word_columns!(Locale, Status, Theme);
text_columns!(DisplayName, Email);
pub(crate) use user;

/// A user in the list of a tenant.
#[derive(Clone, Debug)]
pub struct Person {
    /// The user.
    pub user: User,
    /// What they may do.
    pub roles: Roles,
    /// Of which of the tenant's organizations that is.
    pub binding: Binding,
    /// Whether they have a second factor.
    pub has_second_factor: bool,
    /// When they signed in last, if ever.
    pub last_sign_in_at: Option<Timestamp>,
    /// When the link of their invitation ends, if they have not followed it.
    pub invited_until: Option<Timestamp>,
}

fn person(row: &Row) -> Result<Person, Error> {
    Ok(Person {
        user: User::from_joined(row)?,
        roles: roles_from(row)?,
        binding: binding_from(row)?,
        has_second_factor: row.int("second_factors")? > 0,
        last_sign_in_at: row.opt_timestamp("last_sign_in_at")?,
        invited_until: row.opt_timestamp("invited_until")?,
    })
}

/// What [`person`] reads.
macro_rules! person_columns {
    () => {
        concat!(
            user!(u),
            ", u.last_sign_in_at, ",
            roles_of!(u),
            ", ",
            binding_of!(u),
            ", ",
            second_factors!(u),
            ", (SELECT MAX(i.expires_at) FROM invitation i
               WHERE i.user_id = u.id AND i.used_at IS NULL AND u.status = 'invited') AS invited_until"
        )
    };
}

/// Stores a new user; `false` when somebody has the e-mail address.
pub async fn insert(tx: &mut WriteTx, new: &User) -> Result<bool, Error> {
    tx.insert_new(new).await
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

/// The person with this e-mail address, whosever they are.
pub async fn person_by_email(tx: &mut ReadTx, email: &Email) -> Result<Option<Person>, Error> {
    let statement =
        sql!(system: "SELECT ", person_columns!(), " FROM portal_user u WHERE u.email = $1");
    let row = tx.row(statement, &values![email.as_str()]).await?;
    row.as_ref().map(person).transpose()
}

/// A person of the tenant.
pub async fn person_by_id(tx: &mut ReadTx, id: &UserId) -> Result<Option<Person>, Error> {
    let statement = sql!(
        tenant: "SELECT ", person_columns!(), " FROM portal_user u WHERE u.tenant_id = $1 AND u.id = $2"
    );
    let row = tx.row(statement, &values![id]).await?;
    row.as_ref().map(person).transpose()
}

/// Stores whether a user may sign in; `false` when there is no such user.
pub async fn set_status(tx: &mut WriteTx, (id, status): &(UserId, Status)) -> Result<bool, Error> {
    let set = sql!(tenant: "UPDATE portal_user SET status = $3 WHERE tenant_id = $1 AND id = $2");
    Ok(tx.execute(set, &values![id, status.as_str()]).await? == 1)
}

/// Replaces the name and the address of a user who is gone by a pseudonym that tells nothing of them.
pub async fn erase(tx: &mut WriteTx, id: &UserId) -> Result<bool, Error> {
    let erase = sql!(
        tenant: "UPDATE portal_user SET status = 'removed', display_name = 'Removed person', email = $3
         WHERE tenant_id = $1 AND id = $2"
    );
    let email = format!("{}@removed.invalid", id.suffix());
    Ok(tx.execute(erase, &values![id, email.as_str()]).await? == 1)
}

/// How many people the tenant has, those who were removed not counted.
pub async fn count(tx: &mut ReadTx, (): &()) -> Result<u64, Error> {
    let count = sql!(
        tenant: "SELECT COUNT(*) AS people FROM portal_user WHERE tenant_id = $1 AND status <> 'removed'"
    );
    let row = tx.row(count, &[]).await?;
    let people = row.map_or(Ok(0), |row| row.int("people"))?;
    Ok(u64::try_from(people).unwrap_or(0))
}

/// Deletes a user of whom nothing else tells: one who was invited and never came.
pub async fn delete_invited(tx: &mut WriteTx, id: &UserId) -> Result<bool, Error> {
    let delete = sql!(
        tenant: "DELETE FROM portal_user WHERE tenant_id = $1 AND id = $2 AND status = 'invited'"
    );
    Ok(tx.execute(delete, &values![id]).await? == 1)
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

/// Since when a user does not want to see the list of first steps, if they said so.
pub async fn first_steps_hidden_at(
    tx: &mut ReadTx,
    id: &UserId,
) -> Result<Option<Timestamp>, Error> {
    let statement = sql!(
        tenant: "SELECT first_steps_hidden_at FROM portal_user WHERE tenant_id = $1 AND id = $2"
    );
    let row = tx.row(statement, &values![id]).await?;
    row.map_or(Ok(None), |row| row.opt_timestamp("first_steps_hidden_at"))
}

/// Stores whether a user wants to see the list of first steps: not from a moment on, or again.
pub async fn hide_first_steps(
    tx: &mut WriteTx,
    (id, since): &(UserId, Option<Timestamp>),
) -> Result<(), Error> {
    let set = sql!(
        tenant: "UPDATE portal_user SET first_steps_hidden_at = $3 WHERE tenant_id = $1 AND id = $2"
    );
    tx.execute(set, &values![id, *since]).await.map(drop)
}

/// Notes that a user signed in.
pub async fn note_sign_in(tx: &mut WriteTx, (id, now): &(UserId, Timestamp)) -> Result<(), Error> {
    let note = sql!(
        tenant: "UPDATE portal_user SET last_sign_in_at = $3 WHERE tenant_id = $1 AND id = $2"
    );
    tx.execute(note, &values![id, *now]).await.map(|_| ())
}

/// The people of the tenant, oldest first, without those who were removed.
pub async fn list(tx: &mut ReadTx, limit: &i64) -> Result<Vec<Person>, Error> {
    let statement = sql!(
        tenant: "SELECT ", person_columns!(), " FROM portal_user u
         WHERE u.tenant_id = $1 AND u.status <> 'removed' ORDER BY u.id LIMIT $2"
    );
    let rows = tx.rows(statement, &values![*limit]).await?;
    rows.iter().map(person).collect()
}
