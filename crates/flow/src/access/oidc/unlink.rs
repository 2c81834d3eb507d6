//! Takes away what a provider calls somebody: by themselves, or at the command line for whoever has another account there.

use base::{Class, Refusal, Refuse, TenantId, Timestamp};
use store::access::identity::{self, LinkedIdentity};
use store::access::identity_provider::{self, IdentityProvider};
use store::audit::{self, Entry};
use store::{ReadTx, WriteTx};
use tenancy::user::User;

use crate::access::notice::second_factor_changed;
use crate::audit::{Event, Text};
use crate::mail::{self, PreparedMail};
use crate::{App, Caller};

/// What the person is told.
const UNLINKED: &str = "Your account is linked to your organisation's identity provider no more. Your password signs you in.";

/// Why it stays.
#[derive(Debug, thiserror::Error)]
pub enum UnlinkError {
    /// They are to sign in by it.
    #[error(
        "your organisation has you sign in at its own provider; whoever manages it can change that"
    )]
    Required,
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Refuse for UnlinkError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Required => Class::Forbidden.because("identity_required", self),
            Self::Store(error) => error.refusal(),
        }
    }
}

/// Takes it away; `false` when there is none. Of oneself it stays where one has to sign in by it: `is_own`.
pub async fn unlink(
    app: &App,
    caller: &Caller,
    user: &User,
    is_own: bool,
) -> Result<bool, UnlinkError> {
    let unlinking = Unlinking {
        app: app.clone(),
        caller: caller.clone(),
        tenant: caller.tenant()?,
        user: user.clone(),
        is_own,
        now: app.now(),
    };
    let store = app.store(caller);
    store.decide(unlinking, load, decide, save).await
}

struct Unlinking {
    app: App,
    caller: Caller,
    tenant: TenantId,
    user: User,
    is_own: bool,
    now: Timestamp,
}

struct Facts {
    linked: Option<LinkedIdentity>,
    provider: Option<IdentityProvider>,
}

struct Decision {
    linked: LinkedIdentity,
    entry: Entry,
    mail: Option<PreparedMail>,
}

async fn load(tx: &mut ReadTx, unlinking: &Unlinking) -> Result<Facts, store::Error> {
    Ok(Facts {
        linked: identity::of_user(tx, &unlinking.user.id).await?,
        provider: identity_provider::own(tx, &()).await?,
    })
}

fn decide(unlinking: &Unlinking, facts: Facts) -> Result<Option<Decision>, UnlinkError> {
    let Some(linked) = facts.linked else {
        return Ok(None);
    };
    let is_required = facts.provider.is_some_and(|provider| {
        provider.is_required && provider.issuer.as_str() == linked.identity.issuer()
    });
    if unlinking.is_own && is_required {
        return Err(UnlinkError::Required);
    }
    let event = Event::IdentityUnlinked {
        user: linked.user,
        issuer: Text::new(linked.identity.issuer()),
        subject: Text::new(linked.identity.subject()),
    };
    let (app, caller, now) = (&unlinking.app, &unlinking.caller, unlinking.now);
    Ok(Some(Decision {
        linked,
        entry: app.entry(caller, unlinking.tenant, &event, now),
        mail: second_factor_changed(app, caller, &unlinking.user, UNLINKED, now),
    }))
}

async fn save(tx: &mut WriteTx, decision: &Option<Decision>) -> Result<bool, store::Error> {
    let Some(decision) = decision else {
        return Ok(false);
    };
    if !identity::delete(tx, &decision.linked.user).await? {
        return Ok(false);
    }
    audit::append(tx, &decision.entry).await?;
    mail::intend(tx, decision.mail.as_ref()).await?;
    Ok(true)
}
