//! A proof that failed is counted and recorded. Known and unknown addresses take as long, and whoever failed
//! is told the same.

use base::{TenantId, Timestamp};
use outbound::mail::{Letter, MailKind};
use store::audit::{self, Entry};
use store::tenancy::tenant::operator;
use store::{ReadTx, WriteTx};
use tenancy::lockout::Locked;
use tenancy::user::User;

use super::attempt::{Attempt, Counts, Failure};
use crate::audit::{Event, Text};
use crate::caller::system;
use crate::mail::{self, PreparedMail, Recipient};
use crate::memory::limits::Charge;
use crate::{App, Caller};

/// An attempt that failed.
pub(super) struct Failed {
    pub(super) attempt: Attempt,
    /// Whose password it was, with the tenant for which they act; nobody's when the address is unknown.
    pub(super) of: Option<(User, TenantId)>,
    /// What was tried, for the audit log.
    pub(super) factor: &'static str,
    /// What it was to open, for the audit log.
    pub(super) purpose: &'static str,
    /// What was wrong, for the audit log.
    pub(super) reason: &'static str,
    /// Whether a passkey was used of which there may be a copy: its owner is told.
    pub(super) is_copied: bool,
    pub(super) now: Timestamp,
}

struct Refusing {
    app: App,
    caller: Caller,
    failed: Failed,
    is_recorded: bool,
}

/// What was counted until now, and who records what nobody else does.
struct Facts {
    counts: Counts,
    operator: Option<TenantId>,
}

/// Counts and records a failure; an error when it came too late to be looked at.
pub(super) async fn refuse<E>(app: &App, caller: &Caller, failed: Failed) -> Result<(), E>
where
    E: From<Locked> + From<store::Error> + Send + 'static,
{
    log_refused(caller, &failed);
    let refusing = Refusing {
        app: app.clone(),
        caller: caller.clone(),
        is_recorded: is_recorded(app, &failed),
        failed,
    };
    let store = app.store(system("an unknown address is nobody's"));
    store.decide(refusing, load, decide, save).await
}

/// What was typed as an address that nobody has is not told: it may have been a password.
fn log_refused(caller: &Caller, failed: &Failed) {
    let of = failed.of.as_ref();
    let user = of.map(|(user, _)| tracing::field::display(user.id));
    let tenant = of.map(|(_, tenant)| tracing::field::display(tenant));
    tracing::info!(
        user.id = user,
        tenant.id = tenant,
        purpose = failed.purpose,
        factor = failed.factor,
        reason = failed.reason,
        client.address = caller.client.address_text(),
        request.id = caller.client.request_id.map(tracing::field::display),
        "proof refused"
    );
}

/// What is said about addresses that nobody has comes from strangers and stays for good: there is a bound to it.
fn is_recorded(app: &App, failed: &Failed) -> bool {
    let limits = &app.memory.limits;
    let is_recorded =
        failed.of.is_some() || limits.spend(Charge::unknown_sign_in(), failed.now).is_ok();
    if !is_recorded {
        tracing::info!(
            subject = failed.attempt.subject(),
            "refused a sign-in with an address that nobody has; the audit log has too many of them"
        );
    }
    is_recorded
}

async fn load(tx: &mut ReadTx, refusing: &Refusing) -> Result<Facts, store::Error> {
    Ok(Facts {
        counts: refusing.failed.attempt.load(tx).await?,
        // Asked for known addresses too, so that both take as long.
        operator: operator(tx).await?.map(|operator| operator.id),
    })
}

struct Decision {
    failure: Failure,
    entry: Option<Entry>,
    mail: Option<PreparedMail>,
}

fn decide<E: From<Locked>>(refusing: &Refusing, facts: Facts) -> Result<Decision, E> {
    let Refusing {
        app,
        caller,
        failed,
        is_recorded,
    } = refusing;
    let Facts { counts, operator } = facts;
    let failure = failed.attempt.failed(counts, failed.now)?;
    let (who, tenant) = match &failed.of {
        Some((user, tenant)) => (user.id.to_string(), Some(*tenant)),
        None => (failed.attempt.subject().to_owned(), operator),
    };
    let event = Event::SessionRefused {
        who: Text::new(who),
        purpose: failed.purpose,
        reason: failed.reason,
        factor: failed.factor,
        locked_until: failure.locked_until,
    };
    let tenant = tenant.filter(|_| *is_recorded);
    Ok(Decision {
        entry: tenant.map(|tenant| app.entry(caller, tenant, &event, failed.now)),
        mail: refusing
            .notice(failure.address_locked_until)
            .or_else(|| refusing.warning()),
        failure,
    })
}

impl Refusing {
    /// A person is told when somebody has guessed too often. That an address is nobody's cannot be told from the time
    /// this takes: it is less than what differs between two checks of a password.
    fn notice(&self, locked_until: Option<Timestamp>) -> Option<PreparedMail> {
        let (until, (user, tenant)) = locked_until.zip(self.failed.of.as_ref())?;
        let to = Recipient {
            tenant: *tenant,
            email: &user.email,
        };
        let letter = Letter::AccountLocked {
            from: mail::origin(&self.caller, self.failed.now),
            until,
        };
        let once = mail::once(MailKind::AccountLocked, user.id, until);
        mail::notice(&self.app, &self.caller, to, &letter, &once)
    }

    /// A person is told when a passkey of theirs may have been copied.
    fn warning(&self) -> Option<PreparedMail> {
        let (user, tenant) = self.failed.of.as_ref().filter(|_| self.failed.is_copied)?;
        let to = Recipient {
            tenant: *tenant,
            email: &user.email,
        };
        let letter = Letter::PasskeyRefused {
            from: mail::origin(&self.caller, self.failed.now),
        };
        let once = mail::once(MailKind::PasskeyRefused, user.id, self.failed.now);
        mail::notice(&self.app, &self.caller, to, &letter, &once)
    }
}

async fn save(tx: &mut WriteTx, decision: &Decision) -> Result<(), store::Error> {
    decision.failure.save(tx).await?;
    audit::append_any(tx, decision.entry.as_ref()).await?;
    mail::intend(tx, decision.mail.as_ref()).await
}
