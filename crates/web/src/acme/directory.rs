//! The directory (RFC 8555 §7.1.1), fresh nonces (§7.2), and answers where nothing is.

use acme::directory::Directory;
use axum::extract::State;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use flow::App;

use super::browser;
use super::door::In;
use super::problem::Refusal;
use super::respond::{REPLAY_NONCE, json};
use super::signed::Signed;
use super::unsigned::Unsigned;

pub(crate) async fn directory(_: Unsigned, at: In) -> Result<Response, Refusal> {
    json(&Directory::new(&at.urls(), &at.meta))
}

/// Clients may read the directory by POST-as-GET too (RFC 8555 §6.3).
pub(crate) async fn directory_as_post(signed: Signed) -> Result<Response, Refusal> {
    signed.payload.expect_post_as_get()?;
    json(&Directory::new(&signed.at.urls(), &signed.at.meta))
}

/// HEAD answers 200, GET 204 (RFC 8555 §7.2).
pub(crate) async fn new_nonce(
    _: Unsigned,
    State(app): State<App>,
    _at: In,
    method: Method,
) -> Response {
    let status = if method == Method::HEAD {
        StatusCode::OK
    } else {
        StatusCode::NO_CONTENT
    };
    let mut response = status.into_response();
    if let Ok(nonce) = HeaderValue::from_str(&app.issue_nonce()) {
        response.headers_mut().insert(REPLAY_NONCE, nonce);
    }
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

pub(crate) async fn new_nonce_as_post(signed: Signed) -> Result<StatusCode, Refusal> {
    signed.payload.expect_post_as_get()?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn not_found(_: Unsigned, method: Method) -> Response {
    if method == Method::OPTIONS {
        return browser::preflight();
    }
    Refusal::not_found().into_response()
}

/// RFC 8555 §6.3: a GET where a POST-as-GET is needed is malformed, with status 405.
pub(crate) async fn method_not_allowed(_: Unsigned, method: Method) -> Response {
    if method == Method::OPTIONS {
        return browser::preflight();
    }
    let detail =
        "this resource is only reached by signed POST requests; use POST-as-GET to read it";
    Refusal::malformed(detail).with_status(405).into_response()
}
