//! Authorizations and their challenges (RFC 8555 §7.5).

use acme::authorization::{Authorization, State as Progress};
use acme::challenge::Type;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use base::AuthorizationId;
use flow::App;
use flow::issuance::authorization::new_authorization::new_authorization as run_new_authorization;
use flow::issuance::authorization::{deactivate_authorization, read_authorization};
use flow::issuance::challenge::answer_challenge::answer_challenge;
use serde::Deserialize;

use super::door::ById;
use super::problem::Refusal;
use super::respond::{Extend, json};
use super::signed::Signed;

pub(crate) async fn authorization(
    State(app): State<App>,
    Path(ById { id }): Path<ById>,
    signed: Signed,
) -> Result<Response, Refusal> {
    let id = parse(&id)?;
    let found = if signed.payload.is_post_as_get() {
        let found = read_authorization(&app, &signed.caller, &signed.account, id).await?;
        found.ok_or_else(Refusal::not_found)?
    } else {
        let payload = signed.payload.bytes();
        deactivate_authorization(&app, &signed.caller, &signed.account, id, payload).await?
    };
    let response = json(&found.represent(&signed.at.urls(), app.now()))?;
    Ok(with_wait(&app, &found, response))
}

pub(crate) async fn new_authorization(
    State(app): State<App>,
    signed: Signed,
) -> Result<Response, Refusal> {
    let Signed {
        at,
        account,
        caller,
        payload,
    } = &signed;
    let made = run_new_authorization(&app, caller, at, account, payload.bytes()).await?;
    let urls = at.urls();
    let document = json(&made.represent(&urls, app.now()))?;
    Ok(document
        .location(&urls.authorization(made.id))
        .status(StatusCode::CREATED))
}

/// A challenge in a path.
#[derive(Deserialize)]
pub(crate) struct OfType {
    id: String,
    #[serde(rename = "type")]
    kind: String,
}

pub(crate) async fn challenge(
    State(app): State<App>,
    Path(OfType { id, kind }): Path<OfType>,
    signed: Signed,
) -> Result<Response, Refusal> {
    let id = parse(&id)?;
    let kind = Type::parse(&kind).ok_or_else(Refusal::not_found)?;
    let account = &signed.account;
    let found = if signed.payload.is_post_as_get() {
        let found = read_authorization(&app, &signed.caller, account, id).await?;
        found.ok_or_else(Refusal::not_found)?
    } else {
        answer_challenge(
            &app,
            &signed.caller,
            account,
            id,
            kind,
            signed.payload.bytes(),
        )
        .await?
    };
    let urls = signed.at.urls();
    let document = found.challenge(kind, &urls, app.now());
    let response = json(&document.ok_or_else(Refusal::not_found)?)?;
    Ok(with_wait(&app, &found, response).link(&urls.authorization(id), "up"))
}

fn parse(id: &str) -> Result<AuthorizationId, Refusal> {
    AuthorizationId::from_suffix(id).map_err(|_| Refusal::not_found())
}

/// A client that polls while a validation goes on is told how long to wait (RFC 8555 §7.5.1).
fn with_wait(app: &App, found: &Authorization, response: Response) -> Response {
    match found.state {
        Progress::Processing { .. } => response.retry_after(app.settings().retry_after),
        Progress::Deactivated
        | Progress::Invalid { .. }
        | Progress::Pending
        | Progress::Revoked
        | Progress::Valid { .. } => response,
    }
}
