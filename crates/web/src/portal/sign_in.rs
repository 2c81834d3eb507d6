//! The door: signing in and out.

use axum::Router;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use base::Timestamp;
use flow::access::session;
use flow::access::sign_in::{Credentials, SignInError, sign_in};
use serde::Deserialize;
use tenancy::password::Password;
use tenancy::session::{clear_cookie, set_cookie};

use crate::portal::gate::csrf::{Form, Nothing, VisitorForm};
use crate::portal::gate::permitted::{Own, Permitted, Public};
use crate::portal::page::cookie;
use crate::portal::page::frame::{Answer, add_cookie, page, refused_form};
use crate::portal::page::links::local_path;
use crate::portal::page::moment::minutes_until;
use crate::portal::page::refused::Refusal;
use crate::portal::page::shell::Theme;
use crate::portal::state::Portal;
use crate::portal::view::sign_in::{SignInPage, SignInProblem, SignedOutPage};

pub(super) fn routes() -> Router<Portal> {
    Router::new()
        .route("/sign-in", get(form).post(submit))
        .route("/sign-out", post(sign_out))
        .route("/signed-out", get(signed_out))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    next: String,
    reason: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct SignInForm {
    email: String,
    password: String,
    next: String,
}

/// `GET /sign-in`.
async fn form(who: Public, Query(asked): Query<Asked>) -> Answer {
    let problem = (asked.reason == "ended").then_some(SignInProblem::SessionEnded);
    let mut response = page(&SignInPage {
        shell: who.shell("Sign in"),
        email: String::new(),
        problem,
        next: local_path(&asked.next).to_owned(),
        contact: String::new(),
    })?;
    if !who.has_token {
        add_cookie(&mut response, &cookie::set_visitor(&who.token));
    }
    Ok(response)
}

/// `POST /sign-in`.
async fn submit(
    State(portal): State<Portal>,
    who: Public,
    VisitorForm(typed): VisitorForm<SignInForm>,
) -> Answer {
    let credentials = Credentials {
        email: typed.email.clone(),
        password: Password::new(typed.password),
        client: who.address(),
    };
    let caller = who.client.acting_as(String::new());
    match sign_in(&portal.app, &caller, credentials).await {
        Ok(signed_in) => {
            let mut response = Redirect::to(local_path(&typed.next)).into_response();
            let theme = Theme::from_text(signed_in.user.theme.as_str());
            add_cookie(&mut response, &set_cookie(&signed_in.token));
            add_cookie(&mut response, &cookie::set_theme(theme));
            Ok(response)
        }
        Err(error) => refused_form(&SignInPage {
            shell: who.shell("Sign in"),
            email: typed.email,
            problem: Some(problem(error, portal.app.clock.now())?),
            next: local_path(&typed.next).to_owned(),
            contact: String::new(),
        }),
    }
}

/// `POST /sign-out`.
async fn sign_out(
    State(portal): State<Portal>,
    who: Permitted<Own>,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, Refusal> {
    session::sign_out(&portal.app, &who.caller(), &who.signed_in).await?;
    let mut response = Redirect::to("/signed-out").into_response();
    add_cookie(&mut response, &clear_cookie());
    Ok(response)
}

/// `GET /signed-out`.
async fn signed_out(who: Public) -> Answer {
    page(&SignedOutPage {
        shell: who.shell("Signed out"),
    })
}

fn problem(error: SignInError, now: Timestamp) -> Result<SignInProblem, Refusal> {
    match error {
        SignInError::InvalidCredentials => Ok(SignInProblem::WrongInput),
        SignInError::Locked(locked) => Ok(SignInProblem::Locked {
            minutes: minutes_until(locked.until, now),
        }),
        SignInError::OrganizationSuspended(_) => Ok(SignInProblem::Suspended),
        SignInError::Password(error) => Err(Refusal::internal(error)),
        SignInError::Store(error) => Err(error.into()),
    }
}
