//! Extends a subscription by another term, which begins where the last one ends, whenever in its window that is done. The
//! policies that it was bought under go on, also where its offer is not sold any more. Nothing is charged yet.

use std::sync::Arc;

use base::{Class, Refusal, Refuse, SubscriptionId, TenantId, Timestamp};
use enrollment::admission::Standing;
use enrollment::policy::Policy;
use enrollment::subscription::{ExtendError, Subscription};
use store::audit::{self, Entry};
use store::catalog::offer::{self, Policies};
use store::enrollment::subscription;
use store::tenancy::tenant;
use store::{ReadTx, WriteTx};

use super::room::{NoRoom, Others};
use crate::audit::Event;
use crate::{App, Caller};

/// Why it was not extended.
#[derive(Debug, thiserror::Error)]
pub enum ExtendSubscriptionError {
    /// The rules do not allow it.
    #[error(transparent)]
    Extend(#[from] ExtendError),
    /// Its term is over, and there is no room for it any more.
    #[error(transparent)]
    NoRoom(#[from] NoRoom),
    /// Another tenant's, or none.
    #[error("there is no such ACME account")]
    NotFound,
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// Its owner or one above is suspended.
    #[error(
        "whoever the ACME account belongs to is suspended, so it cannot be extended; end the suspension first"
    )]
    Suspended,
}

impl Refuse for ExtendSubscriptionError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Extend(error) => error.refusal(),
            Self::NoRoom(error) => error.refusal(),
            Self::NotFound => Class::NotFound.because("extended_subscription_not_found", self),
            Self::Store(error) => error.refusal(),
            Self::Suspended => Class::Forbidden.because("extension_of_suspended", self),
        }
    }
}

/// Extends a subscription of the caller's tenant.
pub async fn extend_subscription(
    app: &App,
    caller: &Caller,
    id: SubscriptionId,
) -> Result<Subscription, ExtendSubscriptionError> {
    let extending = Extending {
        app: app.clone(),
        caller: caller.clone(),
        id,
        of: caller.tenant()?,
        policies: app.catalog().policies(),
        now: app.now(),
    };
    let store = app.store(caller);
    store.decide(extending, load, decide, save).await
}

struct Extending {
    app: App,
    caller: Caller,
    id: SubscriptionId,
    of: TenantId,
    policies: Policies,
    now: Timestamp,
}

struct Facts {
    found: Option<(Subscription, Arc<Policy>)>,
    standing: Option<Standing>,
    /// What the tenant has beside it, where it does not count any more.
    others: Option<Others>,
}

async fn load(tx: &mut ReadTx, extending: &Extending) -> Result<Facts, store::Error> {
    let standing = tenant::standing(tx, &extending.of).await?;
    let Some(found) = subscription::find(tx, &extending.id).await? else {
        return Ok(Facts {
            found: None,
            standing,
            others: None,
        });
    };
    let policy = offer::policy(tx, found.offer_version, &extending.policies).await?;
    let is_over = found.covered_until.is_some_and(|end| end <= extending.now);
    let others = if is_over {
        Some(Others::load(tx, (&found, &policy), extending.now).await?)
    } else {
        None
    };
    Ok(Facts {
        found: Some((found, policy)),
        standing,
        others,
    })
}

fn decide(
    extending: &Extending,
    facts: Facts,
) -> Result<(Subscription, Entry), ExtendSubscriptionError> {
    let (found, policy) = facts.found.ok_or(ExtendSubscriptionError::NotFound)?;
    if facts.standing == Some(Standing::Suspended) {
        return Err(ExtendSubscriptionError::Suspended);
    }
    let extended = found.extend(&policy.extension(), extending.now)?;
    if let Some(others) = facts.others {
        others.have_room(&found, &policy)?;
    }
    let event = Event::SubscriptionExtended {
        subscription: found.id,
        before: found.covered_until,
        until: extended.covered_until,
    };
    let (app, caller) = (&extending.app, &extending.caller);
    let entry = app.entry(caller, found.tenant, &event, extending.now);
    Ok((extended, entry))
}

async fn save(
    tx: &mut WriteTx,
    (extended, entry): &(Subscription, Entry),
) -> Result<Subscription, store::Error> {
    tenant::lock(tx, &extended.tenant).await?;
    subscription::update(tx, extended).await?;
    audit::append(tx, entry).await?;
    Ok(extended.clone())
}
