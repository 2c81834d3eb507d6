//! The second step of signing in (`ux.md` P2; features F-003, F-008): a code, after the password was right.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect};
use base::Timestamp;
use flow::access::second_factor::TypedFactor;
use flow::access::second_step::{SecondStepError, second_step};
use serde::Deserialize;
use tenancy::session::set_cookie;

use super::sign_in::AGAIN;
use crate::portal::gate::csrf::VisitorForm;
use crate::portal::gate::permitted::Public;
use crate::portal::page::cookie;
use crate::portal::page::form::Problems;
use crate::portal::page::frame::{Answer, add_cookie, page, refused_form};
use crate::portal::page::moment::minutes_until;
use crate::portal::page::refused::{Refusal, problems};
use crate::portal::page::shell::{Shell, Theme};
use crate::portal::page::words::count;
use crate::portal::state::Portal;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct CodeForm {
    code: String,
    recovery: String,
}

/// `GET /sign-in/code`.
pub(super) async fn form(who: Public) -> Answer {
    if who.step.is_none() {
        return Ok(Redirect::to("/sign-in").into_response());
    }
    page(&view(&who, Problems::none()))
}

/// `POST /sign-in/code`.
pub(super) async fn submit(
    State(portal): State<Portal>,
    who: Public,
    VisitorForm(typed): VisitorForm<CodeForm>,
) -> Answer {
    let Some((token, next)) = who.step.clone() else {
        return Ok(again());
    };
    let factor = if typed.recovery.is_empty() {
        TypedFactor::Code(typed.code)
    } else {
        TypedFactor::Recovery(typed.recovery)
    };
    let (client, replaces) = (who.address(), who.session.clone());
    let caller = &who.caller;
    match second_step(&portal.app, caller, &token, factor, client, replaces).await {
        Ok(signed_in) => {
            let mut response = Redirect::to(portal.routes.local_path(&next)).into_response();
            let theme = Theme::from_text(signed_in.user.theme.as_str());
            add_cookie(&mut response, &set_cookie(&signed_in.token));
            add_cookie(&mut response, &cookie::set_theme(theme));
            add_cookie(&mut response, &cookie::clear_step());
            Ok(response)
        }
        Err(SecondStepError::Gone) => Ok(again()),
        Err(error) => {
            let problems = told(error, portal.app.now())?;
            refused_form(&view(&who, problems))
        }
    }
}

fn told(error: SecondStepError, now: Timestamp) -> Result<Problems, Refusal> {
    match error {
        SecondStepError::Locked(locked) => {
            let minutes = i64::from(minutes_until(locked.until, now));
            let minutes = count(minutes, "minute", "minutes");
            let message = format!("Account locked. Signing in opens again in {minutes}.");
            Ok(Problems::one("code", &message))
        }
        SecondStepError::Suspended(suspended) => Ok(Problems::one("code", &suspended.to_string())),
        error
        @ (SecondStepError::Factor(_) | SecondStepError::Gone | SecondStepError::Store(_)) => {
            problems(error)
        }
    }
}

/// Too late, or without a password: from the beginning.
fn again() -> axum::response::Response {
    let mut response = Redirect::to(&format!("/sign-in?reason={AGAIN}")).into_response();
    add_cookie(&mut response, &cookie::clear_step());
    response
}

fn view(who: &Public, problems: Problems) -> CodePage {
    CodePage {
        shell: who.shell("Second step"),
        problems,
    }
}

/// `GET` and `POST /sign-in/code`; fields `code`, or `recovery`.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/access/session/code.html")]
pub struct CodePage {
    /// The frame, made by [`Shell::signed_out`].
    pub shell: Shell,
    /// What is wrong; fields `code`, `recovery`.
    pub problems: Problems,
}
