//! Authorizations (RFC 8555 §7.1.4, §7.5): proof of control of one name by one account.
//!
//! One row holds one token and the set of challenges that were offered with it; challenges have no
//! rows. Each decision returns the new state, which the caller stores only if the old one still stands.

use std::time::Duration;

use base::{AuthorizationId, Identifier, Timestamp};
use serde::{Deserialize, Serialize};

use crate::challenge::{ChallengeObject, ChallengeStatus, Token, Type, Types};
use crate::identifier::{self, ListError};
use crate::paths::Urls;
use crate::payload;
use crate::problem::{Kind, Problem, told};
use crate::requested::{Requested, Sent};

/// Where an authorization stands at a moment (RFC 8555 §7.1.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AuthorizationStatus {
    /// Not proven yet.
    Pending,
    /// Proven.
    Valid,
    /// Failed, or not proven in time.
    Invalid,
    /// Given up by the client.
    Deactivated,
    /// Proven too long ago.
    Expired,
    /// Withdrawn by us.
    Revoked,
}

impl AuthorizationStatus {
    /// The word of the RFC.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Valid => "valid",
            Self::Invalid => "invalid",
            Self::Deactivated => "deactivated",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

/// What is stored about an authorization; time alone changes [`AuthorizationStatus`], never this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Given up by the client.
    Deactivated,
    /// A challenge failed.
    Invalid {
        /// Which one.
        challenge: Type,
        /// Why.
        error: Problem,
    },
    /// No challenge has been answered.
    Pending,
    /// A challenge is being validated.
    Processing {
        /// Which one.
        challenge: Type,
    },
    /// Withdrawn by us.
    Revoked,
    /// A challenge was proven.
    Valid {
        /// Which one.
        challenge: Type,
        /// When.
        validated: Timestamp,
    },
}

impl State {
    /// The word to store; the rest of a state goes beside it.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Deactivated => "deactivated",
            Self::Invalid { .. } => "invalid",
            Self::Pending => "pending",
            Self::Processing { .. } => "processing",
            Self::Revoked => "revoked",
            Self::Valid { .. } => "valid",
        }
    }
}

/// An authorization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorization {
    /// Its identifier.
    pub id: AuthorizationId,
    /// What is to be proven, without `*.`.
    pub identifier: Identifier,
    /// Whether it was asked for as a wildcard.
    pub is_wildcard: bool,
    /// What may be answered.
    pub offered: Types,
    /// The token of all its challenges.
    pub token: Token,
    /// What has happened.
    pub state: State,
    /// When a pending one dies, or a valid one stops being good.
    pub expires: Timestamp,
}

/// The answer to a client that responds to a challenge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// Nothing to do: it is being validated, or is valid already.
    Already,
    /// Store this state and validate.
    Start(State),
}

/// Why a challenge cannot be begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BeginError {
    /// Another one of the same authorization is being validated.
    #[error("the {} challenge is being validated; wait for its result", .0.as_str())]
    Busy(Type),
    /// The authorization is over.
    #[error("the authorization is {}; place a new order", .0.as_str())]
    Final(AuthorizationStatus),
    /// It was not offered.
    #[error("the authorization does not offer {}", .0.as_str())]
    NotOffered(Type),
}

impl From<&BeginError> for Problem {
    fn from(error: &BeginError) -> Self {
        let detail = error.to_string();
        match error {
            BeginError::Busy(_) => Self::conflict(detail),
            BeginError::Final(_) => Self::malformed(detail),
            BeginError::NotOffered(_) => Self::not_found(detail),
        }
    }
}

/// What validation found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The expected response was not there.
    Failed(Problem),
    /// The client controls the name.
    Proven,
}

/// The end of a validation, to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completed {
    /// The new state.
    pub state: State,
    /// The new expiry.
    pub expires: Timestamp,
}

/// Why an authorization cannot be deactivated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeactivateError {
    /// It is over already.
    #[error("the authorization is {} and cannot be deactivated", .0.as_str())]
    Final(AuthorizationStatus),
    /// The payload asks for something else.
    #[error(
        "an authorization can only be changed by the payload {{\"status\": \"deactivated\"}} \
         (RFC 8555 section 7.5.2)"
    )]
    Payload,
}

impl From<&DeactivateError> for Problem {
    fn from(error: &DeactivateError) -> Self {
        Self::malformed(error.to_string())
    }
}

/// Why the payload of newAuthz is refused.
#[derive(Debug, thiserror::Error)]
pub enum NewAuthorizationError {
    /// The identifier.
    #[error(transparent)]
    Identifier(#[from] ListError),
    /// Not a JSON object with fitting members.
    #[error("the payload is not valid: {0}")]
    Json(serde_json::Error),
    /// Wildcards are proven in orders only.
    #[error(
        "{0} is a wildcard, which an authorization ahead of an order cannot be for (RFC 8555 section 7.4.1); place an order \
         for it"
    )]
    Wildcard(Identifier),
}

impl From<&NewAuthorizationError> for Problem {
    fn from(error: &NewAuthorizationError) -> Self {
        match error {
            NewAuthorizationError::Identifier(list) => list.into(),
            NewAuthorizationError::Json(_) => Self::malformed(error.to_string()),
            NewAuthorizationError::Wildcard(_) => {
                Self::new(Kind::RejectedIdentifier, error.to_string())
            }
        }
    }
}

told!(BeginError, DeactivateError, NewAuthorizationError);

/// Reads the payload of newAuthz (RFC 8555 §7.4.1): one identifier, which is no wildcard.
pub fn parse_new_authorization(payload: &[u8]) -> Result<Identifier, NewAuthorizationError> {
    #[derive(Deserialize)]
    struct Payload {
        identifier: Requested,
    }
    let payload: Payload = payload::object(payload).map_err(NewAuthorizationError::Json)?;
    let Payload { identifier } = payload;
    let name = identifier::parse(&identifier);
    let name = name.map_err(|error| ListError::Identifiers(vec![(identifier, error)]))?;
    if name.is_wildcard() {
        return Err(NewAuthorizationError::Wildcard(name));
    }
    Ok(name)
}

/// Checks that the payload of a POST to an authorization asks for its deactivation.
pub fn parse_deactivation(payload: &[u8]) -> Result<(), DeactivateError> {
    #[derive(Deserialize)]
    struct Payload {
        status: String,
    }
    match payload::object::<Payload>(payload) {
        Ok(Payload { status }) if status == "deactivated" => Ok(()),
        Ok(_) | Err(_) => Err(DeactivateError::Payload),
    }
}

impl Authorization {
    /// A pending authorization for what was ordered, wildcard or not.
    pub fn new(
        id: AuthorizationId,
        ordered: &Identifier,
        token: Token,
        expires: Timestamp,
    ) -> Self {
        Self {
            id,
            identifier: ordered.base(),
            is_wildcard: ordered.is_wildcard(),
            offered: Types::for_identifier(ordered),
            token,
            state: State::Pending,
            expires,
        }
    }

    /// What was ordered, with its `*.`.
    pub fn ordered(&self) -> Requested {
        let mut requested = Requested::from(&self.identifier);
        if self.is_wildcard {
            requested.value.insert_str(0, "*.");
        }
        requested
    }

    /// Where it stands now.
    pub fn status(&self, now: Timestamp) -> AuthorizationStatus {
        status(&self.state, self.expires, now)
    }

    /// A client says that it is ready. Of two that say so at once, the one whose [`Begun::Start`] is
    /// stored starts the validation.
    pub fn begin(&self, challenge: Type, now: Timestamp) -> Result<Begun, BeginError> {
        if !self.offered.contains(challenge) {
            return Err(BeginError::NotOffered(challenge));
        }
        match self.status(now) {
            AuthorizationStatus::Pending => {}
            AuthorizationStatus::Valid => return Ok(Begun::Already),
            over @ (AuthorizationStatus::Invalid
            | AuthorizationStatus::Deactivated
            | AuthorizationStatus::Expired
            | AuthorizationStatus::Revoked) => {
                return Err(BeginError::Final(over));
            }
        }
        match self.state {
            State::Processing { challenge: begun } if begun == challenge => Ok(Begun::Already),
            State::Processing { challenge: begun } => Err(BeginError::Busy(begun)),
            State::Deactivated
            | State::Invalid { .. }
            | State::Pending
            | State::Revoked
            | State::Valid { .. } => Ok(Begun::Start(State::Processing { challenge })),
        }
    }

    /// Validation has ended; a proof is good for `reuse`. `None` when nothing was being validated any
    /// more, for instance because the client has deactivated the authorization.
    pub fn complete(&self, outcome: Outcome, reuse: Duration, now: Timestamp) -> Option<Completed> {
        let State::Processing { challenge } = self.state else {
            return None;
        };
        let state = match outcome {
            Outcome::Failed(error) => State::Invalid { challenge, error },
            Outcome::Proven if now >= self.expires => {
                let detail = "the authorization expired before its validation ended; order again";
                let error = Problem::new(Kind::Unauthorized, detail);
                State::Invalid { challenge, error }
            }
            Outcome::Proven => {
                let completed = State::Valid {
                    challenge,
                    validated: now,
                };
                return Some(Completed {
                    state: completed,
                    expires: now.plus(reuse),
                });
            }
        };
        Some(Completed {
            state,
            expires: self.expires,
        })
    }

    /// The client gives it up; doing so twice changes nothing.
    pub fn deactivate(&self, now: Timestamp) -> Result<State, DeactivateError> {
        match self.status(now) {
            AuthorizationStatus::Pending
            | AuthorizationStatus::Valid
            | AuthorizationStatus::Deactivated => Ok(State::Deactivated),
            over @ (AuthorizationStatus::Invalid
            | AuthorizationStatus::Expired
            | AuthorizationStatus::Revoked) => Err(DeactivateError::Final(over)),
        }
    }

    /// One of its challenges as the client sees it; `None` when it was not offered.
    pub fn challenge(
        &self,
        challenge: Type,
        urls: &Urls<'_>,
        now: Timestamp,
    ) -> Option<ChallengeObject<'_>> {
        if !self.offered.contains(challenge) {
            return None;
        }
        let (validated, error) = match &self.state {
            State::Valid {
                challenge: proven,
                validated,
            } if *proven == challenge => (Some(validated.truncated_to_second()), None),
            State::Invalid {
                challenge: failed,
                error,
            } if *failed == challenge => (None, Some(error)),
            State::Deactivated
            | State::Invalid { .. }
            | State::Pending
            | State::Processing { .. }
            | State::Revoked
            | State::Valid { .. } => (None, None),
        };
        Some(ChallengeObject {
            kind: challenge,
            url: urls.challenge(self.id, challenge),
            status: self.challenge_status(challenge, now),
            token: &self.token,
            validated,
            error,
        })
    }

    /// The authorization as the client sees it.
    pub fn represent(&self, urls: &Urls<'_>, now: Timestamp) -> AuthorizationObject<'_> {
        // Of a final one only the challenge that decided is shown (RFC 8555 §7.1.4).
        let decisive = match self.state {
            State::Valid { challenge, .. } | State::Invalid { challenge, .. } => Some(challenge),
            State::Deactivated | State::Pending | State::Processing { .. } | State::Revoked => None,
        };
        let shown = self
            .offered
            .iter()
            .filter(|each| decisive.is_none_or(|only| only == *each));
        AuthorizationObject {
            identifier: Sent(&self.identifier),
            status: self.status(now),
            expires: self.expires.truncated_to_second(),
            challenges: shown
                .filter_map(|each| self.challenge(each, urls, now))
                .collect(),
            is_wildcard: self.is_wildcard,
        }
    }

    fn challenge_status(&self, challenge: Type, now: Timestamp) -> ChallengeStatus {
        use ChallengeStatus as Of;
        match &self.state {
            State::Valid {
                challenge: proven, ..
            } if *proven == challenge => Of::Valid,
            // Not proven in time: a client that still tries is told by begin.
            State::Pending | State::Processing { .. } if now >= self.expires => Of::Invalid,
            State::Processing { challenge: begun } if *begun == challenge => Of::Processing,
            State::Pending | State::Processing { .. } | State::Valid { .. } => Of::Pending,
            State::Deactivated | State::Invalid { .. } | State::Revoked => Of::Invalid,
        }
    }
}

/// Derives the status from what is stored.
pub fn status(state: &State, expires: Timestamp, now: Timestamp) -> AuthorizationStatus {
    let is_over = now >= expires;
    match state {
        State::Deactivated => AuthorizationStatus::Deactivated,
        State::Invalid { .. } => AuthorizationStatus::Invalid,
        // RFC 8555 §7.1.6 lets only valid authorizations expire.
        State::Pending | State::Processing { .. } if is_over => AuthorizationStatus::Invalid,
        State::Pending | State::Processing { .. } => AuthorizationStatus::Pending,
        State::Revoked => AuthorizationStatus::Revoked,
        State::Valid { .. } if is_over => AuthorizationStatus::Expired,
        State::Valid { .. } => AuthorizationStatus::Valid,
    }
}

/// An authorization as a client sees it (RFC 8555 §7.1.4).
#[derive(Debug, Serialize)]
pub struct AuthorizationObject<'a> {
    /// What is proven, without `*.`.
    pub identifier: Sent<'a>,
    /// Where it stands.
    pub status: AuthorizationStatus,
    /// When it ends.
    pub expires: Timestamp,
    /// What can be answered, or what decided.
    pub challenges: Vec<ChallengeObject<'a>>,
    /// Present only when true, as the RFC demands.
    #[serde(rename = "wildcard", skip_serializing_if = "std::ops::Not::not")]
    pub is_wildcard: bool,
}

#[cfg(test)]
mod tests;
