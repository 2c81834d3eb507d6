//! What waits for reviewers, of all tenants, and one of it with all that they need to decide.

use base::{PreValidationId, TenantId};
use store::ReadTx;
use store::tenancy::organization::{self, Organization};
use store::tenancy::pre_validation::{self, OrganizationCheck, Waiting};
use store::tenancy::tenant;
use tenancy::tenant::Tenant;

use crate::App;
use crate::caller::system;

/// A pre-validation as a reviewer sees it.
#[derive(Clone, Debug)]
pub struct Reviewed {
    /// What was asked for, and what was said to it.
    pub check: OrganizationCheck,
    /// Its organization with the contacts.
    pub organization: Organization,
    /// Who asked.
    pub tenant: Tenant,
    /// The others of the organization, newest first.
    pub others: Vec<OrganizationCheck>,
}

/// What waits after this one, the oldest first.
pub async fn list_waiting(
    app: &App,
    after: PreValidationId,
    limit: i64,
) -> Result<Vec<Waiting>, store::Error> {
    let all = app.store(system("reviewers decide for all tenants"));
    all.scan((after, limit), pre_validation::waiting).await
}

/// One, whoever asked for it and wherever it stands; `None` when there is none.
pub async fn show_pre_validation(
    app: &App,
    id: PreValidationId,
) -> Result<Option<Reviewed>, store::Error> {
    let all = app.store(system("reviewers decide for all tenants"));
    let Some(of) = all.read(id, pre_validation::tenant_of).await? else {
        return Ok(None);
    };
    let store = app.store(crate::caller::tenant(of));
    store.read((id, of), load).await
}

async fn load(
    tx: &mut ReadTx,
    (id, of): &(PreValidationId, TenantId),
) -> Result<Option<Reviewed>, store::Error> {
    let Some(check) = pre_validation::find(tx, id).await? else {
        return Ok(None);
    };
    let of_it = check.organization;
    let (Some(organization), Some(tenant)) = (
        organization::find(tx, &of_it).await?,
        tenant::by_id(tx, of).await?,
    ) else {
        return Ok(None);
    };
    let mut others = pre_validation::of_organizations(tx, &(of_it, of_it)).await?;
    others.retain(|other| other.id != check.id);
    Ok(Some(Reviewed {
        check,
        organization,
        tenant,
        others,
    }))
}
