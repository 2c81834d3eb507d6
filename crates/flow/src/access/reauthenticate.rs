//! Opens the sensitive actions for ten minutes (security S-23). The browser gets a new token (S-19).

use base::{Class, Refusal, Refuse};
use std::net::IpAddr;

use store::access::session::{self, Browser};
use store::audit::{self, Entry};
use store::{ReadTx, WriteTx};
use tenancy::password::Password;
use tenancy::token::TokenDigest;

use super::SignedIn;
use super::attempt::{Attempt, Counts};
use super::proof::{ProofError, prove};
use super::session::browser;
use crate::audit::Event;
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

impl Refuse for ReauthenticateError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Ended => Class::Unauthenticated.because("session_ended", self),
            Self::Proof(error) => error.refusal(),
            Self::Store(error) => error.refusal(),
        }
    }
}

/// Accepts a signed-in user again. The old token stops working; hand out the new one.
pub async fn reauthenticate(
    app: &App,
    caller: &Caller,
    signed_in: &SignedIn,
    password: &Password,
    client: IpAddr,
) -> Result<SignedIn, ReauthenticateError> {
    // Whoever acts as another tenant proves themselves in their own.
    let caller = &caller.within(signed_in.session.tenant);
    let proof = prove(app, caller, signed_in, password, client, "reauthenticate").await?;
    let now = app.now();
    let (session, token) = signed_in.session.reauthenticate(now, app.random());
    let event = Event::Reauthenticated {
        user: session.user,
        factor: "password",
    };
    let entry = app.entry(caller, session.tenant, &event, now);
    let accepted = Accepted {
        attempt: proof.attempt,
        old: signed_in.session.digest,
        new: browser(&session, caller),
        entry,
    };
    let store = app.store(caller);
    if !store.decide(accepted, load, decide, save).await? {
        return Err(ReauthenticateError::Ended);
    }
    Ok(SignedIn {
        token,
        session,
        ..signed_in.clone()
    })
}

#[derive(Clone)]
struct Accepted {
    attempt: Attempt,
    /// The session that ends.
    old: TokenDigest,
    /// The one that takes its place.
    new: Browser,
    entry: Entry,
}

async fn load(tx: &mut ReadTx, accepted: &Accepted) -> Result<Counts, store::Error> {
    accepted.attempt.load(tx).await
}

fn decide(accepted: &Accepted, counts: Counts) -> Result<Accepted, ReauthenticateError> {
    counts
        .check(accepted.entry.at)
        .map_err(ProofError::Locked)?;
    Ok(accepted.clone())
}

/// Whether the old session was still there.
async fn save(tx: &mut WriteTx, accepted: &Accepted) -> Result<bool, store::Error> {
    if !session::delete(tx, &accepted.old).await? {
        return Ok(false);
    }
    session::insert(tx, &accepted.new).await?;
    accepted.attempt.succeeded(tx).await?;
    audit::append(tx, &accepted.entry).await?;
    Ok(true)
}
