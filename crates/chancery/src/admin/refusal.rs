//! `chancery admin refusal`: what clients asked for and were refused, and what to do about it.

use base::{Query, Timestamp};
use enrollment::delegated;
use flow::caller::system;
use flow::issuance::list_orders::refusals::{
    RefusalFilter, RefusalRow, missing_name, refusals, subscription_of,
};
use flow::{App, Caller};
use serde_json::json;
use store::tenancy::tenant;
use tenancy::tenant::{Tenant, TenantKind};

use super::named::resellers;
use super::{PAGE, counted, say};
use crate::cli::tenancy::{ListRefusalArgs, RefusalCommand};

pub(super) async fn refusal(app: &App, command: RefusalCommand) -> anyhow::Result<()> {
    match command {
        RefusalCommand::List(args) => list(app, args).await,
    }
}

async fn list(app: &App, args: ListRefusalArgs) -> anyhow::Result<()> {
    let mut tenants = resellers(app, args.reseller.as_deref()).await?;
    if args.reseller.is_none() {
        let store = app.store(system("what is nobody's is told to the operator"));
        let operator = (TenantKind::Operator, None, 1);
        tenants.extend(store.read(operator, tenant::of_kind).await?);
    }
    let day = std::time::Duration::from_secs(24 * 3600);
    let since = app.now().minus(day.saturating_mul(args.days));
    let mut has_any = false;
    for tenant in tenants {
        has_any |= list_of(app, &tenant, since, args.json).await?;
    }
    if !has_any && !args.json {
        say("nothing was refused");
    }
    Ok(())
}

/// Whether there was any.
async fn list_of(
    app: &App,
    tenant: &Tenant,
    since: Timestamp,
    as_json: bool,
) -> anyhow::Result<bool> {
    let caller = Caller::command_line().within(tenant.id);
    let filter = RefusalFilter {
        since: Some(since),
        ..RefusalFilter::default()
    };
    let most = usize::try_from(PAGE)?;
    let found = refusals(app, &caller, Query::first(filter, most)).await?;
    for row in &found.page.rows {
        let next = next(app, &caller, row).await?;
        say_row(tenant, row, next.as_deref(), as_json);
    }
    Ok(!found.page.rows.is_empty())
}

/// The command that mends it, where there is one.
async fn next(app: &App, caller: &Caller, row: &RefusalRow) -> anyhow::Result<Option<String>> {
    let request = &row.request;
    let Some(account) = subscription_of(request) else {
        return Ok(None);
    };
    Ok(match request.code.as_str() {
        "name_not_enrolled" => missing_name(app, caller, request)
            .await?
            .map(|name| format!("chancery admin domain add {account} '{name}'")),
        "subscription_suspended" => Some(format!("chancery admin account resume {account}")),
        "credential_exhausted" | "credential_revoked" | "credential_rotated" | "unauthorized" => {
            Some(format!("chancery admin credential list {account}"))
        }
        code if delegated::CODES.contains(&code) => {
            Some("chancery admin delegated-domain --help".to_owned())
        }
        "credential_erased" => Some(format!("chancery admin credential rotate {account}")),
        "rate_limited" => Some("chancery admin limit list".to_owned()),
        _ => None,
    })
}

fn say_row(tenant: &Tenant, row: &RefusalRow, next: Option<&str>, as_json: bool) {
    let request = &row.request;
    let account = subscription_of(request);
    if as_json {
        say(&json!({ "tenant": tenant.id, "account": account, "label": row.label, "code": request.code,
            "name": request.name, "count": request.count, "first_at": request.first_at, "last_at": request.last_at,
            "sentence": request.sentence, "eab_kid": request.eab_key_id, "client_address": request.client_address,
            "client_agent": request.client_agent, "next": next })
        .to_string());
        return;
    }
    let of = account.map_or_else(
        || "no ACME account".to_owned(),
        |account| format!("{account} {}", row.label),
    );
    say(&format!(
        "{}  {}  {}, {}  {}",
        request.last_at,
        counted(request.count, "time"),
        tenant.name.as_str(),
        of.trim_end(),
        request.code
    ));
    say(&format!("    {}", request.sentence));
    if let Some(next) = next {
        say(&format!("    next: {next}"));
    }
}
