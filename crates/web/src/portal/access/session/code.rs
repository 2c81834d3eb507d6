//! The second step of signing in (`ux.md` P2; features F-003, F-008): a code or a passkey, after the password was right.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use base::Timestamp;
use flow::access::second_factor::TypedFactor;
use flow::access::second_step::{OfferedFactors, SecondStepError, offered_factors, second_step};
use serde::Deserialize;
use tenancy::passkey::PasskeyError;

use super::sign_in::{AGAIN, welcome};
use crate::portal::access::passkey::{PasskeyFields, passkey_host};
use crate::portal::gate::csrf::VisitorForm;
use crate::portal::gate::permitted::Public;
use crate::portal::page::cookie;
use crate::portal::page::form::Problems;
use crate::portal::page::frame::{Answer, add_cookie, page, refused_form};
use crate::portal::page::moment::minutes_until;
use crate::portal::page::refused::{Refusal, problems};
use crate::portal::page::shell::Shell;
use crate::portal::page::words::{count, sentence};
use crate::portal::state::Portal;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct CodeForm {
    code: String,
    recovery: String,
    #[serde(flatten)]
    passkey: PasskeyFields,
}

/// `GET /sign-in/code`.
pub(super) async fn form(State(portal): State<Portal>, who: Public) -> Answer {
    let Some((token, _)) = &who.step else {
        return Ok(Redirect::to("/sign-in").into_response());
    };
    match offered_factors(&portal.app, token).await {
        Ok(offered) => {
            let shown = page(&view(&portal, &who, offered, Problems::none()));
            shown.map(|shown| who.remembered(shown))
        }
        Err(SecondStepError::Gone) => Ok(again()),
        Err(error) => Err(error.into()),
    }
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
    let outcome = match factor(typed) {
        Ok(factor) => {
            let (client, replaces) = (who.address(), who.session.clone());
            let caller = &who.caller;
            second_step(&portal.app, caller, &token, factor, client, replaces).await
        }
        Err(error) => Err(SecondStepError::Factor(error.into())),
    };
    let error = match outcome {
        Ok(signed_in) => {
            let mut response = welcome(&portal, &signed_in, &next);
            add_cookie(&mut response, &cookie::clear_step());
            return Ok(response);
        }
        Err(SecondStepError::Gone) => return Ok(again()),
        Err(error) => error,
    };
    match offered_factors(&portal.app, &token).await {
        Ok(offered) => {
            let problems = told(error, portal.app.now())?;
            refused_form(&view(&portal, &who, offered, problems))
        }
        Err(SecondStepError::Gone) => Ok(again()),
        Err(error) => Err(error.into()),
    }
}

/// What was typed, or what the browser answered.
fn factor(typed: CodeForm) -> Result<TypedFactor, PasskeyError> {
    if typed.passkey.is_filled() {
        let answer = typed.passkey.decode()?;
        Ok(TypedFactor::Passkey(Box::new(answer)))
    } else if typed.recovery.is_empty() {
        Ok(TypedFactor::Code(typed.code))
    } else {
        Ok(TypedFactor::Recovery(typed.recovery))
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
        SecondStepError::Elsewhere(error) => Ok(Problems::one("code", &sentence(&error))),
        SecondStepError::Suspended(suspended) => Ok(Problems::one("code", &suspended.to_string())),
        error
        @ (SecondStepError::Factor(_) | SecondStepError::Gone | SecondStepError::Store(_)) => {
            problems(error)
        }
    }
}

/// Too late, or without a password: from the beginning.
pub(super) fn again() -> Response {
    let mut response = Redirect::to(&format!("/sign-in?reason={AGAIN}")).into_response();
    add_cookie(&mut response, &cookie::clear_step());
    response
}

fn view(portal: &Portal, who: &Public, offered: OfferedFactors, problems: Problems) -> CodePage {
    CodePage {
        shell: who.shell("Second step"),
        has_app: offered.has_app,
        passkey_at: passkey_host(portal, &who.caller).filter(|_| offered.has_passkeys),
        problems,
    }
}

/// `GET` and `POST /sign-in/code`; fields `code`, or `recovery`, or what a passkey says.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/access/session/code.html")]
pub struct CodePage {
    /// The frame, made by [`Shell::signed_out`].
    pub shell: Shell,
    /// Whether the person has an authenticator app.
    pub has_app: bool,
    /// At which host browsers have passkeys for this portal, if the person has some.
    pub passkey_at: Option<String>,
    /// What is wrong; fields `code`, `passkey`, `recovery`.
    pub problems: Problems,
}
