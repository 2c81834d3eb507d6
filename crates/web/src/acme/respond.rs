//! The shapes of good answers: JSON, with the headers that its resource needs.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::problem::Refusal;

/// RFC 8555 §6.5.1.
pub(crate) const REPLAY_NONCE: HeaderName = HeaderName::from_static("replay-nonce");

/// A JSON document with status 200.
pub(crate) fn json(document: &impl Serialize) -> Result<Response, Refusal> {
    let body = serde_json::to_vec(document)
        .map_err(|_| Refusal::malformed("the answer could not be written").with_status(500))?;
    let content_type = [(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    )];
    Ok((content_type, body).into_response())
}

/// Changes to an answer, one after the other.
pub(crate) trait Extend {
    fn status(self, status: StatusCode) -> Self;
    fn location(self, url: &str) -> Self;
    fn retry_after(self, wait: std::time::Duration) -> Self;
    fn link(self, url: &str, relation: &str) -> Self;
}

impl Extend for Response {
    fn status(mut self, status: StatusCode) -> Self {
        *self.status_mut() = status;
        self
    }

    fn location(self, url: &str) -> Self {
        with(self, header::LOCATION, url)
    }

    fn retry_after(self, wait: std::time::Duration) -> Self {
        with(
            self,
            header::RETRY_AFTER,
            &wait.as_secs().max(1).to_string(),
        )
    }

    fn link(self, url: &str, relation: &str) -> Self {
        with(self, header::LINK, &format!("<{url}>;rel=\"{relation}\""))
    }
}

fn with(mut response: Response, name: HeaderName, value: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().append(name, value);
    }
    response
}
