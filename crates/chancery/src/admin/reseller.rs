//! `chancery admin reseller` and `chancery admin user`: who sells, and who signs in.

use std::net::IpAddr;

use anyhow::{Context, bail};
use flow::access::find_user::find_user;
use flow::access::reset_password::reset_password;
use flow::access::unlock_user::{unlock_network, unlock_user};
use flow::caller::system;
use flow::tenancy::list_resellers::{list_resellers, show_reseller};
use flow::tenancy::suspend_tenant::{Suspension, suspend_tenant};
use flow::{App, Caller};
use serde_json::{Value, json};
use store::access::user::Person;
use store::tenancy::tenant;
use tenancy::tenant::{Tenant, TenantName};
use tenancy::user::Email;

use super::{PAGE, say};
use crate::cli::tenancy::{ResellerCommand, UserCommand};

/// How many tenants of one name are looked at.
const FEW: i64 = 100;

pub(super) async fn reseller(app: &App, command: ResellerCommand) -> anyhow::Result<()> {
    match command {
        ResellerCommand::List { json } => {
            for reseller in resellers(app, None).await? {
                say_reseller(&reseller, json);
            }
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

pub(super) async fn user(app: &App, command: UserCommand) -> anyhow::Result<()> {
    let caller = Caller::command_line();
    match command {
        UserCommand::List { reseller, json } => {
            for reseller in resellers(app, reseller.as_deref()).await? {
                let found = show_reseller(app, &caller.within(reseller.id)).await?;
                for person in &found.people {
                    say_person(person, &reseller, json);
                }
            }
        }
        UserCommand::ResetPassword { email } => {
            let email = Email::parse(&email)?;
            let password = reset_password(app, &caller, email).await?;
            say(&format!(
                "the new password, good for 72 hours: {}",
                password.reveal()
            ));
        }
        UserCommand::Show { email, json } => show_user(app, &email, json).await?,
        UserCommand::Unlock { email, network } => unlock(app, email.as_deref(), network).await?,
    }
    Ok(())
}

async fn unlock(app: &App, email: Option<&str>, network: Option<IpAddr>) -> anyhow::Result<()> {
    let caller = Caller::command_line();
    let was_locked = match (email, network) {
        (_, Some(address)) => unlock_network(app, &caller, address).await?,
        (Some(email), None) => unlock_user(app, &caller, Email::parse(email)?).await?,
        (None, None) => bail!("name a person (--email) or a network (--network)"),
    };
    say(match (was_locked, network) {
        (true, _) => "unlocked",
        (false, Some(_)) => "was not locked",
        (false, None) => {
            "was not locked; if everybody behind one address is, lift that with --network ADDRESS"
        }
    });
    Ok(())
}

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

fn state(tenant: &Tenant) -> &'static str {
    match tenant.suspended_at {
        Some(_) => "suspended",
        None => "active",
    }
}

fn json_of(tenant: &Tenant) -> Value {
    json!({ "tenant": tenant.id, "name": tenant.name.as_str(), "state": state(tenant),
        "since": tenant.created_at, "suspended_at": tenant.suspended_at })
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
    if as_json {
        let mut shown = json_of(&tenant);
        let people = found.people.iter();
        let people: Vec<_> = people.map(|person| person.user.email.as_str()).collect();
        if let Some(shown) = shown.as_object_mut() {
            shown.insert("names".to_owned(), found.names.into());
            shown.insert("users".to_owned(), people.into());
        }
        say(&shown.to_string());
        return Ok(());
    }
    say_reseller(&tenant, false);
    say(&format!("since  {}", tenant.created_at));
    say(&format!("names  {}", found.names));
    for person in &found.people {
        say_person(person, &tenant, false);
    }
    Ok(())
}

fn say_person(person: &Person, of: &Tenant, as_json: bool) {
    let (user, last) = (&person.user, person.last_sign_in_at);
    if as_json {
        say(&json!({ "user": user.id, "email": user.email.as_str(), "name": user.display_name.as_str(),
            "role": user.role, "state": user.status, "tenant": of.id, "last_sign_in_at": last })
        .to_string());
        return;
    }
    let last = last.map_or_else(|| "never".to_owned(), |last| last.to_string());
    say(&format!(
        "{}  {}  {}  {}  {}  signed in: {last}",
        user.id,
        user.email.as_str(),
        user.role,
        user.status,
        of.name.as_str()
    ));
}

async fn show_user(app: &App, email: &str, as_json: bool) -> anyhow::Result<()> {
    let found = find_user(app, &Caller::command_line(), Email::parse(email)?).await?;
    let found = found.with_context(|| {
        format!(
            "nobody has the e-mail address {email}; chancery admin user list shows who there is"
        )
    })?;
    say_person(&found.person, &found.tenant, as_json);
    if let (Some(until), false) = (found.locked_until, as_json) {
        say(&format!(
            "locked until {until}; chancery admin user unlock --email {email} lifts it"
        ));
    }
    Ok(())
}
