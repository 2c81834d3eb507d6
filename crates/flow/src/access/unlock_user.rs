//! An operator lets a locked user try again at once (feature F-006). The password stays.

use std::net::IpAddr;

use base::{Class, ClientNetwork, Refusal, Refuse, Scope, TenantId};
use store::access::{sign_in_lock, user};
use store::audit::{self, Entry};
use store::tenancy::tenant;
use store::{ReadTx, WriteTx};
use tenancy::lockout::AttemptKey;
use tenancy::user::Email;

use super::attempt::address_key;
use crate::audit::{Event, Text};
use crate::caller::{self, system};
use crate::{App, Caller};

/// Why nobody was unlocked.
#[derive(Debug, thiserror::Error)]
pub enum UnlockError {
    /// Nobody has this address.
    #[error("there is no user with the e-mail address {0}")]
    NotFound(Email),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Refuse for UnlockError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::NotFound(_) => Class::NotFound.because("user_not_found", self),
            Self::Store(error) => error.refusal(),
        }
    }
}

/// Forgets a user's failed attempts; `false` when there were none.
pub async fn unlock_user(app: &App, caller: &Caller, email: Email) -> Result<bool, UnlockError> {
    let store = app.store(system("an operator knows a user by their address"));
    let found = store.read(email.clone(), user::by_email).await?;
    let found = found.ok_or_else(|| UnlockError::NotFound(email.clone()))?;
    let event = Event::UserUnlocked { user: found.id };
    let entry = app.entry(caller, found.tenant, &event, app.now());
    let store = app.store(caller::tenant(found.tenant));
    let lock = (address_key(email.as_str()), Some(entry));
    Ok(store.write(lock, save).await?)
}

/// Forgets the failed attempts of a client's network, whoever they were for: behind a proxy that is not trusted, or in an
/// office, one who guesses locks all. `false` when there were none.
pub async fn unlock_network(
    app: &App,
    caller: &Caller,
    address: IpAddr,
) -> Result<bool, store::Error> {
    let why = "what is counted for a network is nobody's";
    let store = app.store(system(why));
    let operator = store.read((), load_operator).await?;
    let event = Event::NetworkUnlocked {
        network: Text::new(ClientNetwork::of(address).to_string()),
    };
    let entry = operator.map(|of| app.entry(caller, of, &event, app.now()));
    let whose = operator.map_or_else(|| system(why), |of| Scope::from(&caller.within(of)));
    let lock = (AttemptKey::network(address), entry);
    app.store(whose).write(lock, save).await
}

async fn load_operator(tx: &mut ReadTx, (): &()) -> Result<Option<TenantId>, store::Error> {
    Ok(tenant::operator(tx).await?.map(|operator| operator.id))
}

type Lock = (AttemptKey, Option<Entry>);

async fn save(tx: &mut WriteTx, (lock, entry): &Lock) -> Result<bool, store::Error> {
    let had_failures = sign_in_lock::delete(tx, lock).await?;
    if had_failures {
        audit::append_any(tx, entry.as_ref()).await?;
    }
    Ok(had_failures)
}
