//! Refusals, told as problem documents (RFC 8555 §6.7). A 4xx says what to change; a 5xx gives only the name of the
//! request, and the cause goes to the log.

use acme::account::key_change::KeyChangeError;
use acme::paths::Urls;
use acme::problem::{CONTENT_TYPE, Kind, Problem};
use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base::{AccountId, Class, Full, Refuse, RequestId};
use flow::issuance::change_key::ChangeKeyError;

use crate::request::body::Unread;
use crate::request::measure::RefusedFor;

/// A refused request.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// In a box, so that a good answer does not carry the room for it.
    problem: Box<Problem>,
    /// Its name in figures.
    code: &'static str,
    retry_after: Option<u32>,
    location: Option<Box<str>>,
    fault: Option<Fault>,
}

/// What the client is not told: goes from here to where the request has a name.
#[derive(Clone, Debug)]
pub(super) struct Fault(Box<str>);

impl Fault {
    /// Logs the cause under the name of the request. An answer that does not say what to do says this name.
    pub(super) fn tell(&self, response: &mut Response, id: RequestId) {
        tracing::error!(request.id = %id, error = %self.0, "request failed");
        if response.status() == StatusCode::INTERNAL_SERVER_ERROR {
            *response.body_mut() = Body::from(Problem::internal(&id.to_string()).to_json());
        }
    }
}

impl Refusal {
    pub(crate) fn malformed(detail: &str) -> Self {
        Self::new(Problem::malformed(detail))
    }

    pub(crate) fn not_found() -> Self {
        let detail = "there is no such resource, or it is another account's";
        Self {
            code: Class::NotFound.as_str(),
            ..Self::new(Problem::not_found(detail))
        }
    }

    pub(crate) fn no_directory() -> Self {
        let detail =
            "there is no such directory; the portal shows the server URL of each ACME account";
        Self::new(Problem::not_found(detail))
    }

    /// An account of another directory than the one that the request was sent to.
    pub(crate) fn other_directory(theirs: &str, here: &str, directory_url: &str) -> Self {
        let detail = format!(
            "this account belongs to directory {theirs} and not to {here}: register your client there with the EAB \
             credentials of an ACME account for it (certbot: --server {directory_url} --eab-kid ... \
             --eab-hmac-key ...; lego: --server {directory_url} --eab --kid ... --hmac ...)"
        );
        Self::new(Problem::new(Kind::AccountDoesNotExist, detail))
    }

    pub(crate) fn bad_nonce() -> Self {
        let detail = "the nonce was used before, is too old or not from this server; \
                      try again with the one of this answer";
        Self::new(Problem::new(Kind::BadNonce, detail))
    }

    /// A "kid" that no account of this server can have.
    pub(crate) fn foreign_kid(kid: &str) -> Self {
        let detail = format!(
            "\"kid\" is \"{kid}\", which is no account URL of this server; send the one that newAccount answered in \
             Location"
        );
        Self::new(Problem::malformed(detail))
    }

    pub(crate) fn no_account(kid: &str) -> Self {
        let detail = format!(
            "there is no account at \"{kid}\" on this server; register one with your EAB credentials"
        );
        Self::new(Problem::new(Kind::AccountDoesNotExist, detail))
    }

    pub(crate) fn with_status(mut self, status: u16) -> Self {
        self.problem.status = status;
        self
    }

    fn with_location(mut self, location: String) -> Self {
        self.location = Some(location.into());
        self
    }

    /// Our own fault: the cause is logged under the name of the request, and the client gets that name.
    pub(super) fn internal(cause: &dyn std::error::Error) -> Self {
        Self::telling(base::Refusal::internal(cause))
    }
}

/// What is told as another kind than its class says (RFC 8555 §6.7).
const KINDS: [(&str, Kind); 24] = [
    ("account_key_blocked", Kind::BadPublicKey),
    ("account_key_retired", Kind::BadPublicKey),
    ("account_key_weak", Kind::BadPublicKey),
    ("csr_malformed", Kind::BadCsr),
    ("domain_not_for_this_type", Kind::RejectedIdentifier),
    ("domain_not_proven", Kind::RejectedIdentifier),
    ("domain_proven_by_mail", Kind::RejectedIdentifier),
    ("domain_proven_for_itself_only", Kind::RejectedIdentifier),
    ("key_blocked", Kind::BadCsr),
    ("key_close_primes", Kind::BadCsr),
    ("key_debian_weak", Kind::BadCsr),
    ("key_exponent", Kind::BadCsr),
    ("key_is_the_accounts", Kind::BadCsr),
    ("key_reported", Kind::BadCsr),
    ("key_roca", Kind::BadCsr),
    ("key_size", Kind::BadCsr),
    ("key_small_factor", Kind::BadCsr),
    ("must_staple_not_honoured", Kind::BadCsr),
    ("name_not_delegated", Kind::RejectedIdentifier),
    ("name_not_enrolled", Kind::RejectedIdentifier),
    ("name_not_enrolled_anywhere", Kind::RejectedIdentifier),
    ("names_not_delegated", Kind::RejectedIdentifier),
    ("wildcard_forbidden", Kind::RejectedIdentifier),
    ("wildcard_not_in_profile", Kind::RejectedIdentifier),
];

fn kind_of(code: &str) -> Option<Kind> {
    let found = KINDS.iter().find(|(known, _)| *known == code);
    found.map(|(_, kind)| *kind)
}

impl Refusal {
    fn telling(mut refusal: base::Refusal) -> Self {
        let fault = refusal.cause.take();
        let code = refusal.code;
        let retry_after = refusal.retry_after;
        Self {
            code,
            retry_after,
            fault: fault.map(|cause| Fault(cause.into())),
            ..Self::new(Problem::telling(refusal, kind_of))
        }
    }
}

impl<E: Refuse> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self::telling(error.refusal())
    }
}

impl From<Unread> for Refusal {
    fn from(unread: Unread) -> Self {
        let kind = match unread {
            Unread::Full(Full::All) => Kind::ServerInternal,
            Unread::Full(Full::Share) => Kind::RateLimited,
            Unread::CutOff | Unread::Late | Unread::TooLarge => Kind::Malformed,
        };
        Self {
            code: unread.code(),
            retry_after: unread.retry_after(),
            ..Self::new(Problem::new(kind, unread.to_string()))
        }
        .with_status(unread.status().as_u16())
    }
}

/// keyChange to a key in use answers with the URL of its account (RFC 8555 §7.3.5).
pub(crate) fn change_key_refusal(
    urls: &Urls<'_>,
    own: AccountId,
    error: &ChangeKeyError,
) -> Refusal {
    let refusal = Refusal::telling(error.refusal());
    match error {
        ChangeKeyError::InUse(holder) => refusal.with_location(urls.account(*holder)),
        ChangeKeyError::KeyChange(KeyChangeError::SameKey) => {
            refusal.with_location(urls.account(own))
        }
        ChangeKeyError::AccountKey(_)
        | ChangeKeyError::Changed
        | ChangeKeyError::KeyChange(_)
        | ChangeKeyError::Store(_) => refusal,
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status =
            StatusCode::from_u16(self.problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let content_type = [(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE))];
        let mut response = (status, content_type, self.problem.to_json()).into_response();
        if let Some(seconds) = self.retry_after {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        let location = self
            .location
            .and_then(|url| HeaderValue::from_str(&url).ok());
        if let Some(location) = location {
            response.headers_mut().insert(header::LOCATION, location);
        }
        response.extensions_mut().insert(RefusedFor(self.code));
        if let Some(fault) = self.fault {
            response.extensions_mut().insert(fault);
        }
        response
    }
}

impl Refusal {
    fn new(problem: Problem) -> Self {
        Self {
            code: problem.kind.code(),
            problem: Box::new(problem),
            retry_after: None,
            location: None,
            fault: None,
        }
    }
}
