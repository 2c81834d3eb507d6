//! What users may do in the tenants for which they act.

use base::{Actor, TenantId, Timestamp, UserId};
use tenancy::role::{Role, Roles};

use crate::{Error, ReadTx, Row, WriteTx, columns, sql, values, word_columns};

columns! {
    "role_assignment" role_assignment => AssignmentRow { user_id, tenant_id, role, created_at, created_by }
}
word_columns!(Role);

/// A row of the table.
struct AssignmentRow {
    user_id: UserId,
    tenant_id: TenantId,
    role: Role,
    created_at: Timestamp,
    created_by: Actor,
}

/// What somebody may do from now on.
#[derive(Clone, Debug)]
pub struct Assignment {
    /// Who.
    pub user: UserId,
    /// For which tenant.
    pub tenant: TenantId,
    /// All that they may do.
    pub roles: Roles,
    /// Since when.
    pub at: Timestamp,
    /// By whose word.
    pub by: Actor,
}

/// The roles of the user that a statement calls by this name, in one text that [`roles_from`] reads.
macro_rules! roles_of {
    ($user:ident) => {
        concat!(
            "(SELECT string_agg(ra.role, ' ') FROM role_assignment ra WHERE ra.user_id = ",
            stringify!($user),
            ".id) AS roles"
        )
    };
}
pub(crate) use roles_of;

/// Reads what [`roles_of`] selects.
pub(crate) fn roles_from(row: &Row) -> Result<Roles, Error> {
    let words = row.opt_text("roles")?.unwrap_or_default();
    Roles::parse(words).ok_or_else(|| row.corrupt("roles", format!("unknown role in {words:?}")))
}

/// Gives a user these roles and no other.
pub async fn replace(tx: &mut WriteTx, assignment: &Assignment) -> Result<(), Error> {
    delete_of_user(tx, &assignment.user).await?;
    insert(tx, assignment).await
}

/// Gives these roles to a user who has none.
pub async fn insert(tx: &mut WriteTx, assignment: &Assignment) -> Result<(), Error> {
    for role in assignment.roles.iter() {
        let row = AssignmentRow {
            user_id: assignment.user,
            tenant_id: assignment.tenant,
            role,
            created_at: assignment.at,
            created_by: assignment.by,
        };
        tx.insert(&row).await?;
    }
    Ok(())
}

/// Takes all roles of a user of the tenant away.
pub async fn delete_of_user(tx: &mut WriteTx, user: &UserId) -> Result<(), Error> {
    let delete = sql!(tenant: "DELETE FROM role_assignment WHERE tenant_id = $1 AND user_id = $2");
    tx.execute(delete, &values![user]).await.map(|_| ())
}

/// How many people of the tenant have a role and can sign in, besides one. Whoever decides by it writes the tenant's
/// users too, so that two such decisions do not pass each other.
pub async fn count_others(tx: &mut ReadTx, (role, besides): &(Role, UserId)) -> Result<u64, Error> {
    let count = sql!(
        tenant: "SELECT COUNT(*) AS people FROM role_assignment ra JOIN portal_user u ON u.id = ra.user_id
         WHERE ra.tenant_id = $1 AND ra.role = $2 AND ra.user_id <> $3 AND u.status = 'active'"
    );
    let row = tx.row(count, &values![role.as_str(), besides]).await?;
    let people = row.map_or(Ok(0), |row| row.int("people"))?;
    Ok(u64::try_from(people).unwrap_or(0))
}
