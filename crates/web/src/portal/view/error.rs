//! Pages for requests that could not be answered: what happened and what to do next.

use askama::Template;

use super::Shell;

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// Somebody else changed the same thing at the same time.
    Conflict,
    /// Signed in, but not permitted.
    Forbidden,
    /// Our mistake.
    Internal,
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
}

impl ErrorKind {
    /// HTTP status of the answer.
    pub fn status(self) -> u16 {
        match self {
            Self::Conflict => 409,
            Self::Forbidden | Self::StaleForm => 403,
            Self::Internal => 500,
            Self::NotFound => 404,
            Self::StorageFull | Self::StorageGone => 503,
            Self::TooLarge => 413,
        }
    }

    /// Title and headline of the page.
    pub fn heading(self) -> &'static str {
        match self {
            Self::Conflict => "Somebody else changed this",
            Self::Forbidden => "You may not open this page",
            Self::Internal => "Something went wrong on our side",
            Self::NotFound => "There is nothing here",
            Self::StaleForm => "This form is too old",
            Self::StorageFull => "Nothing can be saved just now",
            Self::StorageGone => "The portal cannot reach its data",
            Self::TooLarge => "That is too much at once",
        }
    }

    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Conflict => {
                "It was changed at the same moment. Nothing of yours was saved: \
                 go back, look at it again, and repeat your change if it is still needed."
            }
            Self::Forbidden => {
                "Your role does not include it. Ask an administrator of your organisation for access."
            }
            Self::Internal => {
                "Your last change may not have been saved. Go back, look, and try once more; \
                 if it happens again, tell your provider the request number below."
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
        }
    }

    pub(crate) fn is_outage(self) -> bool {
        matches!(self, Self::StorageFull | Self::StorageGone)
    }
}

/// Any answer of 403, 404, 500 or 503.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/door/error.html")]
pub struct ErrorPage {
    /// The frame; [`Shell::signed_out`] where the session is not known.
    pub shell: Shell,
    /// What went wrong.
    pub kind: ErrorKind,
    /// Number to quote when asking for help; empty shows none.
    pub request_id: String,
    /// Address of somebody who helps; empty shows none.
    pub contact: String,
}
