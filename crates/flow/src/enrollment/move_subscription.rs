//! Suspends, resumes and deactivates subscriptions. Issuing stops with the commit: every newOrder and
//! finalize looks at the subscription in its own transaction.

use base::{Class, Refusal, Refuse, SubscriptionId, Timestamp};
use enrollment::subscription::{Subscription, TransitionError};
use store::audit::Entry;
use store::enrollment::subscription;
use store::{ReadTx, WriteTx};

use crate::audit::Event;
use crate::{App, Caller};

/// Where to move a subscription.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Move {
    /// End it for good.
    Deactivate,
    /// End the hold.
    Resume,
    /// Put it on hold.
    Suspend,
}

/// Why it was not moved.
#[derive(Debug, thiserror::Error)]
pub enum MoveError {
    /// Another tenant's, or none.
    #[error("there is no such ACME account")]
    NotFound,
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The rules do not allow it.
    #[error(transparent)]
    Transition(#[from] TransitionError),
}

impl Refuse for MoveError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::NotFound => Class::NotFound.because("subscription_not_found", self),
            Self::Store(error) => error.refusal(),
            Self::Transition(error) => error.refusal(),
        }
    }
}

impl Move {
    fn apply(
        self,
        subscription: &Subscription,
        now: Timestamp,
    ) -> Result<Subscription, TransitionError> {
        match self {
            Self::Deactivate => subscription.deactivate(now),
            Self::Resume => subscription.resume(),
            Self::Suspend => subscription.suspend(now),
        }
    }

    fn event(self, subscription: SubscriptionId) -> Event {
        match self {
            Self::Deactivate => Event::SubscriptionDeactivated { subscription },
            Self::Resume => Event::SubscriptionResumed { subscription },
            Self::Suspend => Event::SubscriptionSuspended { subscription },
        }
    }
}

/// Moves a tenant's subscription.
pub async fn move_subscription(
    app: &App,
    caller: &Caller,
    id: SubscriptionId,
    to: Move,
) -> Result<Subscription, MoveError> {
    let now = app.now();
    let tenant = caller.tenant()?;
    let moving = Moving {
        id,
        to,
        now,
        audit: app.entry(caller, tenant, &to.event(id), now),
    };
    app.store(caller).decide(moving, load, decide, save).await
}

/// What to move where.
struct Moving {
    id: SubscriptionId,
    to: Move,
    now: Timestamp,
    audit: Entry,
}

async fn load(tx: &mut ReadTx, moving: &Moving) -> Result<Option<Subscription>, store::Error> {
    subscription::find(tx, &moving.id).await
}

fn decide(
    moving: &Moving,
    found: Option<Subscription>,
) -> Result<(Subscription, Entry), MoveError> {
    let found = found.ok_or(MoveError::NotFound)?;
    let moved = moving.to.apply(&found, moving.now)?;
    Ok((moved, moving.audit.clone()))
}

async fn save(
    tx: &mut WriteTx,
    (moved, audit): &(Subscription, Entry),
) -> Result<Subscription, store::Error> {
    subscription::update(tx, moved).await?;
    store::audit::append(tx, audit).await?;
    Ok(moved.clone())
}
