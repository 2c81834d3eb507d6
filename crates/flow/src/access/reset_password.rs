//! An operator at the command line gives a user a generated password, shown once, good for 72 hours
//! and to be replaced first (features F-011; security S-06). Sessions and locks end with it.

use base::Timestamp;
use serde_json::json;
use store::WriteTx;
use tenancy::password::{Credential, Password, PasswordHash};
use tenancy::user::Email;

use super::attempt::address_key;
use super::passwords::PasswordWorkError;
use crate::{App, Caller};

/// Why the old password stays.
#[derive(Debug, thiserror::Error)]
pub enum ResetError {
    /// The password was replaced at the same time.
    #[error("the password was changed at the same time; try again")]
    Changed,
    /// Nobody has this address.
    #[error("there is no user with the e-mail address {0}")]
    NotFound(Email),
    /// The new password could not be hashed.
    #[error(transparent)]
    Password(#[from] PasswordWorkError),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Gives a user an initial password; show it once.
pub async fn reset_password(
    app: &App,
    caller: &Caller,
    email: Email,
) -> Result<Password, ResetError> {
    let password = Password::generate(app.random.as_ref());
    let hash = app
        .passwords
        .hash(password.clone(), app.random.clone())
        .await?;
    let now = app.clock.now();
    app.store
        .write(
            (app.clone(), caller.clone(), email, hash),
            move |tx, (app, caller, email, hash)| {
                Box::pin(write(tx, app, caller, email, hash, now))
            },
        )
        .await?;
    Ok(password)
}

async fn write(
    tx: &mut WriteTx,
    app: &App,
    caller: &Caller,
    email: &Email,
    hash: &PasswordHash,
    now: Timestamp,
) -> Result<(), ResetError> {
    let found = store::access::user::candidate(tx, email)
        .await?
        .ok_or_else(|| ResetError::NotFound(email.clone()))?;
    let credential = Credential::initial(hash.clone(), now);
    let (user, old) = (found.user, &found.credential.hash);
    if !store::access::user::update_credential(tx, user.id, old, &credential).await? {
        return Err(ResetError::Changed);
    }
    let ended = store::access::session::delete_of_user(tx, user.id, None).await?;
    store::access::sign_in_lock::delete(tx, &address_key(email.as_str())).await?;
    let detail = json!({ "sessions_ended": ended, "good_until": credential.initial_until });
    let object = user.id.to_string();
    let audit = app.audit_entry(
        caller,
        user.tenant,
        "user.reset_password",
        object,
        &detail,
        now,
    );
    store::audit::append(tx, &audit).await?;
    Ok(())
}
