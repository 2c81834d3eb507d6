//! Account keys: JSON Web Keys (RFC 7517, RFC 7518 §6, RFC 8037) read strictly, once, into keys
//! that are ready to verify.
//!
//! A key is checked when it is read (curve, size, exponent, encoding), so holding a [`Jwk`] means
//! holding an acceptable one. Weak-key lists are the caller's, by [`Jwk::spki_der`].

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::signature::{self, ParsedPublicKey, RsaPublicKeyComponents, VerificationAlgorithm};
use aws_lc_rs::{digest, error::KeyRejected};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::algorithm::Algorithm;
use crate::base64url::{self, Base64Error};
use crate::payload;
use crate::problem::{Kind, Problem, told};

/// Why a JSON value is not an account key that we accept.
#[derive(Debug, thiserror::Error)]
pub enum JwkError {
    /// A curve that we do not support.
    #[error("the key's curve \"{0}\" is not supported; use P-256, P-384 or Ed25519")]
    Curve(String),
    /// A member that is not base64url.
    #[error("the key's member \"{member}\" {reason}")]
    Encoding {
        /// The member's name.
        member: &'static str,
        /// What is wrong with its text.
        reason: Base64Error,
    },
    /// An exponent that is even, below 65537 or over 32 bits.
    #[error("the RSA key's exponent must be odd and from 65537 to 4294967295; make a new key")]
    Exponent,
    /// Not a JSON object with the members of a key.
    #[error("the key is not a JSON Web Key: {0}")]
    Json(serde_json::Error),
    /// A key type that we do not support.
    #[error("the key type \"{0}\" is not supported; use EC, RSA or OKP")]
    KeyType(String),
    /// A member that the key type needs.
    #[error("the key has no member \"{0}\"")]
    Missing(&'static str),
    /// A modulus outside 2048 to 4096 bits.
    #[error("the RSA key has {bits} bits; use 2048 to 4096")]
    ModulusSize {
        /// Its size.
        bits: usize,
    },
    /// A private or symmetric member.
    #[error("the key contains private parts; send only the public key and replace this one")]
    Private,
    /// An Ed25519 key of small order: one signature of it fits any message.
    #[error("the Ed25519 key has a small order, so that anybody could sign for it; make a new one")]
    SmallOrder,
    /// Numbers that are no point on the curve, or an impossible modulus.
    #[error("the key's numbers do not form a valid public key")]
    Rejected,
    /// A coordinate or modulus that is not in its one canonical form.
    #[error("the key's member \"{member}\" must have exactly {expected} bytes")]
    Width {
        /// The member's name.
        member: &'static str,
        /// How many bytes it must have.
        expected: usize,
    },
    /// A leading zero byte in an RSA number.
    #[error("the key's member \"{0}\" starts with a zero byte; leave it out")]
    LeadingZero(&'static str),
}

impl From<&JwkError> for Problem {
    fn from(error: &JwkError) -> Self {
        Self::new(Kind::BadPublicKey, error.to_string())
    }
}

told!(JwkError);

/// A public key ready to verify signatures with the one algorithm that fits it; cheap to clone.
#[derive(Clone)]
pub struct PublicKey {
    algorithm: Algorithm,
    key: Arc<ParsedPublicKey>,
}

impl PublicKey {
    /// The only algorithm this key is used with.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Whether `signature`, in the form of RFC 7518 §3, was made over `message` by this key.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.key.verify_sig(message, signature).is_ok()
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.algorithm.as_str())
    }
}

/// The SHA-256 thumbprint of a key (RFC 7638), which names an account's key everywhere.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Thumbprint([u8; 32]);

impl Thumbprint {
    /// From its 32 bytes, as stored.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Base64url without padding, as in key authorizations.
impl fmt::Display for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base64url::encode(self.0))
    }
}

impl fmt::Debug for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An acceptable account key.
#[derive(Debug, Clone)]
pub struct Jwk {
    canonical: String,
    public_key: PublicKey,
    spki_der: Vec<u8>,
    thumbprint: Thumbprint,
}

/// Two keys are the same when their thumbprints are.
impl PartialEq for Jwk {
    fn eq(&self, other: &Self) -> bool {
        self.thumbprint == other.thumbprint
    }
}

impl Eq for Jwk {}

impl Jwk {
    /// Reads a JSON object.
    pub fn parse(json: &str) -> Result<Self, JwkError> {
        let members: Members = payload::object(json.as_bytes()).map_err(JwkError::Json)?;
        if members.has_private_parts() {
            return Err(JwkError::Private);
        }
        match members.kty.as_str() {
            "EC" => elliptic(&members),
            "OKP" => edwards(&members),
            "RSA" => rsa(&members),
            other => Err(JwkError::KeyType(other.to_owned())),
        }
    }

    /// The required members in lexicographic order without space: what RFC 7638 hashes, and the
    /// form to store.
    pub fn to_json(&self) -> &str {
        &self.canonical
    }

    /// The key, ready to verify.
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// Its SubjectPublicKeyInfo in DER (RFC 5280 §4.1.2.7), to compare with a CSR's.
    pub fn spki_der(&self) -> &[u8] {
        &self.spki_der
    }

    /// Its RFC 7638 thumbprint.
    pub fn thumbprint(&self) -> Thumbprint {
        self.thumbprint
    }

    fn new(
        algorithm: Algorithm,
        canonical: String,
        key: ParsedPublicKey,
    ) -> Result<Self, JwkError> {
        let spki_der = key
            .as_der()
            .map_err(|_| JwkError::Rejected)?
            .as_ref()
            .to_vec();
        let digest = digest::digest(&digest::SHA256, canonical.as_bytes());
        let thumbprint = digest.as_ref().try_into().map_err(|_| JwkError::Rejected)?;
        Ok(Self {
            canonical,
            public_key: PublicKey {
                algorithm,
                key: Arc::new(key),
            },
            spki_der,
            thumbprint: Thumbprint(thumbprint),
        })
    }
}

/// What a key object may hold; members that we do not know are ignored (RFC 7517 §4).
#[derive(Deserialize)]
struct Members {
    kty: String,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
    d: Option<IgnoredAny>,
    p: Option<IgnoredAny>,
    q: Option<IgnoredAny>,
    dp: Option<IgnoredAny>,
    dq: Option<IgnoredAny>,
    qi: Option<IgnoredAny>,
    oth: Option<IgnoredAny>,
    k: Option<IgnoredAny>,
}

impl Members {
    fn has_private_parts(&self) -> bool {
        let rsa = [&self.p, &self.q, &self.dp, &self.dq, &self.qi, &self.oth];
        self.d.is_some() || self.k.is_some() || rsa.iter().any(|part| part.is_some())
    }
}

fn elliptic(members: &Members) -> Result<Jwk, JwkError> {
    let curve = members.crv.as_deref().ok_or(JwkError::Missing("crv"))?;
    let (algorithm, verification, width): (_, &'static dyn VerificationAlgorithm, _) = match curve {
        "P-256" => (Algorithm::Es256, &signature::ECDSA_P256_SHA256_FIXED, 32),
        "P-384" => (Algorithm::Es384, &signature::ECDSA_P384_SHA384_FIXED, 48),
        other => return Err(JwkError::Curve(other.to_owned())),
    };
    let x = fixed("x", members.x.as_deref(), width)?;
    let y = fixed("y", members.y.as_deref(), width)?;
    // SEC 1 §2.3.3: an uncompressed point.
    let point = [&[4_u8], x.as_slice(), y.as_slice()].concat();
    let key = ParsedPublicKey::new(verification, point).map_err(rejected)?;
    let (x, y) = (base64url::encode(x), base64url::encode(y));
    let canonical = format!(r#"{{"crv":"{curve}","kty":"EC","x":"{x}","y":"{y}"}}"#);
    Jwk::new(algorithm, canonical, key)
}

fn edwards(members: &Members) -> Result<Jwk, JwkError> {
    let curve = members.crv.as_deref().ok_or(JwkError::Missing("crv"))?;
    if curve != "Ed25519" {
        return Err(JwkError::Curve(curve.to_owned()));
    }
    let x = fixed("x", members.x.as_deref(), 32)?;
    check_order(&x)?;
    let key = ParsedPublicKey::new(&signature::ED25519, &x).map_err(rejected)?;
    let x = base64url::encode(x);
    let canonical = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    Jwk::new(Algorithm::EdDsa, canonical, key)
}

/// RFC 8032 §5.1.3: the octets are y, least first, and in the highest bit the sign of x.
///
/// The library takes points of small order, and a y that is not below the field's prime, with which one key would have
/// two thumbprints.
fn check_order(octets: &[u8]) -> Result<(), JwkError> {
    let mut y = octets.to_vec();
    if let Some(highest) = y.last_mut() {
        *highest &= 0x7f;
    }
    // 2^255 - 19.
    let prime = [&[0xed][..], &[0xff; 30], &[0x7f]].concat();
    if y.iter().rev().ge(prime.iter().rev()) {
        return Err(JwkError::Rejected);
    }
    if SMALL_ORDER.contains(&base64url::encode(&y).as_str()) {
        return Err(JwkError::SmallOrder);
    }
    Ok(())
}

/// The y of the points whose order divides 8: 0 and the prime less 1, 1, and two of order 8 (RFC 7748 §7 says why to refuse
/// them; the values are those of the group of RFC 8032 §5.1).
const SMALL_ORDER: [&str; 5] = [
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "7P_______________________________________38",
    "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "JuiVj8KyJ7BFw_SJ8u-Y8NXfrAXTxjM5sTgCiG1T_AU",
    "xxdqcD1N2E-6PAt2DRBnDyogU_osOczGTsf9d5KsA3o",
];

fn rsa(members: &Members) -> Result<Jwk, JwkError> {
    let n = number("n", members.n.as_deref())?;
    let e = number("e", members.e.as_deref())?;
    let bits = bit_length(&n);
    if !(2048..=4096).contains(&bits) {
        return Err(JwkError::ModulusSize { bits });
    }
    // A long exponent would make each verification as slow as a signature.
    if e.len() > 4 {
        return Err(JwkError::Exponent);
    }
    let exponent = e
        .iter()
        .fold(0_u64, |value, byte| (value << 8) | u64::from(*byte));
    if exponent < 65_537 || exponent % 2 == 0 {
        return Err(JwkError::Exponent);
    }
    if n.last().is_none_or(|last| last % 2 == 0) {
        return Err(JwkError::Rejected);
    }
    let key = RsaPublicKeyComponents { n: &n, e: &e }
        .to_parsed_public_key(&signature::RSA_PKCS1_2048_8192_SHA256)
        .map_err(rejected)?;
    let (n, e) = (base64url::encode(n), base64url::encode(e));
    let canonical = format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#);
    Jwk::new(Algorithm::Rs256, canonical, key)
}

fn bytes(member: &'static str, text: Option<&str>) -> Result<Vec<u8>, JwkError> {
    let text = text.ok_or(JwkError::Missing(member))?;
    base64url::decode(text).map_err(|reason| JwkError::Encoding { member, reason })
}

/// A coordinate has the full width of its field (RFC 7518 §6.2.1.2).
fn fixed(member: &'static str, text: Option<&str>, width: usize) -> Result<Vec<u8>, JwkError> {
    let value = bytes(member, text)?;
    if value.len() != width {
        return Err(JwkError::Width {
            member,
            expected: width,
        });
    }
    Ok(value)
}

/// An RSA number has no leading zero (RFC 7518 §2, Base64urlUInt).
fn number(member: &'static str, text: Option<&str>) -> Result<Vec<u8>, JwkError> {
    let value = bytes(member, text)?;
    match value.first() {
        None => Err(JwkError::Missing(member)),
        Some(0) => Err(JwkError::LeadingZero(member)),
        Some(_) => Ok(value),
    }
}

fn bit_length(number: &[u8]) -> usize {
    let unused = number.first().map_or(0, |first| first.leading_zeros());
    (number.len() * 8).saturating_sub(usize::try_from(unused).unwrap_or(0))
}

fn rejected(_: KeyRejected) -> JwkError {
    JwkError::Rejected
}

#[cfg(test)]
mod tests;
