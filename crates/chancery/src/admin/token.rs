//! `chancery admin token`: API tokens of people.

use anyhow::Context;
use base::{ApiTokenId, Refuse as _};
use flow::access::api_token::create_token::create_token;
use flow::access::api_token::list_tokens::{find_token, list_tokens, list_tokens_of_tenant};
use flow::access::api_token::revoke_token::revoke_token;
use flow::{App, Caller};
use serde_json::json;
use tenancy::api_token::{ApiToken, ApiTokenName, ApiTokenRequest, Networks, Scopes, Validity};
use tenancy::role::Permission;

use super::named::resellers;
use super::say;
use super::user::{found, operator};
use crate::cli::token::{CreateTokenArgs, TokenCommand};

pub(super) async fn token(app: &App, command: TokenCommand) -> anyhow::Result<()> {
    match command {
        TokenCommand::Create(args) => create(app, args).await,
        TokenCommand::List {
            user: Some(email),
            json,
            ..
        } => {
            let found = found(app, &email).await?;
            let caller = Caller::command_line().within(found.tenant.id);
            let tokens = list_tokens(app, &caller, found.person.user.id).await?;
            tell(app, &tokens, json);
            Ok(())
        }
        TokenCommand::List {
            user: None,
            reseller,
            operator: is_operator,
            json,
        } => {
            let tenants = if is_operator {
                vec![operator(app).await?]
            } else {
                resellers(app, reseller.as_deref()).await?
            };
            for tenant in tenants {
                let caller = Caller::command_line().within(tenant.id);
                tell(app, &list_tokens_of_tenant(app, &caller).await?, json);
            }
            Ok(())
        }
        TokenCommand::Revoke { id } => revoke(app, &id).await,
    }
}

async fn create(app: &App, args: CreateTokenArgs) -> anyhow::Result<()> {
    let found = found(app, &args.user).await?;
    let request = ApiTokenRequest {
        name: ApiTokenName::parse(&args.name)?,
        scopes: scopes(&args.scope)?,
        networks: Networks::parse(&args.network.join(" "))?,
        validity: Validity::from_days(args.days)?,
    };
    let caller = Caller::command_line().within(found.tenant.id);
    let owner = (found.person.user.id, found.tenant.kind);
    let created = create_token(app, &caller, owner, request).await;
    let created = created.map_err(|error| anyhow::anyhow!(error.refusal().sentence))?;
    let (token, text) = (&created.token, created.bearer.reveal());
    let until = token.expires_at.truncated_to_second();
    if args.json {
        let told = json!({ "id": token.id, "user": token.user, "token": text, "scopes": token.scopes,
            "networks": token.networks, "until": until });
        say(&told.to_string());
        return Ok(());
    }
    say(&format!("token    {text}"));
    say(&format!(
        "         {}, works until {until}; it is shown this once",
        token.id
    ));
    Ok(())
}

fn scopes(words: &[String]) -> anyhow::Result<Scopes> {
    let parsed: Option<Scopes> = words.iter().map(|word| Permission::parse(word)).collect();
    parsed.with_context(|| {
        let possible = Scopes::possible().to_string();
        format!("a scope is one of {}", possible.replace(' ', ", "))
    })
}

async fn revoke(app: &App, id: &str) -> anyhow::Result<()> {
    let wanted: ApiTokenId = id.parse()?;
    let caller = Caller::command_line();
    let found = find_token(app, &caller, wanted).await?;
    let token = found.with_context(|| {
        format!("there is no token {id}; chancery admin token list shows those that there are")
    })?;
    let is_new = revoke_token(app, &caller.within(token.tenant), &token).await?;
    say(&format!(
        "{id} {}",
        if is_new {
            "was revoked"
        } else {
            "had been revoked before"
        }
    ));
    Ok(())
}

fn tell(app: &App, tokens: &[ApiToken], as_json: bool) {
    for token in tokens {
        say_token(app, token, as_json);
    }
}

fn say_token(app: &App, token: &ApiToken, as_json: bool) {
    let until = token.expires_at.truncated_to_second();
    if as_json {
        let told = json!({ "id": token.id, "user": token.user, "name": token.name.as_str(), "scopes": token.scopes,
            "networks": token.networks, "until": until, "last_used_at": token.last_used_at,
            "revoked_at": token.revoked_at });
        say(&told.to_string());
        return;
    }
    let state = if token.revoked_at.is_some() {
        "revoked".to_owned()
    } else if token.is_live(app.now()) {
        format!("until {until}")
    } else {
        "expired".to_owned()
    };
    let last = token
        .last_used_at
        .map_or_else(|| "never".to_owned(), |last| last.to_string());
    say(&format!(
        "{}  {}  {}  {}  {state}  used: {last}",
        token.id,
        token.user,
        token.name.as_str(),
        token.scopes
    ));
}
