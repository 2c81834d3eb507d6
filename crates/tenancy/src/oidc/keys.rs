//! The keys with which a provider signs (RFC 7517), and the four algorithms that are believed (RFC 7518, RFC 8037). `none`
//! and everything with a shared secret are no algorithms here.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA256, RsaPublicKeyComponents,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

/// How many keys of a provider are looked at.
const MAX_KEYS: usize = 100;
/// The longest RSA modulus, in octets.
const LONGEST_MODULUS: usize = 1024;

/// What stands where keys should be is no set of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("what stands at the provider's jwks_uri is no set of keys")]
pub struct KeySetError;

/// How a token may be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenAlgorithm {
    /// Ed25519.
    EdDsa,
    /// ECDSA with P-256 and SHA-256.
    Es256,
    /// RSA-PSS with SHA-256.
    Ps256,
    /// RSA with PKCS #1 1.5 and SHA-256.
    Rs256,
}

impl TokenAlgorithm {
    /// By its name in the header of a token; `None` for what is not believed.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "EdDSA" => Some(Self::EdDsa),
            "ES256" => Some(Self::Es256),
            "PS256" => Some(Self::Ps256),
            "RS256" => Some(Self::Rs256),
            _ => None,
        }
    }
}

/// The keys of a provider that can be used.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct SigningKeys(Vec<SigningKey>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct SigningKey {
    id: Option<String>,
    /// The one algorithm that it is for, if it says so.
    algorithm: Option<String>,
    parts: Parts,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Parts {
    Ed25519(Vec<u8>),
    /// An uncompressed point.
    P256(Vec<u8>),
    Rsa {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
    },
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    #[serde(rename = "use")]
    usage: Option<String>,
    kid: Option<String>,
    alg: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
}

impl SigningKeys {
    /// Reads a set of keys; those that cannot be used are left out.
    pub fn parse(document: &[u8]) -> Result<Self, KeySetError> {
        let set: KeySet = serde_json::from_slice(document).map_err(|_| KeySetError)?;
        let keys = set.keys.into_iter().take(MAX_KEYS).filter_map(|key| {
            let key: Jwk = serde_json::from_value(key).ok()?;
            key.into_signing_key()
        });
        Ok(Self(keys.collect()))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether one of the keys that a header names signed the message; `None` when there is no such key.
    pub(super) fn verify(
        &self,
        (algorithm, id): (TokenAlgorithm, Option<&str>),
        message: &[u8],
        signature: &[u8],
    ) -> Option<bool> {
        let mut fitting = self.0.iter().filter(|key| {
            let is_named = id.is_none() || key.id.as_deref() == id;
            is_named && key.fits(algorithm)
        });
        let first = fitting.next()?;
        // A token that does not say which key signed it can mean one only.
        if id.is_none() && fitting.next().is_some() {
            return None;
        }
        let signed = |key: &SigningKey| key.parts.verify(algorithm, message, signature);
        Some(signed(first) || fitting.any(signed))
    }
}

impl Jwk {
    fn into_signing_key(self) -> Option<SigningKey> {
        if self.usage.is_some_and(|usage| usage != "sig") {
            return None;
        }
        let decode = |text: Option<String>| URL_SAFE_NO_PAD.decode(text?).ok();
        let parts = match (self.kty.as_str(), self.crv.as_deref()) {
            ("OKP", Some("Ed25519")) => Parts::Ed25519(decode(self.x)?),
            ("EC", Some("P-256")) => {
                let (x, y) = (decode(self.x)?, decode(self.y)?);
                let is_whole = x.len() == 32 && y.len() == 32;
                is_whole.then(|| Parts::P256([&[4], x.as_slice(), y.as_slice()].concat()))?
            }
            ("RSA", _) => {
                let (modulus, exponent) = (decode(self.n)?, decode(self.e)?);
                let is_usable = (256..=LONGEST_MODULUS).contains(&modulus.len());
                is_usable.then_some(Parts::Rsa { modulus, exponent })?
            }
            _ => return None,
        };
        Some(SigningKey {
            id: self.kid,
            algorithm: self.alg,
            parts,
        })
    }
}

impl SigningKey {
    fn fits(&self, algorithm: TokenAlgorithm) -> bool {
        let is_of_kind = match (&self.parts, algorithm) {
            (Parts::Ed25519(_), TokenAlgorithm::EdDsa)
            | (Parts::P256(_), TokenAlgorithm::Es256)
            | (Parts::Rsa { .. }, TokenAlgorithm::Ps256 | TokenAlgorithm::Rs256) => true,
            (Parts::Ed25519(_) | Parts::P256(_) | Parts::Rsa { .. }, _) => false,
        };
        let named = self.algorithm.as_deref();
        is_of_kind && named.is_none_or(|name| TokenAlgorithm::parse(name) == Some(algorithm))
    }
}

impl Parts {
    fn verify(&self, algorithm: TokenAlgorithm, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Ed25519(point) => ParsedPublicKey::new(&ED25519, point)
                .is_ok_and(|key| key.verify_sig(message, signature).is_ok()),
            Self::P256(point) => ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
                .is_ok_and(|key| key.verify_sig(message, signature).is_ok()),
            Self::Rsa { modulus, exponent } => {
                let key = RsaPublicKeyComponents {
                    n: modulus.as_slice(),
                    e: exponent.as_slice(),
                };
                let scheme = match algorithm {
                    TokenAlgorithm::Ps256 => &RSA_PSS_2048_8192_SHA256,
                    TokenAlgorithm::EdDsa | TokenAlgorithm::Es256 | TokenAlgorithm::Rs256 => {
                        &RSA_PKCS1_2048_8192_SHA256
                    }
                };
                key.verify(scheme, message, signature).is_ok()
            }
        }
    }
}
