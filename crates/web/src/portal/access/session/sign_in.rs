//! Signing in (`ux.md` P1).

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use base::Timestamp;
use flow::access::SignedIn;
use flow::access::sign_in::{Credentials, SignInError, SignInOutcome, sign_in};
use serde::Deserialize;
use tenancy::password::Password;
use tenancy::session::set_cookie;

use super::organization;
use crate::portal::access::passkey::passkey_host;
use crate::portal::gate::csrf::VisitorForm;
use crate::portal::gate::permitted::Public;
use crate::portal::page::cookie;
use crate::portal::page::frame::{Answer, add_cookie, page, refused_form};
use crate::portal::page::moment::minutes_until;
use crate::portal::page::refused::Refusal;
use crate::portal::page::shell::{Shell, Theme};
use crate::portal::page::words::sentence;
use crate::portal::state::Portal;

/// What the page is told when the second step came too late.
pub(super) const AGAIN: &str = "again";
/// What the page is told after a link was followed.
pub(in crate::portal::access) const PASSWORD_SET: &str = "password-set";

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    next: String,
    reason: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct SignInForm {
    email: String,
    password: String,
    next: String,
}

/// `GET /sign-in`.
pub(super) async fn form(
    State(portal): State<Portal>,
    who: Public,
    Query(asked): Query<Asked>,
) -> Answer {
    let problem = match asked.reason.as_str() {
        "ended" => Some(SignInProblem::SessionEnded),
        AGAIN => Some(SignInProblem::StepEnded),
        PASSWORD_SET => Some(SignInProblem::PasswordSet),
        _ => None,
    };
    let shown = page(&SignInPage {
        problem,
        ..view(&portal, &who, &asked.next).await
    });
    shown.map(|shown| who.remembered(shown))
}

/// `POST /sign-in`.
pub(super) async fn submit(
    State(portal): State<Portal>,
    who: Public,
    VisitorForm(typed): VisitorForm<SignInForm>,
) -> Answer {
    let credentials = Credentials {
        email: typed.email.clone(),
        password: Password::new(typed.password),
        client: who.address(),
        replaces: who.session.clone(),
    };
    match sign_in(&portal.app, &who.caller, credentials).await {
        Ok(SignInOutcome::SecondStep(token)) => {
            let next = portal.routes.local_path(&typed.next);
            let mut response = Redirect::to("/sign-in/code").into_response();
            add_cookie(&mut response, &cookie::set_step(&token, next));
            Ok(response)
        }
        Ok(SignInOutcome::SignedIn(signed_in)) => Ok(welcome(&portal, &signed_in, &typed.next)),
        Err(error) => refused_form(&SignInPage {
            email: typed.email,
            problem: Some(problem(error, portal.app.now())?),
            ..view(&portal, &who, &typed.next).await
        }),
    }
}

/// To where somebody who has signed in wanted to go.
pub(super) fn welcome(portal: &Portal, signed_in: &SignedIn, next: &str) -> Response {
    let mut response = Redirect::to(portal.routes.local_path(next)).into_response();
    let theme = Theme::from_text(signed_in.user.theme.as_str());
    add_cookie(&mut response, &set_cookie(&signed_in.token));
    add_cookie(&mut response, &cookie::set_theme(theme));
    response
}

/// The page as nobody has used it yet.
pub(super) async fn view(portal: &Portal, who: &Public, next: &str) -> SignInPage {
    SignInPage {
        shell: who.shell("Sign in"),
        email: String::new(),
        problem: None,
        next: portal.routes.local_path(next).to_owned(),
        // Whether a link can be sent to who has forgotten the password.
        has_mail: portal.app.settings().mail.is_some(),
        organization_href: organization::offered(portal, next).await,
        passkey_at: passkey_host(portal, &who.caller),
    }
}

fn problem(error: SignInError, now: Timestamp) -> Result<SignInProblem, Refusal> {
    match error {
        SignInError::Elsewhere(error) => Ok(SignInProblem::Elsewhere(sentence(&error))),
        SignInError::InvalidCredentials => Ok(SignInProblem::WrongInput),
        SignInError::Locked(locked) => Ok(SignInProblem::Locked {
            minutes: minutes_until(locked.until, now),
        }),
        SignInError::OrganizationSuspended(_) => Ok(SignInProblem::Suspended),
        SignInError::Password(_) | SignInError::Store(_) => Err(error.into()),
    }
}

/// Why the last attempt did not succeed.
#[derive(Clone, Debug)]
pub enum SignInProblem {
    /// The provider of their organisation is to sign them in, or did not.
    Elsewhere(String),
    /// The passkey did not sign in.
    Passkey(String),
    /// Too many attempts; more are refused for some minutes, right or wrong.
    Locked {
        /// Minutes that remain, at least 1.
        minutes: u32,
    },
    /// Nothing is wrong: the password was set just now.
    PasswordSet,
    /// The session ended by itself.
    SessionEnded,
    /// The second step came too late.
    StepEnded,
    /// Right credentials, but the organisation may not use the portal.
    Suspended,
    /// Unknown user or wrong password; the page never says which.
    WrongInput,
}

impl SignInProblem {
    pub(crate) fn heading(&self) -> &'static str {
        match self {
            Self::Locked { .. } => "Account locked",
            Self::Elsewhere(_) | Self::Passkey(_) => "Not signed in",
            Self::PasswordSet => "Your password is set",
            Self::SessionEnded | Self::StepEnded => "Please sign in again",
            Self::Suspended => "Organization suspended",
            Self::WrongInput => "Invalid credentials",
        }
    }

    pub(crate) fn text(&self) -> String {
        match self {
            Self::Locked { minutes: 1 } => {
                "There were too many failed attempts. Try again in a minute.".to_owned()
            }
            Self::Locked { minutes } => {
                format!("There were too many failed attempts. Try again in {minutes} minutes.")
            }
            Self::Elsewhere(why) | Self::Passkey(why) => why.clone(),
            Self::PasswordSet => "Sign in with it now.".to_owned(),
            Self::SessionEnded => {
                "Your session ended after a time without use. Nothing was lost.".to_owned()
            }
            Self::StepEnded => {
                "The second step has to follow the password within ten minutes.".to_owned()
            }
            Self::Suspended => "Your sign-in is right, but your organisation is suspended. \
                 Certificates already issued stay valid. Write to your provider."
                .to_owned(),
            Self::WrongInput => "Check the e-mail address and the password. \
                 Capital and small letters differ."
                .to_owned(),
        }
    }

    pub(crate) fn is_calm(&self) -> bool {
        matches!(
            self,
            Self::PasswordSet | Self::SessionEnded | Self::StepEnded
        )
    }
}

/// `GET` and `POST /sign-in`.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/access/session/sign_in.html")]
pub struct SignInPage {
    /// The frame, made by [`Shell::signed_out`].
    pub shell: Shell,
    /// What was typed, kept after a failure.
    pub email: String,
    /// Why the last attempt failed.
    pub problem: Option<SignInProblem>,
    /// Where to go afterwards; a path of this portal, checked by the handler again.
    pub next: String,
    /// Whether a link can be sent by mail.
    pub has_mail: bool,
    /// Where people sign in by their organisation's own provider, if some organisation has one.
    pub organization_href: Option<String>,
    /// At which host browsers have passkeys for this portal, if they have.
    pub passkey_at: Option<String>,
}
