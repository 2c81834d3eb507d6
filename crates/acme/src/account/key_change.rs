//! Account key roll-over (RFC 8555 §7.3.5): the old key signs a message that the new key has signed.
//!
//! The outer JWS is verified by the door like any other; this checks the inner one, completely.
//! Whether the new key already has an account is the caller's to look up.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::algorithm::Algorithm;
use crate::jwk::{Jwk, Thumbprint};
use crate::jws::envelope::Envelope;
use crate::jws::{self, JwsError};
use crate::payload;
use crate::problem::{Problem, told};

/// Why a key change is refused.
#[derive(Debug, thiserror::Error)]
pub enum KeyChangeError {
    /// It names another account.
    #[error("\"account\" in the inner payload is not the account that signs the request")]
    Account,
    /// The inner JWS.
    #[error("the inner JWS is not valid: {0}")]
    Jws(JwsError),
    /// `kid` instead of `jwk`.
    #[error("the inner JWS must carry the new key as \"jwk\" and no \"kid\"")]
    KeyReference,
    /// A nonce, which only the outer JWS may have.
    #[error("the inner JWS must not have a \"nonce\"")]
    Nonce,
    /// The old key is another one.
    #[error("\"oldKey\" in the inner payload is not the account's present key")]
    OldKey,
    /// The inner payload.
    #[error("the inner payload must be an object with \"account\" and \"oldKey\": {0}")]
    Payload(serde_json::Error),
    /// Both keys are the same.
    #[error("the new key is the account's present key; make a new one")]
    SameKey,
    /// Another URL than the outer JWS's.
    #[error("the inner JWS has another \"url\" than the request")]
    Url,
}

impl From<&KeyChangeError> for Problem {
    fn from(error: &KeyChangeError) -> Self {
        let detail = error.to_string();
        match error {
            KeyChangeError::Jws(inner) => Self {
                detail,
                ..inner.into()
            },
            KeyChangeError::SameKey => Self::conflict(detail),
            KeyChangeError::Account
            | KeyChangeError::KeyReference
            | KeyChangeError::Nonce
            | KeyChangeError::OldKey
            | KeyChangeError::Payload(_)
            | KeyChangeError::Url => Self::malformed(detail),
        }
    }
}

told!(KeyChangeError);

/// A proven wish to use another key.
#[derive(Debug)]
pub struct KeyChange {
    /// The key to use from now on.
    pub new_key: Jwk,
}

impl KeyChange {
    /// Reads and verifies the payload of a keyChange request to `url` that the account at
    /// `account_url`, whose key has the thumbprint `present`, has signed.
    pub fn parse(
        payload: &[u8],
        url: &str,
        account_url: &str,
        present: Thumbprint,
    ) -> Result<Self, KeyChangeError> {
        let envelope = Envelope::parse(payload, Algorithm::parse).map_err(KeyChangeError::Jws)?;
        let (Some(new_key), None) = (envelope.jwk, envelope.kid) else {
            return Err(KeyChangeError::KeyReference);
        };
        if envelope.nonce.is_some() {
            return Err(KeyChangeError::Nonce);
        }
        if envelope.url != url {
            return Err(KeyChangeError::Url);
        }
        check_payload(&envelope.payload, account_url, present)?;
        if new_key.thumbprint() == present {
            return Err(KeyChangeError::SameKey);
        }
        let (input, signature) = (&envelope.signing_input, &envelope.signature);
        jws::verify(envelope.algorithm, input, signature, new_key.public_key())
            .map_err(KeyChangeError::Jws)?;
        Ok(Self { new_key })
    }
}

fn check_payload(
    payload: &[u8],
    account_url: &str,
    present: Thumbprint,
) -> Result<(), KeyChangeError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Payload<'a> {
        account: String,
        #[serde(borrow)]
        old_key: &'a RawValue,
    }
    let payload: Payload<'_> = payload::object(payload).map_err(KeyChangeError::Payload)?;
    if payload.account != account_url {
        return Err(KeyChangeError::Account);
    }
    match Jwk::parse(payload.old_key.get()) {
        Ok(old_key) if old_key.thumbprint() == present => Ok(()),
        Ok(_) | Err(_) => Err(KeyChangeError::OldKey),
    }
}

#[cfg(test)]
mod tests;
