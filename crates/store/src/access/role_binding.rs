//! Of which organizations and departments users' roles are.

use base::{Actor, DepartmentId, OrganizationId, TenantId, Timestamp, UserId};
use tenancy::role::binding::{Binding, Part};

use crate::{Error, ReadTx, Row, WriteTx, columns, sql, values};

columns! {
    "role_binding" role_binding => BindingRow {
        user_id, part, tenant_id, organization_id, department_id, created_at, created_by
    }
}

/// A row of the table.
struct BindingRow {
    user_id: UserId,
    part: String,
    tenant_id: TenantId,
    organization_id: OrganizationId,
    department_id: Option<DepartmentId>,
    created_at: Timestamp,
    created_by: Actor,
}

/// To what somebody's roles are bound from now on.
#[derive(Clone, Debug)]
pub struct NewBinding {
    /// Who.
    pub user: UserId,
    /// For which tenant.
    pub tenant: TenantId,
    /// All that they are bound to.
    pub binding: Binding,
    /// Since when.
    pub at: Timestamp,
    /// By whose word.
    pub by: Actor,
}

/// What the user is bound to whom a statement calls by this name, in one text that [`binding_from`] reads.
macro_rules! binding_of {
    ($user:ident) => {
        concat!(
            "(SELECT string_agg(rb.part, ' ') FROM role_binding rb WHERE rb.user_id = ",
            stringify!($user),
            ".id) AS binding"
        )
    };
}
pub(crate) use binding_of;

/// Of a column that names a subscription: that it is for what the user is bound to. The two parameters are those of
/// `ReadTx::bound_to`: whether nobody's binding is asked for, and whose.
macro_rules! covered {
    ($column:literal, $is_whole:literal, $user:literal) => {
        concat!(
            "(",
            $is_whole,
            " OR ",
            $column,
            " IN (SELECT bs.id FROM role_binding rb
               JOIN subscription bs ON bs.organization_id = rb.organization_id
                 AND (rb.department_id IS NULL OR bs.department_id = rb.department_id)
               WHERE rb.user_id = ",
            $user,
            " AND bs.tenant_id = $1))"
        )
    };
}
pub(crate) use covered;

/// The same of a column that names an organization: that the user is bound to it or to a department of it.
macro_rules! reached {
    ($column:literal, $is_whole:literal, $user:literal) => {
        concat!(
            "(",
            $is_whole,
            " OR ",
            $column,
            " IN (SELECT rb.organization_id FROM role_binding rb WHERE rb.user_id = ",
            $user,
            " AND rb.tenant_id = $1))"
        )
    };
}
pub(crate) use reached;

/// The same of a delegation: that it is to something of which the user has a part.
macro_rules! delegated {
    ($delegation:literal, $is_whole:literal, $user:literal) => {
        concat!(
            "(",
            $is_whole,
            " OR EXISTS (SELECT 1 FROM role_binding rb WHERE rb.user_id = ",
            $user,
            " AND rb.tenant_id = $1 AND rb.organization_id = ",
            $delegation,
            ".organization_id AND (rb.department_id IS NULL OR ",
            $delegation,
            ".department_id IS NULL OR rb.department_id = ",
            $delegation,
            ".department_id)))"
        )
    };
}
pub(crate) use delegated;

/// Reads what [`binding_of`] selects.
pub(crate) fn binding_from(row: &Row) -> Result<Binding, Error> {
    let words = row.opt_text("binding")?.unwrap_or_default();
    Binding::parse(words).ok_or_else(|| row.corrupt("binding", format!("no parts: {words:?}")))
}

/// Binds a user to these parts and to no other.
pub async fn replace(tx: &mut WriteTx, new: &NewBinding) -> Result<(), Error> {
    delete_of_user(tx, &new.user).await?;
    for part in new.binding.iter() {
        let row = BindingRow {
            user_id: new.user,
            part: part.to_string(),
            tenant_id: new.tenant,
            organization_id: part.organization,
            department_id: part.department,
            created_at: new.at,
            created_by: new.by,
        };
        tx.insert(&row).await?;
    }
    Ok(())
}

/// Takes away all that a user of the tenant is bound to; whoever does so and lets them sign in gives them the whole tenant.
pub async fn delete_of_user(tx: &mut WriteTx, user: &UserId) -> Result<(), Error> {
    let delete = sql!(tenant: "DELETE FROM role_binding WHERE tenant_id = $1 AND user_id = $2");
    tx.execute(delete, &values![user]).await.map(|_| ())
}

/// Whether what is for a part of the tenant, or for nobody, is for whoever asks.
pub async fn covers(tx: &mut ReadTx, part: &Option<Part>) -> Result<bool, Error> {
    let (is_whole, user) = tx.bound_to();
    let (Some(user), Some(part)) = (user, part) else {
        return Ok(is_whole);
    };
    let statement = sql!(
        tenant: "SELECT part FROM role_binding WHERE user_id = $2 AND tenant_id = $1 AND (part = $3 OR part = $4) LIMIT 1"
    );
    let (own, whole) = (part.to_string(), Part::whole(part.organization).to_string());
    let row = tx.row(statement, &values![user, own, whole]).await?;
    Ok(row.is_some())
}

/// Whether somebody of the tenant is bound to a department.
pub async fn has_department(tx: &mut ReadTx, id: &DepartmentId) -> Result<bool, Error> {
    let statement = sql!(
        tenant: "SELECT part FROM role_binding WHERE department_id = $2 AND tenant_id = $1 LIMIT 1"
    );
    Ok(tx.row(statement, &values![id]).await?.is_some())
}

/// How many of these parts the tenant has.
pub async fn count_parts(tx: &mut ReadTx, binding: &Binding) -> Result<usize, Error> {
    let statement = sql!(
        tenant: "SELECT o.id FROM organization o WHERE o.tenant_id = $1 AND o.id = $2
           AND ($3 OR EXISTS (SELECT 1 FROM department d
             WHERE d.id = $4 AND d.organization_id = o.id AND d.tenant_id = $1))"
    );
    let asked: Vec<_> = binding
        .iter()
        .map(
            |Part {
                 organization,
                 department,
             }| { values![organization, department.is_none(), department].to_vec() },
        )
        .collect();
    let rows = tx.row_each(statement, &asked).await?;
    Ok(rows.into_iter().flatten().count())
}
