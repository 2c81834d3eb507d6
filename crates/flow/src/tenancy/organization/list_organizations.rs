//! The organizations of a tenant, and one of them with all that hangs on it.

use base::{OrganizationId, Page};
use store::ReadTx;
use store::tenancy::department::{self, Department};
use store::tenancy::organization::{self, Organization, OrganizationQuery};
use store::tenancy::pre_validation::{self, OrganizationCheck};
use tenancy::certificate_type::CertificateType;

use crate::{App, Caller};

/// An organization in a list.
#[derive(Clone, Debug)]
pub struct OrganizationRow {
    /// The organization.
    pub organization: Organization,
    /// What was asked for and checked, newest first.
    pub checks: Vec<OrganizationCheck>,
}

impl OrganizationRow {
    /// The newest of a type.
    pub fn newest(&self, kind: CertificateType) -> Option<&OrganizationCheck> {
        self.checks.iter().find(|check| check.kind == kind)
    }
}

/// An organization with all that hangs on it.
#[derive(Clone, Debug)]
pub struct OrganizationDetail {
    /// The organization.
    pub organization: Organization,
    /// What was asked for and checked, newest first.
    pub checks: Vec<OrganizationCheck>,
    /// Its departments, by their names.
    pub departments: Vec<Department>,
}

/// A page of the organizations of the caller's tenant, newest first.
pub async fn list_organizations(
    app: &App,
    caller: &Caller,
    asked: OrganizationQuery,
) -> Result<Page<OrganizationRow>, store::Error> {
    app.store(caller).scan(asked, load_page).await
}

async fn load_page(
    tx: &mut ReadTx,
    asked: &OrganizationQuery,
) -> Result<Page<OrganizationRow>, store::Error> {
    let page = organization::page(tx, asked).await?;
    let ids = || page.rows.iter().map(|each| each.id);
    let checks = match (ids().min(), ids().max()) {
        (Some(first), Some(last)) => pre_validation::of_organizations(tx, &(first, last)).await?,
        _ => Vec::new(),
    };
    Ok(page.map(|organization| OrganizationRow {
        checks: of(organization.id, &checks),
        organization,
    }))
}

fn of(id: OrganizationId, checks: &[OrganizationCheck]) -> Vec<OrganizationCheck> {
    let own = checks.iter().filter(|check| check.organization == id);
    own.cloned().collect()
}

/// An organization of the caller's tenant; `None` when it has no such one.
pub async fn show_organization(
    app: &App,
    caller: &Caller,
    id: OrganizationId,
) -> Result<Option<OrganizationDetail>, store::Error> {
    app.store(caller).read(id, load_one).await
}

async fn load_one(
    tx: &mut ReadTx,
    id: &OrganizationId,
) -> Result<Option<OrganizationDetail>, store::Error> {
    let Some(organization) = organization::find(tx, id).await? else {
        return Ok(None);
    };
    Ok(Some(OrganizationDetail {
        organization,
        checks: pre_validation::of_organizations(tx, &(*id, *id)).await?,
        departments: department::of_organization(tx, id).await?,
    }))
}

/// The departments of all organizations of the caller's tenant, by their names, at most the limit.
pub async fn list_departments(
    app: &App,
    caller: &Caller,
    limit: i64,
) -> Result<Vec<Department>, store::Error> {
    app.store(caller).read(limit, department::of_tenant).await
}
