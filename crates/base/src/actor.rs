//! Who does something, as rows and the audit name it.

use std::fmt;

use crate::{AccountId, ApiTokenId, IdError, UserId};

/// Who does something.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Actor {
    /// An ACME account, which has signed what it asks.
    Account(AccountId),
    /// A program that has brought a token of a person.
    ApiToken(ApiTokenId),
    /// Whoever holds the private key of a certificate (RFC 8555 §7.6).
    CertificateKey,
    /// An operator at the command line of the server.
    CommandLine,
    /// This server, by itself.
    System,
    /// A person who has signed in.
    User(UserId),
    /// Somebody who has not said yet who they are, or whom we do not believe.
    Visitor,
}

/// The text names nobody.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("\"{text}\" names nobody who could have done something")]
pub struct ActorError {
    text: String,
    source: IdError,
}

const CERTIFICATE_KEY: &str = "certificate key";
const COMMAND_LINE: &str = "command line";
const SYSTEM: &str = "system";

impl Actor {
    /// The person, if it is one who has signed in.
    pub const fn user(self) -> Option<UserId> {
        match self {
            Self::User(id) => Some(id),
            Self::Account(_)
            | Self::ApiToken(_)
            | Self::CertificateKey
            | Self::CommandLine
            | Self::System
            | Self::Visitor => None,
        }
    }

    /// Reads the text that is stored.
    pub fn parse(text: &str) -> Result<Self, ActorError> {
        match text {
            "" => return Ok(Self::Visitor),
            CERTIFICATE_KEY => return Ok(Self::CertificateKey),
            COMMAND_LINE => return Ok(Self::CommandLine),
            SYSTEM => return Ok(Self::System),
            _ => {}
        }
        if let Ok(user) = text.parse() {
            return Ok(Self::User(user));
        }
        if let Ok(token) = text.parse() {
            return Ok(Self::ApiToken(token));
        }
        text.parse()
            .map(Self::Account)
            .map_err(|source| ActorError {
                text: text.to_owned(),
                source,
            })
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(id) => id.fmt(f),
            Self::ApiToken(id) => id.fmt(f),
            Self::CertificateKey => f.write_str(CERTIFICATE_KEY),
            Self::CommandLine => f.write_str(COMMAND_LINE),
            Self::System => f.write_str(SYSTEM),
            Self::User(id) => id.fmt(f),
            Self::Visitor => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Id as _;

    #[test]
    fn what_is_stored_is_read_again() {
        for actor in [
            Actor::Account(AccountId::of_bytes([1; 16])),
            Actor::ApiToken(ApiTokenId::of_bytes([3; 16])),
            Actor::CertificateKey,
            Actor::CommandLine,
            Actor::System,
            Actor::User(UserId::of_bytes([2; 16])),
            Actor::Visitor,
        ] {
            assert_eq!(Actor::parse(&actor.to_string()), Ok(actor));
        }
    }

    #[test]
    fn somebody_is_nobody() {
        for text in ["somebody", "System", "usr_1"] {
            assert!(Actor::parse(text).is_err(), "{text}");
        }
    }
}
