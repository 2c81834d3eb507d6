//! Passkeys: keys in a device or a password manager that sign a challenge for one portal alone (Web Authentication Level 3;
//! security S-16). One proves what a person has and, by its user verification, that it is they who have it.
//!
//! What a browser answers is checked here; which challenges were given out, and that each is used once, is the store's.
//! Statements about who made an authenticator are not asked for and not looked at: any that verifies its user will do.

mod authenticator_data;
mod client_data;
mod key;
mod relying_party;
mod signed;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

use base::{Class, Refusal, Refuse, TenantId, Timestamp, UserId, words};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::line::{self, NameError};
use crate::token::sha256;

pub use key::{Algorithm, PasskeyKey};
pub use relying_party::RelyingParty;
pub use signed::{Assertion, AssertionFields, Registration};

/// How many passkeys a person has at most.
pub const PASSKEYS: usize = 10;
/// How long a challenge may take to be answered, in seconds.
pub const CHALLENGE_SECONDS: u64 = 5 * 60;
/// The longest id of a credential, in octets (Web Authentication §5.8.3).
const MAX_ID: usize = 1023;
/// How many octets of a digest name a passkey to its owner.
const SHOWN_BYTES: usize = 16;

words! {
    /// What a challenge was given out for.
    pub enum ChallengePurpose {
        /// To add a passkey.
        Register = "register",
        /// To prove who one is.
        SignIn = "sign_in",
    }
}

/// Why the answer of a browser proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasskeyError {
    /// Its key is of a kind that is not asked for.
    #[error("this passkey has a key of a kind that is not supported; use another")]
    Algorithm,
    /// Its counter is not greater than it was: there may be a copy of it.
    #[error(
        "this passkey counts fewer uses than before, so there may be a copy of it; sign in another way and remove it"
    )]
    Counter,
    /// It belongs to another user.
    #[error("this passkey is not one of yours here; use another")]
    Foreign,
    /// It cannot be read.
    #[error("the browser's answer cannot be read; try again, or use another way")]
    Malformed,
    /// It was made for a page elsewhere.
    #[error("this passkey was used on another site than this portal")]
    Origin,
    /// It was made for another relying party.
    #[error("this passkey is for another site than this portal")]
    RelyingParty,
    /// Its signature is not by the key that is known.
    #[error("this passkey's signature is not right; try again, or use another")]
    Signature,
    /// The authenticator did not check who uses it.
    #[error(
        "the passkey answered, but did not check that it is you; use its PIN or fingerprint, then try again"
    )]
    Unverified,
}

impl PasskeyError {
    /// For the audit log.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Algorithm => "unsupported key",
            Self::Counter => "the counter went back",
            Self::Foreign => "unknown passkey",
            Self::Malformed => "unreadable answer",
            Self::Origin => "wrong origin",
            Self::RelyingParty => "wrong relying party",
            Self::Signature => "wrong signature",
            Self::Unverified => "user not verified",
        }
    }
}

impl Refuse for PasskeyError {
    fn refusal(&self) -> Refusal {
        let code = match self {
            Self::Algorithm => "passkey_algorithm",
            Self::Counter => "passkey_counter",
            Self::Foreign => "passkey_foreign",
            Self::Malformed => "passkey_malformed",
            Self::Origin => "passkey_origin",
            Self::RelyingParty => "passkey_relying_party",
            Self::Signature => "passkey_signature",
            Self::Unverified => "passkey_unverified",
        };
        Class::Invalid.because(code, self).at("passkey")
    }
}

/// As many as there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a person has at most {PASSKEYS} passkeys; remove one that is not used")]
pub struct TooManyPasskeys;

impl Refuse for TooManyPasskeys {
    fn refusal(&self) -> Refusal {
        Class::Quota
            .because("too_many_passkeys", self)
            .at("passkey")
    }
}

/// What an authenticator calls a key of its own: 1 to 1023 octets.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CredentialId(Vec<u8>);

impl CredentialId {
    /// Reads base64url without padding; `None` when it cannot be one.
    pub fn parse(text: &str) -> Option<Self> {
        Self::new(&URL_SAFE_NO_PAD.decode(text).ok()?)
    }

    fn new(bytes: &[u8]) -> Option<Self> {
        (1..=MAX_ID)
            .contains(&bytes.len())
            .then(|| Self(bytes.to_vec()))
    }

    /// As browsers and the store write it: base64url.
    pub fn to_text(&self) -> String {
        URL_SAFE_NO_PAD.encode(&self.0)
    }

    /// Its name in links of its owner; short, whatever its length.
    pub fn shown(&self) -> String {
        let digest = sha256(&self.0);
        let (shown, _) = digest.split_at(SHOWN_BYTES);
        URL_SAFE_NO_PAD.encode(shown)
    }
}

/// What authenticators know a person by: 32 random octets that tell nothing (§14.6.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct UserHandle([u8; 32]);

impl UserHandle {
    /// A fresh one, for somebody without passkeys.
    pub fn generate(random: &dyn base::Random) -> Self {
        let mut bytes = [0_u8; 32];
        random.fill(&mut bytes);
        Self(bytes)
    }

    /// Reads base64url without padding; `None` when it cannot be one of ours.
    pub fn parse(text: &str) -> Option<Self> {
        URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok().map(Self)
    }

    /// As browsers and the store write it: base64url.
    pub fn to_text(self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }
}

/// What a person calls a passkey: 1 to 100 characters on one line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PasskeyName(String);

impl PasskeyName {
    /// Reads what a person typed.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        line::parse(text).map(Self)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A passkey of a person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Passkey {
    /// Whose it is.
    pub user: UserId,
    /// The tenant for which they act.
    pub tenant: TenantId,
    /// What its authenticator calls it.
    pub id: CredentialId,
    /// What its owner calls it.
    pub name: PasskeyName,
    /// What its authenticator knows its owner by.
    pub handle: UserHandle,
    /// Its public half, and how often it was used as far as it tells.
    pub proven: ProvenKey,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it last signed somebody in.
    pub last_used_at: Option<Timestamp>,
}

/// The key of a passkey, as a registration proved it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProvenKey {
    /// Its public half.
    pub key: PasskeyKey,
    /// How many signatures it made; those that do not count say zero (§6.1.1).
    pub counter: u32,
    /// Whether it may be copied to other devices by whoever keeps it; that never changes (§6.1.3).
    pub is_backup_eligible: bool,
}

impl Passkey {
    /// Whether another may be added to so many.
    pub fn may_add(count: usize) -> Result<(), TooManyPasskeys> {
        if count < PASSKEYS {
            Ok(())
        } else {
            Err(TooManyPasskeys)
        }
    }
}

#[cfg(test)]
mod tests;
