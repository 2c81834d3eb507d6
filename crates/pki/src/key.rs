//! A subscriber's or an issuer's public key, read from its SubjectPublicKeyInfo (RFC 5280 §4.1.2.7).
//!
//! Only keys that a certificate may carry can be held: P-256 and P-384 points that are on their curve and
//! uncompressed, and RSA. Whether an RSA key is strong is [`key_policy`](crate::key_policy)'s question.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{
    self, ParsedPublicKey, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::algorithm::{KeyAlgorithm, SignatureAlgorithm};
use crate::decode::{Element, Elements};
use crate::encode::tag;

/// Why a key cannot stand in a certificate.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
pub enum KeyError {
    /// Neither RSA nor a curve we take.
    #[error("the key algorithm {0} is not supported; use ECDSA P-256, ECDSA P-384 or RSA")]
    Algorithm(String),
    /// Not a SubjectPublicKeyInfo.
    #[error("the public key is not valid DER")]
    Encoding(#[from] der::Error),
    /// Not an uncompressed point on its curve (BR §6.1.6).
    #[error("the public key is not an uncompressed point on its curve")]
    Point,
}

/// The signature does not fit the message, the key or the algorithm.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone, Copy)]
#[error("the signature does not verify")]
pub struct SignatureError;

/// A public key with the SubjectPublicKeyInfo it came in.
#[derive(Clone)]
pub struct PublicKey {
    spki: Vec<u8>,
    algorithm: KeyAlgorithm,
    fingerprint: [u8; 32],
    key_bits: Vec<u8>,
    material: Material,
}

/// The key as the algorithms need it.
#[derive(Clone)]
enum Material {
    /// The point, ready to verify signatures with the digest of the curve's own size.
    Ecdsa(ParsedPublicKey),
    Rsa(RsaNumbers),
}

/// Modulus and exponent, big-endian, without leading zeros.
#[derive(Clone)]
pub(crate) struct RsaNumbers {
    pub(crate) modulus: Vec<u8>,
    pub(crate) exponent: Vec<u8>,
}

impl PublicKey {
    /// Reads a DER SubjectPublicKeyInfo.
    pub fn from_spki(der: &[u8]) -> Result<Self, KeyError> {
        let mut fields = Element::only(der, tag::SEQUENCE)?.elements()?;
        let identifier = fields.expect(tag::SEQUENCE)?;
        let key_bits = fields.expect(tag::BIT_STRING)?.bit_octets()?;
        fields.finish()?;
        let (algorithm, material) = read_key(identifier, key_bits)?;
        Ok(Self {
            spki: der.to_vec(),
            algorithm,
            fingerprint: sha256(der),
            key_bits: key_bits.to_vec(),
            material,
        })
    }

    /// The SubjectPublicKeyInfo as it came.
    pub fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// SHA-256 of the SubjectPublicKeyInfo, under which block lists know the key.
    pub fn fingerprint(&self) -> &[u8; 32] {
        &self.fingerprint
    }

    /// The kind of key.
    pub fn algorithm(&self) -> KeyAlgorithm {
        self.algorithm
    }

    /// The content of the subjectPublicKey BIT STRING, from which key identifiers are made.
    pub(crate) fn key_bits(&self) -> &[u8] {
        &self.key_bits
    }

    pub(crate) fn rsa(&self) -> Option<&RsaNumbers> {
        match &self.material {
            Material::Rsa(numbers) => Some(numbers),
            Material::Ecdsa(_) => None,
        }
    }

    /// The key's SHA-256 JWK thumbprint (RFC 7638), to compare it with ACME account keys.
    pub fn jwk_thumbprint(&self) -> [u8; 32] {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let point = |curve: &str| {
            let coordinates = self.key_bits.get(1..).unwrap_or_default();
            let (x, y) = coordinates.split_at(coordinates.len() / 2);
            let (x, y) = (encode(x), encode(y));
            format!(r#"{{"crv":"{curve}","kty":"EC","x":"{x}","y":"{y}"}}"#)
        };
        let json = match (self.algorithm, self.rsa()) {
            (KeyAlgorithm::EcdsaP384, _) => point("P-384"),
            (KeyAlgorithm::Rsa { .. }, Some(rsa)) => {
                let (e, n) = (encode(&rsa.exponent), encode(&rsa.modulus));
                format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#)
            }
            (KeyAlgorithm::EcdsaP256 | KeyAlgorithm::Rsa { .. }, _) => point("P-256"),
        };
        sha256(json.as_bytes())
    }

    /// Whether `signature` over `message` was made with this key.
    pub fn verify(
        &self,
        algorithm: SignatureAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), SignatureError> {
        match &self.material {
            Material::Ecdsa(point) if algorithm == self.algorithm.signature_algorithm() => point
                .verify_sig(message, signature)
                .map_err(|_| SignatureError),
            Material::Ecdsa(_) => self.verify_ecdsa(algorithm, message, signature),
            Material::Rsa(numbers) => verify_rsa(numbers, algorithm, message, signature),
        }
    }

    /// With a digest of another size than the curve's.
    fn verify_ecdsa(
        &self,
        algorithm: SignatureAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), SignatureError> {
        let is_p384 = self.algorithm == KeyAlgorithm::EcdsaP384;
        let scheme: &'static dyn VerificationAlgorithm = match (algorithm, is_p384) {
            (SignatureAlgorithm::EcdsaSha256, false) => &signature::ECDSA_P256_SHA256_ASN1,
            (SignatureAlgorithm::EcdsaSha256, true) => &signature::ECDSA_P384_SHA256_ASN1,
            (SignatureAlgorithm::EcdsaSha384, false) => &signature::ECDSA_P256_SHA384_ASN1,
            (SignatureAlgorithm::EcdsaSha384, true) => &signature::ECDSA_P384_SHA384_ASN1,
            (
                SignatureAlgorithm::RsaSha256
                | SignatureAlgorithm::RsaSha384
                | SignatureAlgorithm::RsaSha512,
                _,
            ) => return Err(SignatureError),
        };
        UnparsedPublicKey::new(scheme, &self.key_bits)
            .verify(message, signature)
            .map_err(|_| SignatureError)
    }
}

/// A key of under 2048 bits can prove possession too, so that the key policy can name its size.
fn verify_rsa(
    rsa: &RsaNumbers,
    algorithm: SignatureAlgorithm,
    message: &[u8],
    signature: &[u8],
) -> Result<(), SignatureError> {
    let is_small = rsa.modulus.len() < 256;
    let scheme = match (algorithm, is_small) {
        (SignatureAlgorithm::RsaSha256, false) => &signature::RSA_PKCS1_2048_8192_SHA256,
        (SignatureAlgorithm::RsaSha256, true) => {
            &signature::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY
        }
        (SignatureAlgorithm::RsaSha384, _) => &signature::RSA_PKCS1_2048_8192_SHA384,
        (SignatureAlgorithm::RsaSha512, false) => &signature::RSA_PKCS1_2048_8192_SHA512,
        (SignatureAlgorithm::RsaSha512, true) => {
            &signature::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY
        }
        (SignatureAlgorithm::EcdsaSha256 | SignatureAlgorithm::EcdsaSha384, _) => {
            return Err(SignatureError);
        }
    };
    RsaPublicKeyComponents {
        n: &rsa.modulus,
        e: &rsa.exponent,
    }
    .verify(scheme, message, signature)
    .map_err(|_| SignatureError)
}

fn read_key(
    identifier: Element<'_>,
    key_bits: &[u8],
) -> Result<(KeyAlgorithm, Material), KeyError> {
    let is = |algorithm: KeyAlgorithm| identifier.whole == algorithm.identifier();
    if is(KeyAlgorithm::EcdsaP256) {
        let point = read_point(key_bits, 65, &signature::ECDSA_P256_SHA256_ASN1)?;
        return Ok((KeyAlgorithm::EcdsaP256, Material::Ecdsa(point)));
    }
    if is(KeyAlgorithm::EcdsaP384) {
        let point = read_point(key_bits, 97, &signature::ECDSA_P384_SHA384_ASN1)?;
        return Ok((KeyAlgorithm::EcdsaP384, Material::Ecdsa(point)));
    }
    if is(KeyAlgorithm::Rsa { bits: 0 }) {
        let numbers = read_rsa(key_bits)?;
        let bits = bit_length(&numbers.modulus);
        return Ok((KeyAlgorithm::Rsa { bits }, Material::Rsa(numbers)));
    }
    Err(KeyError::Algorithm(describe(identifier)?))
}

/// Parsing checks that the point is on the curve and not at infinity.
fn read_point(
    point: &[u8],
    length: usize,
    scheme: &'static signature::EcdsaVerificationAlgorithm,
) -> Result<ParsedPublicKey, KeyError> {
    if point.len() != length || point.first() != Some(&0x04) {
        return Err(KeyError::Point);
    }
    ParsedPublicKey::new(scheme, point).map_err(|_| KeyError::Point)
}

/// RSAPublicKey (RFC 8017 §A.1.1).
fn read_rsa(key_bits: &[u8]) -> Result<RsaNumbers, der::Error> {
    let mut fields = Element::only(key_bits, tag::SEQUENCE)?.elements()?;
    let modulus = fields.expect(tag::INTEGER)?.unsigned()?.to_vec();
    let exponent = fields.expect(tag::INTEGER)?.unsigned()?.to_vec();
    fields.finish()?;
    Ok(RsaNumbers { modulus, exponent })
}

fn bit_length(big_endian: &[u8]) -> u32 {
    let octets = u32::try_from(big_endian.len()).unwrap_or(u32::MAX / 8);
    let leading = big_endian.first().map_or(0, |first| first.leading_zeros());
    (octets * 8).saturating_sub(leading)
}

/// The algorithm's OID, and its curve's when that is what we do not take.
fn describe(identifier: Element<'_>) -> Result<String, der::Error> {
    let mut fields: Elements<'_> = identifier.elements()?;
    let algorithm = fields.any()?.oid()?;
    Ok(match fields.next()?.map(Element::oid) {
        Some(Ok(curve)) => format!("{algorithm} with curve {curve}"),
        _ => algorithm.to_string(),
    })
}

pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0_u8; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.spki == other.spki
    }
}

impl Eq for PublicKey {}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({}, ", self.algorithm)?;
        for byte in self.fingerprint.iter().take(8) {
            write!(f, "{byte:02x}")?;
        }
        f.write_str("..)")
    }
}

#[cfg(test)]
mod tests;
