//! Takes a name out of its subscription (features F-083, F-085): its free companion goes along, nothing more is
//! admitted, and a job ends what was begun for it. Certificates stay valid until they expire, unless the offer says that they
//! are revoked: then another job does that.

use std::sync::Arc;

use base::{Class, EnrolledDomainId, Refusal, Refuse, Timestamp};
use enrollment::enrolled_domain::{EnrolledDomain, removal};
use enrollment::policy::Policy;
use enrollment::subscription::{Names, Subscription};
use store::audit::Entry;
use store::catalog::offer::{self, Policies};
use store::enrollment::enrolled_domain::{self, Removed};
use store::enrollment::subscription;
use store::queue::job::{self, Job as Row};
use store::{ReadTx, WriteTx};

use super::end_orders::EndOrders;
use crate::audit::Event;
use crate::issuance::revoke::covered::RevokeCovered;
use crate::queue::{Cause, Queue};
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

/// What a removal would do.
#[derive(Clone, Debug)]
pub struct RemovalPreview {
    /// Which domains would go.
    pub leaving: Vec<EnrolledDomain>,
    /// Whether their certificates would be revoked.
    pub revokes: bool,
}

/// Says what would happen; writes nothing.
pub async fn preview(
    app: &App,
    caller: &Caller,
    id: EnrolledDomainId,
) -> Result<RemovalPreview, RemoveError> {
    let asked = (id, app.catalog().policies());
    let found = app.store(caller).read(asked, load_family).await;
    let Facts { family, sold } = found.map_err(|error: store::Error| error)?;
    let leaving = leaving(id, family)?;
    let (_, policy) = sold.ok_or(RemoveError::NotFound)?;
    let mut all = leaving.iter();
    Ok(RemovalPreview {
        revokes: all.any(|domain| policy.revokes_on_removal(domain.added_at, app.now())),
        leaving,
    })
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
    app.work.wake(Queue::Bulk);
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
    /// The subscription, with what it was bought under.
    sold: Option<(Subscription, Arc<Policy>)>,
}

/// What to write.
struct Decision {
    subscription: Subscription,
    removed: Vec<Removed>,
    leaving: Vec<EnrolledDomain>,
    audit: Vec<Entry>,
    jobs: Vec<Row>,
}

async fn load(tx: &mut ReadTx, removal: &Removal) -> Result<Facts, store::Error> {
    load_family(tx, &(removal.id, removal.app.catalog().policies())).await
}

async fn load_family(
    tx: &mut ReadTx,
    (id, policies): &(EnrolledDomainId, Policies),
) -> Result<Facts, store::Error> {
    let family = family(tx, id).await?;
    let subscription = match family.first() {
        Some(domain) => subscription::find(tx, &domain.subscription).await?,
        None => None,
    };
    let sold = match subscription {
        Some(found) => {
            let policy = offer::policy(tx, found.offer_version, policies).await?;
            Some((found, policy))
        }
        None => None,
    };
    Ok(Facts { family, sold })
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
    let (subscription, policy) = facts.sold.ok_or(RemoveError::NotFound)?;
    let mut jobs = vec![removal.job.clone()];
    let gone = leaving.iter();
    let gone = gone.filter(|domain| policy.revokes_on_removal(domain.added_at, removal.now));
    jobs.extend(gone.map(|domain| removal.revocation(domain)));
    let removed = |domain: &EnrolledDomain| Removed {
        id: domain.id,
        at: removal.now,
        by: removal.caller.actor,
    };
    Ok(Decision {
        subscription: subscription.release(Names::of(&leaving)),
        removed: leaving.iter().map(removed).collect(),
        audit: leaving.iter().map(|domain| removal.audit(domain)).collect(),
        jobs,
        leaving,
    })
}

async fn save(tx: &mut WriteTx, decision: &Decision) -> Result<Vec<EnrolledDomain>, store::Error> {
    subscription::update(tx, &decision.subscription).await?;
    for removed in &decision.removed {
        enrolled_domain::remove(tx, removed).await?;
    }
    for job in &decision.jobs {
        job::insert(tx, job).await?;
    }
    for entry in &decision.audit {
        store::audit::append(tx, entry).await?;
    }
    Ok(decision.leaving.clone())
}

impl Removal {
    /// What revokes the certificates of a domain.
    fn revocation(&self, domain: &EnrolledDomain) -> Row {
        let job = RevokeCovered::of_name(domain.tenant, domain.subscription, &domain.name);
        self.app
            .work
            .waiting(&job, Cause::of(&self.caller, self.now))
    }

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
