//! Ending a token.

use axum::extract::State;
use flow::access::api_token::revoke_token::revoke_token;
use tenancy::api_token::ApiToken;

use super::LIST;
use super::list::revoke_href;
use crate::portal::gate::allowed::Allowed;
use crate::portal::gate::csrf::{Form, Nothing};
use crate::portal::gate::permitted::Own;
use crate::portal::page::confirm::{ConfirmPage, Extras};
use crate::portal::page::frame::{Answer, done, not_done, page};
use crate::portal::page::menu::Nav;
use crate::portal::page::shell::Shell;
use crate::portal::state::Portal;

/// `GET /settings/tokens/{id}/revoke`.
pub(super) async fn form(Allowed { who, object }: Allowed<Own, ApiToken>) -> Answer {
    let shell = who.shell(Nav::Settings, "Revoke this token");
    page(&revoke_page(
        shell,
        object.name.as_str(),
        &revoke_href(&object),
    ))
}

/// `POST /settings/tokens/{id}/revoke`.
pub(super) async fn revoke(
    State(portal): State<Portal>,
    Allowed { who, object }: Allowed<Own, ApiToken>,
    Form(Nothing {}): Form<Nothing>,
) -> Answer {
    Ok(if revoke_token(&portal.app, &who.caller, &object).await? {
        done(LIST, "The token was revoked.")
    } else {
        not_done(LIST, "The token was revoked before.")
    })
}

/// The page of `GET /settings/tokens/{id}/revoke`.
pub fn revoke_page(shell: Shell, name: &str, href: &str) -> ConfirmPage {
    ConfirmPage {
        shell,
        back: ("API tokens".to_owned(), LIST.to_owned()),
        lead: format!("The token \u{201c}{name}\u{201d} will not work any more."),
        consequences: [
            "Whatever uses it is refused at its next request.",
            "What was done with it stays as it is.",
            "This cannot be undone; you can make another token.",
        ]
        .map(str::to_owned)
        .to_vec(),
        names: Vec::new(),
        names_title: String::new(),
        typed: None,
        extras: Extras::default(),
        action_href: href.to_owned(),
        action: "Revoke".to_owned(),
        is_dangerous: true,
    }
}
