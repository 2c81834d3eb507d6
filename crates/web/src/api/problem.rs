//! Refusals, told as problem documents (RFC 9457). A 4xx says what to change; a 5xx gives only the name of the request,
//! and the cause goes to the log.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base::{Class, Part, Refuse};
use serde::Serialize;
use tenancy::role::Permission;

use crate::request::measure::RefusedFor;

/// The media type of a problem document (RFC 9457 §3).
const CONTENT_TYPE: &str = "application/problem+json";

/// A refused request.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    /// In a box, so that a good answer does not carry the room for it.
    told: Box<base::Refusal>,
    challenge: Challenge,
    status: StatusCode,
}

/// What a client is told of how to prove itself (RFC 6750 §3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Challenge {
    /// Another token would change nothing.
    None,
    /// No token has come.
    Missing,
    /// The token does not work.
    Invalid,
    /// The token does not hold this.
    Lacks(Permission),
}

/// The document.
#[derive(Serialize)]
struct Document<'a> {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: &'a str,
    code: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
}

/// What is wrong with a member of the request.
#[derive(Serialize)]
struct FieldError<'a> {
    field: &'a str,
    code: &'static str,
    detail: &'a str,
}

impl Refusal {
    /// No token has come.
    pub(super) fn no_token() -> Self {
        let sentence = "send an API token in one header: Authorization: Bearer chy_...";
        Self {
            challenge: Challenge::Missing,
            ..Self::of(Class::Unauthenticated.because("api_token_missing", sentence))
        }
    }

    /// The token may not do that, or its owner may not.
    pub(super) fn lacks(permission: Permission) -> Self {
        let sentence =
            format!("this needs a token that may {permission}, of somebody whose roles permit it");
        Self {
            challenge: Challenge::Lacks(permission),
            ..Self::of(Class::Forbidden.because("api_token_lacks_scope", &sentence))
        }
    }

    /// Nothing is there.
    pub(super) fn no_route() -> Self {
        let sentence = "there is nothing at this address; docs/api.md lists what there is";
        Self::of(Class::NotFound.because("no_such_route", sentence))
    }

    /// Something is there, for another method, which `Allow` names.
    pub(super) fn no_method() -> Self {
        let sentence =
            "this address does not take this method; the header Allow lists those that it takes";
        Self {
            status: StatusCode::METHOD_NOT_ALLOWED,
            ..Self::of(Class::Invalid.because("method_not_allowed", sentence))
        }
    }

    fn of(refusal: base::Refusal) -> Self {
        let status = StatusCode::from_u16(refusal.class.status());
        Self {
            challenge: if refusal.class == Class::Unauthenticated {
                Challenge::Invalid
            } else {
                Challenge::None
            },
            status: status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            told: Box::new(refusal),
        }
    }

    /// The answer, for a request of this name. What the client is not told goes to the log.
    pub(super) fn answer(&self, request_id: &str) -> Response {
        let refusal = &self.told;
        if let Some(cause) = &refusal.cause {
            tracing::error!(request.id = request_id, error = cause, "request failed");
        }
        let errors = refusal.about.iter().filter_map(|about| match about.part {
            Part::Field(field) => Some(FieldError {
                field,
                code: about.code,
                detail: &about.sentence,
            }),
            Part::Identifier { .. } => None,
        });
        let document = Document {
            r#type: "about:blank",
            title: self.status.canonical_reason().unwrap_or_default(),
            status: self.status.as_u16(),
            detail: &refusal.sentence,
            code: refusal.code,
            errors: errors.collect(),
            request_id: self.status.is_server_error().then_some(request_id),
        };
        let body = serde_json::to_vec(&document).unwrap_or_default();
        let content_type = [(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE))];
        let mut response = (self.status, content_type, body).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = refusal.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(challenge) = self.challenge.header() {
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

impl Challenge {
    fn header(self) -> Option<HeaderValue> {
        let text = match self {
            Self::None => return None,
            Self::Missing => "Bearer realm=\"Chancery\"".to_owned(),
            Self::Invalid => "Bearer realm=\"Chancery\", error=\"invalid_token\"".to_owned(),
            Self::Lacks(permission) => format!(
                "Bearer realm=\"Chancery\", error=\"insufficient_scope\", scope=\"{permission}\""
            ),
        };
        HeaderValue::try_from(text).ok()
    }
}

impl<E: Refuse> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self::of(error.refusal())
    }
}

impl IntoResponse for Refusal {
    /// The document itself is made in [`finish`](super::finish), which knows the name of the request.
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        let extensions = response.extensions_mut();
        extensions.insert(RefusedFor(self.told.code));
        extensions.insert(self);
        response
    }
}
