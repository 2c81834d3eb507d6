//! To whom domains are delegated.

use base::{DelegationId, DepartmentId, DnsName, DomainId, OrganizationId};
use tenancy::domain::delegation::Delegation;

use super::domain::Reversed;
use crate::access::role_binding::delegated;
use crate::{Column as _, Error, ReadTx, Record as _, Row, WriteTx, columns, sql, values};

columns! {
    "delegation" delegation => Delegation {
        id, tenant = "tenant_id", domain = "domain_id", organization = "organization_id", department = "department_id",
        types, created_by
    }
}

/// Stores a new delegation; `false` when the domain is delegated there already.
pub async fn insert(tx: &mut WriteTx, delegation: &Delegation) -> Result<bool, Error> {
    tx.insert_new(delegation).await
}

/// Stores for which certificates a tenant's delegation is.
pub async fn update(tx: &mut WriteTx, delegation: &Delegation) -> Result<(), Error> {
    let update = sql!(tenant: "UPDATE delegation SET types = $3 WHERE id = $2 AND tenant_id = $1");
    let values = values![delegation.id, delegation.types.value()];
    tx.execute(update, &values).await.map(|_| ())
}

/// Deletes a tenant's delegation.
pub async fn delete(tx: &mut WriteTx, id: &DelegationId) -> Result<(), Error> {
    let delete = sql!(tenant: "DELETE FROM delegation WHERE id = $2 AND tenant_id = $1");
    tx.execute(delete, &values![id]).await.map(|_| ())
}

/// Deletes all delegations of a tenant's domain.
pub async fn delete_of_domain(tx: &mut WriteTx, id: &DomainId) -> Result<(), Error> {
    let delete = sql!(tenant: "DELETE FROM delegation WHERE domain_id = $2 AND tenant_id = $1");
    tx.execute(delete, &values![id]).await.map(|_| ())
}

/// Whether a department of the tenant has domains.
pub async fn has_department(tx: &mut ReadTx, id: &DepartmentId) -> Result<bool, Error> {
    let statement = sql!(
        tenant: "SELECT id FROM delegation WHERE department_id = $2 AND tenant_id = $1 LIMIT 1"
    );
    Ok(tx.row(statement, &values![id]).await?.is_some())
}

/// A delegation with the names of whom it is to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The delegation.
    pub delegation: Delegation,
    /// The domain.
    pub domain: DnsName,
    /// The organization.
    pub organization: String,
    /// Its department, if it is to one.
    pub department: Option<String>,
}

/// The delegations of a tenant's domain, in the order in which they were made.
pub async fn of_domain(tx: &mut ReadTx, id: &DomainId) -> Result<Vec<Named>, Error> {
    let statement = sql!(
        tenant: "SELECT ", delegation!(g), ", m.rname, o.name AS organization_name, e.name AS department_name
         FROM delegation g
           JOIN domain m ON m.id = g.domain_id
           JOIN organization o ON o.id = g.organization_id
           LEFT JOIN department e ON e.id = g.department_id
         WHERE g.domain_id = $2 AND g.tenant_id = $1 AND ", delegated!("g", "$3", "$4"), " ORDER BY g.id LIMIT 1000"
    );
    let (is_whole, user) = tx.bound_to();
    named(&tx.rows(statement, &values![id, is_whole, user]).await?)
}

/// The delegations to a tenant's organization, by the names of the domains from the top down; at most the limit.
pub async fn of_organization(
    tx: &mut ReadTx,
    (id, limit): &(OrganizationId, i64),
) -> Result<Vec<Named>, Error> {
    let statement = sql!(
        tenant: "SELECT ", delegation!(g), ", m.rname, o.name AS organization_name, e.name AS department_name
         FROM delegation g
           JOIN domain m ON m.id = g.domain_id
           JOIN organization o ON o.id = g.organization_id
           LEFT JOIN department e ON e.id = g.department_id
         WHERE g.organization_id = $2 AND g.tenant_id = $1 AND ", delegated!("g", "$4", "$5"), "
         ORDER BY m.rname, g.id LIMIT $3"
    );
    let (is_whole, user) = tx.bound_to();
    let values = values![id, *limit, is_whole, user];
    named(&tx.rows(statement, &values).await?)
}

fn named(rows: &[Row]) -> Result<Vec<Named>, Error> {
    let named = rows.iter().map(|row| {
        Ok(Named {
            delegation: Delegation::from_joined(row)?,
            domain: Reversed::read(row, "rname")?.0,
            organization: row.text("organization_name")?.to_owned(),
            department: row.opt_text("department_name")?.map(str::to_owned),
        })
    });
    named.collect()
}
