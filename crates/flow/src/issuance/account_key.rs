//! Which keys may sign for an account: as good as those of certificates, never reported as compromised, and never another
//! account's in the same directory, whoever that was. One key may have an account in each directory.

use std::collections::HashSet;

use acme::{Jwk, Thumbprint};
use aws_lc_rs::digest::{SHA256, digest};
use base::{Class, Refusal, Refuse};
use pki::{KeyPolicy, KeyPolicyError, PublicKey};
use store::ReadTx;
use store::issuance::retired_key::{self, KeyStanding};

/// Why a key may not sign for an account.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccountKeyError {
    /// It was reported.
    #[error("the account's key is blocked because it was reported as compromised; make a new one")]
    Blocked,
    /// An account had it and has another one now.
    #[error("the key was an account's in this directory and was replaced; make a new one")]
    Retired,
    /// It is too weak.
    #[error("the account's key is not good enough: {0}")]
    Weak(KeyPolicyError),
}

impl Refuse for AccountKeyError {
    fn refusal(&self) -> Refusal {
        let code = match self {
            Self::Blocked => "account_key_blocked",
            Self::Retired => "account_key_retired",
            Self::Weak(_) => "account_key_weak",
        };
        Class::Invalid.because(code, self)
    }
}

/// A key that is good enough for an account, as far as it says itself.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    directory: String,
    thumbprint: Thumbprint,
    /// SHA-256 of its SubjectPublicKeyInfo, by which keys are blocked.
    digest: [u8; 32],
}

impl Candidate {
    pub(super) fn new(
        directory: &str,
        keys: &KeyPolicy,
        key: &Jwk,
    ) -> Result<Self, AccountKeyError> {
        // Ed25519 is good for accounts only, and has no weak keys but those that were refused when it was read.
        if let Ok(public) = PublicKey::from_spki(key.spki_der()) {
            keys.check(&public, &HashSet::new())
                .map_err(AccountKeyError::Weak)?;
        }
        let mut candidate = Self {
            directory: directory.to_owned(),
            thumbprint: key.thumbprint(),
            digest: [0; 32],
        };
        candidate
            .digest
            .copy_from_slice(digest(&SHA256, key.spki_der()).as_ref());
        Ok(candidate)
    }

    /// What is known against it.
    pub(super) async fn load(&self, tx: &mut ReadTx) -> Result<KeyStanding, store::Error> {
        retired_key::standing(tx, &self.directory, &self.thumbprint, &self.digest).await
    }
}

/// Refuses a key that something is known against.
pub(super) fn check_standing(standing: KeyStanding) -> Result<(), AccountKeyError> {
    if standing.is_blocked {
        return Err(AccountKeyError::Blocked);
    }
    if standing.is_retired {
        return Err(AccountKeyError::Retired);
    }
    Ok(())
}
