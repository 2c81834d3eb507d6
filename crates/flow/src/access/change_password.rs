//! A user replaces their own password (features F-015; security S-05, S-06). Every session
//! of theirs ends; the browser at hand goes on with a new token.

use std::net::IpAddr;

use base::{Class, Refusal, Refuse, Timestamp};
use store::access::credential::{self, Replacement};
use store::access::session::{self, Browser};
use store::audit::{self, Entry};
use store::{ReadTx, WriteTx};
use tenancy::password::{Credential, Password, Unmet};
use tenancy::user::User;

use super::SignedIn;
use super::attempt::{Attempt, Counts};
use super::new_password::{Owner, check};
use super::notice::password_changed;
use super::proof::{ProofError, prove};
use super::session::browser;
use crate::audit::Event;
use crate::mail::{self, PreparedMail};
use crate::memory::password_work::PasswordWorkError;
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

impl Refuse for ChangePasswordError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Changed => Class::Conflict.because("password_changed_elsewhere", self),
            Self::Password(error) => Refusal::internal(error),
            Self::Proof(error) => error.refusal(),
            Self::Same => Class::Invalid
                .because("password_is_the_same", self)
                .at("new_password"),
            Self::Store(error) => error.refusal(),
            Self::Unmet(error) => error.refusal(),
        }
    }
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
    check(app, Owner::of(signed_in), new).await?;
    let proof = prove(app, caller, signed_in, current, client, "change_password").await?;
    if new.reveal() == current.reveal() {
        return Err(ChangePasswordError::Same);
    }
    let hash = app
        .memory
        .passwords
        .hash(new.clone(), app.outside.random.clone())
        .await?;
    let now = app.now();
    let (session, token) = signed_in.session.reauthenticate(now, app.random());
    let replacing = Replacing {
        app: app.clone(),
        caller: caller.clone(),
        attempt: proof.attempt,
        replacement: Replacement {
            user: session.user,
            from: proof.credential.hash,
            to: Credential {
                hash,
                changed_at: now,
            },
        },
        browser: browser(&session, caller),
        user: signed_in.user.clone(),
        now,
    };
    let store = app.store(caller);
    let ended = store.decide(replacing, load, decide, save).await?;
    Ok(Changed {
        signed_in: SignedIn {
            token,
            session,
            ..signed_in.clone()
        },
        ended: ended.ok_or(ChangePasswordError::Changed)?,
    })
}

struct Replacing {
    app: App,
    caller: Caller,
    attempt: Attempt,
    replacement: Replacement,
    /// The browser at hand, with its new token.
    browser: Browser,
    user: User,
    now: Timestamp,
}

struct Facts {
    counts: Counts,
    sessions: u64,
}

struct Decision {
    replacement: Replacement,
    browser: Browser,
    /// How many other sessions end.
    ended: u64,
    entry: Entry,
    mail: Option<PreparedMail>,
}

async fn load(tx: &mut ReadTx, replacing: &Replacing) -> Result<Facts, store::Error> {
    Ok(Facts {
        counts: replacing.attempt.load(tx).await?,
        sessions: session::count_of_user(tx, &(replacing.replacement.user, None)).await?,
    })
}

fn decide(replacing: &Replacing, facts: Facts) -> Result<Decision, ChangePasswordError> {
    let Replacing {
        app,
        caller,
        browser,
        now,
        ..
    } = replacing;
    let Facts { counts, sessions } = facts;
    counts.check(*now).map_err(ProofError::Locked)?;
    let ended = sessions.saturating_sub(1);
    let event = Event::PasswordChanged {
        user: browser.session.user,
        sessions_ended: ended,
    };
    Ok(Decision {
        replacement: replacing.replacement.clone(),
        browser: browser.clone(),
        ended,
        entry: app.entry(caller, browser.session.tenant, &event, *now),
        mail: password_changed(app, caller, &replacing.user, *now),
    })
}

/// How many other sessions have ended; `None` when the password was replaced by somebody else.
async fn save(tx: &mut WriteTx, decision: &Decision) -> Result<Option<u64>, store::Error> {
    if !credential::replace_password(tx, &decision.replacement).await? {
        return Ok(None);
    }
    session::delete_of_user(tx, &(decision.replacement.user, None)).await?;
    session::insert(tx, &decision.browser).await?;
    audit::append(tx, &decision.entry).await?;
    mail::intend(tx, decision.mail.as_ref()).await?;
    Ok(Some(decision.ended))
}
