//! Departments: parts of organizations.

use base::{Actor, DepartmentId, OrganizationId, TenantId};
use tenancy::organization::DepartmentName;

use crate::{Error, ReadTx, WriteTx, columns, sql, text_columns, values};

/// A part of an organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Department {
    /// Its identifier, which tells when it was added.
    pub id: DepartmentId,
    /// Whose organization it is.
    pub tenant: TenantId,
    /// Of which organization.
    pub organization: OrganizationId,
    /// What it is called; once in its organization.
    pub name: DepartmentName,
    /// Who added it.
    pub created_by: Actor,
}

text_columns!(DepartmentName);
columns! {
    "department" department => Department {
        id, tenant = "tenant_id", organization = "organization_id", name, created_by
    }
}

/// Stores a new department; `false` when its organization has one of that name.
pub async fn insert(tx: &mut WriteTx, department: &Department) -> Result<bool, Error> {
    tx.insert_new(department).await
}

/// Deletes a department of the tenant; `false` when there is none.
pub async fn delete(tx: &mut WriteTx, id: &DepartmentId) -> Result<bool, Error> {
    let delete = sql!(tenant: "DELETE FROM department WHERE id = $2 AND tenant_id = $1");
    Ok(tx.execute(delete, &values![id]).await? == 1)
}

/// The tenant's department with this identifier.
pub async fn find(tx: &mut ReadTx, id: &DepartmentId) -> Result<Option<Department>, Error> {
    let statement = sql!(
        tenant: "SELECT ", department!(), " FROM department WHERE id = $2 AND tenant_id = $1"
    );
    tx.record(statement, &values![id]).await
}

/// The departments of a tenant's organization, by their names.
pub async fn of_organization(
    tx: &mut ReadTx,
    id: &OrganizationId,
) -> Result<Vec<Department>, Error> {
    let statement = sql!(
        tenant: "SELECT ", department!(), " FROM department
         WHERE organization_id = $2 AND tenant_id = $1 ORDER BY name LIMIT 1000"
    );
    tx.records(statement, &values![id]).await
}

/// The departments of all of a tenant's organizations that are for whoever asks, by their names, at most the limit.
pub async fn of_tenant(tx: &mut ReadTx, limit: &i64) -> Result<Vec<Department>, Error> {
    let statement = sql!(
        tenant: "SELECT ", department!(), " FROM department d WHERE tenant_id = $1
           AND ($3 OR EXISTS (SELECT 1 FROM role_binding rb WHERE rb.user_id = $4 AND rb.tenant_id = $1
             AND rb.organization_id = d.organization_id AND (rb.department_id IS NULL OR rb.department_id = d.id)))
         ORDER BY name, id LIMIT $2"
    );
    let (is_whole, user) = tx.bound_to();
    tx.records(statement, &values![*limit, is_whole, user])
        .await
}
