//! `chancery admin customer`: tenants below resellers.

use base::{Placed as _, Query, Slice, TenantId};
use flow::App;
use flow::tenancy::create_customer::create_customer;
use flow::tenancy::list_below::{TenantBelow, list_customers};
use flow::tenancy::suspend_tenant::{Suspension, suspend_tenant};
use serde_json::json;
use tenancy::tenant::TenantName;

use super::named::for_tenant;
use super::say;
use crate::cli::tenancy::CustomerCommand;

/// How many are read at once.
const AT_ONCE: usize = 200;

pub(super) async fn customer(app: &App, command: CustomerCommand) -> anyhow::Result<()> {
    match command {
        CustomerCommand::Create {
            reseller,
            name,
            json,
        } => {
            let above = for_tenant(app, &reseller).await?;
            let made = create_customer(app, &above, TenantName::parse(&name)?).await?;
            say(&if json {
                json!({ "tenant": made.id, "name": made.name.as_str() }).to_string()
            } else {
                format!("{}  {}", made.id, made.name)
            });
        }
        CustomerCommand::List { reseller, json } => list(app, &reseller, json).await?,
        CustomerCommand::Resume { customer } => {
            suspend_tenant(app, &for_tenant(app, &customer).await?, Suspension::Lift).await?;
            say("goes on");
        }
        CustomerCommand::Suspend { customer } => {
            suspend_tenant(app, &for_tenant(app, &customer).await?, Suspension::Put).await?;
            say("suspended");
        }
    }
    Ok(())
}

async fn list(app: &App, reseller: &str, as_json: bool) -> anyhow::Result<()> {
    let above = for_tenant(app, reseller).await?;
    let mut asked: Query<String, TenantId> = Query::first(String::new(), AT_ONCE);
    loop {
        let page = list_customers(app, &above, asked.clone()).await?;
        for found in &page.rows {
            say_customer(found, as_json);
        }
        match page.rows.last().filter(|_| page.has_after) {
            Some(last) => asked.slice = Slice::After(last.cursor()),
            None => return Ok(()),
        }
    }
}

fn say_customer(found: &TenantBelow, as_json: bool) {
    let tenant = &found.tenant;
    let state = match tenant.suspended_at {
        Some(_) => "suspended",
        None => "active",
    };
    say(&if as_json {
        json!({ "tenant": tenant.id, "name": tenant.name.as_str(), "state": state, "since": tenant.created_at,
            "users": found.people, "accounts": found.accounts, "names": found.names })
        .to_string()
    } else {
        format!("{}  {state:9}  {}", tenant.id, tenant.name)
    });
}
