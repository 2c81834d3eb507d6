//! Switches an authenticator app on, by its first right code, which works for nothing else afterwards (feature F-016, security
//! S-14). Ten recovery codes are made with it, and all other sessions end.

use base::{Class, Refusal, Refuse, Timestamp};
use store::access::second_factor::{self, NewRecoveryCodes, StoredTotp, TakenStep};
use store::access::session;
use store::audit::{self, Entry};
use store::seal::SealError;
use store::{ReadTx, WriteTx};
use tenancy::recovery::RecoveryCode;
use tenancy::session::Session;
use tenancy::totp::{TotpSecret, WrongCode};
use tenancy::user::User;

use super::new_codes::digests;
use crate::access::SignedIn;
use crate::access::notice::second_factor_changed;
use crate::audit::Event;
use crate::mail::{self, PreparedMail};
use crate::{App, Caller};

/// What the person is told.
const SET_UP: &str = "An authenticator app was set up. Each sign-in asks for its code from now on.";

/// Why it was not switched on.
#[derive(Debug, thiserror::Error)]
pub enum ConfirmError {
    /// The code is not right.
    #[error(transparent)]
    Code(#[from] WrongCode),
    /// Nothing waits for its first code.
    #[error("no authenticator app is being set up; begin again")]
    NothingWaits,
    /// The secret cannot be opened.
    #[error("the secret of the authenticator app cannot be opened")]
    Seal(#[from] SealError),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Refuse for ConfirmError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Code(_) => Class::Invalid.because("wrong_first_code", self).at("code"),
            Self::NothingWaits => Class::Conflict.because("second_factor_not_begun", self),
            Self::Seal(_) => Refusal::internal(self),
            Self::Store(error) => error.refusal(),
        }
    }
}

/// Switches it on; the codes are shown once.
pub async fn confirm_set_up(
    app: &App,
    caller: &Caller,
    signed_in: &SignedIn,
    code: &str,
) -> Result<Vec<RecoveryCode>, ConfirmError> {
    let codes = RecoveryCode::generate_all(app.random());
    let confirming = Confirming {
        app: app.clone(),
        caller: caller.clone(),
        user: signed_in.user.clone(),
        session: signed_in.session.clone(),
        code: code.to_owned(),
        codes: codes.clone(),
        now: app.now(),
    };
    let store = app.store(caller);
    let is_on = store.decide(confirming, load, decide, save).await?;
    is_on.then_some(codes).ok_or(ConfirmError::NothingWaits)
}

struct Confirming {
    app: App,
    caller: Caller,
    user: User,
    session: Session,
    code: String,
    codes: Vec<RecoveryCode>,
    now: Timestamp,
}

struct Facts {
    totp: Option<StoredTotp>,
    sessions: u64,
}

struct Decision {
    taken: TakenStep,
    codes: NewRecoveryCodes,
    session: Session,
    entry: Entry,
    mail: Option<PreparedMail>,
}

async fn load(tx: &mut ReadTx, confirming: &Confirming) -> Result<Facts, store::Error> {
    let session = &confirming.session;
    let others = (session.user, Some(session.digest));
    Ok(Facts {
        totp: second_factor::totp(tx, &session.user).await?,
        sessions: session::count_of_user(tx, &others).await?,
    })
}

fn decide(confirming: &Confirming, facts: Facts) -> Result<Decision, ConfirmError> {
    let (session, now) = (&confirming.session, confirming.now);
    let waiting = facts.totp.filter(|totp| totp.confirmed_at.is_none());
    let totp = waiting.ok_or(ConfirmError::NothingWaits)?;
    let app = &confirming.app;
    let secret = TotpSecret::from_bytes(totp.open(&app.outside.sealer)?);
    let step = secret.verify(&confirming.code, None, now)?;
    let event = Event::SecondFactorSet {
        user: session.user,
        factor: "totp",
        sessions_ended: facts.sessions,
    };
    Ok(Decision {
        taken: TakenStep {
            user: session.user,
            step,
            at: now,
        },
        codes: NewRecoveryCodes {
            user: session.user,
            tenant: session.tenant,
            digests: digests(&confirming.codes),
            at: now,
        },
        session: session.clone(),
        entry: app.entry(&confirming.caller, session.tenant, &event, now),
        mail: second_factor_changed(app, &confirming.caller, &confirming.user, SET_UP, now),
    })
}

/// Whether it still waited.
async fn save(tx: &mut WriteTx, decision: &Decision) -> Result<bool, store::Error> {
    if !second_factor::confirm_totp(tx, &decision.taken).await? {
        return Ok(false);
    }
    let session = &decision.session;
    second_factor::replace_codes(tx, &decision.codes).await?;
    session::delete_of_user(tx, &(session.user, Some(session.digest))).await?;
    audit::append(tx, &decision.entry).await?;
    mail::intend(tx, decision.mail.as_ref()).await?;
    Ok(true)
}
