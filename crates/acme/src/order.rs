//! Orders (RFC 8555 §7.1.3, §7.4): which names, until when, and whether the certificate may be made.
//!
//! The status is derived from stored facts and never stored itself, so that it cannot be wrong when
//! an authorization fails or time passes. CSR and certificate are `pki`'s.

use base::{Identifier, Timestamp};
use serde::{Deserialize, Serialize};

use crate::authorization::AuthorizationStatus;
use crate::base64url::{self, Base64Error};
use crate::identifier::{Identifiers, ListError};
use crate::payload;
use crate::problem::{Kind, Problem, told};
use crate::requested::Requested;

/// Where an order stands at a moment (RFC 8555 §7.1.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum OrderStatus {
    /// Some authorization is not valid yet.
    Pending,
    /// Waiting for the client to finalize.
    Ready,
    /// The certificate is being made.
    Processing,
    /// The certificate is there.
    Valid,
    /// Nothing more will come of it.
    Invalid,
}

impl OrderStatus {
    /// The word of the RFC.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Ready => "ready",
            Self::Processing => "processing",
            Self::Valid => "valid",
            Self::Invalid => "invalid",
        }
    }
}

/// How far an order has come, as stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Progress {
    /// Not finalized.
    Pending,
    /// Finalized; the certificate is being made.
    Processing,
    /// The certificate is there.
    Valid,
    /// It failed.
    Invalid,
}

impl Progress {
    /// Every value.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Processing, Self::Valid, Self::Invalid];

    /// The stored word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Processing => "processing",
            Self::Valid => "valid",
            Self::Invalid => "invalid",
        }
    }

    /// Reads the stored word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == text)
    }
}

/// The facts about an order that decide where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order<'a> {
    /// How far it has come.
    pub progress: Progress,
    /// When it dies unless it was finalized.
    pub expires: Timestamp,
    /// Where each of its authorizations stands now.
    pub authorizations: &'a [AuthorizationStatus],
}

/// Why an order cannot be finalized.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotReady {
    /// Its time is over.
    #[error("the order has expired; place a new one")]
    Expired,
    /// It, or one of its authorizations, failed.
    #[error("the order or one of its authorizations has failed; place a new order")]
    Failed,
    /// Something is not proven yet.
    #[error("{open} of the order's authorizations are not valid yet; complete them first")]
    Pending {
        /// How many authorizations are open.
        open: usize,
    },
    /// It was finalized a moment ago.
    #[error("the order was finalized and is processing; poll its URL")]
    Processing,
    /// It was finalized before.
    #[error("the order was finalized; its certificate is at the order's \"certificate\" URL")]
    Valid,
}

impl From<&NotReady> for Problem {
    fn from(error: &NotReady) -> Self {
        Self::new(Kind::OrderNotReady, error.to_string())
    }
}

impl Order<'_> {
    /// Where it stands now.
    pub fn status(&self, now: Timestamp) -> OrderStatus {
        match self.progress {
            Progress::Pending => {}
            // The certificate is coming, whatever time it is; crash recovery ends this state.
            Progress::Processing => return OrderStatus::Processing,
            Progress::Valid => return OrderStatus::Valid,
            Progress::Invalid => return OrderStatus::Invalid,
        }
        if now >= self.expires || self.has_failed_authorization() {
            return OrderStatus::Invalid;
        }
        // An order without authorizations would prove nothing.
        if self.open_authorizations() == 0 && !self.authorizations.is_empty() {
            OrderStatus::Ready
        } else {
            OrderStatus::Pending
        }
    }

    /// Whether the client may finalize now; if so the caller moves the order to
    /// [`Progress::Processing`] or straight on, provided that it is still pending.
    pub fn finalize(&self, now: Timestamp) -> Result<(), NotReady> {
        match self.status(now) {
            OrderStatus::Ready => Ok(()),
            OrderStatus::Pending => Err(NotReady::Pending {
                open: self.open_authorizations(),
            }),
            OrderStatus::Processing => Err(NotReady::Processing),
            OrderStatus::Valid => Err(NotReady::Valid),
            OrderStatus::Invalid if self.progress == Progress::Pending && now >= self.expires => {
                Err(NotReady::Expired)
            }
            OrderStatus::Invalid => Err(NotReady::Failed),
        }
    }

    fn open_authorizations(&self) -> usize {
        self.authorizations
            .iter()
            .filter(|each| **each != AuthorizationStatus::Valid)
            .count()
    }

    fn has_failed_authorization(&self) -> bool {
        use AuthorizationStatus as Of;
        self.authorizations.iter().any(|status| match status {
            Of::Pending | Of::Valid => false,
            Of::Invalid | Of::Deactivated | Of::Expired | Of::Revoked => true,
        })
    }
}

/// Why a newOrder or finalize payload is refused.
#[derive(Debug, thiserror::Error)]
pub enum PayloadError {
    /// The CSR is not base64url.
    #[error("the member \"csr\" {0}")]
    Csr(Base64Error),
    /// Not a JSON object with fitting members.
    #[error("the payload is not valid: {0}")]
    Json(serde_json::Error),
    /// The identifiers.
    #[error(transparent)]
    Identifiers(#[from] ListError),
    /// A profile was chosen, and there are none to choose from.
    #[error("there is no profile \"{0}\" to choose here; leave \"profile\" out of the order")]
    Profile(String),
}

impl From<&PayloadError> for Problem {
    fn from(error: &PayloadError) -> Self {
        match error {
            PayloadError::Identifiers(list) => list.into(),
            PayloadError::Profile(_) => Self::new(Kind::InvalidProfile, error.to_string()),
            PayloadError::Csr(_) | PayloadError::Json(_) => Self::malformed(error.to_string()),
        }
    }
}

/// The payload of newOrder (RFC 8555 §7.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewOrder {
    /// What the certificate shall be for.
    pub identifiers: Identifiers,
    /// When it shall begin to be valid.
    pub not_before: Option<Timestamp>,
    /// When it shall cease to be valid.
    pub not_after: Option<Timestamp>,
}

impl NewOrder {
    /// Reads the payload; `limit` is how many identifiers an order may have.
    pub fn parse(payload: &[u8], limit: usize) -> Result<Self, PayloadError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Payload {
            identifiers: Vec<Requested>,
            not_before: Option<Timestamp>,
            not_after: Option<Timestamp>,
            profile: Option<String>,
        }
        let payload: Payload = payload::object(payload).map_err(PayloadError::Json)?;
        // A client that asks for a profile must not get another one without a word (draft-ietf-acme-profiles).
        if let Some(profile) = payload.profile {
            return Err(PayloadError::Profile(profile));
        }
        Ok(Self {
            identifiers: Identifiers::parse(payload.identifiers, limit)?,
            not_before: payload.not_before,
            not_after: payload.not_after,
        })
    }
}

/// Reads the payload of finalize: the CSR in DER (RFC 8555 §7.4).
pub fn parse_finalize(payload: &[u8]) -> Result<Vec<u8>, PayloadError> {
    #[derive(Deserialize)]
    struct Payload {
        csr: String,
    }
    let payload: Payload = payload::object(payload).map_err(PayloadError::Json)?;
    base64url::decode(&payload.csr).map_err(PayloadError::Csr)
}

/// The names of a CSR are not those of its order.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the CSR must have exactly the order's names; missing: {}; not ordered: {}",
    list(.missing),
    list(.extra)
)]
pub struct CsrNamesError {
    /// Ordered, but not in the CSR.
    pub missing: Vec<Identifier>,
    /// In the CSR, but not ordered.
    pub extra: Vec<Identifier>,
}

impl From<&CsrNamesError> for Problem {
    fn from(error: &CsrNamesError) -> Self {
        Self::new(Kind::BadCsr, error.to_string())
    }
}

told!(NotReady, PayloadError, CsrNamesError);

/// Compares the names of a CSR, in any order and number, with those that were ordered.
pub fn check_csr_names(ordered: &[Identifier], csr: &[Identifier]) -> Result<(), CsrNamesError> {
    let missing = without(ordered, csr);
    let extra = without(csr, ordered);
    if missing.is_empty() && extra.is_empty() {
        return Ok(());
    }
    Err(CsrNamesError { missing, extra })
}

fn without(names: &[Identifier], others: &[Identifier]) -> Vec<Identifier> {
    names
        .iter()
        .filter(|name| !others.contains(name))
        .cloned()
        .collect()
}

fn list(names: &[Identifier]) -> String {
    if names.is_empty() {
        return "none".to_owned();
    }
    names
        .iter()
        .map(Identifier::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}

/// An order as a client sees it (RFC 8555 §7.1.3).
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderObject<'a> {
    /// Where it stands.
    pub status: OrderStatus,
    /// When it dies.
    pub expires: Timestamp,
    /// What it is for.
    pub identifiers: &'a Identifiers,
    /// The wished beginning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
    /// The wished end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_after: Option<Timestamp>,
    /// Why it is invalid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<&'a Problem>,
    /// The URLs of its authorizations.
    pub authorizations: Vec<String>,
    /// Where to finalize it.
    pub finalize: String,
    /// Where the certificate is, when valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
}

/// A page of an account's orders (RFC 8555 §7.1.2.1).
#[derive(Debug, Serialize)]
pub struct List {
    /// Their URLs.
    pub orders: Vec<String>,
}

#[cfg(test)]
mod tests;
