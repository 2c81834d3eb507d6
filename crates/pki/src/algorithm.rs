//! Key and signature algorithms, with the exact encodings that the Baseline Requirements allow.
//!
//! CA/Browser Forum TLS BR §7.1.3.1 (keys) and §7.1.3.2 (signatures) prescribe the octets, so they are constants
//! here and compared whole. SHA-1 and everything unknown has no value in these types.

use std::fmt;

/// What kind of public key a subscriber or an issuer has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyAlgorithm {
    /// ECDSA on NIST P-256.
    EcdsaP256,
    /// ECDSA on NIST P-384.
    EcdsaP384,
    /// RSA with a modulus of this many bits.
    Rsa {
        /// Length of the modulus in bits.
        bits: u32,
    },
}

impl KeyAlgorithm {
    /// The DER of the `AlgorithmIdentifier` in a SubjectPublicKeyInfo (BR §7.1.3.1).
    pub(crate) const fn identifier(self) -> &'static [u8] {
        match self {
            Self::EcdsaP256 => P256_IDENTIFIER,
            Self::EcdsaP384 => P384_IDENTIFIER,
            Self::Rsa { .. } => RSA_IDENTIFIER,
        }
    }

    /// The algorithm with which a CA key of this kind signs.
    pub const fn signature_algorithm(self) -> SignatureAlgorithm {
        match self {
            Self::EcdsaP256 => SignatureAlgorithm::EcdsaSha256,
            Self::EcdsaP384 => SignatureAlgorithm::EcdsaSha384,
            Self::Rsa { .. } => SignatureAlgorithm::RsaSha256,
        }
    }
}

/// `ECDSA P-256`, `RSA 2048`: as people read it in the portal.
impl fmt::Display for KeyAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EcdsaP256 => f.write_str("ECDSA P-256"),
            Self::EcdsaP384 => f.write_str("ECDSA P-384"),
            Self::Rsa { bits } => write!(f, "RSA {bits}"),
        }
    }
}

/// A signature algorithm that we make or accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SignatureAlgorithm {
    /// ecdsa-with-SHA256 (RFC 5758 §3.2).
    EcdsaSha256,
    /// ecdsa-with-SHA384 (RFC 5758 §3.2).
    EcdsaSha384,
    /// sha256WithRSAEncryption (RFC 4055 §5).
    RsaSha256,
    /// sha384WithRSAEncryption (RFC 4055 §5).
    RsaSha384,
    /// sha512WithRSAEncryption (RFC 4055 §5).
    RsaSha512,
}

impl SignatureAlgorithm {
    const ALL: [Self; 5] = [
        Self::EcdsaSha256,
        Self::EcdsaSha384,
        Self::RsaSha256,
        Self::RsaSha384,
        Self::RsaSha512,
    ];

    /// The DER of the `AlgorithmIdentifier` (BR §7.1.3.2).
    pub const fn identifier(self) -> &'static [u8] {
        match self {
            Self::EcdsaSha256 => ECDSA_SHA256_IDENTIFIER,
            Self::EcdsaSha384 => ECDSA_SHA384_IDENTIFIER,
            Self::RsaSha256 => RSA_SHA256_IDENTIFIER,
            Self::RsaSha384 => RSA_SHA384_IDENTIFIER,
            Self::RsaSha512 => RSA_SHA512_IDENTIFIER,
        }
    }

    /// The algorithm with exactly this encoding.
    pub(crate) fn from_identifier(der: &[u8]) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.identifier() == der)
    }
}

/// The OID's usual name.
impl fmt::Display for SignatureAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EcdsaSha256 => "ecdsa-with-SHA256",
            Self::EcdsaSha384 => "ecdsa-with-SHA384",
            Self::RsaSha256 => "sha256WithRSAEncryption",
            Self::RsaSha384 => "sha384WithRSAEncryption",
            Self::RsaSha512 => "sha512WithRSAEncryption",
        })
    }
}

const RSA_IDENTIFIER: &[u8] = b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";
const P256_IDENTIFIER: &[u8] =
    b"\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";
const P384_IDENTIFIER: &[u8] =
    b"\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22";
const ECDSA_SHA256_IDENTIFIER: &[u8] = b"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02";
const ECDSA_SHA384_IDENTIFIER: &[u8] = b"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03";
const RSA_SHA256_IDENTIFIER: &[u8] =
    b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\x00";
const RSA_SHA384_IDENTIFIER: &[u8] =
    b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c\x05\x00";
const RSA_SHA512_IDENTIFIER: &[u8] =
    b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d\x05\x00";
