//! `chancery admin user`: who signs in, and what they may do. Nobody here learns a password: people get a link.

use std::net::IpAddr;

use anyhow::{Context, bail};
use base::Refuse as _;
use flow::access::find_user::{UserDetail, find_user};
use flow::access::link::Sender;
use flow::access::link::make_link::{Made, make_link};
use flow::access::team::change_member::{Change, Reason, change_member};
use flow::access::team::invite_user::{Giver, Invite, invite_user};
use flow::access::unlock_user::{unlock_network, unlock_user};
use flow::mail::portal::portal_of;
use flow::tenancy::find_operator::find_operator;
use flow::tenancy::list_resellers::show_reseller;
use flow::{App, Caller};
use serde_json::json;
use store::access::user::Person;
use tenancy::role::binding::Binding;
use tenancy::role::{Role, Roles};
use tenancy::tenant::Tenant;
use tenancy::token::Token;
use tenancy::user::{DisplayName, Email};

use super::named::{find_tenant, part, resellers};
use super::say;
use crate::cli::tenancy::{InviteArgs, UserCommand};

/// What is said of somebody who was changed so, and of somebody who was so already.
const BOUND: (&str, &str) = ("has their roles for that now", "has them so already");
const DISABLED: (&str, &str) = ("disabled", "was disabled already");
const ENABLED: (&str, &str) = ("enabled", "was not disabled");
const REMOVED: (&str, &str) = ("removed", "was removed already");
const RESET: (&str, &str) = (
    "signs in by password alone until they set up another",
    "has no second factor",
);
const ROLES: (&str, &str) = ("has these roles now", "has these roles already");

pub(super) async fn user(app: &App, command: UserCommand) -> anyhow::Result<()> {
    match command {
        UserCommand::Bind { email, to, .. } => {
            let of = found(app, &email).await?.tenant.id;
            let caller = Caller::command_line().within(of);
            let bound = Change::Bind(binding(app, &caller, &to).await?);
            change(app, &email, bound, &BOUND).await
        }
        UserCommand::Disable { email } => change(app, &email, Change::Disable, &DISABLED).await,
        UserCommand::Enable { email } => change(app, &email, Change::Enable, &ENABLED).await,
        UserCommand::Invite(args) => invite(app, args).await,
        UserCommand::Link { email, json } => link(app, &email, json).await,
        UserCommand::List {
            reseller,
            operator,
            json,
        } => list(app, reseller.as_deref(), operator, json).await,
        UserCommand::Remove { email } => change(app, &email, Change::Remove, &REMOVED).await,
        UserCommand::ResetSecondFactor { email, reason } => {
            let reset = Change::ResetSecondFactor(Reason::parse(&reason)?);
            change(app, &email, reset, &RESET).await
        }
        UserCommand::SetRoles { email, role } => {
            let roles = Change::Roles(roles(&role)?);
            change(app, &email, roles, &ROLES).await
        }
        UserCommand::Show { email, json } => show(app, &email, json).await,
        UserCommand::Unlock { email, network } => unlock(app, email.as_deref(), network).await,
    }
}

async fn list(
    app: &App,
    reseller: Option<&str>,
    is_operator: bool,
    as_json: bool,
) -> anyhow::Result<()> {
    let tenants = if is_operator {
        vec![operator(app).await?]
    } else {
        resellers(app, reseller).await?
    };
    for tenant in tenants {
        let caller = Caller::command_line().within(tenant.id);
        for person in &show_reseller(app, &caller).await?.people {
            say_person(person, &tenant, as_json);
        }
    }
    Ok(())
}

pub(super) async fn operator(app: &App) -> anyhow::Result<Tenant> {
    let found = find_operator(app, &Caller::command_line()).await?;
    found.with_context(|| "there is no operator yet; chancery admin bootstrap makes it")
}

async fn invite(app: &App, args: InviteArgs) -> anyhow::Result<()> {
    let tenant = match &args.reseller {
        Some(reseller) => find_tenant(app, reseller).await?,
        None => operator(app).await?,
    };
    let email = Email::parse(&args.email)?;
    let caller = Caller::command_line().within(tenant.id);
    let invite = Invite {
        display_name: DisplayName::parse(args.name.as_deref().unwrap_or(email.as_str()))?,
        email,
        roles: roles(&args.role)?,
        binding: binding(app, &caller, &args.to).await?,
    };
    let (giver, sender) = (everything(&tenant), sender(app, &tenant).await?);
    let made = invite_user(app, &caller, (&giver, &sender), invite).await?;
    say_link(app, &tenant, &made, args.json).await
}

async fn link(app: &App, email: &str, as_json: bool) -> anyhow::Result<()> {
    let found = found(app, email).await?;
    let caller = Caller::command_line().within(found.tenant.id);
    let sender = sender(app, &found.tenant).await?;
    let made = make_link(app, &caller, &sender, found.person.user.id).await?;
    say_link(app, &found.tenant, &made, as_json).await
}

async fn change(
    app: &App,
    email: &str,
    change: Change,
    (changed, as_before): &(&str, &str),
) -> anyhow::Result<()> {
    let found = found(app, email).await?;
    let caller = Caller::command_line().within(found.tenant.id);
    let giver = everything(&found.tenant);
    let user = found.person.user.id;
    let is_new = change_member(app, &caller, &giver, user, change).await;
    let is_new = is_new.map_err(|error| anyhow::anyhow!(error.refusal().sentence))?;
    say(&format!(
        "{email} {}",
        if is_new { changed } else { as_before }
    ));
    Ok(())
}

/// Who sits at the server's command line may give everything away.
fn everything(tenant: &Tenant) -> Giver {
    Giver {
        level: tenant.kind,
        roles: Roles::one(Role::highest(tenant.kind)),
    }
}

/// For what roles are to be: organizations and departments, as they are typed.
async fn binding(app: &App, caller: &Caller, to: &[String]) -> anyhow::Result<Binding> {
    let mut parts = Vec::new();
    for text in to {
        let (organization, department) = match text.split_once('/') {
            Some((organization, department)) => (organization, Some(department)),
            None => (text.as_str(), None),
        };
        parts.push(part(app, caller, organization, department).await?);
    }
    Ok(Binding::to(parts))
}

fn roles(words: &[String]) -> anyhow::Result<Roles> {
    let known: Vec<_> = Role::ALL.iter().map(|role| role.as_str()).collect();
    let parsed: Option<Roles> = words.iter().map(|word| Role::parse(word)).collect();
    parsed.with_context(|| format!("a role is one of {}", known.join(", ")))
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

pub(super) async fn found(app: &App, email: &str) -> anyhow::Result<UserDetail> {
    let found = find_user(app, &Caller::command_line(), Email::parse(email)?).await?;
    found.with_context(|| {
        format!(
            "nobody has the e-mail address {email}; chancery admin user list shows who there is"
        )
    })
}

async fn show(app: &App, email: &str, as_json: bool) -> anyhow::Result<()> {
    let found = found(app, email).await?;
    say_person(&found.person, &found.tenant, as_json);
    if let (Some(until), false) = (found.locked_until, as_json) {
        say(&format!(
            "locked until {until}; chancery admin user unlock --email {email} lifts it"
        ));
    }
    Ok(())
}

async fn say_link(app: &App, of: &Tenant, made: &Made, as_json: bool) -> anyhow::Result<()> {
    if made.is_mailed {
        return say_sent(made, as_json);
    }
    let url = link_url(app, of, &made.token).await?;
    let (user, until) = (&made.person.user, made.link.expires_at);
    if as_json {
        say(
            &json!({ "user": user.id, "email": user.email.as_str(), "link": url, "until": until })
                .to_string(),
        );
        return Ok(());
    }
    say(&format!("link     {url}"));
    say(&format!(
        "         for {}, works once, until {until}",
        user.email.as_str()
    ));
    Ok(())
}

/// A link that goes by mail is shown to nobody else.
fn say_sent(made: &Made, as_json: bool) -> anyhow::Result<()> {
    let (user, until) = (&made.person.user, made.link.expires_at);
    let email = user.email.as_str();
    say(&if as_json {
        json!({ "user": user.id, "email": email, "sent": true, "until": until }).to_string()
    } else {
        format!("a link was sent to {email}; it works once, until {until}")
    });
    Ok(())
}

async fn sender(app: &App, of: &Tenant) -> anyhow::Result<Sender> {
    Ok(Sender {
        portal: portal_of(app, &of.path).await?,
        organization: of.name.as_str().to_owned(),
        name: "The operator".to_owned(),
    })
}

/// Where a person opens the link.
pub(super) async fn link_url(app: &App, of: &Tenant, token: &Token) -> anyhow::Result<String> {
    let portal = portal_of(app, &of.path).await?;
    Ok(format!(
        "{}/link/{}",
        portal.trim_end_matches('/'),
        token.reveal()
    ))
}

pub(super) fn say_person(person: &Person, of: &Tenant, as_json: bool) {
    let (user, last) = (&person.user, person.last_sign_in_at);
    if as_json {
        say(&json!({ "user": user.id, "email": user.email.as_str(), "name": user.display_name.as_str(),
            "roles": person.roles, "bound_to": person.binding, "state": user.status, "tenant": of.id, "last_sign_in_at": last })
        .to_string());
        return;
    }
    let last = last.map_or_else(|| "never".to_owned(), |last| last.to_string());
    let bound = if person.binding.is_whole() {
        String::new()
    } else {
        format!(" for {}", person.binding)
    };
    say(&format!(
        "{}  {}  {}{bound}  {}  {}  signed in: {last}",
        user.id,
        user.email.as_str(),
        person.roles,
        user.status,
        of.name.as_str()
    ));
}
