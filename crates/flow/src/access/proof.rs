//! Proves once more that it is the user who sits at a signed-in browser. Wrong answers count like
//! failed sign-ins (security S-10), so that a stolen session is no place to guess from.

use std::net::IpAddr;

use serde_json::json;
use tenancy::lockout::Locked;
use tenancy::password::{Credential, Password, Verdict};

use super::SignedIn;
use super::attempt::{Attempt, Counted};
use super::passwords::PasswordWorkError;
use crate::{App, Caller};

/// Why the proof was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// Too many failures for the user or from the network.
    #[error(transparent)]
    Locked(#[from] Locked),
    /// The password could not be checked.
    #[error(transparent)]
    Password(#[from] PasswordWorkError),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// It is not the user's password.
    #[error("that is not your current password")]
    WrongPassword,
}

/// A password that was right.
#[derive(Clone, Debug)]
pub(super) struct Proof {
    /// For the transaction that relies on the proof: it looks again whether others locked.
    pub(super) attempt: Attempt,
    /// What the password was checked against.
    pub(super) credential: Credential,
}

/// Checks the password of a signed-in user; `purpose` is for the audit log.
pub(super) async fn prove(
    app: &App,
    caller: &Caller,
    signed_in: &SignedIn,
    password: &Password,
    client: IpAddr,
    purpose: &'static str,
) -> Result<Proof, ProofError> {
    let attempt = Attempt::new(signed_in.user.email.as_str(), client);
    let credential = look(app, &attempt, signed_in).await?;
    let stored = credential.as_ref().map(|found| found.hash.clone());
    let verdict = app.passwords.verify(password.clone(), stored).await?;
    let now = app.clock.now();
    let proven = credential.filter(|found| verdict != Verdict::Wrong && !found.is_expired(now));
    match proven {
        Some(credential) => Ok(Proof {
            attempt,
            credential,
        }),
        None => Err(refuse(app, caller, attempt, signed_in, purpose).await?),
    }
}

async fn look(
    app: &App,
    attempt: &Attempt,
    signed_in: &SignedIn,
) -> Result<Option<Credential>, ProofError> {
    let now = app.clock.now();
    app.store
        .read(
            (attempt, signed_in.user.id, now),
            |tx, (attempt, user, now)| {
                Box::pin(async move {
                    if let Some(locked) = attempt.locked(tx, *now).await? {
                        return Err(ProofError::Locked(locked));
                    }
                    Ok(store::access::user::credential(tx, *user).await?)
                })
            },
        )
        .await
}

async fn refuse(
    app: &App,
    caller: &Caller,
    attempt: Attempt,
    signed_in: &SignedIn,
    purpose: &'static str,
) -> Result<ProofError, store::Error> {
    let now = app.clock.now();
    let (user, tenant) = (signed_in.user.id, signed_in.session.tenant);
    let counted = app
        .store
        .write(
            (app.clone(), caller.clone(), attempt),
            move |tx, (app, caller, attempt)| {
                Box::pin(async move {
                    let counted = attempt.failed(tx, now).await?;
                    if let Counted::Failed { locked_until } = counted {
                        let detail = json!({ "purpose": purpose, "reason": "wrong password",
                            "factors": ["password"], "locked_until": locked_until });
                        let object = user.to_string();
                        let audit =
                            app.audit_entry(caller, tenant, "session.refuse", object, &detail, now);
                        store::audit::append(tx, &audit).await?;
                    }
                    Ok::<_, store::Error>(counted)
                })
            },
        )
        .await?;
    Ok(match counted {
        Counted::Failed { .. } => ProofError::WrongPassword,
        Counted::Refused(locked) => ProofError::Locked(locked),
    })
}
