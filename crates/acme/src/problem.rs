//! Problem documents (RFC 7807 with the types of RFC 8555 §6.7): how every refusal is told.
//!
//! The door sends them as `application/problem+json` and adds `Retry-After` and `Link`; orders and
//! challenges store them, which is why they can be read back.

mod refusal;

pub(crate) use refusal::told;

use serde::{Deserialize, Serialize, Serializer};

use crate::algorithm::{Algorithm, MacAlgorithm};
use crate::requested::Requested;

/// The media type of a problem document.
pub const CONTENT_TYPE: &str = "application/problem+json";

/// An error type of RFC 8555 §6.7, or of what extends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The request names an account that does not exist.
    AccountDoesNotExist,
    /// The certificate is revoked already.
    AlreadyRevoked,
    /// The CSR is unacceptable.
    BadCsr,
    /// The anti-replay nonce is missing, used or too old.
    BadNonce,
    /// The key is not one we support.
    BadPublicKey,
    /// The revocation reason is not allowed.
    BadRevocationReason,
    /// The JWS algorithm is not one we support.
    BadSignatureAlgorithm,
    /// CAA records forbid the issuance.
    Caa,
    /// Several errors; see the subproblems.
    Compound,
    /// The server could not connect to the validation target.
    Connection,
    /// A DNS query failed during validation.
    Dns,
    /// The request must carry an external account binding.
    ExternalAccountRequired,
    /// The response to a challenge is not the expected one.
    IncorrectResponse,
    /// A contact URL is invalid.
    InvalidContact,
    /// There is no profile of this name (draft-ietf-acme-profiles).
    InvalidProfile,
    /// The request is malformed.
    Malformed,
    /// The order cannot be finalized now.
    OrderNotReady,
    /// A limit is exceeded.
    RateLimited,
    /// We do not issue for this identifier.
    RejectedIdentifier,
    /// Our fault.
    ServerInternal,
    /// A TLS error during validation.
    Tls,
    /// The client may not do this.
    Unauthorized,
    /// A contact URL has a scheme that we do not support.
    UnsupportedContact,
    /// An identifier is of a type that we do not support.
    UnsupportedIdentifier,
    /// A person has to do something first.
    UserActionRequired,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 25] = [
        Self::AccountDoesNotExist,
        Self::AlreadyRevoked,
        Self::BadCsr,
        Self::BadNonce,
        Self::BadPublicKey,
        Self::BadRevocationReason,
        Self::BadSignatureAlgorithm,
        Self::Caa,
        Self::Compound,
        Self::Connection,
        Self::Dns,
        Self::ExternalAccountRequired,
        Self::IncorrectResponse,
        Self::InvalidContact,
        Self::InvalidProfile,
        Self::Malformed,
        Self::OrderNotReady,
        Self::RateLimited,
        Self::RejectedIdentifier,
        Self::ServerInternal,
        Self::Tls,
        Self::Unauthorized,
        Self::UnsupportedContact,
        Self::UnsupportedIdentifier,
        Self::UserActionRequired,
    ];

    /// The URN that goes into `type`.
    pub const fn urn(self) -> &'static str {
        match self {
            Self::AccountDoesNotExist => "urn:ietf:params:acme:error:accountDoesNotExist",
            Self::AlreadyRevoked => "urn:ietf:params:acme:error:alreadyRevoked",
            Self::BadCsr => "urn:ietf:params:acme:error:badCSR",
            Self::BadNonce => "urn:ietf:params:acme:error:badNonce",
            Self::BadPublicKey => "urn:ietf:params:acme:error:badPublicKey",
            Self::BadRevocationReason => "urn:ietf:params:acme:error:badRevocationReason",
            Self::BadSignatureAlgorithm => "urn:ietf:params:acme:error:badSignatureAlgorithm",
            Self::Caa => "urn:ietf:params:acme:error:caa",
            Self::Compound => "urn:ietf:params:acme:error:compound",
            Self::Connection => "urn:ietf:params:acme:error:connection",
            Self::Dns => "urn:ietf:params:acme:error:dns",
            Self::ExternalAccountRequired => "urn:ietf:params:acme:error:externalAccountRequired",
            Self::IncorrectResponse => "urn:ietf:params:acme:error:incorrectResponse",
            Self::InvalidContact => "urn:ietf:params:acme:error:invalidContact",
            Self::InvalidProfile => "urn:ietf:params:acme:error:invalidProfile",
            Self::Malformed => "urn:ietf:params:acme:error:malformed",
            Self::OrderNotReady => "urn:ietf:params:acme:error:orderNotReady",
            Self::RateLimited => "urn:ietf:params:acme:error:rateLimited",
            Self::RejectedIdentifier => "urn:ietf:params:acme:error:rejectedIdentifier",
            Self::ServerInternal => "urn:ietf:params:acme:error:serverInternal",
            Self::Tls => "urn:ietf:params:acme:error:tls",
            Self::Unauthorized => "urn:ietf:params:acme:error:unauthorized",
            Self::UnsupportedContact => "urn:ietf:params:acme:error:unsupportedContact",
            Self::UnsupportedIdentifier => "urn:ietf:params:acme:error:unsupportedIdentifier",
            Self::UserActionRequired => "urn:ietf:params:acme:error:userActionRequired",
        }
    }

    /// Reads a URN.
    pub fn parse(urn: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.urn() == urn)
    }

    /// The HTTP status of a response with this type, unless its section of the RFC says otherwise.
    pub const fn status(self) -> u16 {
        match self {
            Self::AccountDoesNotExist
            | Self::AlreadyRevoked
            | Self::BadCsr
            | Self::BadNonce
            | Self::BadPublicKey
            | Self::BadRevocationReason
            | Self::BadSignatureAlgorithm
            | Self::Compound
            | Self::Connection
            | Self::Dns
            | Self::InvalidContact
            | Self::InvalidProfile
            | Self::Malformed
            | Self::RejectedIdentifier
            | Self::Tls
            | Self::UnsupportedContact
            | Self::UnsupportedIdentifier => 400,
            Self::Caa
            | Self::ExternalAccountRequired
            | Self::IncorrectResponse
            | Self::OrderNotReady
            | Self::Unauthorized
            | Self::UserActionRequired => 403,
            Self::RateLimited => 429,
            Self::ServerInternal => 500,
        }
    }
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.urn())
    }
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let urn = String::deserialize(deserializer)?;
        Self::parse(&urn).ok_or_else(|| serde::de::Error::custom("unknown problem type"))
    }
}

/// A problem document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// What went wrong.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// A sentence for a person: what happened and what to do.
    pub detail: String,
    /// The HTTP status.
    pub status: u16,
    /// One entry for each identifier that failed (RFC 8555 §6.7.1).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subproblems: Vec<Subproblem>,
    /// What we accept instead, with `badSignatureAlgorithm` (RFC 8555 §6.2).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub algorithms: Vec<String>,
}

/// What is wrong with one identifier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subproblem {
    /// What went wrong.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// A sentence for a person.
    pub detail: String,
    /// The identifier, as the client wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identifier: Option<Requested>,
}

impl Problem {
    /// With the usual status of its kind.
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            status: kind.status(),
            subproblems: Vec::new(),
            algorithms: Vec::new(),
        }
    }

    /// A malformed request.
    pub fn malformed(detail: impl Into<String>) -> Self {
        Self::new(Kind::Malformed, detail)
    }

    /// Something else happened first; RFC 8555 has no type for it.
    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::malformed(detail).with_status(409)
    }

    /// Nothing is there, or nothing that this account may see.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::malformed(detail).with_status(404)
    }

    /// Our own fault; the detail carries nothing but the request's identifier.
    pub fn internal(request_id: &str) -> Self {
        let detail = format!(
            "the server failed; try again later and name request {request_id} if it persists"
        );
        Self::new(Kind::ServerInternal, detail)
    }

    /// A refused algorithm, with the list of those we accept (RFC 8555 §6.2).
    pub fn bad_signature_algorithm(detail: impl Into<String>) -> Self {
        let mut problem = Self::new(Kind::BadSignatureAlgorithm, detail);
        problem.algorithms = signature_algorithms();
        problem
    }

    /// The bad identifiers of a request, all at once: their common type, or `compound`.
    pub fn for_identifiers(subproblems: Vec<Subproblem>) -> Self {
        let mut kinds = subproblems.iter().map(|each| each.kind);
        let first = kinds.next().unwrap_or(Kind::Malformed);
        let kind = if kinds.all(|kind| kind == first) {
            first
        } else {
            Kind::Compound
        };
        let detail = match subproblems.as_slice() {
            [only] => only.detail.clone(),
            several => format!(
                "{} identifiers were refused; each is explained in \"subproblems\"",
                several.len()
            ),
        };
        Self {
            subproblems,
            ..Self::new(kind, detail)
        }
    }

    /// With another status, where a section of the RFC names one.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// The body to send.
    pub fn to_json(&self) -> String {
        // Strings, numbers and lists of them cannot fail to serialise.
        serde_json::to_string(self).unwrap_or_default()
    }
}

fn signature_algorithms() -> Vec<String> {
    names(Algorithm::ALL.iter().map(|known| known.as_str()))
}

pub(crate) fn mac_algorithms() -> Vec<String> {
    names(MacAlgorithm::ALL.iter().map(|known| known.as_str()))
}

fn names<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    names.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_own_urn_and_reads_back() {
        for kind in Kind::ALL {
            assert_eq!(Kind::parse(kind.urn()), Some(kind));
            assert!(kind.urn().starts_with("urn:ietf:params:acme:error:"));
            assert!((400..=500).contains(&kind.status()));
        }
        assert_eq!(Kind::parse("about:blank"), None);
    }

    #[test]
    fn documents_carry_only_what_applies() {
        insta::assert_snapshot!(
            Problem::malformed("the payload is not JSON").to_json(),
            @r#"{"type":"urn:ietf:params:acme:error:malformed","detail":"the payload is not JSON","status":400}"#
        );
        insta::assert_snapshot!(
            Problem::bad_signature_algorithm("\"none\" is refused").to_json(),
            @r#"{"type":"urn:ietf:params:acme:error:badSignatureAlgorithm","detail":"\"none\" is refused","status":400,"algorithms":["ES256","ES384","EdDSA","RS256"]}"#
        );
    }

    #[test]
    fn subproblems_share_a_type_or_become_compound() {
        let one = |kind: Kind, value: &str| Subproblem {
            kind,
            detail: "no".to_owned(),
            identifier: Some(Requested::dns(value)),
        };
        let same = vec![one(Kind::RejectedIdentifier, "a.example"); 2];
        assert_eq!(
            Problem::for_identifiers(same).kind,
            Kind::RejectedIdentifier
        );
        let mixed = vec![
            one(Kind::RejectedIdentifier, "a.example"),
            one(Kind::UnsupportedIdentifier, "b.example"),
        ];
        let problem = Problem::for_identifiers(mixed);
        assert_eq!(problem.kind, Kind::Compound);
        let read: Problem = serde_json::from_str(&problem.to_json()).unwrap();
        assert_eq!(read, problem);
    }
}
