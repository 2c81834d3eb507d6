//! Takes a name out of its subscription (features F-083, F-085): its free companion goes along, nothing more is
//! admitted, and a job ends what was begun for it. Certificates stay valid until they expire.

use base::{Class, EnrolledDomainId, Refusal, Refuse, Timestamp};
use enrollment::enrolled_domain::{EnrolledDomain, removal};
use enrollment::subscription::{Names, Subscription};
use store::audit::Entry;
use store::enrollment::enrolled_domain::{self, Removed};
use store::enrollment::subscription;
use store::queue::job::{self, Job as Row};
use store::{ReadTx, WriteTx};

use super::end_orders::EndOrders;
use crate::audit::Event;
use crate::queue::Cause;
use crate::{App, Caller};

/// Why nothing was removed.
#[derive(Debug, thiserror::Error)]
pub enum RemoveError {
    /// Another tenant's, or none, or removed already.
    #[error("there is no such domain; it may have been removed already")]
    NotFound,
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Refuse for RemoveError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::NotFound => Class::NotFound.because("domain_not_found", self),
            Self::Store(error) => error.refusal(),
        }
    }
}

/// Says which domains would go; writes nothing.
pub async fn preview(
    app: &App,
    caller: &Caller,
    id: EnrolledDomainId,
) -> Result<Vec<EnrolledDomain>, RemoveError> {
    let store = app.store(caller);
    let found = store.read(id, family).await;
    leaving(id, found.map_err(|error: store::Error| error)?)
}

/// Removes a tenant's domain; returns what went.
pub async fn remove_domain(
    app: &App,
    caller: &Caller,
    id: EnrolledDomainId,
) -> Result<Vec<EnrolledDomain>, RemoveError> {
    let now = app.now();
    let ending = EndOrders {
        domain: id,
        tenant: Some(caller.tenant()?),
        name: 0,
        after: None,
        below: None,
    };
    let begun = app.work.begin(&ending, Cause::of(caller, now));
    let removal = Removal {
        app: app.clone(),
        caller: caller.clone(),
        id,
        job: begun.row(),
        now,
    };
    let store = app.store(caller);
    let leaving: Result<_, RemoveError> = store.decide(removal, load, decide, save).await;
    let leaving = leaving?;
    if let Some(running) = app.work.start::<EndOrders>(app, begun) {
        // With few accounts all has ended when the answer is read.
        let _ended = tokio::time::timeout(app.settings().challenge_wait, running).await;
    }
    Ok(leaving)
}

/// What to remove.
struct Removal {
    app: App,
    caller: Caller,
    id: EnrolledDomainId,
    job: Row,
    now: Timestamp,
}

/// What there is.
struct Facts {
    family: Vec<EnrolledDomain>,
    subscription: Option<Subscription>,
}

/// What to write.
struct Decision {
    subscription: Subscription,
    removed: Vec<Removed>,
    leaving: Vec<EnrolledDomain>,
    audit: Vec<Entry>,
    job: Row,
}

async fn load(tx: &mut ReadTx, removal: &Removal) -> Result<Facts, store::Error> {
    let family = family(tx, &removal.id).await?;
    let subscription = match family.first() {
        Some(domain) => subscription::find(tx, &domain.subscription).await?,
        None => None,
    };
    Ok(Facts {
        family,
        subscription,
    })
}

/// The domain and its companions.
async fn family(
    tx: &mut ReadTx,
    id: &EnrolledDomainId,
) -> Result<Vec<EnrolledDomain>, store::Error> {
    let mut all: Vec<_> = enrolled_domain::find(tx, id).await?.into_iter().collect();
    all.extend(enrolled_domain::companions(tx, id).await?);
    Ok(all)
}

/// Those of a family that go with the domain, itself first.
fn leaving(
    id: EnrolledDomainId,
    family: Vec<EnrolledDomain>,
) -> Result<Vec<EnrolledDomain>, RemoveError> {
    let is_there = |domain: &EnrolledDomain| domain.id == id && domain.is_active();
    if !family.iter().any(is_there) {
        return Err(RemoveError::NotFound);
    }
    let ids = removal(id, &family);
    Ok(family
        .into_iter()
        .filter(|domain| ids.contains(&domain.id))
        .collect())
}

fn decide(removal: &Removal, facts: Facts) -> Result<Decision, RemoveError> {
    let leaving = leaving(removal.id, facts.family)?;
    let subscription = facts.subscription.ok_or(RemoveError::NotFound)?;
    let removed = |domain: &EnrolledDomain| Removed {
        id: domain.id,
        at: removal.now,
        by: removal.caller.actor,
    };
    Ok(Decision {
        subscription: subscription.release(Names::of(&leaving)),
        removed: leaving.iter().map(removed).collect(),
        audit: leaving.iter().map(|domain| removal.audit(domain)).collect(),
        job: removal.job.clone(),
        leaving,
    })
}

async fn save(tx: &mut WriteTx, decision: &Decision) -> Result<Vec<EnrolledDomain>, store::Error> {
    subscription::update(tx, &decision.subscription).await?;
    for removed in &decision.removed {
        enrolled_domain::remove(tx, removed).await?;
    }
    job::insert(tx, &decision.job).await?;
    for entry in &decision.audit {
        store::audit::append(tx, entry).await?;
    }
    Ok(decision.leaving.clone())
}

impl Removal {
    fn audit(&self, domain: &EnrolledDomain) -> Entry {
        let event = Event::DomainRemoved {
            domain: domain.id,
            name: domain.name.clone(),
            subscription: domain.subscription,
        };
        self.app
            .entry(&self.caller, domain.tenant, &event, self.now)
    }
}
