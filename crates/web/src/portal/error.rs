//! What went wrong, as a page or as the place where it can be put right. A 4xx says what to do; a
//! 5xx tells no more than the request's number, and the log has the rest.

use std::error::Error;
use std::fmt::Write as _;
use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use flow::StoreError;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::view::error::ErrorKind;

/// Why a request was not answered with what it asked for.
#[derive(Clone, Debug)]
pub(super) enum Refusal {
    /// Somebody else changed the object at the same time.
    Conflict,
    /// Signed in, but without the permission.
    Forbidden,
    /// Our mistake.
    Internal(Arc<dyn Error + Send + Sync>),
    /// The password was chosen by somebody else; only the page that replaces it may be shown.
    MustChangePassword,
    /// No such thing, or another tenant's.
    NotFound,
    /// Nobody is signed in.
    SignIn {
        /// A path of this portal to come back to.
        next: String,
        /// Whether there was a session that ended by itself.
        has_ended: bool,
    },
    /// The form was not made for this browser's session.
    StaleForm,
    /// The database failed.
    Store(StoreError),
    /// The input is larger than any form of ours.
    TooLarge,
}

impl Refusal {
    pub(super) fn internal(error: impl Error + Send + Sync + 'static) -> Self {
        Self::Internal(Arc::new(error))
    }

    /// The page that tells it; none for those that lead elsewhere.
    pub(super) fn kind(&self) -> Option<ErrorKind> {
        match self {
            Self::Conflict => Some(ErrorKind::Conflict),
            Self::Forbidden => Some(ErrorKind::Forbidden),
            Self::Internal(_) => Some(ErrorKind::Internal),
            Self::NotFound => Some(ErrorKind::NotFound),
            Self::StaleForm => Some(ErrorKind::StaleForm),
            Self::Store(error) => Some(store_kind(error)),
            Self::TooLarge => Some(ErrorKind::TooLarge),
            Self::MustChangePassword | Self::SignIn { .. } => None,
        }
    }

    /// Writes down what the page does not tell.
    pub(super) fn log(&self, request_id: &str) {
        let error: &dyn Error = match self {
            Self::Internal(error) => error.as_ref(),
            Self::Store(error) => error,
            Self::Conflict
            | Self::Forbidden
            | Self::MustChangePassword
            | Self::NotFound
            | Self::SignIn { .. }
            | Self::StaleForm
            | Self::TooLarge => return,
        };
        tracing::error!(request.id = request_id, error = %chain(error), "a page could not be made");
    }
}

/// A failure of the database in the classes that pages tell apart.
fn store_kind(error: &StoreError) -> ErrorKind {
    match error {
        StoreError::Full { .. } => ErrorKind::StorageFull,
        StoreError::Busy { .. } | StoreError::Closed | StoreError::Unavailable { .. } => {
            ErrorKind::StorageGone
        }
        StoreError::Corrupt { .. }
        | StoreError::Migration { .. }
        | StoreError::Panicked { .. }
        | StoreError::Pended
        | StoreError::Schema(_)
        | StoreError::Statement { .. }
        | StoreError::Unscoped { .. } => ErrorKind::Internal,
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl IntoResponse for Refusal {
    /// The page itself is made in [`super::finish`], which knows the browser.
    fn into_response(self) -> Response {
        match &self {
            Self::SignIn { next, has_ended } => {
                let next = utf8_percent_encode(next, NON_ALPHANUMERIC);
                let reason = if *has_ended { "&reason=ended" } else { "" };
                Redirect::to(&format!("/sign-in?next={next}{reason}")).into_response()
            }
            Self::MustChangePassword => Redirect::to("/settings").into_response(),
            Self::Conflict
            | Self::Forbidden
            | Self::Internal(_)
            | Self::NotFound
            | Self::StaleForm
            | Self::Store(_)
            | Self::TooLarge => {
                let status = self.kind().map_or(500, ErrorKind::status);
                let status = StatusCode::from_u16(status);
                let mut response = status
                    .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
                    .into_response();
                response.extensions_mut().insert(self);
                response
            }
        }
    }
}

fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(caller) = source {
        // Writing to a string cannot fail.
        let _ = write!(text, ": {caller}");
        source = caller.source();
    }
    text
}
