//! An operator lets a locked user try again at once (feature F-006). The password stays.

use serde_json::json;
use store::WriteTx;
use tenancy::user::{Email, User};

use super::attempt::address_key;
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

/// Forgets a user's failed attempts; `false` when there were none.
pub async fn unlock_user(app: &App, caller: &Caller, email: Email) -> Result<bool, UnlockError> {
    app.store
        .write(
            (app.clone(), caller.clone(), email),
            |tx, (app, caller, email)| Box::pin(write(tx, app, caller, email)),
        )
        .await
}

async fn write(
    tx: &mut WriteTx,
    app: &App,
    caller: &Caller,
    email: &Email,
) -> Result<bool, UnlockError> {
    let user: User = store::access::user::by_email(tx, email)
        .await?
        .ok_or_else(|| UnlockError::NotFound(email.clone()))?;
    let had_failures =
        store::access::sign_in_lock::delete(tx, &address_key(email.as_str())).await?;
    if had_failures {
        let (object, now) = (user.id.to_string(), app.clock.now());
        let audit = app.audit_entry(caller, user.tenant, "user.unlock", object, &json!({}), now);
        store::audit::append(tx, &audit).await?;
    }
    Ok(had_failures)
}
