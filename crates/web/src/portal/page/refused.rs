//! What went wrong, as a page or as the place where it can be put right. A 4xx says what to do; a
//! 5xx tells no more than the request's number, and the log has the rest.

use std::error::Error;

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use base::{Class, Full, Part, Refuse};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tenancy::token::Token;

use super::form::Problems;
use super::shell::Shell;
use super::words::sentence;
use crate::request::body::Unread;

/// Why a request was not answered with what it asked for.
#[derive(Clone, Debug)]
pub(crate) enum Refusal {
    /// Their time to act as a tenant is over, and what they asked was not done.
    ActingOver {
        /// The tenant.
        tenant: String,
        /// What the browser has from now on; another request has brought it if there is none.
        token: Option<Box<Token>>,
    },
    /// Somebody else changed the object at the same time.
    Conflict,
    /// Signed in, but without the permission.
    Forbidden,
    /// No such thing, or another tenant's.
    NotFound,
    /// The person must have a second factor first.
    SecondFactor,
    /// Nobody is signed in.
    SignIn {
        /// A path of this portal to come back to.
        next: String,
        /// Whether there was a session that ended by itself.
        has_ended: bool,
    },
    /// The form was not made for this browser's session.
    StaleForm,
    /// What a use case refused, and no field of a form can tell.
    Told(Box<base::Refusal>),
    /// The form did not arrive as a whole.
    Unread(Unread),
}

impl Refusal {
    /// Our mistake.
    pub(crate) fn internal(error: impl Error) -> Self {
        Self::Told(Box::new(base::Refusal::internal(&error)))
    }

    /// The page that tells it; none for those that lead elsewhere.
    pub(crate) fn kind(&self) -> Option<ErrorKind> {
        match self {
            Self::Conflict => Some(ErrorKind::Conflict),
            Self::Forbidden => Some(ErrorKind::Forbidden),
            Self::NotFound => Some(ErrorKind::NotFound),
            Self::StaleForm => Some(ErrorKind::StaleForm),
            Self::Told(refusal) => Some(kind_of(refusal)),
            Self::Unread(unread) => Some(kind_of_unread(*unread)),
            Self::ActingOver { .. } | Self::SecondFactor | Self::SignIn { .. } => None,
        }
    }

    /// What figures call it.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::ActingOver { .. } => "acting_over",
            Self::Conflict => Class::Conflict.as_str(),
            Self::Forbidden => Class::Forbidden.as_str(),
            Self::NotFound => Class::NotFound.as_str(),
            Self::SignIn { .. } => Class::Unauthenticated.as_str(),
            Self::SecondFactor => "second_factor_required",
            Self::StaleForm => "stale_form",
            Self::Told(refusal) => refusal.code,
            Self::Unread(unread) => unread.code(),
        }
    }

    /// What the page says before the text of its kind: how many there may be, and what to do; empty otherwise.
    pub(crate) fn said(&self) -> String {
        if let Self::Told(refusal) = self
            && refusal.class == Class::Quota
        {
            return sentence(&refusal.sentence);
        }
        String::new()
    }

    /// Seconds after which the same may be done.
    pub(crate) fn retry_after(&self) -> Option<u32> {
        let seconds = match self {
            Self::Told(refusal) => refusal.retry_after,
            Self::Unread(unread) => unread.retry_after(),
            Self::ActingOver { .. }
            | Self::Conflict
            | Self::Forbidden
            | Self::NotFound
            | Self::SecondFactor
            | Self::SignIn { .. }
            | Self::StaleForm => None,
        };
        let is_unavailable = self.kind().is_some_and(|kind| kind.status() == 503);
        seconds.or(is_unavailable.then_some(30))
    }

    /// Writes down what the page does not tell.
    pub(crate) fn log(&self, request_id: &str) {
        if let Self::Told(refusal) = self
            && !matches!(refusal.class, Class::Quota | Class::TooMany)
        {
            let cause = refusal.cause.as_deref().unwrap_or(&refusal.sentence);
            tracing::error!(
                request.id = request_id,
                error = cause,
                "a page could not be made"
            );
        }
    }
}

/// The page of a refusal. What only a field could have told, and was not told there, is our mistake.
fn kind_of(refusal: &base::Refusal) -> ErrorKind {
    match refusal.class {
        Class::Conflict => ErrorKind::Conflict,
        Class::Forbidden => ErrorKind::Forbidden,
        Class::NotFound => ErrorKind::NotFound,
        Class::Unavailable if refusal.code == "database_full" => ErrorKind::StorageFull,
        Class::Unavailable => ErrorKind::StorageGone,
        Class::TooMany => ErrorKind::TooMany,
        Class::Quota => ErrorKind::Full,
        Class::Funds | Class::Internal | Class::Invalid | Class::Unauthenticated => {
            ErrorKind::Internal
        }
    }
}

fn kind_of_unread(unread: Unread) -> ErrorKind {
    match unread {
        Unread::CutOff | Unread::Late => ErrorKind::Late,
        Unread::Full(Full::All) => ErrorKind::Busy,
        Unread::Full(Full::Share) => ErrorKind::TooMany,
        Unread::TooLarge => ErrorKind::TooLarge,
    }
}

impl<E: Refuse> From<E> for Refusal {
    fn from(error: E) -> Self {
        let refusal = error.refusal();
        match refusal.class {
            Class::Conflict => Self::Conflict,
            Class::Forbidden => Self::Forbidden,
            Class::NotFound => Self::NotFound,
            Class::Funds
            | Class::Internal
            | Class::Invalid
            | Class::Quota
            | Class::TooMany
            | Class::Unauthenticated
            | Class::Unavailable => Self::Told(Box::new(refusal)),
        }
    }
}

/// What is wrong with the fields of a form; a page of its own if it is about none of them.
pub(crate) fn problems(error: impl Refuse) -> Result<Problems, Refusal> {
    let mut problems = Problems::none();
    for about in error.refusal().about {
        if let Part::Field(field) = about.part {
            problems = problems.and(field, &sentence(&about.sentence));
        }
    }
    if problems.is_empty() {
        Err(error.into())
    } else {
        Ok(problems)
    }
}

impl IntoResponse for Refusal {
    /// The page itself is made in [`finish`](super::finish), which knows the browser.
    fn into_response(self) -> Response {
        match &self {
            Self::SecondFactor => Redirect::to("/settings/second-factor").into_response(),
            Self::SignIn { next, has_ended } => {
                let next = utf8_percent_encode(next, NON_ALPHANUMERIC);
                let reason = if *has_ended { "&reason=ended" } else { "" };
                Redirect::to(&format!("/sign-in?next={next}{reason}")).into_response()
            }
            Self::ActingOver { .. }
            | Self::Conflict
            | Self::Forbidden
            | Self::NotFound
            | Self::StaleForm
            | Self::Told(_)
            | Self::Unread(_) => {
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

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// More is being done at this moment than there is room for.
    Busy,
    /// Somebody else changed the same thing at the same time.
    Conflict,
    /// Signed in, but not permitted.
    Forbidden,
    /// There are as many as there may be.
    Full,
    /// Our mistake.
    Internal,
    /// The form did not arrive in time, or not as a whole.
    Late,
    /// Does not exist, or belongs to somebody else: the same page for both.
    NotFound,
    /// The form's anti-forgery token is missing or old.
    StaleForm,
    /// The database refuses writes because its disk is full.
    StorageFull,
    /// The database cannot be reached.
    StorageGone,
    /// More was sent than any form holds.
    TooLarge,
    /// Too often, or too much at the same time, from one place.
    TooMany,
}

impl ErrorKind {
    /// HTTP status of the answer.
    pub fn status(self) -> u16 {
        match self {
            Self::Conflict => 409,
            Self::Forbidden | Self::Full | Self::StaleForm => 403,
            Self::Internal => 500,
            Self::Late => 408,
            Self::NotFound => 404,
            Self::Busy | Self::StorageFull | Self::StorageGone => 503,
            Self::TooLarge => 413,
            Self::TooMany => 429,
        }
    }

    /// Title and headline of the page.
    pub fn heading(self) -> &'static str {
        match self {
            Self::Busy => "The portal is busy",
            Self::Conflict => "Somebody else changed this",
            Self::Forbidden => "You may not open this page",
            Self::Full => "There is no room for more",
            Self::Internal => "Something went wrong on our side",
            Self::Late => "The form did not arrive",
            Self::NotFound => "There is nothing here",
            Self::StaleForm => "This form is too old",
            Self::StorageFull => "Nothing can be saved just now",
            Self::StorageGone => "The portal cannot reach its data",
            Self::TooLarge => "That is too much at once",
            Self::TooMany => "Too much at the same time",
        }
    }

    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Busy => {
                "More is being sent at this moment than there is room for. Nothing was changed: \
                 wait a few seconds, go back, and send it again."
            }
            Self::Conflict => {
                "It was changed at the same moment. Nothing of yours was saved: \
                 go back, look at it again, and repeat your change if it is still needed."
            }
            Self::Forbidden => {
                "Your role does not include it. Ask an administrator of your organisation for access."
            }
            Self::Full => "Nothing was changed.",
            Self::Internal => {
                "Your last change may not have been saved. Go back, look, and try once more; \
                 if it happens again, tell your provider the request number below."
            }
            Self::Late => {
                "The connection was too slow or broke. Nothing was changed: go back and send it again."
            }
            Self::NotFound => {
                "The address may be mistyped, or the object was removed. \
                 Look it up from one of the lists."
            }
            Self::StaleForm => {
                "It was opened in another session or stood open for too long. \
                 Go back, reload the page and send it again; nothing was changed."
            }
            Self::StorageFull => {
                "The server's disk is full. Nothing was changed, and certificates already issued \
                 stay valid. The operator has to free space; then try again."
            }
            Self::StorageGone => {
                "The database does not answer. Nothing was changed, and certificates already issued \
                 stay valid. Wait a minute and reload; if it lasts, tell the operator."
            }
            Self::TooLarge => {
                "Nothing was changed. Split what you sent into smaller parts; \
                 a thousand names fit into one."
            }
            Self::TooMany => {
                "Too many requests come from your network at this moment. Nothing was changed: \
                 wait a few seconds, go back, and send it again."
            }
        }
    }

    pub(crate) fn is_outage(self) -> bool {
        matches!(self, Self::StorageFull | Self::StorageGone)
    }
}

/// Any answer of 403, 404, 500 or 503.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/page/refused.html")]
pub struct ErrorPage {
    /// The frame; [`Shell::signed_out`] where the session is not known.
    pub shell: Shell,
    /// What went wrong.
    pub kind: ErrorKind,
    /// What is said before the text of its kind; it may be empty.
    pub said: String,
    /// Number to quote when asking for help; empty shows none.
    pub request_id: String,
}
