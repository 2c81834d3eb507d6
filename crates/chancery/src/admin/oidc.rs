//! `chancery admin oidc`: identity providers of tenants.

use std::fs;
use std::path::Path;

use anyhow::Context;
use base::Refuse as _;
use flow::access::oidc::remove_provider::remove_provider;
use flow::access::oidc::set_provider::{ProviderPlan, set_provider};
use flow::access::oidc::show::{ShownProvider, own_provider};
use flow::access::oidc::unlink::unlink;
use flow::{App, Caller};
use serde_json::json;
use tenancy::oidc::{ClientId, ClientSecret, Issuer, ProviderShortName};

use super::named::for_tenant;
use super::say;
use super::user::{found, operator};
use crate::cli::oidc::{OidcCommand, ProviderOwner, SetProviderArgs};

pub(super) async fn oidc(app: &App, command: OidcCommand) -> anyhow::Result<()> {
    match command {
        OidcCommand::Set(args) => set(app, args).await,
        OidcCommand::Show { of, json } => {
            let caller = caller(app, &of).await?;
            let provider = own_provider(app, &caller).await?;
            tell(&provider.context("no identity provider is set")?, json);
            Ok(())
        }
        OidcCommand::Remove { of } => {
            let caller = caller(app, &of).await?;
            say(if remove_provider(app, &caller).await? {
                "the identity provider is gone; everybody signs in with their password"
            } else {
                "no identity provider was set"
            });
            Ok(())
        }
        OidcCommand::Unlink { user } => {
            let found = found(app, &user).await?;
            let caller = Caller::command_line().within(found.tenant.id);
            let is_new = unlink(app, &caller, &found.person.user, false).await;
            let is_new = is_new.map_err(|error| anyhow::anyhow!(error.refusal().sentence))?;
            say(&format!(
                "{user} {}",
                if is_new {
                    "is linked no more"
                } else {
                    "was not linked"
                }
            ));
            Ok(())
        }
    }
}

async fn caller(app: &App, of: &ProviderOwner) -> anyhow::Result<Caller> {
    match &of.reseller {
        Some(reseller) => for_tenant(app, reseller).await,
        None => Ok(Caller::command_line().within(operator(app).await?.id)),
    }
}

async fn set(app: &App, args: SetProviderArgs) -> anyhow::Result<()> {
    let caller = caller(app, &args.of).await?;
    let secret = args.client_secret_file.as_deref().map(secret);
    let plan = ProviderPlan {
        short_name: ProviderShortName::parse(&args.short_name)?,
        issuer: Issuer::parse(&args.issuer)?,
        client: ClientId::parse(&args.client_id)?,
        secret: secret.transpose()?,
        is_required: args.required,
    };
    let set = set_provider(app, &caller, plan).await;
    let set = set.map_err(|error| anyhow::anyhow!(error.refusal().sentence))?;
    tell(&set, false);
    Ok(())
}

fn secret(path: &Path) -> anyhow::Result<ClientSecret> {
    let text = fs::read_to_string(path);
    let text = text.with_context(|| format!("the client secret in {}", path.display()))?;
    Ok(ClientSecret::parse(&text)?)
}

fn tell(provider: &ShownProvider, as_json: bool) {
    let (issuer, client) = (provider.issuer.as_str(), provider.client.as_str());
    let name = provider.short_name.as_str();
    if as_json {
        let told = json!({ "short_name": name, "issuer": issuer, "client_id": client,
            "required": provider.is_required, "start_url": provider.start_url,
            "redirect_uri": provider.redirect_uri });
        say(&told.to_string());
        return;
    }
    say(&format!("issuer        {issuer}"));
    say(&format!("client ID     {client}"));
    say(&format!("short name    {name}"));
    say(&format!("sign-in       {}", provider.start_url));
    say(&format!("redirect URI  {}", provider.redirect_uri));
    if provider.is_required {
        say("              whoever is linked signs in by it only, but for those who manage people");
    }
}
