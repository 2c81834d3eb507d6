//! What identity providers say of themselves and their keys, kept for ten minutes: a sign-in asks for it twice.

use std::sync::Arc;
use std::time::Duration;

use base::Timestamp;
use quick_cache::sync::Cache;
use tenancy::oidc::{Issuer, ProviderMetadata, SigningKeys};

/// Of how many providers.
const CAPACITY: usize = 1_024;
const LIFETIME: Duration = Duration::from_secs(10 * 60);
/// A key that is not there is looked for no sooner than so long after the last look: whoever makes tokens up cannot have
/// others asked at will.
const LOOKS_AGAIN: Duration = Duration::from_secs(30);

/// A provider as it was when it was asked.
#[derive(Debug)]
pub(crate) struct KnownProvider {
    pub(crate) metadata: ProviderMetadata,
    pub(crate) keys: SigningKeys,
    pub(crate) asked_at: Timestamp,
}

impl KnownProvider {
    fn is_younger_than(&self, age: Duration, now: Timestamp) -> bool {
        // Of a time to come is what was kept before the clock was set back.
        self.asked_at <= now && now < self.asked_at.plus(age)
    }

    /// Whether a key that is not among its keys may be new.
    pub(crate) fn may_have_more(&self, now: Timestamp) -> bool {
        !self.is_younger_than(LOOKS_AGAIN, now)
    }
}

/// The providers that this node asked.
pub(crate) struct Providers {
    known: Cache<Issuer, Arc<KnownProvider>>,
}

impl Providers {
    pub(crate) fn new() -> Self {
        Self {
            known: Cache::new(CAPACITY),
        }
    }

    /// A copy that is not too old.
    pub(crate) fn get(&self, issuer: &Issuer, now: Timestamp) -> Option<Arc<KnownProvider>> {
        let known = self.known.get(issuer)?;
        known.is_younger_than(LIFETIME, now).then_some(known)
    }

    pub(crate) fn keep(&self, issuer: Issuer, known: Arc<KnownProvider>) {
        self.known.insert(issuer, known);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s67_a_copy_is_good_for_ten_minutes_and_a_new_key_is_looked_for_after_half_a_one() {
        let (providers, now) = (Providers::new(), Timestamp::from_seconds(1_000));
        let issuer = Issuer::parse("https://idp.example").unwrap();
        let document = r#"{"issuer":"https://idp.example","authorization_endpoint":"https://idp.example/a",
            "token_endpoint":"https://idp.example/t","jwks_uri":"https://idp.example/k"}"#;
        let known = Arc::new(KnownProvider {
            metadata: ProviderMetadata::parse(document.as_bytes(), &issuer).unwrap(),
            keys: SigningKeys::default(),
            asked_at: now,
        });
        providers.keep(issuer.clone(), known.clone());
        assert!(
            providers
                .get(&issuer, now.plus(Duration::from_secs(599)))
                .is_some()
        );
        assert!(providers.get(&issuer, now.plus(LIFETIME)).is_none());
        assert!(
            providers
                .get(&issuer, now.minus(Duration::from_secs(1)))
                .is_none()
        );
        assert!(!known.may_have_more(now.plus(Duration::from_secs(29))));
        assert!(known.may_have_more(now.plus(LOOKS_AGAIN)));
    }
}
