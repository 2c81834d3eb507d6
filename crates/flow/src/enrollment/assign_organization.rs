//! Says for which organization a subscription is from now on, or for which department of it; certificates that were issued
//! stay as they are.

use base::{Class, DepartmentId, OrganizationId, Refusal, Refuse, SubscriptionId, Timestamp};
use enrollment::policy::OrganizationChoiceError;
use enrollment::subscription::Subscription;
use store::audit::Entry;
use store::catalog::offer;
use store::enrollment::subscription;
use store::{ReadTx, WriteTx};

use super::open_subscription::part_of_own;
use crate::audit::Event;
use crate::{App, Caller};

/// Why the subscription stays as it is.
#[derive(Debug, thiserror::Error)]
pub enum AssignError {
    /// Its certificates name nobody.
    #[error(transparent)]
    Choice(#[from] OrganizationChoiceError),
    /// The tenant has no such organization.
    #[error("there is no such organization or department here; choose one of the list")]
    NoOrganization,
    /// Another tenant's subscription, or none.
    #[error("there is no such ACME account")]
    NotFound,
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Refuse for AssignError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Choice(error) => error.refusal(),
            Self::NoOrganization => Class::Invalid
                .because("subscription_organization_unknown", self)
                .at("organization"),
            Self::NotFound => Class::NotFound.because("subscription_not_found", self),
            Self::Store(error) => error.refusal(),
        }
    }
}

/// Assigns an organization of the caller's tenant to one of its subscriptions.
pub async fn assign_organization(
    app: &App,
    caller: &Caller,
    id: SubscriptionId,
    (organization, department): (OrganizationId, Option<DepartmentId>),
) -> Result<Subscription, AssignError> {
    let assigning = Assigning {
        app: app.clone(),
        caller: caller.clone(),
        id,
        organization,
        department,
        now: app.now(),
    };
    let store = app.store(caller);
    store.decide(assigning, load, decide, save).await
}

struct Assigning {
    app: App,
    caller: Caller,
    id: SubscriptionId,
    organization: OrganizationId,
    department: Option<DepartmentId>,
    now: Timestamp,
}

struct Found {
    subscription: Option<Subscription>,
    /// Whether organization and department are its tenant's.
    is_own: bool,
    /// Whether every subscription of its offer is for an organization.
    is_for_all: bool,
}

async fn load(tx: &mut ReadTx, assigning: &Assigning) -> Result<Found, store::Error> {
    let subscription = subscription::find(tx, &assigning.id).await?;
    let policies = assigning.app.catalog().policies();
    let is_for_all = match &subscription {
        Some(found) => {
            let policy = offer::policy(tx, found.offer_version, &policies).await?;
            policy.check_organization(false, true).is_ok()
        }
        None => false,
    };
    Ok(Found {
        subscription,
        is_own: part_of_own(tx, Some(assigning.organization), assigning.department).await?,
        is_for_all,
    })
}

fn decide(assigning: &Assigning, found: Found) -> Result<(Subscription, Entry), AssignError> {
    let subscription = found.subscription.ok_or(AssignError::NotFound)?;
    if !found.is_own {
        return Err(AssignError::NoOrganization);
    }
    let (app, caller) = (&assigning.app, &assigning.caller);
    let is_named = app.catalog().certificate_type(&subscription.product);
    if is_named.is_none() && !found.is_for_all {
        return Err(OrganizationChoiceError::Needless.into());
    }
    let event = Event::SubscriptionAssigned {
        subscription: subscription.id,
        organization: assigning.organization,
        department: assigning.department,
        before: subscription.organization,
    };
    let entry = app.entry(caller, subscription.tenant, &event, assigning.now);
    let assigned = Subscription {
        organization: Some(assigning.organization),
        department: assigning.department,
        ..subscription
    };
    Ok((assigned, entry))
}

async fn save(
    tx: &mut WriteTx,
    (assigned, entry): &(Subscription, Entry),
) -> Result<Subscription, store::Error> {
    subscription::update(tx, assigned).await?;
    store::audit::append(tx, entry).await?;
    Ok(assigned.clone())
}
