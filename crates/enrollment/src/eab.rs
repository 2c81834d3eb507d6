//! External account binding credentials: the key ID and MAC key that lead an ACME client to its
//! subscription (RFC 8555 §7.3.4; features C1, C2, C23, F-049, F-071).
//!
//! It does not check the binding's signature, which is the protocol's business, nor seal the MAC
//! key, which is the store's.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use base::{Actor, Class, Random, Refusal, Refuse, SubscriptionId, TenantId, Timestamp, words};
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
    /// How many ACME accounts may be bound with it; `None` for any number.
    pub max_bindings: Option<u32>,
    /// Who makes it.
    pub created_by: Actor,
}

/// Why a credential cannot bind another account. The sentence names the key ID, never the key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotBinding {
    /// All its bindings are used (C2).
    #[error(
        "EAB key ID {key_id} is already bound to {max_bindings} of {max_bindings} ACME accounts; \
         create another ACME account in the portal to get new credentials"
    )]
    Exhausted {
        /// The credential.
        key_id: KeyId,
        /// Its limit.
        max_bindings: u32,
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

impl Refuse for NotBinding {
    fn refusal(&self) -> Refusal {
        let code = match self {
            Self::Exhausted { .. } => "credential_exhausted",
            Self::Revoked { .. } => "credential_revoked",
            Self::Rotated { .. } => "credential_rotated",
            Self::Suspended { .. } => "credential_suspended",
        };
        Class::Forbidden.because(code, self)
    }
}

/// Why a credential cannot be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RotateError {
    /// Only a credential in use can be replaced.
    #[error("the credential was already replaced or revoked")]
    NotActive,
    /// More than 30 days.
    #[error("the old credential can stay valid for at most 30 days")]
    Overlap,
}

impl EabCredential {
    /// The longest time for which an old credential stays valid beside its successor (C1).
    pub const MAX_OVERLAP: Duration = Duration::from_secs(30 * 86_400);

    /// A fresh credential and its MAC key.
    pub fn generate(new: NewCredential, now: Timestamp, random: &dyn Random) -> (Self, MacKey) {
        let credential = Self {
            key_id: KeyId::generate(random),
            tenant: new.tenant,
            customer: new.customer,
            subscription: new.subscription,
            directory: None,
            reveal: Reveal::Always,
            max_bindings: new.max_bindings,
            bindings: 0,
            created_at: now,
            created_by: new.created_by,
            revealed_at: None,
            valid_until: None,
            suspended_at: None,
            revoked_at: None,
            last_bound_at: None,
        };
        (credential, MacKey::generate(random))
    }

    /// Whether one more account may be bound at `now`. An account that is bound already is not
    /// one more: a client that registers again with its key is answered with what it has (C2).
    pub fn may_bind(&self, now: Timestamp) -> Result<(), NotBinding> {
        let key_id = || self.key_id.clone();
        if self.revoked_at.is_some() {
            return Err(NotBinding::Revoked { key_id: key_id() });
        }
        if self.valid_until.is_some_and(|end| now >= end) {
            return Err(NotBinding::Rotated { key_id: key_id() });
        }
        if self.suspended_at.is_some() {
            return Err(NotBinding::Suspended { key_id: key_id() });
        }
        match self.max_bindings {
            Some(max_bindings) if self.bindings >= max_bindings => Err(NotBinding::Exhausted {
                key_id: key_id(),
                max_bindings,
            }),
            Some(_) | None => Ok(()),
        }
    }

    /// Counts one more account.
    pub fn bind(&self, now: Timestamp) -> Result<Self, NotBinding> {
        self.may_bind(now)?;
        Ok(Self {
            bindings: self.bindings.saturating_add(1),
            last_bound_at: Some(now),
            ..self.clone()
        })
    }

    /// Replaces it: returns it with its last day, the successor, and the successor's MAC key.
    pub fn rotate(
        &self,
        overlap: Duration,
        created_by: Actor,
        now: Timestamp,
        random: &dyn Random,
    ) -> Result<(Self, Self, MacKey), RotateError> {
        if overlap > Self::MAX_OVERLAP {
            return Err(RotateError::Overlap);
        }
        if self.valid_until.is_some() || self.revoked_at.is_some() {
            return Err(RotateError::NotActive);
        }
        let old = Self {
            valid_until: Some(now.plus(overlap)),
            ..self.clone()
        };
        let new = NewCredential {
            tenant: self.tenant,
            customer: self.customer,
            subscription: self.subscription,
            max_bindings: self.max_bindings,
            created_by,
        };
        let (new, key) = Self::generate(new, now, random);
        Ok((old, new, key))
    }

    /// Withdraws it at once; one that was withdrawn keeps its moment.
    #[must_use]
    pub fn revoke(&self, now: Timestamp) -> Self {
        Self {
            revoked_at: self.revoked_at.or(Some(now)),
            ..self.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU8, Ordering};

    use super::*;

    struct Counting(AtomicU8);
    impl Random for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0.fetch_add(1, Ordering::Relaxed));
        }
    }

    fn random() -> Counting {
        Counting(AtomicU8::new(0xf0))
    }

    const NOW: Timestamp = Timestamp::from_seconds(1_795_435_200);

    fn credential(max_bindings: Option<u32>) -> (EabCredential, MacKey) {
        let random = random();
        let subscription = SubscriptionId::generate(NOW, &random);
        let new = NewCredential {
            tenant: TenantId::generate(NOW, &random),
            customer: None,
            subscription,
            max_bindings,
            created_by: Actor::System,
        };
        EabCredential::generate(new, NOW, &random)
    }

    #[test]
    fn c23_no_value_looks_like_a_flag() {
        struct Hyphens;
        impl Random for Hyphens {
            fn fill(&self, bytes: &mut [u8]) {
                bytes.fill(0xfb);
            }
        }
        assert!(!KeyId::generate(&Hyphens).as_str().starts_with('-'));
        assert!(!MacKey::generate(&Hyphens).reveal().starts_with('-'));
    }

    #[test]
    fn c23_keys_are_unpadded_base64url_of_128_and_256_bits() {
        let (credential, key) = credential(None);
        assert_eq!(
            URL_SAFE_NO_PAD
                .decode(credential.key_id.as_str())
                .unwrap()
                .len(),
            16
        );
        assert_eq!(
            URL_SAFE_NO_PAD.decode(key.reveal()).unwrap(),
            key.as_bytes()
        );
        assert_eq!(credential.key_id.to_string().parse(), Ok(credential.key_id));
    }

    #[test]
    fn c23_other_forms_of_a_key_id_are_refused() {
        for text in [
            "",
            "8fHx8fHx8fHx8fHx8fHx8Q==",
            "8fHx8fHx8fHx8fHx8fHx8f",
            "8fHx8fHx8fHx8fHx8fHx8",
            "f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1",
        ] {
            assert_eq!(text.parse::<KeyId>(), Err(KeyIdError), "{text}");
        }
    }

    #[test]
    fn stored_key_ids_of_other_servers_are_read() {
        let read = |text: &str| KeyId::from_stored(text).map(|key_id| key_id.to_string());
        assert_eq!(read("kid-1"), Some("kid-1".to_owned()));
        for text in ["", "kid 1", "kid\n1", "é", &"k".repeat(129)] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn s41_debug_output_hides_the_key() {
        let (_, key) = credential(None);
        assert_eq!(format!("{key:?}"), "MacKey(hidden)");
    }

    #[test]
    fn c2_bindings_are_counted_up_to_the_limit() {
        let (mut credential, _) = credential(Some(2));
        for _ in 0..2 {
            credential = credential.bind(NOW).unwrap();
        }
        assert_eq!(
            (credential.bindings, credential.last_bound_at),
            (2, Some(NOW))
        );
        let refused = credential.bind(NOW).unwrap_err().to_string();
        assert!(refused.contains(credential.key_id.as_str()), "{refused}");
        assert!(refused.contains("2 of 2"), "{refused}");
    }

    #[test]
    fn c1_a_rotated_credential_binds_until_its_overlap_ends() {
        let (credential, key) = credential(None);
        let hour = Duration::from_secs(3600);
        let (old, new, new_key) = credential
            .rotate(hour, Actor::System, NOW, &random())
            .unwrap();
        let end = NOW.plus(hour);
        assert_eq!(old.may_bind(end.minus(Duration::from_micros(1))), Ok(()));
        assert!(matches!(old.may_bind(end), Err(NotBinding::Rotated { .. })));
        assert_eq!(new.may_bind(end), Ok(()));
        assert!(key != new_key && old.key_id != new.key_id);
        assert_eq!(
            old.rotate(hour, Actor::System, NOW, &random()).err(),
            Some(RotateError::NotActive)
        );
    }

    #[test]
    fn c1_the_overlap_is_at_most_30_days() {
        let (credential, _) = credential(None);
        let longest = EabCredential::MAX_OVERLAP;
        assert!(
            credential
                .rotate(longest, Actor::System, NOW, &random())
                .is_ok()
        );
        let longer = longest.saturating_add(Duration::from_micros(1));
        assert_eq!(
            credential
                .rotate(longer, Actor::System, NOW, &random())
                .err(),
            Some(RotateError::Overlap)
        );
    }

    #[test]
    fn what_is_revoked_or_on_hold_binds_nothing() {
        let (credential, _) = credential(None);
        let gone = credential.revoke(NOW);
        assert!(matches!(
            gone.may_bind(NOW),
            Err(NotBinding::Revoked { .. })
        ));
        assert_eq!(gone.revoke(NOW.plus(Duration::from_secs(1))), gone);
        let held = EabCredential {
            suspended_at: Some(NOW),
            ..credential
        };
        assert!(matches!(
            held.may_bind(NOW),
            Err(NotBinding::Suspended { .. })
        ));
        assert_eq!(Reveal::parse("always"), Some(Reveal::Always));
    }
}
