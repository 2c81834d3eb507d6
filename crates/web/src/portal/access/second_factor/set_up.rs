//! Setting up an authenticator app: a picture to scan, the secret to type, and the first code.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect};
use flow::access::second_factor::confirm::{ConfirmError, confirm_set_up};
use flow::access::second_factor::set_up::{SetUpError, begin_set_up, waiting_secret};
use serde::Deserialize;
use tenancy::totp::TotpSecret;

use super::show::{self, codes_page, href};
use crate::portal::gate::csrf::Form;
use crate::portal::gate::permitted::{Permitted, SettingUp};
use crate::portal::gate::recent::prove_field;
use crate::portal::page::form::Problems;
use crate::portal::page::frame::{Answer, add_cookie, not_done, refused_form, secret_page};
use crate::portal::page::menu::Nav;
use crate::portal::page::picture::Qr;
use crate::portal::page::refused::problems;
use crate::portal::page::shell::Shell;
use crate::portal::page::words::sentence;
use crate::portal::state::Portal;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct BeginForm {
    password: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct ConfirmForm {
    code: String,
}

/// `POST /settings/second-factor`.
pub(super) async fn begin(
    State(portal): State<Portal>,
    who: Permitted<SettingUp>,
    Form(typed): Form<BeginForm>,
) -> Answer {
    let cookie = match prove_field(&portal, &who, typed.password).await? {
        Ok(cookie) => cookie,
        Err(problems) => {
            return refused_form(&show::view(&portal, &who, problems).await?);
        }
    };
    let mut response = match begin_set_up(&portal.app, &who.caller, &who.signed_in).await {
        Ok(_) => Redirect::to("/settings/second-factor/confirm").into_response(),
        Err(error @ SetUpError::IsOn) => not_done(href(), &sentence(&error)),
        Err(error) => return Err(error.into()),
    };
    if let Some(cookie) = cookie {
        add_cookie(&mut response, &cookie);
    }
    Ok(response)
}

/// `GET /settings/second-factor/confirm`.
pub(super) async fn form(State(portal): State<Portal>, who: Permitted<SettingUp>) -> Answer {
    match waiting_secret(&portal.app, &who.caller, &who.signed_in).await? {
        Some(secret) => secret_page(&view(&who, &secret, Problems::none())?),
        None => Ok(Redirect::to(href()).into_response()),
    }
}

/// `POST /settings/second-factor/confirm`.
pub(super) async fn confirm(
    State(portal): State<Portal>,
    who: Permitted<SettingUp>,
    Form(typed): Form<ConfirmForm>,
) -> Answer {
    let (app, caller) = (&portal.app, &who.caller);
    match confirm_set_up(app, caller, &who.signed_in, &typed.code).await {
        Ok(codes) => secret_page(&codes_page(&who, &codes, true)),
        Err(error @ ConfirmError::NothingWaits) => Ok(not_done(href(), &sentence(&error))),
        Err(error) => {
            let problems = problems(error)?;
            match waiting_secret(app, caller, &who.signed_in).await? {
                Some(secret) => refused_form(&view(&who, &secret, problems)?),
                None => Ok(Redirect::to(href()).into_response()),
            }
        }
    }
}

fn view(
    who: &Permitted<SettingUp>,
    secret: &TotpSecret,
    problems: Problems,
) -> Result<ConfirmFactorPage, crate::portal::page::refused::Refusal> {
    let shell = who.shell(Nav::Settings, "Set up an authenticator app");
    let uri = secret.uri(&shell.brand, &shell.email);
    Ok(ConfirmFactorPage {
        picture: Qr::new(
            &uri,
            "QR code for the authenticator app. The same secret is written beside it.",
        )?,
        shell,
        secret: secret.reveal(),
        problems,
    })
}

/// `GET /settings/second-factor/confirm`, and its failures; field `code`.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/access/second_factor/confirm.html")]
pub struct ConfirmFactorPage {
    /// The frame.
    pub shell: Shell,
    /// What an app scans.
    pub picture: Qr,
    /// The same to type by hand.
    pub secret: String,
    /// What is wrong; field `code`.
    pub problems: Problems,
}
