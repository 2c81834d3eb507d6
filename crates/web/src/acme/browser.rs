//! Clients that run in a browser (RFC 8555 §6.1): their browser asks first whether it may send a signed request, and keeps
//! from the program what the server does not open to it. No answer depends on who asks, so everything is open to all.

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// What every answer says, a refusal too: any page may read it, with the headers that a client needs.
const OPEN: [(HeaderName, HeaderValue); 2] = [
    (
        header::ACCESS_CONTROL_ALLOW_ORIGIN,
        HeaderValue::from_static("*"),
    ),
    (
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("Link, Location, Replay-Nonce, Retry-After, X-Request-Id"),
    ),
];

/// Opens an answer to programs of any page.
pub(super) fn open(headers: &mut HeaderMap) {
    for (name, value) in OPEN {
        headers.insert(name, value);
    }
}

/// The answer to a browser's question before a request. It is the same for every path, so that the program and not the
/// browser learns that nothing is there.
pub(super) fn preflight() -> Response {
    let headers = [
        (
            header::ACCESS_CONTROL_ALLOW_METHODS,
            HeaderValue::from_static("GET, HEAD, POST"),
        ),
        // Requests are of type application/jose+json, which browsers ask about.
        (
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            HeaderValue::from_static("Content-Type"),
        ),
        (
            header::ACCESS_CONTROL_MAX_AGE,
            HeaderValue::from_static("86400"),
        ),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}
