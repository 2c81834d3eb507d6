//! The tenants that an operator names at the command line.

use anyhow::{Context, bail};
use flow::caller::system;
use flow::tenancy::list_resellers::list_resellers;
use flow::{App, Caller};
use store::tenancy::tenant;
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
