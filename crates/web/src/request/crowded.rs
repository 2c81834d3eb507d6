//! Answers of a door that does not look at a request: there is no room, it takes too long, or it is not clear whom it is
//! for.

use acme::problem::{CONTENT_TYPE, Kind, Problem};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base::Full;
use flow::memory::measures::DoorName;

use super::body::TRY_AGAIN_AFTER;

/// Too many connections, in all or from the client's network.
pub fn crowded(full: Full, door: DoorName) -> Response {
    let (status, kind, text) = match full {
        Full::All => (
            StatusCode::SERVICE_UNAVAILABLE,
            Kind::ServerInternal,
            "the server has as many connections as it can serve; try again in a few seconds",
        ),
        Full::Share => (
            StatusCode::TOO_MANY_REQUESTS,
            Kind::RateLimited,
            "your network has too many connections to this server; close some, or try again in a few seconds",
        ),
    };
    let mut response = said(status, kind, text, door);
    let headers = response.headers_mut();
    headers.insert(header::RETRY_AFTER, HeaderValue::from(TRY_AGAIN_AFTER));
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// A request that was not answered in time.
pub fn no_answer(door: DoorName) -> Response {
    let text = "the request was not answered in time; try again";
    let status = StatusCode::SERVICE_UNAVAILABLE;
    let mut response = said(status, Kind::ServerInternal, text, door);
    let after = HeaderValue::from(TRY_AGAIN_AFTER);
    response.headers_mut().insert(header::RETRY_AFTER, after);
    response
}

/// A request of HTTP/1.1 without a host or with several (RFC 9112 §3.2).
pub fn wants_one_host() -> Response {
    let text = "send one Host header\n";
    let mut response = (StatusCode::BAD_REQUEST, text).into_response();
    let close = HeaderValue::from_static("close");
    response.headers_mut().insert(header::CONNECTION, close);
    response
}

/// ACME clients read problem documents, everybody else text.
fn said(status: StatusCode, kind: Kind, text: &str, door: DoorName) -> Response {
    if door != DoorName::Acme {
        return (status, format!("{text}\n")).into_response();
    }
    let mut problem = Problem::new(kind, text);
    problem.status = status.as_u16();
    let content_type = [(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE))];
    (status, content_type, problem.to_json()).into_response()
}
