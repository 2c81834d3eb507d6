//! Opens the sensitive actions for ten minutes (security S-23). The browser gets a new token (S-19).

use std::net::IpAddr;

use base::Timestamp;
use serde_json::json;
use store::WriteTx;
use tenancy::password::Password;
use tenancy::session::Session;

use super::SignedIn;
use super::proof::{Proof, ProofError, prove};
use super::sign_in::listed;
use crate::{App, Caller};

/// Why the user was not accepted again.
#[derive(Debug, thiserror::Error)]
pub enum ReauthenticateError {
    /// The session has ended meanwhile.
    #[error("your session has ended; sign in again")]
    Ended,
    /// The password was not accepted.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Accepts a signed-in user again. The old token stops working; hand out the new one.
pub async fn reauthenticate(
    app: &App,
    caller: &Caller,
    signed_in: &SignedIn,
    password: &Password,
    client: IpAddr,
) -> Result<SignedIn, ReauthenticateError> {
    let proof = prove(app, caller, signed_in, password, client, "reauthenticate").await?;
    let now = app.clock.now();
    let (session, token) = signed_in.session.reauthenticate(now, app.random.as_ref());
    let input = (
        app.clone(),
        caller.clone(),
        proof,
        signed_in.session.clone(),
        session.clone(),
    );
    app.store
        .write(input, move |tx, (app, caller, proof, old, new)| {
            Box::pin(write(tx, app, caller, proof, old, new, now))
        })
        .await?;
    Ok(SignedIn {
        token,
        session,
        ..signed_in.clone()
    })
}

async fn write(
    tx: &mut WriteTx,
    app: &App,
    caller: &Caller,
    proof: &Proof,
    old: &Session,
    new: &Session,
    now: Timestamp,
) -> Result<(), ReauthenticateError> {
    if let Some(locked) = proof.attempt.locked(tx, now).await? {
        return Err(ProofError::Locked(locked).into());
    }
    if !store::access::session::delete(tx, &old.digest).await? {
        return Err(ReauthenticateError::Ended);
    }
    store::access::session::insert(tx, &listed(new, caller)).await?;
    proof.attempt.succeeded(tx).await?;
    let detail = json!({ "factors": ["password"] });
    let object = new.user.to_string();
    let audit = app.audit_entry(
        caller,
        new.tenant,
        "session.reauthenticate",
        object,
        &detail,
        now,
    );
    store::audit::append(tx, &audit).await?;
    Ok(())
}
