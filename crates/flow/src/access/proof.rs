//! Proves once more that it is the user who sits at a signed-in browser. Wrong answers count like
//! failed sign-ins (security S-10), so that a stolen session is no place to guess from.

use std::net::IpAddr;

use base::{Class, Refusal, Refuse, UserId};
use store::ReadTx;
use store::access::credential;
use tenancy::lockout::Locked;
use tenancy::password::{Credential, Password, Verdict};

use super::SignedIn;
use super::attempt::{Attempt, Counts};
use super::refuse::{Failed, refuse};
use crate::memory::password_work::PasswordWorkError;
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

impl Refuse for ProofError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Locked(error) => error.refusal(),
            Self::Password(error) => error.refusal(),
            Self::Store(error) => error.refusal(),
            Self::WrongPassword => Class::Invalid
                .because("wrong_password", self)
                .at("current_password"),
        }
    }
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
    let asked = (attempt.clone(), signed_in.user.id);
    let store = app.store(caller);
    let (counts, credential) = store.read(asked, load).await?;
    counts.check(app.now())?;
    let stored = credential.as_ref().map(|found| found.hash.clone());
    let verdict = attempt.verify::<ProofError>(app, caller, password, stored);
    let verdict = verdict.await?;
    let proven = credential.filter(|_| verdict != Verdict::Wrong);
    if let Some(credential) = proven {
        return Ok(Proof {
            attempt,
            credential,
        });
    }
    let failed = Failed {
        attempt,
        of: Some((signed_in.user.clone(), signed_in.session.tenant)),
        factor: "password",
        purpose,
        reason: "wrong password",
        is_copied: false,
        now: app.now(),
    };
    refuse::<ProofError>(app, caller, failed).await?;
    Err(ProofError::WrongPassword)
}

async fn load(
    tx: &mut ReadTx,
    (attempt, user): &(Attempt, UserId),
) -> Result<(Counts, Option<Credential>), store::Error> {
    Ok((
        attempt.load(tx).await?,
        credential::password(tx, user).await?,
    ))
}
