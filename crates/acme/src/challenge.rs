//! Challenges (RFC 8555 §7.1.5, §8): what a client must show to prove control of a name.
//!
//! The rules say what is expected and where; `validation` looks there.

use std::fmt;

use aws_lc_rs::digest;
use base::{Identifier, Random, Timestamp};
use serde::{Deserialize, Serialize, Serializer};

use crate::base64url;
use crate::jwk::Thumbprint;
use crate::payload;
use crate::problem::{Problem, told};

/// A kind of challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Type {
    /// A TXT record (RFC 8555 §8.4).
    Dns01,
    /// A file on port 80 (RFC 8555 §8.3).
    Http01,
    /// A mail to whom the domain belongs to, answered outside of orders: no order offers it.
    Mail,
}

impl Type {
    /// Every type that we can validate.
    pub const ALL: [Self; 2] = [Self::Dns01, Self::Http01];
    /// Every type that an authorization can have been proven by.
    const KNOWN: [Self; 3] = [Self::Dns01, Self::Http01, Self::Mail];

    /// The registered name; for what has none, one of our own, which CAA records can list (RFC 8657 §4).
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dns01 => "dns-01",
            Self::Http01 => "http-01",
            Self::Mail => "ca-mail",
        }
    }

    /// Reads such a name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::KNOWN.into_iter().find(|known| known.as_str() == text)
    }

    const fn bit(self) -> u8 {
        match self {
            Self::Dns01 => 1,
            Self::Http01 => 2,
            Self::Mail => 4,
        }
    }
}

impl Serialize for Type {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// A set of challenge types, stored as the bits of one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Types(u8);

impl Types {
    /// Every type.
    pub fn all() -> Self {
        Type::ALL.into_iter().collect()
    }

    /// What may prove control of an identifier: for a wildcard only its zone (RFC 8555 §7.1.3, F-104).
    pub fn for_identifier(identifier: &Identifier) -> Self {
        let Identifier::Dns(name) = identifier;
        if name.is_wildcard() {
            [Type::Dns01].into_iter().collect()
        } else {
            Self::all()
        }
    }

    /// From stored bits; bits of types that we no longer know are dropped.
    pub fn from_bits(bits: i64) -> Self {
        Type::KNOWN
            .into_iter()
            .filter(|each| bits & i64::from(each.bit()) != 0)
            .collect()
    }

    /// The bits to store: 1 for dns-01, 2 for http-01, 4 for a mail.
    pub fn as_bits(self) -> i64 {
        i64::from(self.0)
    }

    /// Whether a type is in the set.
    pub fn contains(self, challenge: Type) -> bool {
        self.0 & challenge.bit() != 0
    }

    /// The set with one type more.
    #[must_use]
    pub fn with(self, challenge: Type) -> Self {
        Self(self.0 | challenge.bit())
    }

    /// Each type in the set.
    pub fn iter(self) -> impl Iterator<Item = Type> {
        Type::KNOWN
            .into_iter()
            .filter(move |each| self.contains(*each))
    }
}

impl FromIterator<Type> for Types {
    fn from_iter<I: IntoIterator<Item = Type>>(types: I) -> Self {
        Self(types.into_iter().fold(0, |bits, each| bits | each.bit()))
    }
}

/// The random value of an authorization's challenges: 256 bits in base64url (RFC 8555 §8.1 asks for
/// 128).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Token(String);

/// The text is not a token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a challenge token")]
pub struct TokenError(String);

impl Token {
    /// A fresh token.
    pub fn generate(random: &dyn Random) -> Self {
        let mut bytes = [0_u8; 32];
        random.fill(&mut bytes);
        Self(base64url::encode(bytes))
    }

    /// Reads a stored token.
    pub fn parse(text: &str) -> Result<Self, TokenError> {
        // 22 characters are the least that hold 128 bits.
        if (22..=128).contains(&text.len()) && base64url::is_alphabet(text) {
            return Ok(Self(text.to_owned()));
        }
        Err(TokenError(text.to_owned()))
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the client must present: `token "." thumbprint` (RFC 8555 §8.1).
    pub fn key_authorization(&self, account_key: &Thumbprint) -> String {
        format!("{}.{account_key}", self.0)
    }
}

impl Serialize for Token {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where an http-01 response is fetched (RFC 8555 §8.3).
pub fn http_01_path(token: &Token) -> String {
    path_of(&token.0)
}

/// The same for a token that is a text.
pub fn path_of(token: &str) -> String {
    format!("/.well-known/acme-challenge/{token}")
}

/// What a dns-01 TXT record must hold: the SHA-256 of the key authorization in base64url.
pub fn dns_01_value(key_authorization: &str) -> String {
    base64url::encode(digest::digest(
        &digest::SHA256,
        key_authorization.as_bytes(),
    ))
}

/// Where a challenge stands (RFC 8555 §7.1.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChallengeStatus {
    /// Waiting for the client.
    Pending,
    /// Being validated.
    Processing,
    /// Proven.
    Valid,
    /// Failed for good.
    Invalid,
}

/// A challenge as a client sees it.
#[derive(Debug, Serialize)]
pub struct ChallengeObject<'a> {
    /// Its type.
    #[serde(rename = "type")]
    pub kind: Type,
    /// Where to respond.
    pub url: String,
    /// Where it stands.
    pub status: ChallengeStatus,
    /// The token.
    pub token: &'a Token,
    /// When it was proven.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validated: Option<Timestamp>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<&'a Problem>,
}

/// The payload of a response is not a JSON object.
#[derive(Debug, thiserror::Error)]
#[error(
    "to respond to a challenge send the empty JSON object {{}} as payload (RFC 8555 section 7.5.1)"
)]
pub struct ResponseError(#[source] serde_json::Error);

impl From<&ResponseError> for Problem {
    fn from(error: &ResponseError) -> Self {
        Self::malformed(error.to_string())
    }
}

told!(ResponseError);

/// Checks the payload with which a client responds; members in it are ignored.
pub fn parse_response(payload: &[u8]) -> Result<(), ResponseError> {
    #[derive(Deserialize)]
    struct Response {}
    payload::object::<Response>(payload)
        .map(|Response {}| ())
        .map_err(ResponseError)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(u8);
    impl Random for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0);
        }
    }

    fn token() -> Token {
        // RFC 8555 §8.3.
        Token::parse("LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0").unwrap()
    }

    #[test]
    fn f104_f110_a_wildcard_is_offered_dns_only_and_other_names_both() {
        let offered = |name: &str| {
            Types::for_identifier(&name.parse().unwrap())
                .iter()
                .collect::<Vec<_>>()
        };
        assert_eq!(offered("*.example.com"), [Type::Dns01]);
        assert_eq!(offered("example.com"), [Type::Dns01, Type::Http01]);
    }

    #[test]
    fn sets_round_trip_through_their_bits() {
        for bits in 0..8 {
            assert_eq!(Types::from_bits(bits).as_bits(), bits);
        }
        assert_eq!(Types::from_bits(-1), Types::all().with(Type::Mail));
        assert!(!Types::all().contains(Type::Mail));
        for each in Type::KNOWN {
            assert_eq!(Type::parse(each.as_str()), Some(each));
        }
    }

    #[test]
    fn the_rfc_examples_come_out() {
        // The thumbprint of RFC 8555 §8.1's example.
        let print = base64url::decode_exact("9jg46WB3rR_AHD-EBXdN7cBkH1WOu0tA3M9fm21mqTI").unwrap();
        let authorization = token().key_authorization(&Thumbprint::from_bytes(print));
        assert_eq!(
            authorization,
            "LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0.9jg46WB3rR_AHD-EBXdN7cBkH1WOu0tA3M9fm21mqTI"
        );
        assert_eq!(
            http_01_path(&token()),
            "/.well-known/acme-challenge/LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0"
        );
        // SHA-256 of "abc", FIPS 180-2.
        assert_eq!(
            dns_01_value("abc"),
            "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0"
        );
    }

    #[test]
    fn tokens_are_long_enough_and_plain() {
        assert_eq!(Token::generate(&Fixed(0xff)).as_str().len(), 43);
        assert!(Token::parse("short").is_err());
        assert!(Token::parse(&format!("{}/", "a".repeat(30))).is_err());
    }

    #[test]
    fn a_response_is_an_object() {
        assert!(parse_response(b"{}").is_ok());
        assert!(parse_response(br#"{"keyAuthorization":"x"}"#).is_ok());
        for other in ["", "[]", "null", "{} {}", "\"{}\""] {
            assert!(parse_response(other.as_bytes()).is_err(), "{other}");
        }
    }
}
