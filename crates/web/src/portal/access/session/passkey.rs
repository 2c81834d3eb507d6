//! Signing in by a passkey alone, and the questions that a browser is asked for one (`ux.md` P1, P2; security S-16).

use axum::extract::State;
use base::{Refuse as _, Timestamp};
use flow::access::second_factor::SecondFactorError;
use flow::access::second_step::{SecondStepError, ask_passkey_for_step};
use flow::access::sign_in::by_passkey::{PasskeySignInError, ask_to_sign_in, sign_in_by_passkey};
use serde::Deserialize;

use super::code::again;
use super::sign_in::{SignInPage, SignInProblem, view, welcome};
use crate::portal::access::passkey::{PasskeyFields, request};
use crate::portal::gate::csrf::{Nothing, VisitorForm};
use crate::portal::gate::permitted::Public;
use crate::portal::page::frame::{Answer, refused_form};
use crate::portal::page::moment::minutes_until;
use crate::portal::page::refused::Refusal;
use crate::portal::page::words::sentence;
use crate::portal::state::Portal;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct PasskeyForm {
    next: String,
    #[serde(flatten)]
    passkey: PasskeyFields,
}

/// `POST /sign-in/passkey/ask`: answers JSON.
pub(super) async fn ask(
    State(portal): State<Portal>,
    who: Public,
    VisitorForm(Nothing {}): VisitorForm<Nothing>,
) -> Answer {
    Ok(request(&ask_to_sign_in(&portal.app, &who.caller).await?))
}

/// `POST /sign-in/code/passkey`: answers JSON.
pub(super) async fn ask_for_step(
    State(portal): State<Portal>,
    who: Public,
    VisitorForm(Nothing {}): VisitorForm<Nothing>,
) -> Answer {
    let Some((token, _)) = &who.step else {
        return Ok(again());
    };
    match ask_passkey_for_step(&portal.app, &who.caller, token).await {
        Ok(asked) => Ok(request(&asked)),
        Err(SecondStepError::Gone) => Ok(again()),
        Err(error) => Err(error.into()),
    }
}

/// `POST /sign-in/passkey`.
pub(super) async fn submit(
    State(portal): State<Portal>,
    who: Public,
    VisitorForm(typed): VisitorForm<PasskeyForm>,
) -> Answer {
    let signed_in = match typed.passkey.decode() {
        Ok(answer) => {
            let (client, replaces) = (who.address(), who.session.clone());
            sign_in_by_passkey(&portal.app, &who.caller, answer, client, replaces).await
        }
        Err(error) => Err(PasskeySignInError::Factor(error.into())),
    };
    match signed_in {
        Ok(signed_in) => Ok(welcome(&portal, &signed_in, &typed.next)),
        Err(error) => refused_form(&SignInPage {
            problem: Some(problem(error, portal.app.now())?),
            ..view(&portal, &who, &typed.next).await
        }),
    }
}

fn problem(error: PasskeySignInError, now: Timestamp) -> Result<SignInProblem, Refusal> {
    match error {
        PasskeySignInError::Locked(locked) => Ok(SignInProblem::Locked {
            minutes: minutes_until(locked.until, now),
        }),
        PasskeySignInError::Elsewhere(error) => Ok(SignInProblem::Elsewhere(sentence(&error))),
        PasskeySignInError::Suspended(_) => Ok(SignInProblem::Suspended),
        PasskeySignInError::Factor(SecondFactorError::Seal(_)) | PasskeySignInError::Store(_) => {
            Err(error.into())
        }
        PasskeySignInError::Factor(_) | PasskeySignInError::Foreign => {
            let told = sentence(&error.refusal().sentence);
            Ok(SignInProblem::Passkey(told))
        }
    }
}
