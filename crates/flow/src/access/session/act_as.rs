//! Somebody of the operator acts as a tenant, to help it, and stops again. The tenant's administrators are told by mail, its
//! audit names both, and the browser gets a new token each time.
//!
//! What may be done meanwhile is in `tenancy/session/acting`; that the password was typed lately is the door's.

use base::{Class, Refusal, Refuse, TenantId, Timestamp};
use outbound::mail::{Letter, MailKind};
use store::access::session::{self, Browser};
use store::access::user::{self, Person};
use store::audit::{self, Entry};
use store::tenancy::sign_in::{self, Found};
use store::tenancy::tenant;
use store::{ReadTx, WriteTx};
use tenancy::role::{Permission, Role};
use tenancy::session::Session;
use tenancy::session::acting::{Acting, ActingReason};
use tenancy::tenant::{Tenant, TenantKind};
use tenancy::token::TokenDigest;
use tenancy::user::Status;

use super::browser;
use crate::access::SignedIn;
use crate::audit::{Event, Text};
use crate::caller::system;
use crate::mail::{self, PreparedMail};
use crate::{App, Caller};

/// How many people of a tenant are looked at for its administrators.
const MAX_PEOPLE: i64 = 1_000;
/// Why the transaction is in no tenant's scope.
pub(super) const WHY: &str = "a session moves into another tenant and back";

/// Why nobody acts as the tenant.
#[derive(Debug, thiserror::Error)]
pub enum ActAsError {
    /// They do already.
    #[error("you act as another organisation already; stop that first")]
    Acting,
    /// The session has ended meanwhile, or its user lost the permission.
    #[error("your session has ended; sign in again")]
    Ended,
    /// There is no such tenant.
    #[error("there is no such organisation")]
    NotFound,
    /// There is nobody to help.
    #[error("nobody can act as the operator")]
    Operator,
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Refuse for ActAsError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Acting => Class::Conflict.because("acting_already", self),
            Self::Ended => Class::Unauthenticated.because("session_ended", self),
            Self::NotFound => Class::NotFound.because("organisation_not_found", self),
            Self::Operator => Class::Forbidden.because("operator_not_acted_as", self),
            Self::Store(error) => error.refusal(),
        }
    }
}

/// Why nobody stopped.
#[derive(Debug, thiserror::Error)]
pub enum StopActingError {
    /// The session has ended meanwhile, perhaps by another request that stopped it.
    #[error("your session has ended; sign in again")]
    Ended,
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Refuse for StopActingError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Ended => Class::Unauthenticated.because("session_ended", self),
            Self::Store(error) => error.refusal(),
        }
    }
}

/// By what it came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// The person stopped.
    Button,
    /// They signed out.
    SignedOut,
    /// The time was over.
    Time,
}

impl Stopped {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Button => "button",
            Self::SignedOut => "sign_out",
            Self::Time => "time",
        }
    }
}

/// One session takes the place of another.
#[derive(Clone)]
pub(super) struct Swap {
    pub(super) old: TokenDigest,
    pub(super) new: Browser,
    pub(super) entry: Entry,
    pub(super) mails: Vec<PreparedMail>,
}

/// Lets a session act as a tenant. The old token stops working; hand out the new one.
pub async fn act_as(
    app: &App,
    caller: &Caller,
    signed_in: &SignedIn,
    (of, reason): (TenantId, ActingReason),
) -> Result<SignedIn, ActAsError> {
    if signed_in.is_elsewhere() {
        return Err(ActAsError::Acting);
    }
    let there = caller.acting_as(of);
    let (found, people) = app.store(&there).read(of, load_target).await?;
    let target = found.ok_or(ActAsError::NotFound)?;
    if target.kind == TenantKind::Operator {
        return Err(ActAsError::Operator);
    }
    let now = app.now();
    let (session, token) = signed_in
        .session
        .act_as(of, reason.clone(), now, app.random());
    let acting = Acting::begin(of, reason, now);
    let event = Event::ActingBegun {
        tenant: of,
        user: session.user,
        reason: Text::new(acting.reason.as_str()),
        until: acting.until,
    };
    let swap = Swap {
        old: signed_in.session.digest,
        new: browser(&session, caller),
        entry: app.entry(&there, of, &event, now),
        mails: letters(app, &there, signed_in, (&target, &people), &acting, now),
    };
    let store = app.store(system(WHY));
    let has_begun = store.decide(swap, load, decide_begin, save).await?;
    if !has_begun {
        return Err(ActAsError::Ended);
    }
    log_begun(&there, &session);
    Ok(SignedIn {
        token,
        session,
        tenant: target,
        ..signed_in.clone()
    })
}

/// Lets a session that acts as a tenant, or looks after one below, act for its own again. The old token stops working; hand out the new one.
pub async fn stop_acting(
    app: &App,
    caller: &Caller,
    signed_in: &SignedIn,
    by: Stopped,
) -> Result<SignedIn, StopActingError> {
    let Some(of) = signed_in.session.elsewhere() else {
        return Ok(signed_in.clone());
    };
    let now = app.now();
    let (session, token) = signed_in.session.stop_acting(now, app.random());
    let (user, by) = (session.user, by.as_str());
    let event = match signed_in.session.acting {
        Some(_) => Event::ActingEnded {
            tenant: of,
            user,
            by,
        },
        None => Event::TenantLeft {
            tenant: of,
            user,
            by,
        },
    };
    let there = caller.acting_as(of);
    let swap = Swap {
        old: signed_in.session.digest,
        new: browser(&session, caller),
        entry: app.entry(&there, of, &event, now),
        mails: Vec::new(),
    };
    let store = app.store(system(WHY));
    if !store.write(swap, save).await? {
        return Err(StopActingError::Ended);
    }
    Ok(SignedIn {
        token,
        session,
        tenant: signed_in.home.clone(),
        ..signed_in.clone()
    })
}

async fn load_target(
    tx: &mut ReadTx,
    of: &TenantId,
) -> Result<(Option<Tenant>, Vec<Person>), store::Error> {
    let target = tenant::by_id(tx, of).await?;
    Ok((target, user::list(tx, &MAX_PEOPLE).await?))
}

async fn load(tx: &mut ReadTx, swap: &Swap) -> Result<Option<Found>, store::Error> {
    sign_in::by_digest(tx, &swap.old).await
}

/// Whether they may still: what was proven is looked at again.
fn decide_begin(swap: &Swap, found: Option<Found>) -> Result<Swap, ActAsError> {
    let found = found.ok_or(ActAsError::Ended)?;
    let may = found.roles.permit(found.tenant.kind, Permission::ActAs);
    if !may || found.user.status != Status::Active {
        return Err(ActAsError::Ended);
    }
    match found.session.elsewhere() {
        Some(_) => Err(ActAsError::Acting),
        None => Ok(swap.clone()),
    }
}

/// Whether the old session was still there.
pub(super) async fn save(tx: &mut WriteTx, swap: &Swap) -> Result<bool, store::Error> {
    if !session::replace(tx, (&swap.old, &swap.new)).await? {
        return Ok(false);
    }
    audit::append(tx, &swap.entry).await?;
    for mail in &swap.mails {
        mail::intend(tx, Some(mail)).await?;
    }
    Ok(true)
}

/// What the administrators of the tenant are told, in whatever state their invitation is.
fn letters(
    app: &App,
    caller: &Caller,
    signed_in: &SignedIn,
    (of, people): (&Tenant, &[Person]),
    acting: &Acting,
    now: Timestamp,
) -> Vec<PreparedMail> {
    let letter = Letter::ActingBegun {
        organization: of.name.as_str().to_owned(),
        who: signed_in.user.display_name.as_str().to_owned(),
        reason: acting.reason.as_str().to_owned(),
        until: acting.until,
    };
    let is_told = |person: &&Person| {
        person.user.status == Status::Active && person.roles.has(Role::highest(of.kind))
    };
    people
        .iter()
        .filter(is_told)
        .filter_map(|person| {
            let once = mail::once(MailKind::ActingBegun, person.user.id, now);
            mail::notice(app, caller, (&person.user).into(), &letter, &once)
        })
        .collect()
}

fn log_begun(caller: &Caller, session: &Session) {
    tracing::info!(
        user.id = %session.user,
        tenant.id = caller.acts_as().map(tracing::field::display),
        client.address = caller.client.address_text(),
        request.id = caller.client.request_id.map(tracing::field::display),
        "acts as a tenant"
    );
}
