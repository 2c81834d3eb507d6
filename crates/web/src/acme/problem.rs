//! Every way in which a use case can refuse, told as a problem document (RFC 8555 §6.7). A 4xx says what to
//! change; a 5xx gives only a request id, and the cause goes to the log.

use acme::problem::{CONTENT_TYPE, Kind, Problem};
use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base::RequestId;
use flow::issuance::answer_challenge::AnswerError;
use flow::issuance::authorization::DeactivationError;
use flow::issuance::change_key::ChangeKeyError;
use flow::issuance::finalize::FinalizeError;
use flow::issuance::find_account::LookUpError;
use flow::issuance::new_order::{NewOrderError, not_covered_problem};
use flow::issuance::register_account::RegisterError;
use flow::issuance::revoke::RevokeError;
use flow::issuance::update_account::UpdateError;

/// How long a client waits when the database is full or away.
const RETRY_AFTER_SECONDS: u32 = 30;

/// A refused request.
#[derive(Debug)]
pub(crate) struct Refusal {
    problem: Problem,
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
        Problem::malformed(detail).into()
    }

    pub(crate) fn not_found() -> Self {
        Problem::not_found("there is no such resource, or it is another account's").into()
    }

    pub(crate) fn bad_nonce() -> Self {
        let detail = "the nonce was used before, is too old or not from this server; \
                      try again with the one of this answer";
        Problem::new(Kind::BadNonce, detail).into()
    }

    pub(crate) fn no_account(kid: &str) -> Self {
        let detail = format!(
            "there is no account at \"{kid}\" on this server; register one with your EAB credentials"
        );
        Problem::new(Kind::AccountDoesNotExist, detail).into()
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
        let problem = Problem::new(Kind::ServerInternal, "the server failed");
        Self {
            fault: Some(Fault(chain(cause).into())),
            ..problem.into()
        }
    }

    fn unavailable(error: &flow::StoreError) -> Self {
        let detail = if error.is_full() {
            "the server's database is full, so nothing was changed; the operator has to make room, then try again"
        } else {
            "the server's database does not answer, so nothing can be changed now; try again in half a minute"
        };
        let problem = Problem::new(Kind::ServerInternal, detail).with_status(503);
        Self {
            retry_after: Some(RETRY_AFTER_SECONDS),
            fault: Some(Fault(chain(error).into())),
            ..problem.into()
        }
    }
}

/// The whole chain of causes in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
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
        if let Some(fault) = self.fault {
            response.extensions_mut().insert(fault);
        }
        response
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self {
            problem,
            retry_after: None,
            location: None,
            fault: None,
        }
    }
}

impl From<acme::jws::JwsError> for Refusal {
    fn from(error: acme::jws::JwsError) -> Self {
        Problem::from(error).into()
    }
}

impl From<acme::account::AccountError> for Refusal {
    fn from(error: acme::account::AccountError) -> Self {
        Problem::from(error).into()
    }
}

impl From<flow::StoreError> for Refusal {
    fn from(error: flow::StoreError) -> Self {
        if error.is_full() || error.is_unavailable() {
            Self::unavailable(&error)
        } else {
            Self::internal(&error)
        }
    }
}

impl From<LookUpError> for Refusal {
    fn from(error: LookUpError) -> Self {
        match error {
            LookUpError::Store(error) => error.into(),
            LookUpError::Key(..) => Self::internal(&error),
        }
    }
}

impl From<RegisterError> for Refusal {
    fn from(error: RegisterError) -> Self {
        let detail = error.to_string();
        match error {
            RegisterError::Account(error) => error.into(),
            RegisterError::Binding(error) => Problem::from(error).into(),
            RegisterError::BindingRequired => {
                Problem::new(Kind::ExternalAccountRequired, detail).into()
            }
            RegisterError::NoAccount => Problem::new(Kind::AccountDoesNotExist, detail).into(),
            RegisterError::NotBinding(_) | RegisterError::Subscription { .. } => {
                Problem::new(Kind::Unauthorized, detail).into()
            }
            RegisterError::Seal(error) => Self::internal(&error),
            RegisterError::Store(error) => error.into(),
        }
    }
}

impl From<UpdateError> for Refusal {
    fn from(error: UpdateError) -> Self {
        match error {
            UpdateError::Account(error) => error.into(),
            UpdateError::Gone => Problem::new(Kind::AccountDoesNotExist, error.to_string()).into(),
            UpdateError::Store(error) => error.into(),
        }
    }
}

/// keyChange to a key in use answers with the URL of its account (RFC 8555 §7.3.5).
pub(crate) fn change_key_refusal(app: &flow::App, error: ChangeKeyError) -> Refusal {
    let detail = error.to_string();
    match error {
        ChangeKeyError::Changed => Problem::conflict(detail).into(),
        ChangeKeyError::InUse(holder) => {
            Refusal::from(Problem::conflict(detail)).with_location(app.urls().account(holder))
        }
        ChangeKeyError::KeyChange(error) => Problem::from(error).into(),
        ChangeKeyError::Store(error) => error.into(),
    }
}

impl From<NewOrderError> for Refusal {
    fn from(error: NewOrderError) -> Self {
        let detail = error.to_string();
        match error {
            NewOrderError::NotCovered(refused) => not_covered_problem(&refused).into(),
            NewOrderError::NotIssuing(_) => Problem::new(Kind::Unauthorized, detail).into(),
            NewOrderError::Payload(error) => Problem::from(error).into(),
            NewOrderError::Policy(error) => Problem::from(error).into(),
            NewOrderError::Store(error) => error.into(),
            NewOrderError::Validity(_) => Problem::malformed(detail).into(),
        }
    }
}

impl From<AnswerError> for Refusal {
    fn from(error: AnswerError) -> Self {
        match error {
            AnswerError::Begin(error) => Problem::from(error).into(),
            AnswerError::NotFound => Self::not_found(),
            AnswerError::Response(error) => Problem::from(error).into(),
            AnswerError::Store(error) => error.into(),
        }
    }
}

impl From<DeactivationError> for Refusal {
    fn from(error: DeactivationError) -> Self {
        match error {
            DeactivationError::Deactivate(error) => Problem::from(error).into(),
            DeactivationError::NotFound => Self::not_found(),
            DeactivationError::Store(error) => error.into(),
        }
    }
}

impl From<FinalizeError> for Refusal {
    fn from(error: FinalizeError) -> Self {
        let detail = error.to_string();
        match error {
            FinalizeError::AccountKey | FinalizeError::BlockedKey | FinalizeError::KeyPolicy(_) => {
                Problem::new(Kind::BadCsr, detail).into()
            }
            FinalizeError::Csr(error) => Problem::new(Kind::BadCsr, chain(&error)).into(),
            FinalizeError::Admission(error) => error.into(),
            FinalizeError::Lint(error) => Self::internal(&error),
            FinalizeError::Names(error) => Problem::from(error).into(),
            FinalizeError::NotFound => Self::not_found(),
            FinalizeError::NotReady(error) => Problem::from(error).into(),
            FinalizeError::Payload(error) => Problem::from(error).into(),
            FinalizeError::Store(error) => error.into(),
            FinalizeError::Validity(_) => Problem::malformed(detail).into(),
        }
    }
}

impl From<RevokeError> for Refusal {
    fn from(error: RevokeError) -> Self {
        match error {
            RevokeError::Certificate(_) => Problem::malformed(error.to_string()).into(),
            RevokeError::NotFound => Problem::not_found(error.to_string()).into(),
            RevokeError::Revocation(error) => Problem::from(error).into(),
            RevokeError::Store(error) => error.into(),
        }
    }
}
