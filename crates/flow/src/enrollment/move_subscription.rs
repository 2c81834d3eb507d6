//! Suspends, resumes and deactivates subscriptions. Issuing stops with the commit: every newOrder and
//! finalize looks at the subscription in its own transaction.

use base::{SubscriptionId, TenantId};
use enrollment::subscription::{Subscription, TransitionError};
use serde_json::json;

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
    /// Somebody else moved it at the same time.
    #[error("the ACME account was changed by somebody else; look at it again")]
    Changed,
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

impl Move {
    fn apply(self, subscription: &Subscription) -> Result<Subscription, TransitionError> {
        match self {
            Self::Deactivate => subscription.deactivate(),
            Self::Resume => subscription.resume(),
            Self::Suspend => subscription.suspend(),
        }
    }

    fn action(self) -> &'static str {
        match self {
            Self::Deactivate => "subscription.deactivate",
            Self::Resume => "subscription.resume",
            Self::Suspend => "subscription.suspend",
        }
    }
}

/// Moves a tenant's subscription.
pub async fn move_subscription(
    app: &App,
    caller: &Caller,
    tenant: TenantId,
    id: SubscriptionId,
    to: Move,
) -> Result<Subscription, MoveError> {
    let now = app.clock.now();
    let audit = app.audit_entry(caller, tenant, to.action(), id.to_string(), &json!({}), now);
    app.store
        .write((tenant, id, to, audit), |tx, (tenant, id, to, audit)| {
            Box::pin(async move {
                let found = store::enrollment::subscription::of_tenant(tx, *tenant, *id).await?;
                let found = found.ok_or(MoveError::NotFound)?;
                let moved = to.apply(&found)?;
                if !store::enrollment::subscription::update(tx, found.status, &moved).await? {
                    return Err(MoveError::Changed);
                }
                store::audit::append(tx, audit).await?;
                Ok(moved)
            })
        })
        .await
}
