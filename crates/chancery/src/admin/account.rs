//! `chancery admin account`: ACME accounts of a reseller, their credentials, and the clients that these bind.

use std::time::Duration;

use anyhow::{Context, bail};
use base::{AccountId, Placed as _, Slice, SubscriptionId};
use enrollment::eab::EabCredential;
use enrollment::policy::NameAdmission;
use enrollment::subscription::{Label, Subscription, Term};
use flow::caller::system;
use flow::enrollment::assign_organization::assign_organization;
use flow::enrollment::extend_subscription::extend_subscription;
use flow::enrollment::list_subscriptions::{
    self, AcmeClient, SubscriptionFilter, SubscriptionQuery, Summary, clients, credentials, page,
};
use flow::enrollment::move_subscription::{Move, move_subscription};
use flow::enrollment::open_subscription::{Opening, open_subscription};
use flow::enrollment::release_binding::release_binding;
use flow::enrollment::revoke_client::revoke_client;
use flow::enrollment::revoke_credential::revoke_credential;
use flow::enrollment::rotate_credential::{Rotation, rotate_credential};
use flow::operations::node::served_directory_url;
use flow::{App, Caller};
use serde_json::json;
use store::enrollment::{eab_credential, subscription};
use store::issuance::account;
use store::{Error, ReadTx};

use super::named::{for_tenant, part, resellers};
use super::{PAGE, counted, say};
use crate::cli::account::{AccountCommand, CredentialCommand, RotateArgs};
use crate::parts;

const SECONDS_AN_HOUR: u64 = 3_600;
const ACCOUNTS: &str = "chancery admin account list shows the ACME accounts with their identifiers";

pub(super) async fn account(app: &App, command: AccountCommand) -> anyhow::Result<()> {
    match command {
        AccountCommand::Clients { account, json } => list_clients(app, &account, json).await,
        AccountCommand::Deactivate { account } => move_to(app, &account, Move::Deactivate).await,
        AccountCommand::List { reseller, json } => list(app, reseller.as_deref(), json).await,
        AccountCommand::Open {
            reseller,
            label,
            offer,
            organization,
            department,
            years,
            json,
        } => {
            let offer =
                offer.map_or_else(|| parts::first_offer(app).map(|first| first.slug), Ok)?;
            let part = (organization, department);
            open_account(app, &reseller, (&label, offer, part, years), json).await
        }
        AccountCommand::Extend { account } => extend(app, &account).await,
        AccountCommand::Release { client } => release(app, &client).await,
        AccountCommand::Resume { account } => move_to(app, &account, Move::Resume).await,
        AccountCommand::RevokeClient { client } => {
            let (id, caller) = find_client(app, &client).await?;
            revoke_client(app, &caller, id).await?;
            say("revoked");
            Ok(())
        }
        AccountCommand::RevokeCredential { key_id } => revoke(app, &key_id).await,
        AccountCommand::Rotate(args) => rotate(app, &args).await,
        AccountCommand::SetOrganization {
            account,
            organization,
            department,
        } => {
            let (subscription, caller) = find_subscription(app, &account).await?;
            let part = part(app, &caller, &organization, department.as_deref()).await?;
            let part = (part.organization, part.department);
            assign_organization(app, &caller, subscription.id, part).await?;
            say("its certificates name this organization from now on");
            Ok(())
        }
        AccountCommand::Show { account, json } => show(app, &account, json).await,
        AccountCommand::Suspend { account } => move_to(app, &account, Move::Suspend).await,
    }
}

/// Buys another term.
async fn extend(app: &App, account: &str) -> anyhow::Result<()> {
    let (subscription, caller) = find_subscription(app, account).await?;
    let extended = extend_subscription(app, &caller, subscription.id).await?;
    let until = extended.covered_until.map(|end| end.to_string());
    say(&format!("extended until {}", until.unwrap_or_default()));
    Ok(())
}

/// Gives back the place that a client takes of those that a credential binds.
async fn release(app: &App, client: &str) -> anyhow::Result<()> {
    let (id, caller) = find_client(app, client).await?;
    let released = release_binding(app, &caller, id).await?;
    let credential = &released.credential;
    say(&format!(
        "released; EAB key ID {} is bound to {} ACME accounts",
        credential.key_id,
        bound(credential)
    ));
    if credential.erased_at.is_some() {
        let account = credential.subscription;
        say(&format!(
            "its MAC key was erased: chancery admin credential rotate {account} makes a new one"
        ));
    }
    Ok(())
}

pub(super) async fn credential(app: &App, command: CredentialCommand) -> anyhow::Result<()> {
    match command {
        CredentialCommand::List { account, json } => {
            let (subscription, caller) = find_subscription(app, &account).await?;
            for found in credentials(app, &caller, subscription.id).await? {
                say_credential(&found, json);
            }
            Ok(())
        }
        CredentialCommand::Revoke { key_id } => revoke(app, &key_id).await,
        CredentialCommand::Rotate(args) => rotate(app, &args).await,
        CredentialCommand::Show { key_id, json } => {
            say_credential(&find_credential(app, &key_id).await?, json);
            Ok(())
        }
    }
}

async fn revoke(app: &App, key_id: &str) -> anyhow::Result<()> {
    let found = find_credential(app, key_id).await?;
    let caller = Caller::command_line().within(found.tenant);
    revoke_credential(app, &caller, key_id).await?;
    say("revoked");
    Ok(())
}

async fn find_credential(app: &App, key_id: &str) -> anyhow::Result<EabCredential> {
    let all = app.store(system("an operator names a credential at the command line"));
    let found = all.read(key_id.to_owned(), owner_of).await?;
    found.with_context(|| format!("there is no credential {key_id}"))
}

fn say_credential(found: &EabCredential, as_json: bool) {
    let state = match (found.revoked_at, found.suspended_at, found.valid_until) {
        (Some(_), _, _) => "revoked",
        (None, Some(_), _) => "suspended",
        (None, None, Some(_)) => "replaced",
        (None, None, None) if found.erased_at.is_some() => "used up",
        (None, None, None) => "in use",
    };
    if as_json {
        say(&json!({ "eab_kid": found.key_id, "subscription": found.subscription, "state": state,
            "bindings": found.bindings, "max_bindings": found.max_bindings, "since": found.created_at,
            "valid_until": found.valid_until, "revoked_at": found.revoked_at, "erased_at": found.erased_at })
        .to_string());
        return;
    }
    let bound = bound(found);
    say(&format!(
        "{}  {state:9}  {}  bound: {bound}  since {}{}",
        found.key_id,
        found.subscription,
        found.created_at,
        erased(found)
    ));
}

/// When the MAC key went, and how to come to a new one.
fn erased(found: &EabCredential) -> String {
    let Some(at) = found.erased_at else {
        return String::new();
    };
    if !found.is_in_use() {
        return format!("  MAC key erased {at}");
    }
    format!(
        "  MAC key erased {at}; chancery admin credential rotate {} makes a new one",
        found.subscription
    )
}

async fn move_to(app: &App, account: &str, to: Move) -> anyhow::Result<()> {
    let (subscription, caller) = find_subscription(app, account).await?;
    let moved = move_subscription(app, &caller, subscription.id, to).await?;
    say(moved.state(app.now()).as_str());
    Ok(())
}

async fn list(app: &App, reseller: Option<&str>, as_json: bool) -> anyhow::Result<()> {
    for of in resellers(app, reseller).await? {
        if of.suspended_at.is_some() && !as_json {
            say(&format!(
                "{} is suspended: nothing is issued for these",
                of.name.as_str()
            ));
        }
        let caller = Caller::command_line().within(of.id);
        let mut asked =
            SubscriptionQuery::first(SubscriptionFilter::default(), usize::try_from(PAGE)?);
        loop {
            let found = page(app, &caller, asked.clone()).await?;
            for row in &found.rows {
                say_account(app, row, as_json);
            }
            match found.rows.last() {
                Some(last) if found.has_after => asked.slice = Slice::After(last.cursor()),
                Some(_) | None => break,
            }
        }
    }
    Ok(())
}

async fn show(app: &App, account: &str, as_json: bool) -> anyhow::Result<()> {
    let (subscription, caller) = find_subscription(app, account).await?;
    let found = list_subscriptions::find(app, &caller, subscription.id).await?;
    let found = found.with_context(|| format!("there is no ACME account {account}"))?;
    say_account(app, &found, as_json);
    if as_json {
        return Ok(());
    }
    for credential in credentials(app, &caller, subscription.id).await? {
        say_credential(&credential, false);
    }
    Ok(())
}

fn say_account(app: &App, row: &Summary, as_json: bool) {
    let subscription = &row.subscription;
    let state = subscription.state(app.now()).as_str();
    let label = subscription.label.as_str();
    if as_json {
        say(&json!({ "subscription": subscription.id, "tenant": subscription.tenant, "label": label,
            "product": subscription.product.as_str(), "state": state, "names": row.paid,
            "companions": row.companions, "clients": row.clients, "since": subscription.created_at,
            "covered_until": subscription.covered_until })
        .to_string());
        return;
    }
    say(&format!(
        "{}  {state:11}  {}, {}  {label}",
        subscription.id,
        counted(row.paid.saturating_add(row.companions), "name"),
        counted(row.clients, "client")
    ));
}

async fn owner_of(tx: &mut ReadTx, key_id: &String) -> Result<Option<EabCredential>, Error> {
    let found = eab_credential::by_key_id(tx, key_id).await?;
    Ok(found.map(|found| found.credential))
}

pub(super) async fn find_subscription(
    app: &App,
    account: &str,
) -> anyhow::Result<(Subscription, Caller)> {
    // The portal's URLs leave the prefix out.
    let id = SubscriptionId::from_suffix(account).or_else(|_| account.parse());
    let Ok(id) = id else {
        bail!("\"{account}\" is no identifier of an ACME account; {ACCOUNTS}");
    };
    let all = app.store(system("an operator names an account at the command line"));
    let found = all.read(id, subscription::by_id).await?;
    let found = found.with_context(|| format!("there is no ACME account {account}; {ACCOUNTS}"))?;
    let caller = Caller::command_line().within(found.tenant);
    Ok((found, caller))
}

async fn find_client(app: &App, client: &str) -> anyhow::Result<(AccountId, Caller)> {
    let id: AccountId = client.parse()?;
    let all = app.store(system("an operator names a client at the command line"));
    let found = all.read(id, account::by_id).await?;
    let found = found.with_context(|| format!("there is no client {client}"))?;
    Ok((id, Caller::command_line().within(found.tenant)))
}

/// How many accounts a credential is bound to, such as "1 of 3".
fn bound(credential: &EabCredential) -> String {
    match credential.max_bindings {
        Some(most) => format!("{} of {most}", credential.bindings),
        None => credential.bindings.to_string(),
    }
}

async fn rotate(app: &App, args: &RotateArgs) -> anyhow::Result<()> {
    let (hours, as_json) = (args.overlap_hours, args.json);
    let (subscription, caller) = find_subscription(app, &args.account).await?;
    let rotation = Rotation {
        subscription: subscription.id,
        overlap: Duration::from_secs(u64::from(hours).saturating_mul(SECONDS_AN_HOUR)),
        shows_key: true,
    };
    let rotated = rotate_credential(app, &caller, rotation).await?;
    let (key_id, mac_key) = (&rotated.credential.key_id, rotated.mac_key.reveal());
    let old = rotated.replaced.as_ref();
    let end = old.and_then(|old| old.valid_until);
    let old = old.map(|old| old.key_id.as_str());
    if as_json {
        let rotated = json!({ "subscription": subscription.id, "eab_kid": key_id, "eab_hmac_key": mac_key,
            "replaced": old, "valid_until": end });
        say(&rotated.to_string());
        return Ok(());
    }
    say(&format!("EAB key ID    {key_id}"));
    say(&format!("EAB MAC key   {mac_key}"));
    if let (Some(old), Some(end)) = (old, end) {
        say(&format!(
            "replaces      {old}, which binds clients until {end}"
        ));
    }
    Ok(())
}

async fn list_clients(app: &App, account: &str, as_json: bool) -> anyhow::Result<()> {
    let (subscription, caller) = find_subscription(app, account).await?;
    let mut after = None;
    loop {
        let page = clients(app, &caller, subscription.id, after, PAGE).await?;
        for client in &page {
            say_client(client, as_json);
        }
        match page.last() {
            Some(last) => after = Some(last.id),
            None => return Ok(()),
        }
    }
}

fn say_client(client: &AcmeClient, as_json: bool) {
    let state = client.status.as_str();
    if as_json {
        let listed = json!({ "client": client.id, "directory": client.directory,
            "thumbprint": client.thumbprint, "eab_kid": client.key_id, "released": client.is_released,
            "since": client.created_at, "state": state });
        say(&listed.to_string());
        return;
    }
    let bound = match &client.key_id {
        Some(key_id) => key_id,
        None if client.is_released => "released",
        None => "-",
    };
    say(&format!(
        "{}  {:14} {}  {bound:22} {}  {state}",
        client.id, client.directory, client.thumbprint, client.created_at
    ));
}

/// The identifier of an organization and the name of its department, as they are typed.
type Wanted = (Option<String>, Option<String>);

async fn open_account(
    app: &App,
    reseller: &str,
    (label, offer, (organization, department), years): (&str, String, Wanted, i64),
    as_json: bool,
) -> anyhow::Result<()> {
    let caller = for_tenant(app, reseller).await?;
    let of = match organization {
        Some(id) => Some(part(app, &caller, &id, department.as_deref()).await?),
        None => None,
    };
    let opening = Opening {
        offer: offer.clone(),
        organization: of.map(|part| part.organization),
        department: of.and_then(|part| part.department),
        shows_key: true,
        label: Label::parse(label)?,
        term: Term::from_years(years)?,
        max_bindings: None,
    };
    let opened = open_subscription(app, &caller, opening).await?;
    let catalog = app.catalog();
    let directory = catalog.of_product(opened.subscription.product.as_str());
    let directory_url = match directory {
        Some(directory) => served_directory_url(app, &directory.slug).await?,
        None => String::new(),
    };
    let (key_id, mac_key) = (opened.credential.key_id.as_str(), opened.mac_key.reveal());
    if as_json {
        say(
            &json!({ "subscription": opened.subscription.id, "directory_url": directory_url,
            "eab_kid": key_id, "eab_hmac_key": mac_key })
            .to_string(),
        );
        return Ok(());
    }
    say(&format!("ACME account  {}", opened.subscription.id));
    say(&format!("directory URL {directory_url}"));
    say(&format!("EAB key ID    {key_id}"));
    say(&format!("EAB MAC key   {mac_key}"));
    say(&format!(
        "with certbot  certbot register --server {directory_url} --eab-kid {key_id} --eab-hmac-key {mac_key}"
    ));
    let offer = catalog.offer(&offer);
    let admission = offer.map(|offer| offer.policy.name_admission);
    if admission == Some(NameAdmission::ValidatedDelegated) {
        say(&format!(
            "next          chancery admin delegated-domain add NAME --reseller \"{reseller}\""
        ));
    } else {
        say(&format!(
            "next          chancery admin domain add {} NAME",
            opened.subscription.id
        ));
    }
    Ok(())
}
