//! Signing in by one's organisation: its short name leads to its provider (security S-67). Whether a name is somebody's is not
//! told here.
//!
//! A form may not lead to another site (security S-25), so that a link does, which the page follows by itself.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use flow::access::oidc::show::is_offered;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use tenancy::oidc::ProviderShortName;

use crate::portal::gate::permitted::Public;
use crate::portal::page::form::Problems;
use crate::portal::page::frame::{Answer, page, refused_form};
use crate::portal::page::shell::Shell;
use crate::portal::page::words::sentence;
use crate::portal::state::Portal;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct NameAsked {
    pub(super) name: String,
    pub(super) next: String,
}

/// Whether another site leads the browser here. Then whoever sits there is asked first: else that site could sign them in as
/// somebody of its own (login CSRF).
pub(super) fn is_led_here(headers: &HeaderMap) -> bool {
    let from = headers.get("sec-fetch-site");
    from.is_some_and(|from| from != "same-origin" && from != "none")
}

/// The page with a name that was typed, or that another site proposes.
pub(super) fn asked_for(
    portal: &Portal,
    who: &Public,
    asked: NameAsked,
    go: Option<String>,
    problems: Problems,
) -> OrganizationSignInPage {
    OrganizationSignInPage {
        shell: who.shell("Sign in with your organisation"),
        next: portal.routes.local_path(&asked.next).to_owned(),
        name: asked.name,
        go,
        problems,
    }
}

/// `GET /sign-in/organization`.
pub(super) async fn form(
    State(portal): State<Portal>,
    who: Public,
    headers: HeaderMap,
    Query(asked): Query<NameAsked>,
) -> Answer {
    if asked.name.is_empty() || is_led_here(&headers) {
        return page(&asked_for(&portal, &who, asked, None, Problems::none()));
    }
    match ProviderShortName::parse(&asked.name) {
        Ok(name) => {
            let next = portal.routes.local_path(&asked.next);
            let next = utf8_percent_encode(next, NON_ALPHANUMERIC);
            let go = format!("{}?next={next}", name.start_path());
            page(&asked_for(&portal, &who, asked, Some(go), Problems::none()))
        }
        Err(error) => {
            let problems = Problems::one("name", &sentence(&error));
            refused_form(&asked_for(&portal, &who, asked, None, problems))
        }
    }
}

/// Where that is, with where to go afterwards, if any organization has a provider. A door that cannot tell does not offer it.
pub(super) async fn offered(portal: &Portal, next: &str) -> Option<String> {
    let is_offered = is_offered(&portal.app).await.unwrap_or(false);
    let next = match portal.routes.local_path(next) {
        "/" => String::new(),
        next => format!("?next={}", utf8_percent_encode(next, NON_ALPHANUMERIC)),
    };
    is_offered.then(|| format!("/sign-in/organization{next}"))
}

/// `GET /sign-in/organization`; fields `name`, `next`.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/access/session/organization.html")]
pub struct OrganizationSignInPage {
    /// The frame, made by [`Shell::signed_out`].
    pub shell: Shell,
    /// What was typed.
    pub name: String,
    /// Where to go afterwards.
    pub next: String,
    /// Where the sign-in begins, once a name was typed.
    pub go: Option<String>,
    /// What is wrong; field `name`.
    pub problems: Problems,
}
