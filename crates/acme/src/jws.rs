//! Signed requests: the flattened JWS of RFC 8555 §6.2 with the header that ACME demands.
//!
//! Parsing is cheap and proves nothing; callers then check URL, algorithm and nonce, and only then
//! pay for [`Jws::verify`]. The inner JWS of key changes and external account bindings share
//! the envelope and have modules of their own.

pub(crate) mod envelope;
#[cfg(test)]
pub(crate) mod test_keys;

use crate::algorithm::Algorithm;
use crate::base64url::{self, Base64Error};
use crate::jwk::{Jwk, JwkError, PublicKey};
use crate::problem::{Kind, Problem, told};
use envelope::Envelope;

/// Why a request is not an acceptable JWS.
#[derive(Debug, thiserror::Error)]
pub enum JwsError {
    /// An algorithm that is not for signatures, or that we do not support.
    #[error("the algorithm \"{0}\" is not accepted; sign with one of those listed")]
    Algorithm(String),
    /// The algorithm belongs to another type of key.
    #[error("the algorithm \"{given}\" does not fit the account's key, which needs \"{needed}\"")]
    AlgorithmForKey {
        /// What the header says.
        given: &'static str,
        /// What the key is for.
        needed: &'static str,
    },
    /// A part that is not base64url.
    #[error("the member \"{member}\" {reason}")]
    Encoding {
        /// The member's name.
        member: &'static str,
        /// What is wrong with its text.
        reason: Base64Error,
    },
    /// A header parameter that changes the meaning of a JWS.
    #[error("the header parameter \"{0}\" is not allowed")]
    Extension(&'static str),
    /// The protected header is not a JSON object with unique, fitting members.
    #[error("the protected header is not valid: {0}")]
    HeaderJson(serde_json::Error),
    /// The body is not a JSON object with unique, fitting members.
    #[error("the body is not a flattened JWS in JSON (RFC 8555 section 6.2): {0}")]
    Json(serde_json::Error),
    /// The key in the header.
    #[error(transparent)]
    Jwk(#[from] JwkError),
    /// Both or neither of `jwk` and `kid`.
    #[error("the protected header must have exactly one of \"jwk\" and \"kid\"")]
    KeyReference,
    /// A member that must be there.
    #[error("the member \"{0}\" is missing")]
    Missing(&'static str),
    /// No nonce.
    #[error("the protected header has no \"nonce\"; take one from newNonce or the last answer")]
    MissingNonce,
    /// A nonce that is not base64url (RFC 8555 §6.5.2).
    #[error("the \"nonce\" is not base64url; send it back exactly as it was received")]
    NonceEncoding,
    /// `signatures`: the general serialization.
    #[error("the body has \"signatures\"; send a flattened JWS with one \"signature\"")]
    SeveralSignatures,
    /// The signature is not the key's over this message.
    #[error("the signature does not verify; sign with the key of the account that is named")]
    Signature,
    /// `header`: unprotected parameters.
    #[error("the body has an unprotected \"header\"; put everything into \"protected\"")]
    UnprotectedHeader,
    /// The request went elsewhere than its signer meant (RFC 8555 §6.4).
    #[error("the signed \"url\" is \"{signed}\" but the request went to \"{requested}\"")]
    Url {
        /// The URL in the header.
        signed: String,
        /// The URL of the request.
        requested: String,
    },
}

impl JwsError {
    fn kind(&self) -> Kind {
        match self {
            Self::Algorithm(_) | Self::AlgorithmForKey { .. } => Kind::BadSignatureAlgorithm,
            Self::Jwk(_) => Kind::BadPublicKey,
            Self::MissingNonce => Kind::BadNonce,
            Self::Url { .. } => Kind::Unauthorized,
            Self::Encoding { .. }
            | Self::Extension(_)
            | Self::HeaderJson(_)
            | Self::Json(_)
            | Self::KeyReference
            | Self::Missing(_)
            | Self::NonceEncoding
            | Self::SeveralSignatures
            | Self::Signature
            | Self::UnprotectedHeader => Kind::Malformed,
        }
    }
}

impl From<&JwsError> for Problem {
    fn from(error: &JwsError) -> Self {
        let (kind, detail) = (error.kind(), error.to_string());
        if kind == Kind::BadSignatureAlgorithm {
            return Self::bad_signature_algorithm(detail);
        }
        Self::new(kind, detail)
    }
}

told!(JwsError);

/// Who claims to have signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signer {
    /// The holder of this key: newAccount, and revocation with the certificate's key.
    Jwk(Box<Jwk>),
    /// The account at this URL: everything else.
    Kid(String),
}

/// A request as signed; nothing in it is proven before [`verify`](Self::verify).
#[derive(Debug)]
pub struct Jws {
    algorithm: Algorithm,
    nonce: String,
    payload: Vec<u8>,
    signature: Vec<u8>,
    signer: Signer,
    signing_input: Vec<u8>,
    url: String,
}

impl Jws {
    /// Reads the body of a POST, without looking at its signature.
    pub fn parse(body: &[u8]) -> Result<Self, JwsError> {
        let envelope = Envelope::parse(body, Algorithm::parse)?;
        let signer = match (envelope.jwk, envelope.kid) {
            (Some(jwk), None) => Signer::Jwk(Box::new(jwk)),
            (None, Some(kid)) => Signer::Kid(kid),
            (Some(_), Some(_)) | (None, None) => return Err(JwsError::KeyReference),
        };
        let nonce = envelope.nonce.ok_or(JwsError::MissingNonce)?;
        if !base64url::is_alphabet(&nonce) {
            return Err(JwsError::NonceEncoding);
        }
        Ok(Self {
            algorithm: envelope.algorithm,
            nonce,
            payload: envelope.payload,
            signature: envelope.signature,
            signer,
            signing_input: envelope.signing_input,
            url: envelope.url,
        })
    }

    /// The header's `alg`.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The header's `nonce`: base64url, but perhaps not one of ours.
    pub fn nonce(&self) -> &str {
        &self.nonce
    }

    /// The header's `url`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The header's `jwk` or `kid`.
    pub fn signer(&self) -> &Signer {
        &self.signer
    }

    /// The header's `jwk`.
    pub fn jwk(&self) -> Option<&Jwk> {
        match &self.signer {
            Signer::Jwk(jwk) => Some(jwk),
            Signer::Kid(_) => None,
        }
    }

    /// The header's `kid`, an account URL.
    pub fn kid(&self) -> Option<&str> {
        match &self.signer {
            Signer::Jwk(_) => None,
            Signer::Kid(kid) => Some(kid),
        }
    }

    /// The decoded payload.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// Whether this is a POST-as-GET: an empty payload (RFC 8555 §6.3).
    pub fn is_post_as_get(&self) -> bool {
        self.payload.is_empty()
    }

    /// Compares the signed URL with that of the request, octet by octet (RFC 8555 §6.4).
    pub fn check_url(&self, requested: &str) -> Result<(), JwsError> {
        if self.url == requested {
            return Ok(());
        }
        Err(JwsError::Url {
            signed: self.url.clone(),
            requested: requested.to_owned(),
        })
    }

    /// Checks that the algorithm is the key's, which costs nothing.
    pub fn check_algorithm(&self, key: &PublicKey) -> Result<(), JwsError> {
        check_algorithm(self.algorithm, key)
    }

    /// Proves that `key` signed this request; the dear part.
    pub fn verify(&self, key: &PublicKey) -> Result<(), JwsError> {
        verify(self.algorithm, &self.signing_input, &self.signature, key)
    }
}

pub(crate) fn verify(
    algorithm: Algorithm,
    signing_input: &[u8],
    signature: &[u8],
    key: &PublicKey,
) -> Result<(), JwsError> {
    check_algorithm(algorithm, key)?;
    if key.verifies(signing_input, signature) {
        Ok(())
    } else {
        Err(JwsError::Signature)
    }
}

fn check_algorithm(algorithm: Algorithm, key: &PublicKey) -> Result<(), JwsError> {
    if algorithm == key.algorithm() {
        return Ok(());
    }
    Err(JwsError::AlgorithmForKey {
        given: algorithm.as_str(),
        needed: key.algorithm().as_str(),
    })
}

#[cfg(test)]
mod tests;
