//! `chancery admin account`: ACME accounts of a reseller, their credentials, and the clients that these bind.

use std::time::Duration;

use anyhow::{Context, bail};
use base::{AccountId, SubscriptionId, TenantId};
use enrollment::eab::EabCredential;
use enrollment::subscription::{Label, Subscription, Term};
use flow::caller::system;
use flow::enrollment::list_subscriptions::{AcmeClient, clients};
use flow::enrollment::open_subscription::{Opening, open_subscription};
use flow::enrollment::release_binding::release_binding;
use flow::enrollment::revoke_client::revoke_client;
use flow::enrollment::revoke_credential::revoke_credential;
use flow::enrollment::rotate_credential::{Rotation, rotate_credential};
use flow::{App, Caller};
use serde_json::json;
use store::enrollment::{eab_credential, subscription};
use store::issuance::account;
use store::tenancy::tenant;
use store::{Error, ReadTx};
use tenancy::tenant::{Tenant, TenantName};

use super::{PAGE, say};
use crate::cli::AccountCommand;
use crate::parts;

/// How many tenants of one name are looked at.
const FEW: i64 = 100;
const SECONDS_AN_HOUR: u64 = 3_600;

pub(super) async fn account(app: &App, command: AccountCommand) -> anyhow::Result<()> {
    match command {
        AccountCommand::Clients { account, json } => list_clients(app, &account, json).await,
        AccountCommand::Create {
            tenant,
            label,
            offer,
            years,
            json,
        } => {
            let offer =
                offer.map_or_else(|| parts::first_offer(app).map(|first| first.slug), Ok)?;
            create_account(app, &tenant, (&label, offer, years), json).await
        }
        AccountCommand::Release { client } => {
            let (id, caller) = find_client(app, &client).await?;
            let released = release_binding(app, &caller, id).await?;
            let bound = bound(&released.credential);
            say(&format!(
                "released; EAB key ID {} is bound to {bound} ACME accounts",
                released.credential.key_id
            ));
            Ok(())
        }
        AccountCommand::RevokeClient { client } => {
            let (id, caller) = find_client(app, &client).await?;
            revoke_client(app, &caller, id).await?;
            say("revoked");
            Ok(())
        }
        AccountCommand::RevokeCredential { key_id } => {
            let all = app.store(system("an operator names a credential at the command line"));
            let found = all.read(key_id.clone(), owner_of).await?;
            let found = found.with_context(|| format!("there is no credential {key_id}"))?;
            let caller = Caller::command_line().within(found.tenant);
            revoke_credential(app, &caller, &key_id).await?;
            say("revoked");
            Ok(())
        }
        AccountCommand::Rotate {
            account,
            overlap_hours,
            json,
        } => rotate(app, &account, overlap_hours, json).await,
    }
}

async fn owner_of(tx: &mut ReadTx, key_id: &String) -> Result<Option<EabCredential>, Error> {
    let found = eab_credential::by_key_id(tx, key_id).await?;
    Ok(found.map(|found| found.credential))
}

async fn find_subscription(app: &App, account: &str) -> anyhow::Result<(Subscription, Caller)> {
    let id: SubscriptionId = account.parse()?;
    let all = app.store(system("an operator names an account at the command line"));
    let found = all.read(id, subscription::by_id).await?;
    let found = found.with_context(|| format!("there is no ACME account {account}"))?;
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

async fn rotate(app: &App, account: &str, hours: u32, as_json: bool) -> anyhow::Result<()> {
    let (subscription, caller) = find_subscription(app, account).await?;
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

async fn create_account(
    app: &App,
    tenant: &str,
    (label, offer, years): (&str, String, i64),
    as_json: bool,
) -> anyhow::Result<()> {
    let tenant = find_tenant(app, tenant).await?;
    let opening = Opening {
        offer,
        shows_key: true,
        label: Label::parse(label)?,
        term: Term::from_years(years)?,
        max_bindings: None,
    };
    let caller = Caller::command_line().within(tenant.id);
    let opened = open_subscription(app, &caller, opening).await?;
    let catalog = app.catalog();
    let directory = catalog.of_product(opened.subscription.product.as_str());
    let directory_url = directory.map(|directory| app.directory_url(&directory.slug));
    let directory_url = directory_url.unwrap_or_default();
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
    Ok(())
}

/// By identifier, or by name when only one has it.
/// Whom an operator names, by a name that one has alone or by an identifier.
pub(super) async fn tenant_named(app: &App, text: &str) -> anyhow::Result<TenantId> {
    Ok(find_tenant(app, text).await?.id)
}

async fn find_tenant(app: &App, text: &str) -> anyhow::Result<Tenant> {
    let all = app.store(system("an operator names a tenant at the command line"));
    if let Ok(id) = text.parse() {
        let found = all.read(id, tenant::by_id).await?;
        return found.with_context(|| format!("there is no tenant {text}"));
    }
    let name = TenantName::parse(text)?;
    let mut found = all.read((name, FEW), tenant::by_name).await?;
    match (found.pop(), found.is_empty()) {
        (Some(tenant), true) => Ok(tenant),
        (Some(_), false) => bail!("several tenants are called \"{text}\"; use the identifier"),
        (None, _) => bail!("no tenant is called \"{text}\""),
    }
}
