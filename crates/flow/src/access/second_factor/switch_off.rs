//! Switches an authenticator app off, by a code of it (security S-10, S-17). Wrong codes count like failed sign-ins. Whoever
//! has passkeys keeps these, and the recovery codes.

use std::net::IpAddr;

use base::{Class, Refusal, Refuse, Timestamp};
use store::access::{passkey, second_factor, session};
use store::audit::{self, Entry};
use store::{ReadTx, WriteTx};
use tenancy::lockout::Locked;
use tenancy::session::Session;
use tenancy::user::User;

use super::check::{Factors, Second, SecondFactorError, TypedFactor};
use crate::access::SignedIn;
use crate::access::attempt::{Attempt, Counts};
use crate::access::notice::second_factor_changed;
use crate::access::refuse::{Failed, refuse};
use crate::audit::Event;
use crate::mail::{self, PreparedMail};
use crate::{App, Caller};

/// What the person is told.
const OFF: &str =
    "The authenticator app was switched off. The password alone signs in from now on.";
/// The same where passkeys stay.
const APP_OFF: &str =
    "The authenticator app was switched off. Each sign-in asks for a passkey from now on.";

/// Why it stays on.
#[derive(Debug, thiserror::Error)]
pub enum SwitchOffError {
    /// What was typed proves nothing.
    #[error(transparent)]
    Factor(#[from] SecondFactorError),
    /// Too many failures for the user or from the network.
    #[error(transparent)]
    Locked(#[from] Locked),
    /// They must have it.
    #[error(
        "your organisation asks everybody for a second factor; whoever manages people can reset yours if you need another phone"
    )]
    Required,
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Refuse for SwitchOffError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Factor(error) => error.refusal(),
            Self::Locked(error) => error.refusal(),
            Self::Required => Class::Forbidden
                .because("second_factor_required", self)
                .at("code"),
            Self::Store(error) => error.refusal(),
        }
    }
}

/// Switches it off; all other sessions end.
pub async fn switch_off(
    app: &App,
    caller: &Caller,
    signed_in: &SignedIn,
    typed: TypedFactor,
    client: IpAddr,
) -> Result<(), SwitchOffError> {
    let attempt = Attempt::new(signed_in.user.email.as_str(), client);
    let (now, factor) = (app.now(), typed.kind());
    let switching = Switching {
        app: app.clone(),
        caller: caller.clone(),
        is_required: signed_in.must_have_second_factor(app),
        user: signed_in.user.clone(),
        session: signed_in.session.clone(),
        attempt: attempt.clone(),
        typed,
        now,
    };
    let store = app.store(caller);
    let decided = store.decide(switching, load, decide, save).await;
    if let Err(SwitchOffError::Factor(error)) = &decided
        && let Some(reason) = error.reason()
    {
        let failed = Failed {
            attempt,
            of: Some((signed_in.user.clone(), signed_in.session.tenant)),
            factor,
            purpose: "switch_off_second_factor",
            reason,
            is_copied: error.is_copied(),
            now,
        };
        refuse::<SwitchOffError>(app, caller, failed).await?;
    }
    decided
}

struct Switching {
    app: App,
    caller: Caller,
    /// Whether they must have a second factor.
    is_required: bool,
    user: User,
    session: Session,
    attempt: Attempt,
    typed: TypedFactor,
    now: Timestamp,
}

struct Facts {
    counts: Counts,
    factors: Factors,
    has_passkeys: bool,
    sessions: u64,
}

struct Decision {
    second: Second,
    /// Whether something is left that recovery codes stand in for.
    has_passkeys: bool,
    attempt: Attempt,
    session: Session,
    entry: Entry,
    mail: Option<PreparedMail>,
}

async fn load(tx: &mut ReadTx, switching: &Switching) -> Result<Facts, store::Error> {
    let session = &switching.session;
    let others = (session.user, Some(session.digest));
    Ok(Facts {
        counts: switching.attempt.load(tx).await?,
        factors: Factors::load(tx, session.user, &switching.typed).await?,
        has_passkeys: !passkey::of_user(tx, &session.user).await?.is_empty(),
        sessions: session::count_of_user(tx, &others).await?,
    })
}

fn decide(switching: &Switching, facts: Facts) -> Result<Decision, SwitchOffError> {
    let Switching {
        app,
        caller,
        session,
        typed,
        now,
        ..
    } = switching;
    if switching.is_required && !facts.has_passkeys {
        return Err(SwitchOffError::Required);
    }
    facts.counts.check(*now)?;
    let second = facts
        .factors
        .check(session.user, typed, app, caller, *now)?;
    let told = if facts.has_passkeys { APP_OFF } else { OFF };
    let event = Event::SecondFactorRemoved {
        user: session.user,
        factor: "totp",
        sessions_ended: facts.sessions,
    };
    Ok(Decision {
        second,
        has_passkeys: facts.has_passkeys,
        attempt: switching.attempt.clone(),
        session: session.clone(),
        entry: app.entry(caller, session.tenant, &event, *now),
        mail: second_factor_changed(app, caller, &switching.user, told, *now),
    })
}

async fn save(tx: &mut WriteTx, decision: &Decision) -> Result<(), store::Error> {
    let session = &decision.session;
    decision.second.take(tx).await?;
    second_factor::delete_totp(tx, &session.user).await?;
    if !decision.has_passkeys {
        second_factor::delete_codes(tx, &session.user).await?;
    }
    session::delete_of_user(tx, &(session.user, Some(session.digest))).await?;
    decision.attempt.succeeded(tx).await?;
    audit::append(tx, &decision.entry).await?;
    mail::intend(tx, decision.mail.as_ref()).await
}
