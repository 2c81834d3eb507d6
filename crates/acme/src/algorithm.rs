//! The signature and MAC algorithms that ACME messages may use (RFC 7518 §3.1, RFC 8037).
//!
//! Two enums rather than one: a MAC can never sign a request, and a signature never binds an
//! external account (RFC 8555 §6.2, §7.3.4).

use aws_lc_rs::hmac;
use serde::{Serialize, Serializer};

/// How a request may be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// Ed25519 (RFC 8037 §3.1).
    EdDsa,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
}

impl Algorithm {
    /// Everything we accept, in the order in which we recommend it; `badSignatureAlgorithm` lists it.
    pub const ALL: [Self; 4] = [Self::Es256, Self::Es384, Self::EdDsa, Self::Rs256];

    /// The registered name, as in `alg`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Rs256 => "RS256",
        }
    }

    /// Reads a registered name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == text)
    }
}

impl Serialize for Algorithm {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// How an external account binding may be authenticated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MacAlgorithm {
    /// HMAC with SHA-256.
    Hs256,
    /// HMAC with SHA-384.
    Hs384,
    /// HMAC with SHA-512.
    Hs512,
}

impl MacAlgorithm {
    /// Everything we accept.
    pub const ALL: [Self; 3] = [Self::Hs256, Self::Hs384, Self::Hs512];

    /// The registered name, as in `alg`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
        }
    }

    /// Reads a registered name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == text)
    }

    pub(crate) fn hmac(self) -> hmac::Algorithm {
        match self {
            Self::Hs256 => hmac::HMAC_SHA256,
            Self::Hs384 => hmac::HMAC_SHA384,
            Self::Hs512 => hmac::HMAC_SHA512,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_and_nothing_else_is_read() {
        for algorithm in Algorithm::ALL {
            assert_eq!(Algorithm::parse(algorithm.as_str()), Some(algorithm));
        }
        for algorithm in MacAlgorithm::ALL {
            assert_eq!(MacAlgorithm::parse(algorithm.as_str()), Some(algorithm));
        }
        for other in ["none", "HS256", "es256", "PS256", "ES512", ""] {
            assert_eq!(Algorithm::parse(other), None, "{other}");
        }
        assert_eq!(MacAlgorithm::parse("ES256"), None);
    }
}
