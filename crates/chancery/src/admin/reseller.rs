//! `chancery admin reseller`: who sells.

use flow::access::team::switch_tenant::switch_tenant;
use flow::tenancy::entitle_tenant::{entitle_tenant, what_was_said};
use flow::tenancy::hold_tenant::{Hold, hold_tenant};
use flow::tenancy::list_resellers::show_reseller;
use flow::tenancy::suspend_tenant::{Suspension, suspend_tenant};
use flow::{App, Caller};
use serde_json::{Value, json};
use tenancy::tenant::entitlement::Entitlement;
use tenancy::tenant::{Tenant, TenantSwitch};

use super::named::{find_tenant, for_tenant, resellers};
use super::say;
use super::user::say_person;
use crate::cli::tenancy::ResellerCommand;

pub(super) async fn reseller(app: &App, command: ResellerCommand) -> anyhow::Result<()> {
    match command {
        ResellerCommand::Entitle {
            reseller,
            product,
            all,
            none: _,
        } => {
            let said = if all {
                Entitlement::All
            } else {
                product.iter().map(String::as_str).collect()
            };
            entitle_tenant(app, &for_tenant(app, &reseller).await?, said.clone()).await?;
            say(&format!("may buy  {said}"));
        }
        ResellerCommand::List { json } => {
            for reseller in resellers(app, None).await? {
                say_reseller(&reseller, json);
            }
        }
        ResellerCommand::RenewPreValidations { reseller, off } => {
            renew(app, &reseller, !off).await?;
        }
        ResellerCommand::RequireSecondFactor { reseller, off } => {
            require(app, &reseller, !off).await?;
        }
        ResellerCommand::Hold { reseller } => {
            hold_tenant(app, &for_tenant(app, &reseller).await?, Hold::Put).await?;
            say("on hold");
        }
        ResellerCommand::Release { reseller } => {
            hold_tenant(app, &for_tenant(app, &reseller).await?, Hold::Lift).await?;
            say("goes on");
        }
        ResellerCommand::Resume { reseller } => {
            suspend_tenant(app, &for_tenant(app, &reseller).await?, Suspension::Lift).await?;
            say("goes on");
        }
        ResellerCommand::Show { reseller, json } => show(app, &reseller, json).await?,
        ResellerCommand::Suspend { reseller } => {
            suspend_tenant(app, &for_tenant(app, &reseller).await?, Suspension::Put).await?;
            say("suspended");
        }
    }
    Ok(())
}

async fn require(app: &App, reseller: &str, is_required: bool) -> anyhow::Result<()> {
    let caller = for_tenant(app, reseller).await?;
    let switch = TenantSwitch::RequireSecondFactor;
    let is_new = switch_tenant(app, &caller, switch, is_required).await?;
    say(match (is_required, is_new) {
        (true, true) => "everybody must have a second factor now",
        (true, false) => "everybody had to have a second factor already",
        (false, true) => "nobody must have a second factor any more",
        (false, false) => "nobody had to have a second factor",
    });
    Ok(())
}

async fn renew(app: &App, reseller: &str, is_automatic: bool) -> anyhow::Result<()> {
    let caller = for_tenant(app, reseller).await?;
    let switch = TenantSwitch::RenewPreValidations;
    let is_new = switch_tenant(app, &caller, switch, is_automatic).await?;
    say(match (is_automatic, is_new) {
        (true, true) => {
            "reviewers are asked by themselves before a pre-validation ends, from now on"
        }
        (true, false) => "reviewers were asked by themselves already",
        (false, true) => "somebody has to ask before a pre-validation ends, from now on",
        (false, false) => "somebody had to ask already",
    });
    Ok(())
}

fn state(tenant: &Tenant) -> &'static str {
    match tenant.suspended_at {
        Some(_) => "suspended",
        None => "active",
    }
}

fn json_of(tenant: &Tenant) -> Value {
    json!({ "tenant": tenant.id, "name": tenant.name.as_str(), "state": state(tenant),
        "since": tenant.created_at, "suspended_at": tenant.suspended_at,
        "second_factor_required": tenant.requires_second_factor,
        "pre_validations_renewed": tenant.renews_pre_validations })
}

fn say_reseller(tenant: &Tenant, as_json: bool) {
    if as_json {
        say(&json_of(tenant).to_string());
        return;
    }
    say(&format!(
        "{}  {:9}  {}",
        tenant.id,
        state(tenant),
        tenant.name.as_str()
    ));
}

async fn show(app: &App, text: &str, as_json: bool) -> anyhow::Result<()> {
    let tenant = find_tenant(app, text).await?;
    let caller = Caller::command_line().within(tenant.id);
    let found = show_reseller(app, &caller).await?;
    let (said, _) = what_was_said(app, &caller).await?;
    if as_json {
        let mut shown = json_of(&tenant);
        let people = found.people.iter();
        let people: Vec<_> = people.map(|person| person.user.email.as_str()).collect();
        if let Some(shown) = shown.as_object_mut() {
            shown.insert("products".to_owned(), json!(said));
            shown.insert("names".to_owned(), found.names.into());
            shown.insert("users".to_owned(), people.into());
        }
        say(&shown.to_string());
        return Ok(());
    }
    say_reseller(&tenant, false);
    say(&format!("since  {}", tenant.created_at));
    say(&format!("names  {}", found.names));
    say(&format!("may buy  {said}"));
    for person in &found.people {
        say_person(person, &tenant, false);
    }
    Ok(())
}
