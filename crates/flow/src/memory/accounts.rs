//! Accounts by their identifier, with the key parsed: every signed request needs one. An entry is only a
//! copy, good for a second, so that a change on another node or at the command line counts soon;
//! this node's own changes count at once.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use acme::jwk::JwkError;
use acme::{Jwk, PublicKey, Thumbprint};
use base::{AccountId, SubscriptionId, TenantId, Timestamp};
use enrollment::policy::OnSubscriptionEnd;
use pki::ValidityLimits;
use quick_cache::sync::Cache;
use store::issuance::account::{Account, Terms};

use crate::caller::{Caller, Client};

const CAPACITY: usize = 4_096;
const LIFETIME: Duration = Duration::from_secs(1);

/// What a signed request needs of its account.
#[derive(Debug)]
pub struct KnownAccount {
    /// The account.
    pub id: AccountId,
    /// The directory that it was registered in.
    pub directory: String,
    /// Whether an external account binding led to its subscription.
    pub is_bound: bool,
    /// Who owns its subscription.
    pub tenant: TenantId,
    /// Whose enrolled domains it may order.
    pub subscription: SubscriptionId,
    /// What that subscription says about certificates.
    pub terms: Terms,
    /// Whether it may do anything.
    pub status: acme::account::AccountStatus,
    /// Its key.
    pub jwk: Jwk,
    /// The thumbprint of its key, which key authorizations contain.
    pub thumbprint: Thumbprint,
    loaded_at: Timestamp,
}

impl KnownAccount {
    /// The account as the caller of use cases.
    pub fn caller(&self, client: Client) -> Caller {
        Caller::account(client, self.id, self.tenant)
    }

    /// The key that its requests are signed with.
    pub fn key(&self) -> &PublicKey {
        self.jwk.public_key()
    }

    /// How long its certificates may be.
    pub(crate) fn limits(&self) -> ValidityLimits {
        let policy = &self.terms.policy;
        let is_capped = policy.on_subscription_end == OnSubscriptionEnd::CapNotAfter;
        let last = |end: Timestamp| Timestamp::from_seconds(end.as_seconds().saturating_sub(1));
        ValidityLimits {
            days: policy.max_cert_days.days(),
            not_after: self.terms.covered_until.filter(|_| is_capped).map(last),
        }
    }

    pub(crate) fn from_stored(
        (account, terms): &(Account, Terms),
        now: Timestamp,
    ) -> Result<Self, JwkError> {
        let jwk = Jwk::parse(&account.jwk)?;
        Ok(Self {
            id: account.id,
            directory: account.directory.clone(),
            is_bound: account.eab_key_id.is_some(),
            tenant: account.tenant,
            subscription: account.subscription,
            terms: terms.clone(),
            status: account.status(),
            thumbprint: jwk.thumbprint(),
            jwk,
            loaded_at: now,
        })
    }
}

/// The copies of one node.
pub(crate) struct Accounts {
    copies: Cache<AccountId, Arc<KnownAccount>>,
    /// How often this node has changed an account.
    changes: Mutex<u64>,
}

/// When an account began to be read: what is read before a change is not kept after it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading(u64);

impl Accounts {
    pub(crate) fn new() -> Self {
        Self {
            copies: Cache::new(CAPACITY),
            changes: Mutex::new(0),
        }
    }

    /// A copy that is not too old.
    pub(crate) fn get(&self, id: AccountId, now: Timestamp) -> Option<Arc<KnownAccount>> {
        let known = self.copies.get(&id)?;
        // Of a time to come is what was kept before the clock was set back.
        let is_fresh = known.loaded_at <= now && now < known.loaded_at.plus(LIFETIME);
        is_fresh.then_some(known)
    }

    /// An account is about to be read from the database.
    pub(crate) fn begin(&self) -> Reading {
        Reading(*self.changes())
    }

    /// Keeps what was read, unless this node has changed an account meanwhile.
    pub(crate) fn keep(&self, reading: Reading, known: Arc<KnownAccount>) {
        let changes = self.changes();
        if *changes == reading.0 {
            self.copies.insert(known.id, known);
        }
    }

    /// Forgets an account that this node changed, or may have changed.
    pub(crate) fn forget(&self, id: AccountId) {
        let mut changes = self.changes();
        *changes = changes.wrapping_add(1);
        self.copies.remove(&id);
    }

    fn changes(&self) -> MutexGuard<'_, u64> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use base::{Id as _, TenantId};

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(0);

    fn known() -> Arc<KnownAccount> {
        let json =
            r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
        let jwk = Jwk::parse(json).unwrap();
        Arc::new(KnownAccount {
            id: AccountId::FIRST,
            directory: "DV".to_owned(),
            is_bound: true,
            tenant: TenantId::of_bytes([1; 16]),
            subscription: SubscriptionId::of_bytes([2; 16]),
            terms: Terms {
                policy: Arc::default(),
                covered_until: None,
            },
            status: acme::account::AccountStatus::Valid,
            thumbprint: jwk.thumbprint(),
            jwk,
            loaded_at: NOW,
        })
    }

    #[test]
    fn sb17_what_was_read_before_a_change_is_not_kept_after_it() {
        let accounts = Accounts::new();
        let reading = accounts.begin();
        // Another request deactivates the account while this one has read it and not yet kept it.
        accounts.forget(AccountId::FIRST);
        accounts.keep(reading, known());
        assert!(accounts.get(AccountId::FIRST, NOW).is_none());
        accounts.keep(accounts.begin(), known());
        assert!(accounts.get(AccountId::FIRST, NOW).is_some());
        accounts.forget(AccountId::FIRST);
        assert!(accounts.get(AccountId::FIRST, NOW).is_none());
    }

    #[test]
    fn a_copy_is_good_for_a_second() {
        let accounts = Accounts::new();
        accounts.keep(accounts.begin(), known());
        let later = NOW.plus(LIFETIME);
        assert!(accounts.get(AccountId::FIRST, later).is_none());
    }
}
