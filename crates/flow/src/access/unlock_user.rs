//! An operator lets a locked user try again at once (feature F-006). The password stays.

use base::{Class, Refusal, Refuse};
use store::WriteTx;
use store::access::{sign_in_lock, user};
use store::audit::{self, Entry};
use tenancy::lockout::AttemptKey;
use tenancy::user::Email;

use super::attempt::address_key;
use crate::audit::Event;
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
    Ok(store
        .write((address_key(email.as_str()), entry), save)
        .await?)
}

async fn save(tx: &mut WriteTx, (lock, entry): &(AttemptKey, Entry)) -> Result<bool, store::Error> {
    let had_failures = sign_in_lock::delete(tx, lock).await?;
    if had_failures {
        audit::append(tx, entry).await?;
    }
    Ok(had_failures)
}
