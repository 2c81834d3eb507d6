//! An operator at the command line gives a user a generated password, shown once, good for 72 hours
//! and to be replaced first (features F-011; security S-06). Sessions and locks end with it.

use base::{Class, Refusal, Refuse, Timestamp};
use outbound::mail::{Letter, MailKind};
use store::access::user::{self, Replacement};
use store::access::{session, sign_in_lock};
use store::audit::{self, Entry};
use store::{ReadTx, WriteTx};
use tenancy::lockout::AttemptKey;
use tenancy::password::{Credential, Password};
use tenancy::user::{Email, User};

use super::attempt::address_key;
use crate::audit::Event;
use crate::caller::{self, system};
use crate::mail::{self, PreparedMail};
use crate::memory::password_work::PasswordWorkError;
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

impl Refuse for ResetError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Changed => Class::Conflict.because("password_changed_meanwhile", self),
            Self::NotFound(_) => Class::NotFound.because("user_not_found", self),
            Self::Password(error) => Refusal::internal(error),
            Self::Store(error) => error.refusal(),
        }
    }
}

/// Gives a user an initial password; show it once.
pub async fn reset_password(
    app: &App,
    caller: &Caller,
    email: Email,
) -> Result<Password, ResetError> {
    let store = app.store(system("an operator knows a user by their address"));
    let found = store.read(email.clone(), user::by_email).await?;
    let found = found.ok_or_else(|| ResetError::NotFound(email.clone()))?;
    let password = Password::generate(app.random());
    let hash = app
        .memory
        .passwords
        .hash(password.clone(), app.outside.random.clone())
        .await?;
    let now = app.now();
    let resetting = Resetting {
        app: app.clone(),
        caller: caller.clone(),
        lock: address_key(email.as_str()),
        credential: Credential::initial(hash, now),
        user: found,
        now,
    };
    let store = app.store(caller::tenant(resetting.user.tenant));
    let was_reset = store.decide(resetting, load, decide, save).await?;
    was_reset.then_some(password).ok_or(ResetError::Changed)
}

struct Resetting {
    app: App,
    caller: Caller,
    user: User,
    credential: Credential,
    lock: AttemptKey,
    now: Timestamp,
}

struct Facts {
    credential: Option<Credential>,
    sessions: u64,
}

struct Decision {
    replacement: Replacement,
    lock: AttemptKey,
    entry: Entry,
    mail: Option<PreparedMail>,
}

async fn load(tx: &mut ReadTx, resetting: &Resetting) -> Result<Facts, store::Error> {
    let id = resetting.user.id;
    Ok(Facts {
        credential: user::credential(tx, &id).await?,
        sessions: session::count_of_user(tx, &(id, None)).await?,
    })
}

fn decide(resetting: &Resetting, facts: Facts) -> Result<Decision, ResetError> {
    let Resetting {
        app,
        caller,
        user,
        credential,
        lock,
        now,
    } = resetting;
    let Some(old) = facts.credential else {
        return Err(ResetError::NotFound(user.email.clone()));
    };
    let event = Event::PasswordReset {
        user: user.id,
        sessions_ended: facts.sessions,
        good_until: credential.initial_until,
    };
    let letter = Letter::PasswordChanged {
        from: None,
        at: *now,
    };
    let once = mail::once(MailKind::PasswordChanged, user.id, *now);
    Ok(Decision {
        replacement: Replacement {
            user: user.id,
            from: old.hash,
            to: credential.clone(),
        },
        lock: lock.clone(),
        entry: app.entry(caller, user.tenant, &event, *now),
        mail: mail::notice(app, caller, user.into(), &letter, &once),
    })
}

/// Whether the password was the one that was looked at.
async fn save(tx: &mut WriteTx, decision: &Decision) -> Result<bool, store::Error> {
    if !user::replace_credential(tx, &decision.replacement).await? {
        return Ok(false);
    }
    session::delete_of_user(tx, &(decision.replacement.user, None)).await?;
    sign_in_lock::delete(tx, &decision.lock).await?;
    audit::append(tx, &decision.entry).await?;
    mail::intend(tx, decision.mail.as_ref()).await?;
    Ok(true)
}
