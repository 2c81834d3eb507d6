//! External account binding (RFC 8555 §7.3.4): a MAC that ties a new account to a customer.
//!
//! Parsing tells which credential is meant; the caller loads its MAC key. An unknown key ID and a wrong
//! MAC answer the same and cost the same, so that nobody can probe for key IDs.

use aws_lc_rs::hmac;
use serde_json::value::RawValue;

use crate::algorithm::MacAlgorithm;
use crate::jwk::Jwk;
use crate::jws::JwsError;
use crate::jws::envelope::Envelope;
use crate::problem::{Kind, Problem, mac_algorithms, told};

/// Why an external account binding is refused.
#[derive(Debug, thiserror::Error)]
pub enum EabError {
    /// An algorithm that is no HMAC we support.
    #[error("the external account binding uses \"{0}\"; use HS256, HS384 or HS512")]
    Algorithm(String),
    /// The payload is not the account's key.
    #[error("the external account binding is for another key than the one that signs the request")]
    Key,
    /// Not a JWS.
    #[error("the external account binding is not a valid JWS: {0}")]
    Jws(JwsError),
    /// `jwk` instead of `kid`, or no `kid`.
    #[error("the external account binding must name its key by \"kid\" and carry no \"jwk\"")]
    KeyId,
    /// A nonce, which only the outer JWS may have.
    #[error("the external account binding must not have a \"nonce\"")]
    Nonce,
    /// Unknown key ID or wrong MAC: one answer for both.
    #[error(
        "the external account binding with key ID \"{kid}\" was refused: the key ID is unknown or \
         the MAC key is wrong; copy both again from the portal"
    )]
    Refused {
        /// The key ID that was sent.
        kid: String,
    },
    /// Another URL than the outer JWS's.
    #[error("the external account binding has another \"url\" than the request")]
    Url,
}

impl From<&EabError> for Problem {
    fn from(error: &EabError) -> Self {
        let detail = error.to_string();
        match error {
            EabError::Algorithm(_) => {
                let mut problem = Self::new(Kind::BadSignatureAlgorithm, detail);
                problem.algorithms = mac_algorithms();
                problem
            }
            EabError::Refused { .. } => Self::new(Kind::Unauthorized, detail),
            EabError::Jws(_)
            | EabError::Key
            | EabError::KeyId
            | EabError::Nonce
            | EabError::Url => Self::malformed(detail),
        }
    }
}

told!(EabError);

impl From<JwsError> for EabError {
    fn from(error: JwsError) -> Self {
        match error {
            JwsError::Algorithm(named) => Self::Algorithm(named),
            JwsError::AlgorithmForKey { .. }
            | JwsError::Encoding { .. }
            | JwsError::Extension(_)
            | JwsError::HeaderJson(_)
            | JwsError::Json(_)
            | JwsError::Jwk(_)
            | JwsError::KeyReference
            | JwsError::Missing(_)
            | JwsError::MissingNonce
            | JwsError::NonceEncoding
            | JwsError::SeveralSignatures
            | JwsError::Signature
            | JwsError::UnprotectedHeader
            | JwsError::Url { .. } => Self::Jws(error),
        }
    }
}

/// The key ID that a binding names, whatever else is wrong with it; `None` where there is none, or one that is longer than
/// any of ours.
pub fn named_key_id(json: &RawValue) -> Option<String> {
    const LONGEST: usize = 100;
    let envelope = Envelope::parse(json.get().as_bytes(), MacAlgorithm::parse).ok()?;
    envelope.kid.filter(|kid| kid.len() <= LONGEST)
}

/// A binding for the right key and URL whose MAC nobody has checked.
#[derive(Debug)]
pub struct ExternalAccountBinding {
    algorithm: MacAlgorithm,
    kid: String,
    signing_input: Vec<u8>,
    tag: Vec<u8>,
}

impl ExternalAccountBinding {
    /// Reads the `externalAccountBinding` of a newAccount request that `account_key` signed for `url`.
    pub fn parse(json: &RawValue, url: &str, account_key: &Jwk) -> Result<Self, EabError> {
        let envelope = Envelope::parse(json.get().as_bytes(), MacAlgorithm::parse)?;
        let (Some(kid), None) = (envelope.kid, envelope.jwk) else {
            return Err(EabError::KeyId);
        };
        if envelope.nonce.is_some() {
            return Err(EabError::Nonce);
        }
        if envelope.url != url {
            return Err(EabError::Url);
        }
        let payload = std::str::from_utf8(&envelope.payload).map_err(|_| EabError::Key)?;
        let bound = Jwk::parse(payload).map_err(|_| EabError::Key)?;
        if bound != *account_key {
            return Err(EabError::Key);
        }
        Ok(Self {
            algorithm: envelope.algorithm,
            kid,
            signing_input: envelope.signing_input,
            tag: envelope.signature,
        })
    }

    /// The key ID whose MAC key is needed.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// Checks the MAC in constant time.
    pub fn verify(&self, mac_key: &[u8]) -> Result<(), EabError> {
        let key = hmac::Key::new(self.algorithm.hmac(), mac_key);
        hmac::verify(&key, &self.signing_input, &self.tag).map_err(|_| self.refused())
    }

    /// The answer for a key ID that is not known, at the price of a MAC.
    pub fn refuse_unknown(&self) -> EabError {
        let key = hmac::Key::new(self.algorithm.hmac(), &[0; 32]);
        match hmac::verify(&key, &self.signing_input, &self.tag) {
            Ok(()) | Err(_) => self.refused(),
        }
    }

    fn refused(&self) -> EabError {
        EabError::Refused {
            kid: self.kid.clone(),
        }
    }
}

#[cfg(test)]
mod tests;
