//! Accounts by their identifier, with the key parsed: every signed request needs one. An entry is only a
//! copy, good for a second, so that a change on another node or at the command line counts soon;
//! this node's own changes count at once.

use std::sync::Arc;
use std::time::Duration;

use acme::{Jwk, PublicKey, Thumbprint};
use base::{AccountId, SubscriptionId, TenantId, Timestamp};
use quick_cache::sync::Cache;
use store::issuance::account;

use crate::App;
use crate::caller::{Caller, Client, system};

const CAPACITY: usize = 4_096;
const LIFETIME: Duration = Duration::from_secs(1);

/// What a signed request needs of its account.
#[derive(Debug)]
pub struct KnownAccount {
    /// The account.
    pub id: AccountId,
    /// Who owns its subscription.
    pub tenant: TenantId,
    /// Whose enrolled domains it may order.
    pub subscription: SubscriptionId,
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

    pub(crate) fn from_stored(
        account: &account::Account,
        now: Timestamp,
    ) -> Result<Self, LookUpError> {
        let jwk = Jwk::parse(&account.jwk).map_err(|error| LookUpError::Key(account.id, error))?;
        Ok(Self {
            id: account.id,
            tenant: account.tenant,
            subscription: account.subscription,
            status: account.status(),
            thumbprint: jwk.thumbprint(),
            jwk,
            loaded_at: now,
        })
    }
}

/// Why an account could not be looked up.
#[derive(Debug, thiserror::Error)]
pub enum LookUpError {
    /// The stored key cannot be read.
    #[error("the stored key of account {0} cannot be read: {1}")]
    Key(AccountId, acme::jwk::JwkError),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// The copies of one node.
pub(crate) struct AccountCache(Cache<AccountId, Arc<KnownAccount>>);

impl AccountCache {
    pub(crate) fn new() -> Self {
        Self(Cache::new(CAPACITY))
    }

    /// Forgets an account that this node changed.
    pub(crate) fn forget(&self, id: AccountId) {
        self.0.remove(&id);
    }
}

/// The account with this identifier.
pub async fn look_up(app: &App, id: AccountId) -> Result<Option<Arc<KnownAccount>>, LookUpError> {
    let now = app.clock.now();
    if let Some(known) = app.accounts.0.get(&id)
        && now < known.loaded_at.plus(LIFETIME)
    {
        return Ok(Some(known));
    }
    let found = app
        .store(system("the account is not known yet"))
        .read(id, account::by_id)
        .await?;
    let Some(account) = found else {
        return Ok(None);
    };
    let known = Arc::new(KnownAccount::from_stored(&account, now)?);
    app.accounts.0.insert(id, known.clone());
    Ok(Some(known))
}
