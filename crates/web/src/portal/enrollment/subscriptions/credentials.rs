//! The credentials of an account, with client commands filled in (features F-049 to F-053). The
//! MAC key is shown after a recent sign-in only, by a POST that is audited (security S-23).

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use base::SubscriptionId;
use flow::enrollment::list_domains;
use flow::enrollment::list_subscriptions::Summary;
use flow::enrollment::reveal_credential::reveal_credential;
use serde::Deserialize;
use tenancy::session::set_cookie;

use super::command::{self, ClientCommand, CommandFacts};
use super::head::{self, SubscriptionHead, Tab};
use super::show::find;
use crate::portal::gate::csrf::Form;
use crate::portal::gate::permitted::{Permitted, RevealSecrets, ViewAccounts};
use crate::portal::gate::recent::{self, Recent};
use crate::portal::issuance::orders::show::{LastOrder, last_of_account};
use crate::portal::page::account::label;
use crate::portal::page::form::Problems;
use crate::portal::page::frame::{Answer, add_cookie, page, refused_form};
use crate::portal::page::refused::Refusal;
use crate::portal::page::shell::{Nav, Shell};
use crate::portal::state::Portal;

/// How many of the account's names stand in the commands.
const NAMES_SHOWN: usize = 2;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct RevealForm {
    password: String,
}

/// `GET /accounts/{id}/credentials`.
pub(super) async fn show(
    State(portal): State<Portal>,
    who: Permitted<ViewAccounts>,
    Path(id): Path<String>,
) -> Answer {
    let found = find(&portal, &who, &id).await?;
    page(&view(&portal, &who, &found, MacKey::Hidden).await?)
}

/// `POST /accounts/{id}/reveal`.
pub(super) async fn reveal(
    State(portal): State<Portal>,
    mut who: Permitted<RevealSecrets>,
    Path(id): Path<String>,
    Form(typed): Form<RevealForm>,
) -> Answer {
    let found = find(&portal, &who, &id).await?;
    let renewed = match recent::prove(&portal, &who, typed.password).await? {
        Recent::Already => None,
        Recent::Anew(signed_in) => Some(*signed_in),
        Recent::Unasked => return ask(&portal, &who, &found, Problems::none()).await,
        Recent::Refused(problems) => return ask(&portal, &who, &found, problems).await,
    };
    let cookie = renewed.map(|signed_in| {
        who.signed_in = signed_in;
        set_cookie(&who.signed_in.token)
    });
    let key = open(&portal, &who, &found).await?;
    let mut response = page(&view(&portal, &who, &found, MacKey::Revealed(key)).await?)?;
    let no_referrer = HeaderValue::from_static("no-referrer");
    response
        .headers_mut()
        .insert(header::REFERRER_POLICY, no_referrer);
    if let Some(cookie) = cookie {
        add_cookie(&mut response, &cookie);
    }
    Ok(response)
}

/// The page with the question for the password.
async fn ask(
    portal: &Portal,
    who: &Permitted<RevealSecrets>,
    found: &Summary,
    problems: Problems,
) -> Answer {
    refused_form(&view(portal, who, found, MacKey::NeedsPassword(problems)).await?)
}

async fn open(
    portal: &Portal,
    who: &Permitted<RevealSecrets>,
    found: &Summary,
) -> Result<String, Refusal> {
    let id = found.subscription.id;
    let key_id = found.credential.as_ref().ok_or(Refusal::NotFound)?;
    let key_id = key_id.key_id.as_str();
    match reveal_credential(&portal.app, &who.caller, id, key_id).await {
        Ok(key) => Ok(key.reveal()),
        Err(error) => Err(error.into()),
    }
}

async fn view<P>(
    portal: &Portal,
    who: &Permitted<P>,
    found: &Summary,
    mac_key: MacKey,
) -> Result<CredentialsPage, Refusal> {
    let id = found.subscription.id;
    let key_id = found.credential.as_ref().map(|key| key.key_id.to_string());
    let catalog = portal.app.catalog();
    let directory = catalog.of_product(found.subscription.product.as_str());
    // Empty while no directory takes orders for it.
    let server_url = directory.map(|directory| portal.app.directory_url(&directory.slug));
    let server_url = server_url.unwrap_or_default();
    let revealed = match &mac_key {
        MacKey::Revealed(key) => Some(key.clone()),
        MacKey::Hidden | MacKey::NeedsPassword(_) => None,
    };
    let facts = CommandFacts {
        server_url: server_url.clone(),
        key_id: key_id.clone().unwrap_or_default(),
        mac_key: revealed,
        email: who.signed_in.user.email.as_str().to_owned(),
        names: names(portal, who, id).await?,
        ca_file: portal.hints.ca_file.clone(),
        http_port: portal.hints.http_port,
    };
    let now = portal.app.now();
    Ok(CredentialsPage {
        shell: who.shell(Nav::Accounts, &label(&found.subscription)),
        head: head::head(found, who, Tab::Credentials, now),
        server_url,
        key_id: key_id.unwrap_or_default(),
        mac_key,
        commands: command::for_account(&facts),
        last_order: last_of_account(portal, who, id).await?,
    })
}

/// The first names of the account, for commands.
async fn names<P>(
    portal: &Portal,
    who: &Permitted<P>,
    id: SubscriptionId,
) -> Result<Vec<String>, Refusal> {
    let found = list_domains::first_names(&portal.app, &who.caller, id, NAMES_SHOWN).await?;
    Ok(found.iter().map(ToString::to_string).collect())
}

/// The EAB MAC key, as far as it may be seen.
#[derive(Clone, Debug)]
pub enum MacKey {
    /// Masked, with a Reveal button.
    Hidden,
    /// Masked; Reveal needs the password again. Holds what was wrong with the last try.
    NeedsPassword(Problems),
    /// In clear, base64url, for 60 seconds.
    Revealed(String),
}

impl MacKey {
    pub(crate) fn revealed(&self) -> &str {
        match self {
            Self::Revealed(key) => key,
            Self::Hidden | Self::NeedsPassword(_) => "",
        }
    }

    pub(crate) fn is_revealed(&self) -> bool {
        matches!(self, Self::Revealed(_))
    }

    /// Problems of the password question; none while it is not asked.
    pub(crate) fn question(&self) -> Option<&Problems> {
        match self {
            Self::NeedsPassword(problems) => Some(problems),
            Self::Hidden | Self::Revealed(_) => None,
        }
    }
}

/// `GET /accounts/{id}/credentials` and `POST /accounts/{id}/reveal`.
///
/// The reveal form sends `csrf` and, when asked for, `password`.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/enrollment/subscriptions/credentials.html")]
pub struct CredentialsPage {
    /// The frame.
    pub shell: Shell,
    /// Title, state, tabs.
    pub head: SubscriptionHead,
    /// ACME directory address.
    pub server_url: String,
    /// EAB key ID.
    pub key_id: String,
    /// EAB MAC key.
    pub mac_key: MacKey,
    /// Ready-made commands, from [`super::command::for_account`].
    pub commands: Vec<ClientCommand>,
    /// None before the first order.
    pub last_order: Option<LastOrder>,
}
