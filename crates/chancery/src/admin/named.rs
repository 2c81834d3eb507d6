//! The tenants, and parts of them, that an operator names at the command line.

use anyhow::{Context, bail};
use base::{DepartmentId, OrganizationId};
use flow::caller::system;
use flow::tenancy::list_resellers::list_resellers;
use flow::tenancy::organization::list_organizations::show_organization;
use flow::{App, Caller};
use store::tenancy::tenant;
use tenancy::role::binding::Part;
use tenancy::tenant::{Tenant, TenantName};

use super::PAGE;

/// How many tenants of one name are looked at.
const FEW: i64 = 100;

/// The one that is named, or all.
pub(super) async fn resellers(app: &App, named: Option<&str>) -> anyhow::Result<Vec<Tenant>> {
    if let Some(text) = named {
        return Ok(vec![find_tenant(app, text).await?]);
    }
    let mut all: Vec<Tenant> = Vec::new();
    loop {
        let after = all.last().map(|last| last.id);
        let page = list_resellers(app, &Caller::command_line(), after, PAGE).await?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

/// Whoever acts for the tenant of this name or identifier.
pub(super) async fn for_tenant(app: &App, text: &str) -> anyhow::Result<Caller> {
    Ok(Caller::command_line().within(find_tenant(app, text).await?.id))
}

/// Whom an operator names: by identifier, or by a name that one has alone.
pub(super) async fn find_tenant(app: &App, text: &str) -> anyhow::Result<Tenant> {
    let all = app.store(system("an operator names a tenant at the command line"));
    let advice = "chancery admin reseller list shows those that there are";
    if let Ok(id) = text.parse() {
        let found = all.read(id, tenant::by_id).await?;
        return found.with_context(|| format!("there is no reseller {text}; {advice}"));
    }
    let name = TenantName::parse(text)?;
    let mut found = all.read((name, FEW), tenant::by_name).await?;
    match (found.pop(), found.is_empty()) {
        (Some(tenant), true) => Ok(tenant),
        (Some(_), false) => {
            bail!("several resellers are called \"{text}\"; name it by its identifier: {advice}")
        }
        (None, _) => bail!("no reseller is called \"{text}\"; {advice}"),
    }
}

/// An organization of the caller's tenant and, if one is named, its department.
pub(super) async fn part(
    app: &App,
    caller: &Caller,
    organization: &str,
    department: Option<&str>,
) -> anyhow::Result<Part> {
    let organization = organization.parse()?;
    let department = match department {
        Some(name) => Some(find_department(app, caller, organization, name).await?),
        None => None,
    };
    Ok(Part {
        organization,
        department,
    })
}

/// The department of this name.
async fn find_department(
    app: &App,
    caller: &Caller,
    organization: OrganizationId,
    name: &str,
) -> anyhow::Result<DepartmentId> {
    let found = show_organization(app, caller, organization).await?;
    let found = found.with_context(|| format!("there is no organization {organization}"))?;
    let mut departments = found.departments.iter();
    let department = departments.find(|department| department.name.as_str() == name);
    let department = department.with_context(|| {
        format!("it has no department \"{name}\"; chancery admin organization show {organization} shows those that there are")
    })?;
    Ok(department.id)
}
