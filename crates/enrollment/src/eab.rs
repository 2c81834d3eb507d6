//! External account binding credentials: the key ID and MAC key that lead an ACME client to its
//! subscription (RFC 8555 §7.3.4; features C1, C2, C23, F-049, F-071).
//!
//! It does not check the binding's signature, which is the protocol's business, nor seal the MAC
//! key, which is the store's.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use base::{
    AccountId, Actor, Class, Random, Refusal, Refuse, SubscriptionId, TenantId, Timestamp, words,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Serialize, Serializer};

/// The public half: 128 random bits as unpadded base64url, opaque to clients.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct KeyId(String);

/// The text cannot be one of our key IDs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an EAB key ID is 22 characters of base64url without padding")]
pub struct KeyIdError;

impl KeyId {
    fn generate(random: &dyn Random) -> Self {
        let mut bytes = [0_u8; 16];
        random.fill(&mut bytes);
        avoid_leading_hyphen(&mut bytes);
        Self(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// A key ID as it is stored, which another server may have handed out: visible ASCII, at most 128 characters.
    pub fn from_stored(text: &str) -> Option<Self> {
        let is_visible = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        (is_visible && text.len() <= 128).then(|| Self(text.to_owned()))
    }

    /// The text as clients send it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A value that begins with a hyphen looks like a flag on a client's command line.
fn avoid_leading_hyphen(bytes: &mut [u8]) {
    // The hyphen is the 62nd digit of base64url, the first six bits of the value.
    if let Some(first) = bytes.first_mut()
        && *first >> 2 == 62
    {
        *first ^= 0x80;
    }
}

impl FromStr for KeyId {
    type Err = KeyIdError;

    /// Accepts only the form that we hand out (C23).
    fn from_str(text: &str) -> Result<Self, KeyIdError> {
        match URL_SAFE_NO_PAD.decode(text) {
            Ok(bytes) if bytes.len() == 16 => Ok(Self(text.to_owned())),
            Ok(_) | Err(_) => Err(KeyIdError),
        }
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for KeyId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// The secret half: 256 random bits, or what another server made. It is never printed by accident and never
/// serialized.
#[derive(Clone, PartialEq, Eq)]
pub struct MacKey(Vec<u8>);

impl MacKey {
    /// Fresh key material.
    pub fn generate(random: &dyn Random) -> Self {
        let mut bytes = [0_u8; 32];
        random.fill(&mut bytes);
        avoid_leading_hyphen(&mut bytes);
        Self(bytes.to_vec())
    }

    /// Key material that was unsealed or brought along.
    pub const fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The key material, to seal it or to check a binding.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// What the owner copies into a client: unpadded base64url.
    pub fn reveal(&self) -> String {
        URL_SAFE_NO_PAD.encode(&self.0)
    }
}

impl fmt::Debug for MacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MacKey(hidden)")
    }
}

words! {
    /// How often the MAC key is shown to its owner (policy `eab_reveal`, C1).
    pub enum Reveal {
        /// As often as they ask.
        Always = "always",
        /// Until it has bound an ACME account. Once it may bind no more, it is erased.
        UntilBound = "until_bound",
        /// When it is made, and never again.
        Once = "once",
    }
}

/// A credential without its MAC key, which is kept sealed. Accounts that are bound stay bound, whatever becomes of
/// it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EabCredential {
    /// The public half; unique in the installation.
    pub key_id: KeyId,
    /// Who owns it.
    pub tenant: TenantId,
    /// The owner's customer, if it is for one.
    pub customer: Option<TenantId>,
    /// Where it leads.
    pub subscription: SubscriptionId,
    /// The one directory that it is good for; `None` for any of the product.
    pub directory: Option<String>,
    /// How often the MAC key is shown.
    pub reveal: Reveal,
    /// How many ACME accounts may be bound with it; `None` for any number.
    pub max_bindings: Option<u32>,
    /// How many were.
    pub bindings: u32,
    /// When it was made.
    pub created_at: Timestamp,
    /// Who made it.
    pub created_by: Actor,
    /// When the MAC key was last shown.
    pub revealed_at: Option<Timestamp>,
    /// The first moment at which it is refused because another has replaced it; until then clients can be moved over.
    pub valid_until: Option<Timestamp>,
    /// Since when it is on hold.
    pub suspended_at: Option<Timestamp>,
    /// When it was withdrawn.
    pub revoked_at: Option<Timestamp>,
    /// When it last bound an account.
    pub last_bound_at: Option<Timestamp>,
    /// When the MAC key was erased; it binds nobody any more, even when a binding is given back.
    pub erased_at: Option<Timestamp>,
}

/// What a new credential is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NewCredential {
    /// Who will own it.
    pub tenant: TenantId,
    /// The owner's customer, if it is for one.
    pub customer: Option<TenantId>,
    /// Where it leads.
    pub subscription: SubscriptionId,
    /// How often the MAC key is shown; from the policy.
    pub reveal: Reveal,
    /// How many ACME accounts may be bound with it; `None` for any number. From the policy.
    pub max_bindings: Option<u32>,
    /// Who makes it.
    pub created_by: Actor,
}

/// The account that a binding of a credential was used for last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holder {
    /// The account.
    pub account: AccountId,
    /// When it was bound.
    pub since: Timestamp,
}

/// Why a credential cannot bind another account. The sentence names the key ID, never the key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotBinding {
    /// Its MAC key is gone, so that nobody can prove that they hold it: no more is said.
    #[error(
        "EAB key ID {key_id} binds no more ACME accounts, and its MAC key was erased; \
         rotate the credential in the portal to get a new one"
    )]
    Erased {
        /// The credential.
        key_id: KeyId,
    },
    /// All its bindings are used (C2).
    #[error(
        "EAB key ID {key_id} is already bound to {max_bindings} of {max_bindings} ACME accounts; {way_out}",
        way_out = way_out(*holder)
    )]
    Exhausted {
        /// The credential.
        key_id: KeyId,
        /// Its limit.
        max_bindings: u32,
        /// Who can be asked to give way, once it is known.
        holder: Option<Holder>,
    },
    /// It is on hold.
    #[error("EAB key ID {key_id} is suspended; resume it in the portal")]
    Suspended {
        /// The credential.
        key_id: KeyId,
    },
    /// It was withdrawn.
    #[error("EAB key ID {key_id} was revoked; copy the present credentials from the portal")]
    Revoked {
        /// The credential.
        key_id: KeyId,
    },
    /// It was replaced, and the overlap is over.
    #[error("EAB key ID {key_id} was replaced; copy the present credentials from the portal")]
    Rotated {
        /// The credential.
        key_id: KeyId,
    },
}

/// How to come to a free binding.
fn way_out(holder: Option<Holder>) -> String {
    let Some(Holder { account, since }) = holder else {
        return "rotate the credential in the portal to get a new one".to_owned();
    };
    let day = day(since);
    format!(
        "{account} has held it since {day}: release it in the portal, or with \
         `chancery admin account release {account}`"
    )
}

fn day(at: Timestamp) -> String {
    at.as_jiff().strftime("%-d %B %Y").to_string()
}

impl NotBinding {
    /// The same with the account that holds the binding.
    #[must_use]
    pub fn held_by(self, found: Holder) -> Self {
        match self {
            Self::Exhausted {
                key_id,
                max_bindings,
                ..
            } => Self::Exhausted {
                key_id,
                max_bindings,
                holder: Some(found),
            },
            Self::Erased { .. }
            | Self::Suspended { .. }
            | Self::Revoked { .. }
            | Self::Rotated { .. } => self,
        }
    }
}

impl Refuse for NotBinding {
    fn refusal(&self) -> Refusal {
        let code = match self {
            Self::Erased { .. } => "credential_erased",
            Self::Exhausted { .. } => "credential_exhausted",
            Self::Revoked { .. } => "credential_revoked",
            Self::Rotated { .. } => "credential_rotated",
            Self::Suspended { .. } => "credential_suspended",
        };
        Class::Forbidden.because(code, self)
    }
}

/// Why the MAC key is not shown. The sentence names the key ID, never the key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotRevealed {
    /// It has bound an ACME account, and was to be shown until then.
    #[error(
        "the MAC key of EAB key ID {key_id} is shown only until an ACME account is bound with it; \
         rotate the credential to get a new key"
    )]
    Bound {
        /// The credential.
        key_id: KeyId,
    },
    /// It is gone, since it has bound what it may.
    #[error(
        "the MAC key of EAB key ID {key_id} was erased on {day}, when its last ACME account was bound; \
         rotate the credential to get a new key",
        day = day(*at)
    )]
    Erased {
        /// The credential.
        key_id: KeyId,
        /// When.
        at: Timestamp,
    },
    /// It was replaced, and the overlap is over.
    #[error(
        "EAB key ID {key_id} was replaced, so its MAC key is no longer shown; \
         use the credential that replaced it"
    )]
    Replaced {
        /// The credential.
        key_id: KeyId,
    },
    /// It was withdrawn.
    #[error(
        "EAB key ID {key_id} was revoked, so its MAC key is no longer shown; \
         use the present credentials in the portal"
    )]
    Revoked {
        /// The credential.
        key_id: KeyId,
    },
    /// It was shown, and was to be shown once.
    #[error(
        "the MAC key of EAB key ID {key_id} was shown once and is not shown again; \
         rotate the credential to get a new key"
    )]
    Shown {
        /// The credential.
        key_id: KeyId,
    },
}

impl Refuse for NotRevealed {
    fn refusal(&self) -> Refusal {
        let code = match self {
            Self::Bound { .. } => "mac_key_hidden_once_bound",
            Self::Erased { .. } => "mac_key_erased",
            Self::Replaced { .. } => "mac_key_of_replaced",
            Self::Revoked { .. } => "mac_key_of_revoked",
            Self::Shown { .. } => "mac_key_shown_once",
        };
        Class::Forbidden.because(code, self)
    }
}

/// Why a credential cannot be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RotateError {
    /// Only a credential in use can be replaced.
    #[error("the credential was already replaced or revoked; rotate the one that is in use")]
    NotActive,
    /// More than 30 days.
    #[error("the old credential can stay valid for at most 30 days; choose a shorter overlap")]
    Overlap,
}

impl Refuse for RotateError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::NotActive => Class::Conflict.because("credential_not_in_use", self),
            Self::Overlap => Class::Invalid.because("credential_overlap_too_long", self),
        }
    }
}

/// The credential was withdrawn before.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("EAB key ID {key_id} was already revoked")]
pub struct AlreadyRevoked {
    /// The credential.
    pub key_id: KeyId,
}

impl Refuse for AlreadyRevoked {
    fn refusal(&self) -> Refusal {
        Class::Conflict.because("credential_revoked_already", self)
    }
}

impl EabCredential {
    /// The longest time for which an old credential stays valid beside its successor (C1).
    pub const MAX_OVERLAP: Duration = Duration::from_secs(30 * 86_400);

    /// A fresh credential and its MAC key. Whoever shows the key to its owner sets `revealed_at`: with
    /// [`Reveal::Once`] that was the one time.
    pub fn generate(new: NewCredential, now: Timestamp, random: &dyn Random) -> (Self, MacKey) {
        let credential = Self {
            key_id: KeyId::generate(random),
            tenant: new.tenant,
            customer: new.customer,
            subscription: new.subscription,
            directory: None,
            reveal: new.reveal,
            max_bindings: new.max_bindings,
            bindings: 0,
            created_at: now,
            created_by: new.created_by,
            revealed_at: None,
            valid_until: None,
            suspended_at: None,
            revoked_at: None,
            last_bound_at: None,
            erased_at: None,
        };
        (credential, MacKey::generate(random))
    }

    /// Whether one more account may be bound at `now`. An account that is bound already is not
    /// one more: a client that registers again with its key is answered with what it has (C2).
    pub fn may_bind(&self, now: Timestamp) -> Result<(), NotBinding> {
        self.may_bind_in_test(now)?;
        match self.max_bindings {
            Some(max_bindings) if self.bindings >= max_bindings => Err(NotBinding::Exhausted {
                key_id: self.key_id.clone(),
                max_bindings,
                holder: None,
            }),
            Some(_) | None => Ok(()),
        }
    }

    /// Whether an account of a test directory may be bound at `now`: those are not counted.
    pub fn may_bind_in_test(&self, now: Timestamp) -> Result<(), NotBinding> {
        let key_id = || self.key_id.clone();
        if self.revoked_at.is_some() {
            return Err(NotBinding::Revoked { key_id: key_id() });
        }
        if self.is_replaced(now) {
            return Err(NotBinding::Rotated { key_id: key_id() });
        }
        if self.suspended_at.is_some() {
            return Err(NotBinding::Suspended { key_id: key_id() });
        }
        if self.erased_at.is_some() {
            return Err(NotBinding::Erased { key_id: key_id() });
        }
        Ok(())
    }

    /// Whether the MAC key may be shown to its owner at `now`. While the credential is on hold, it may.
    pub fn may_reveal(&self, now: Timestamp) -> Result<(), NotRevealed> {
        let key_id = || self.key_id.clone();
        if self.revoked_at.is_some() {
            return Err(NotRevealed::Revoked { key_id: key_id() });
        }
        if self.is_replaced(now) {
            return Err(NotRevealed::Replaced { key_id: key_id() });
        }
        if let Some(at) = self.erased_at {
            let key_id = key_id();
            return Err(NotRevealed::Erased { key_id, at });
        }
        match self.reveal {
            Reveal::UntilBound if self.bindings > 0 => Err(NotRevealed::Bound { key_id: key_id() }),
            Reveal::Once if self.revealed_at.is_some() => {
                Err(NotRevealed::Shown { key_id: key_id() })
            }
            Reveal::Always | Reveal::UntilBound | Reveal::Once => Ok(()),
        }
    }

    /// Whether it is the one to give to clients: neither replaced, be it with an overlap, nor withdrawn.
    pub fn is_in_use(&self) -> bool {
        self.valid_until.is_none() && self.revoked_at.is_none()
    }

    /// Whether another has taken its place.
    fn is_replaced(&self, now: Timestamp) -> bool {
        self.valid_until.is_some_and(|end| now >= end)
    }

    /// Counts one more account. Whoever binds the last takes the key along, where it is shown until then only.
    pub fn bind(&self, now: Timestamp) -> Result<Self, NotBinding> {
        self.may_bind(now)?;
        let bindings = self.bindings.saturating_add(1);
        let is_last = self.max_bindings.is_some_and(|most| bindings >= most);
        Ok(Self {
            bindings,
            last_bound_at: Some(now),
            erased_at: (is_last && self.reveal == Reveal::UntilBound).then_some(now),
            ..self.clone()
        })
    }

    /// The credential with its last moment, `overlap` after `now`. The one that replaces it is made by
    /// [`generate`](Self::generate).
    pub fn replaced(&self, overlap: Duration, now: Timestamp) -> Result<Self, RotateError> {
        if overlap > Self::MAX_OVERLAP {
            return Err(RotateError::Overlap);
        }
        if !self.is_in_use() {
            return Err(RotateError::NotActive);
        }
        Ok(Self {
            valid_until: Some(now.plus(overlap)),
            ..self.clone()
        })
    }

    /// The credential with one binding given back; `None` when it has none.
    pub fn released(&self) -> Option<Self> {
        Some(Self {
            bindings: self.bindings.checked_sub(1)?,
            ..self.clone()
        })
    }

    /// Withdraws it at once, whatever else became of it. Accounts that are bound stay bound.
    pub fn revoke(&self, now: Timestamp) -> Result<Self, AlreadyRevoked> {
        if self.revoked_at.is_some() {
            return Err(AlreadyRevoked {
                key_id: self.key_id.clone(),
            });
        }
        Ok(Self {
            revoked_at: Some(now),
            ..self.clone()
        })
    }
}

#[cfg(test)]
mod tests;
