//! Removes a passkey (security S-16, S-17). The last second factor of a person goes like an authenticator app: by a code, and
//! not at all where one is demanded. The door has made sure that they proved lately who they are.

use std::net::IpAddr;

use base::{Class, Refusal, Refuse, Timestamp};
use store::access::{passkey, second_factor, session};
use store::audit::{self, Entry};
use store::{ReadTx, WriteTx};
use tenancy::lockout::Locked;
use tenancy::passkey::Passkey;
use tenancy::session::Session;

use crate::access::SignedIn;
use crate::access::attempt::{Attempt, Counts};
use crate::access::notice::second_factor_changed;
use crate::access::refuse::{Failed, refuse};
use crate::access::second_factor::{Factors, Second, SecondFactorError, TypedFactor};
use crate::audit::{Event, Text};
use crate::mail::{self, PreparedMail};
use crate::{App, Caller};

/// What the person is told.
const REMOVED: &str = "A passkey was removed. It signs in to your account no more.";
/// The same of the last second factor.
const LAST_REMOVED: &str =
    "Your last passkey was removed. The password alone signs in from now on.";

/// Why it stays.
#[derive(Debug, thiserror::Error)]
pub enum RemovePasskeyError {
    /// What was typed proves nothing.
    #[error(transparent)]
    Factor(#[from] SecondFactorError),
    /// It is the last second factor, and no code was typed.
    #[error("this is your last second factor; type a recovery code to remove it")]
    Last,
    /// Too many failures for the user or from the network.
    #[error(transparent)]
    Locked(#[from] Locked),
    /// They must have a second factor.
    #[error(
        "your organisation asks everybody for a second factor, and this is your last; add another one first"
    )]
    Required,
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Refuse for RemovePasskeyError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Factor(error) => error.refusal(),
            Self::Last => Class::Invalid
                .because("last_second_factor", self)
                .at("recovery"),
            Self::Locked(error) => error.refusal(),
            Self::Required => Class::Forbidden
                .because("last_second_factor_required", self)
                .at("recovery"),
            Self::Store(error) => error.refusal(),
        }
    }
}

/// Removes it; `false` when it was gone before. `typed` is asked for when it is the last second factor.
pub async fn remove_passkey(
    app: &App,
    caller: &Caller,
    signed_in: &SignedIn,
    passkey: &Passkey,
    typed: Option<TypedFactor>,
    client: IpAddr,
) -> Result<bool, RemovePasskeyError> {
    let attempt = Attempt::new(signed_in.user.email.as_str(), client);
    let now = app.now();
    let removing = Removing {
        app: app.clone(),
        caller: caller.clone(),
        signed_in: signed_in.clone(),
        passkey: passkey.clone(),
        attempt: attempt.clone(),
        typed: typed.clone(),
        now,
    };
    let store = app.store(caller);
    let decided = store.decide(removing, load, decide, save).await;
    if let (Err(RemovePasskeyError::Factor(error)), Some(typed)) = (&decided, typed)
        && let Some(reason) = error.reason()
    {
        let failed = Failed {
            attempt,
            of: Some((signed_in.user.clone(), signed_in.session.tenant)),
            factor: typed.kind(),
            purpose: "remove_passkey",
            reason,
            is_copied: error.is_copied(),
            now,
        };
        refuse::<RemovePasskeyError>(app, caller, failed).await?;
    }
    decided
}

struct Removing {
    app: App,
    caller: Caller,
    signed_in: SignedIn,
    passkey: Passkey,
    attempt: Attempt,
    typed: Option<TypedFactor>,
    now: Timestamp,
}

struct Facts {
    counts: Counts,
    /// Whether this is the last second factor.
    is_last: bool,
    factors: Option<Factors>,
    sessions: u64,
}

struct Decision {
    passkey: Passkey,
    /// With the last second factor, what is used up.
    last: Option<Last>,
    entry: Entry,
    mail: Option<PreparedMail>,
}

struct Last {
    second: Second,
    attempt: Attempt,
    session: Session,
}

async fn load(tx: &mut ReadTx, removing: &Removing) -> Result<Facts, store::Error> {
    let session = &removing.signed_in.session;
    let app = second_factor::totp(tx, &session.user).await?;
    let others = (session.user, Some(session.digest));
    let passkeys = passkey::of_user(tx, &session.user).await?;
    let factors = match &removing.typed {
        Some(typed) => Some(Factors::load(tx, session.user, typed).await?),
        None => None,
    };
    Ok(Facts {
        counts: removing.attempt.load(tx).await?,
        is_last: passkeys.iter().all(|other| other.id == removing.passkey.id)
            && app.is_none_or(|app| app.confirmed_at.is_none()),
        factors,
        sessions: session::count_of_user(tx, &others).await?,
    })
}

fn decide(removing: &Removing, facts: Facts) -> Result<Decision, RemovePasskeyError> {
    let (app, caller, now) = (&removing.app, &removing.caller, removing.now);
    let SignedIn { session, user, .. } = &removing.signed_in;
    let (mut last, mut sessions_ended, mut told) = (None, 0, REMOVED);
    if facts.is_last {
        if removing.signed_in.must_have_second_factor(app) {
            return Err(RemovePasskeyError::Required);
        }
        let typed = removing.typed.as_ref().zip(facts.factors);
        let (typed, factors) = typed.ok_or(RemovePasskeyError::Last)?;
        facts.counts.check(now)?;
        last = Some(Last {
            second: factors.check(user.id, typed, app, caller, now)?,
            attempt: removing.attempt.clone(),
            session: session.clone(),
        });
        (sessions_ended, told) = (facts.sessions, LAST_REMOVED);
    }
    let event = Event::PasskeyRemoved {
        user: user.id,
        name: Text::new(removing.passkey.name.as_str()),
        sessions_ended,
    };
    Ok(Decision {
        passkey: removing.passkey.clone(),
        last,
        entry: app.entry(caller, session.tenant, &event, now),
        mail: second_factor_changed(app, caller, user, told, now),
    })
}

/// Whether it was still there.
async fn save(tx: &mut WriteTx, decision: &Decision) -> Result<bool, store::Error> {
    let passkey = &decision.passkey;
    if !passkey::delete(tx, &(passkey.user, passkey.id.clone())).await? {
        return Ok(false);
    }
    if let Some(last) = &decision.last {
        let session = &last.session;
        last.second.take(tx).await?;
        second_factor::delete_codes(tx, &session.user).await?;
        session::delete_of_user(tx, &(session.user, Some(session.digest))).await?;
        last.attempt.succeeded(tx).await?;
    }
    audit::append(tx, &decision.entry).await?;
    mail::intend(tx, decision.mail.as_ref()).await?;
    Ok(true)
}
