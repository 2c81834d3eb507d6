//! To an organisation's identity provider, and back (security S-67).

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use base::{Refuse as _, Timestamp};
use flow::access::oidc::ask::{AskProviderError, ask_to_sign_in};
use flow::access::oidc::link::LinkIdentityError;
use flow::access::oidc::{ProviderAnswer, ProviderAnswerError};
use flow::access::sign_in::by_provider::{
    ProviderOutcome, ProviderSignInError, answer_of_provider,
};
use serde::Deserialize;
use tenancy::token::Token;

use super::organization::{NameAsked, asked_for, is_led_here};
use super::sign_in::{SignInPage, SignInProblem, view, welcome};
use crate::portal::access::identity;
use crate::portal::gate::permitted::Public;
use crate::portal::page::cookie;
use crate::portal::page::form::Problems;
use crate::portal::page::frame::{Answer, add_cookie, done, not_done, page, refused_form};
use crate::portal::page::moment::minutes_until;
use crate::portal::page::refused::Refusal;
use crate::portal::page::words::sentence;
use crate::portal::state::Portal;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct NextAsked {
    next: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct AnswerAsked {
    state: String,
    code: String,
    error: String,
    iss: String,
}

/// `GET /sign-in/oidc/{name}`: to the provider.
pub(super) async fn begin(
    State(portal): State<Portal>,
    who: Public,
    headers: HeaderMap,
    Path(name): Path<String>,
    Query(asked): Query<NextAsked>,
) -> Answer {
    if is_led_here(&headers) {
        let asked = NameAsked {
            name,
            next: asked.next,
        };
        return page(&asked_for(&portal, &who, asked, None, Problems::none()));
    }
    // Pages side by side share what tells the browser.
    let browser = cookie::provider(&headers);
    let browser = browser.unwrap_or_else(|| Token::generate(portal.app.random()));
    let next = portal.routes.local_path(&asked.next);
    match ask_to_sign_in(&portal.app, &who.caller, (&name, next), &browser).await {
        Ok(url) => {
            let mut response = Redirect::to(&url).into_response();
            add_cookie(&mut response, &cookie::set_provider(&browser));
            Ok(response)
        }
        Err(AskProviderError::Store(error)) => Err(error.into()),
        Err(
            error @ (AskProviderError::Linked
            | AskProviderError::NotHere
            | AskProviderError::Unusable(_)),
        ) => {
            let shown = refused_form(&SignInPage {
                problem: Some(SignInProblem::Elsewhere(sentence(&error))),
                ..view(&portal, &who, next).await
            });
            shown.map(|shown| who.remembered(shown))
        }
    }
}

/// `GET /sign-in/oidc/{name}/callback`: back from the provider.
pub(super) async fn answer(
    State(portal): State<Portal>,
    who: Public,
    headers: HeaderMap,
    Path(name): Path<String>,
    Query(asked): Query<AnswerAsked>,
) -> Answer {
    let answer = ProviderAnswer {
        short_name: name,
        state: asked.state,
        code: asked.code,
        error: asked.error,
        issuer: asked.iss,
        browser: cookie::provider(&headers),
        origin: portal
            .app
            .settings()
            .origin_of(&who.caller.client)
            .to_owned(),
    };
    let (app, client) = (&portal.app, who.address());
    let outcome = answer_of_provider(app, &who.caller, &answer, client, who.session.clone()).await;
    let mut response = match outcome {
        Ok(ProviderOutcome::SignedIn(signed_in, next)) => {
            let mut response = welcome(&portal, &signed_in, &next);
            add_cookie(&mut response, &cookie::clear_provider());
            response
        }
        Ok(ProviderOutcome::SecondStep(token, next)) => {
            let mut response = Redirect::to("/sign-in/code").into_response();
            let next = portal.routes.local_path(&next);
            add_cookie(&mut response, &cookie::set_step(&token, next));
            response
        }
        Ok(ProviderOutcome::Linked) => done(
            identity::href(),
            "Your account is linked to your organisation's provider.",
        ),
        Err(ProviderSignInError::Link(error)) => not_linked(error)?,
        Err(error) => {
            let problem = Some(problem(error, portal.app.now())?);
            let shown = refused_form(&SignInPage {
                problem,
                ..view(&portal, &who, "").await
            });
            who.remembered(shown?)
        }
    };
    // There is a code in this address.
    let headers = response.headers_mut();
    let no_referrer = HeaderValue::from_static("no-referrer");
    headers.insert(header::REFERRER_POLICY, no_referrer);
    Ok(response)
}

fn not_linked(error: LinkIdentityError) -> Result<Response, Refusal> {
    match error {
        LinkIdentityError::Store(error)
        | LinkIdentityError::Answer(ProviderAnswerError::Store(error)) => Err(error.into()),
        error @ (LinkIdentityError::Answer(_) | LinkIdentityError::InUse) => {
            Ok(not_done(identity::href(), &sentence(&error)))
        }
    }
}

fn problem(error: ProviderSignInError, now: Timestamp) -> Result<SignInProblem, Refusal> {
    match error {
        ProviderSignInError::Locked(locked) => Ok(SignInProblem::Locked {
            minutes: minutes_until(locked.until, now),
        }),
        ProviderSignInError::Suspended(_) => Ok(SignInProblem::Suspended),
        ProviderSignInError::Store(_)
        | ProviderSignInError::Answer(ProviderAnswerError::Store(_))
        | ProviderSignInError::Link(_) => Err(error.into()),
        ProviderSignInError::Answer(_) | ProviderSignInError::Foreign => {
            let told = sentence(&error.refusal().sentence);
            Ok(SignInProblem::Elsewhere(told))
        }
    }
}
