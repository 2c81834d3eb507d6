//! The domains of a tenant, one of them with its delegations, and those that an organization may use.

use base::{DomainId, OrganizationId, Page};
use store::ReadTx;
use store::tenancy::{delegation, domain};
use tenancy::domain::Domain;

use super::{NamedDelegation, OwnDomainDetail, OwnDomainQuery, find};
use crate::{App, Caller};

/// A page of the domains of the caller's tenant, in the order of their labels from the top down.
pub async fn list_own_domains(
    app: &App,
    caller: &Caller,
    asked: OwnDomainQuery,
) -> Result<Page<Domain>, store::Error> {
    app.store(caller).scan(asked, load_page).await
}

async fn load_page(tx: &mut ReadTx, asked: &OwnDomainQuery) -> Result<Page<Domain>, store::Error> {
    domain::page(tx, asked).await
}

/// A domain of the caller's tenant; `None` when it has no such one.
pub async fn show_own_domain(
    app: &App,
    caller: &Caller,
    id: DomainId,
) -> Result<Option<OwnDomainDetail>, store::Error> {
    app.store(caller).read(id, find).await
}

/// What is delegated to an organization of the caller's tenant or to one of its departments, by the names of the domains;
/// at most the limit.
pub async fn delegated_to(
    app: &App,
    caller: &Caller,
    organization: OrganizationId,
    limit: i64,
) -> Result<Vec<NamedDelegation>, store::Error> {
    let asked = (organization, limit);
    app.store(caller)
        .read(asked, delegation::of_organization)
        .await
}
