//! A user replaces their own password (features F-011, F-015; security S-05, S-06). Every session
//! of theirs ends; the browser at hand goes on with a new token.

use std::net::IpAddr;

use base::Timestamp;
use serde_json::json;
use store::WriteTx;
use tenancy::password::{Credential, Password, Unmet};
use tenancy::session::Session;

use super::SignedIn;
use super::new_password::{Owner, check};
use super::passwords::PasswordWorkError;
use super::proof::{Proof, ProofError, prove};
use super::sign_in::listed;
use crate::{App, Caller};

/// Why the old password stays.
#[derive(Debug, thiserror::Error)]
pub enum ChangePasswordError {
    /// It was replaced at the same time.
    #[error("the password was changed in another place; sign in again")]
    Changed,
    /// The new password could not be hashed.
    #[error(transparent)]
    Password(#[from] PasswordWorkError),
    /// The current password was not accepted.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// The new one is the old one.
    #[error("the new password is the current one; choose another")]
    Same,
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The new password is not good enough.
    #[error(transparent)]
    Unmet(#[from] Unmet),
}

/// The password was replaced.
#[derive(Clone, Debug)]
pub struct Changed {
    /// The browser at hand; hand out its new token.
    pub signed_in: SignedIn,
    /// How many other sessions ended.
    pub ended: u64,
}

/// Replaces the password of a signed-in user who knows the current one.
pub async fn change_password(
    app: &App,
    caller: &Caller,
    signed_in: &SignedIn,
    current: &Password,
    new: &Password,
    client: IpAddr,
) -> Result<Changed, ChangePasswordError> {
    check(Owner::of(signed_in), new)?;
    let proof = prove(app, caller, signed_in, current, client, "change_password").await?;
    if new.reveal() == current.reveal() {
        return Err(ChangePasswordError::Same);
    }
    let hash = app.passwords.hash(new.clone(), app.random.clone()).await?;
    let now = app.clock.now();
    let (session, token) = signed_in.session.reauthenticate(now, app.random.as_ref());
    let replacing = Replacing {
        app: app.clone(),
        caller: caller.clone(),
        proof,
        credential: Credential::own(hash, now),
        session: session.clone(),
        now,
    };
    let ended = app
        .store
        .write(replacing, |tx, replacing| Box::pin(write(tx, replacing)))
        .await?;
    Ok(Changed {
        signed_in: SignedIn {
            token,
            session,
            must_change_password: false,
            ..signed_in.clone()
        },
        ended: ended.saturating_sub(1),
    })
}

struct Replacing {
    app: App,
    caller: Caller,
    proof: Proof,
    credential: Credential,
    session: Session,
    now: Timestamp,
}

async fn write(tx: &mut WriteTx, replacing: &Replacing) -> Result<u64, ChangePasswordError> {
    let Replacing {
        app,
        caller,
        proof,
        credential,
        session,
        now,
    } = replacing;
    if let Some(locked) = proof.attempt.locked(tx, *now).await? {
        return Err(ProofError::Locked(locked).into());
    }
    let old = &proof.credential.hash;
    if !store::access::user::update_credential(tx, session.user, old, credential).await? {
        return Err(ChangePasswordError::Changed);
    }
    let ended = store::access::session::delete_of_user(tx, session.user, None).await?;
    store::access::session::insert(tx, &listed(session, caller)).await?;
    let detail = json!({ "sessions_ended": ended.saturating_sub(1) });
    let object = session.user.to_string();
    let audit = app.audit_entry(
        caller,
        session.tenant,
        "user.change_password",
        object,
        &detail,
        *now,
    );
    store::audit::append(tx, &audit).await?;
    Ok(ended)
}
