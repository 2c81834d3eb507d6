//! Adding a passkey: its script asks with the form's fields for a challenge, and sends the form with what the browser made.

use askama::Template;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use flow::access::second_factor::passkey::add::{AddPasskeyError, add_passkey};
use flow::access::second_factor::passkey::ask::{AskPasskeyError, ask_to_add};
use serde::Deserialize;
use serde_json::json;
use tenancy::passkey::{PasskeyName, Registration};
use tenancy::session::csrf_token;

use super::show::{codes_page, href};
use crate::portal::access::passkey::creation;
use crate::portal::gate::csrf::Form;
use crate::portal::gate::permitted::{Permitted, SettingUp};
use crate::portal::gate::recent::{is_recent, prove_and_go_on};
use crate::portal::page::form::Problems;
use crate::portal::page::frame::{Answer, add_cookie, done, page, refused_form, secret_page};
use crate::portal::page::menu::Nav;
use crate::portal::page::refused::problems;
use crate::portal::page::shell::Shell;
use crate::portal::page::words::sentence;
use crate::portal::state::Portal;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct AddForm {
    name: String,
    password: String,
    client_data: String,
    attestation: String,
}

/// `GET /settings/second-factor/passkeys/new`.
pub(super) async fn form(State(portal): State<Portal>, who: Permitted<SettingUp>) -> Answer {
    match view(&portal, &who, "", Problems::none()) {
        Some(view) => page(&view),
        None => Ok(Redirect::to(href()).into_response()),
    }
}

/// `POST /settings/second-factor/passkeys/ask`: answers JSON.
pub(super) async fn ask(
    State(portal): State<Portal>,
    mut who: Permitted<SettingUp>,
    Form(typed): Form<AddForm>,
) -> Answer {
    if let Err(error) = PasskeyName::parse(&typed.name) {
        return Ok(not_asked(&sentence(&error)));
    }
    let cookie = match prove_and_go_on(&portal, &mut who, typed.password).await? {
        Ok(cookie) => cookie,
        Err(problems) => return Ok(not_asked(problems.of("password"))),
    };
    let csrf = csrf_token(&who.signed_in.token);
    let mut response = match ask_to_add(&portal.app, &who.caller, &who.signed_in).await {
        Ok(asked) => creation(&asked, who.brand(), &csrf),
        Err(error @ (AskPasskeyError::Nowhere | AskPasskeyError::TooMany(_))) => {
            not_asked(&sentence(&error))
        }
        Err(error @ AskPasskeyError::Store(_)) => return Err(error.into()),
    };
    if let Some(cookie) = cookie {
        add_cookie(&mut response, &cookie);
    }
    Ok(response)
}

/// `POST /settings/second-factor/passkeys/new`. That the person proved lately who they are stands in the challenge.
pub(super) async fn add(
    State(portal): State<Portal>,
    who: Permitted<SettingUp>,
    Form(typed): Form<AddForm>,
) -> Answer {
    if typed.client_data.is_empty() {
        let problems = Problems::one("passkey", UNANSWERED);
        return refused(&portal, &who, &typed.name, problems);
    }
    let name = match PasskeyName::parse(&typed.name) {
        Ok(name) => name,
        Err(error) => {
            let problems = Problems::one("name", &sentence(&error));
            return refused(&portal, &who, &typed.name, problems);
        }
    };
    let added = match Registration::decode(&typed.client_data, &typed.attestation) {
        Ok(answer) => {
            let (app, caller) = (&portal.app, &who.caller);
            add_passkey(app, caller, &who.signed_in, name, &answer).await
        }
        Err(error) => Err(AddPasskeyError::Passkey(error)),
    };
    match added {
        Ok(Some(codes)) => secret_page(&codes_page(&who, &codes, true)),
        Ok(None) => Ok(done(href(), "The passkey was added.")),
        Err(error) => refused(&portal, &who, &typed.name, problems(error)?),
    }
}

/// What is said where no script has asked the browser.
const UNANSWERED: &str =
    "The browser answered nothing. Passkeys need scripts; without them, use an authenticator app.";

/// What the script tells in place of asking.
fn not_asked(problem: &str) -> Response {
    let told = Json(json!({ "problem": problem }));
    (StatusCode::UNPROCESSABLE_ENTITY, told).into_response()
}

fn refused(portal: &Portal, who: &Permitted<SettingUp>, name: &str, problems: Problems) -> Answer {
    match view(portal, who, name, problems) {
        Some(view) => refused_form(&view),
        None => Ok(Redirect::to(href()).into_response()),
    }
}

/// `None` where browsers have no passkeys for this portal.
fn view(
    portal: &Portal,
    who: &Permitted<SettingUp>,
    name: &str,
    problems: Problems,
) -> Option<AddPasskeyPage> {
    let party = portal.app.settings().relying_party(&who.caller.client)?;
    Some(AddPasskeyPage {
        shell: who.shell(Nav::Settings, "Add a passkey"),
        host: party.id().to_owned(),
        origin: party.origin().to_owned(),
        name: name.to_owned(),
        is_first: !who.signed_in.has_second_factor,
        asks_password: !is_recent(portal, who),
        problems,
    })
}

/// `GET /settings/second-factor/passkeys/new`, and its failures; fields `name` and, if asked for, `password`.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/access/second_factor/add_passkey.html")]
pub struct AddPasskeyPage {
    /// The frame.
    pub shell: Shell,
    /// At which host browsers have passkeys for this portal.
    pub host: String,
    /// The same as an origin.
    pub origin: String,
    /// What the passkey is to be called.
    pub name: String,
    /// Whether there is no second factor yet.
    pub is_first: bool,
    /// Whether the sign-in is too long ago; field `password`.
    pub asks_password: bool,
    /// What is wrong; fields `name`, `password`, `passkey`.
    pub problems: Problems,
}
