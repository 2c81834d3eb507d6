//! One's own account at the organisation's identity provider: linking it, and the end of that (security S-67).

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use flow::access::oidc::ask::{AskProviderError, ask_to_link};
use flow::access::oidc::show::{own_identity, own_provider};
use flow::access::oidc::unlink::{UnlinkError, unlink};
use serde::Deserialize;
use tenancy::token::Token;

use crate::portal::gate::csrf::Form;
use crate::portal::gate::permitted::{Own, Permitted};
use crate::portal::gate::recent::{is_recent, prove_and_go_on};
use crate::portal::page::cookie;
use crate::portal::page::form::Problems;
use crate::portal::page::frame::{Answer, add_cookie, done, not_done, page, refused_form};
use crate::portal::page::menu::Nav;
use crate::portal::page::moment::when;
use crate::portal::page::part::When;
use crate::portal::page::refused::Refusal;
use crate::portal::page::shell::Shell;
use crate::portal::page::words::sentence;
use crate::portal::state::Portal;
use crate::portal::table::Table;

pub(super) fn routes() -> Table {
    Table::default()
        .get("/settings/identity", Own, show)
        .post("/settings/identity", Own, begin)
        .post("/settings/identity/unlink", Own, end)
}

/// Where it is.
pub(super) fn href() -> &'static str {
    "/settings/identity"
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ProofForm {
    password: String,
}

/// `GET /settings/identity`.
async fn show(State(portal): State<Portal>, who: Permitted<Own>) -> Answer {
    page(&view(&portal, &who, Problems::none()).await?)
}

/// `POST /settings/identity`: answers a page that leads to the provider.
async fn begin(
    State(portal): State<Portal>,
    mut who: Permitted<Own>,
    headers: HeaderMap,
    Form(typed): Form<ProofForm>,
) -> Answer {
    let proven = match prove_and_go_on(&portal, &mut who, typed.password).await? {
        Ok(cookie) => cookie,
        Err(problems) => return refused_form(&view(&portal, &who, problems).await?),
    };
    let browser = cookie::provider(&headers);
    let browser = browser.unwrap_or_else(|| Token::generate(portal.app.random()));
    let asked = ask_to_link(&portal.app, &who.caller, &who.signed_in, &browser).await;
    let mut response = match asked {
        Ok(go) => page(&ToProviderPage {
            shell: who.shell(Nav::Settings, "To your organisation's provider"),
            go,
        })?,
        Err(AskProviderError::Store(error)) => return Err(error.into()),
        Err(
            error @ (AskProviderError::Linked
            | AskProviderError::NotHere
            | AskProviderError::Unusable(_)),
        ) => not_done(href(), &sentence(&error)),
    };
    add_cookie(&mut response, &cookie::set_provider(&browser));
    if let Some(proven) = proven {
        add_cookie(&mut response, &proven);
    }
    Ok(response)
}

/// `POST /settings/identity/unlink`.
async fn end(
    State(portal): State<Portal>,
    mut who: Permitted<Own>,
    Form(typed): Form<ProofForm>,
) -> Answer {
    let proven = match prove_and_go_on(&portal, &mut who, typed.password).await? {
        Ok(cookie) => cookie,
        Err(problems) => return refused_form(&view(&portal, &who, problems).await?),
    };
    let mut response = match unlink(&portal.app, &who.caller, &who.signed_in.user, true).await {
        Ok(true) => done(href(), "Your account is linked no more."),
        Ok(false) => not_done(href(), "Your account was not linked."),
        Err(error @ UnlinkError::Required) => not_done(href(), &sentence(&error)),
        Err(UnlinkError::Store(error)) => return Err(error.into()),
    };
    if let Some(proven) = proven {
        add_cookie(&mut response, &proven);
    }
    Ok(response)
}

async fn view(
    portal: &Portal,
    who: &Permitted<Own>,
    problems: Problems,
) -> Result<IdentityPage, Refusal> {
    let now = portal.app.now();
    let provider = own_provider(&portal.app, &who.caller).await?;
    let linked = own_identity(&portal.app, &who.caller, &who.signed_in).await?;
    let linked = linked.map(|linked| LinkedRow {
        subject: linked.identity.subject().to_owned(),
        issuer: linked.identity.issuer().to_owned(),
        since: when(linked.linked_at, now),
        last_used: linked.last_used_at.map(|at| when(at, now)),
    });
    let issuer = provider
        .as_ref()
        .map(|provider| provider.issuer.as_str().to_owned());
    Ok(IdentityPage {
        shell: who.shell(Nav::Settings, "Sign-in with your organisation"),
        works: linked.as_ref().map(|linked| &linked.issuer) == issuer.as_ref(),
        is_required: provider
            .as_ref()
            .is_some_and(|provider| provider.is_required),
        start_url: provider.map(|provider| provider.start_url),
        issuer,
        linked,
        asks_password: !is_recent(portal, who),
        problems,
    })
}

/// An account at a provider.
#[derive(Clone, Debug)]
pub struct LinkedRow {
    /// What the provider calls them.
    pub subject: String,
    /// The provider.
    pub issuer: String,
    /// Since when.
    pub since: When,
    /// When it signed in last.
    pub last_used: Option<When>,
}

/// `GET /settings/identity`, and answers to its forms that failed.
///
/// Forms: `POST /settings/identity` and `/settings/identity/unlink` (`password` if asked for).
#[derive(Clone, Debug, Template)]
#[template(path = "portal/access/identity/show.html")]
pub struct IdentityPage {
    /// The frame.
    pub shell: Shell,
    /// The organisation's provider, if it has one.
    pub issuer: Option<String>,
    /// Where a sign-in begins.
    pub start_url: Option<String>,
    /// The account at a provider, if one is linked.
    pub linked: Option<LinkedRow>,
    /// Whether it is of the provider that the organisation has now.
    pub works: bool,
    /// Whether it signs in alone.
    pub is_required: bool,
    /// Whether the sign-in is too long ago; field `password`.
    pub asks_password: bool,
    /// What is wrong; field `password`.
    pub problems: Problems,
}

/// What leads to the provider: a form may not.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/access/identity/go.html")]
pub struct ToProviderPage {
    /// The frame.
    pub shell: Shell,
    /// Where to.
    pub go: String,
}
