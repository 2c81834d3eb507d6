//! Adds names to a subscription with their free companions (features F-072 to F-082, F-089 to F-091).
//! The preview and the write make the same plan.

use base::{EnrolledDomainId, SubscriptionId, TenantId};
use enrollment::enrolled_domain::bulk::{self, Row, TooManyRows};
use enrollment::enrolled_domain::{Companions, EnrolledDomain, SponsorMissing, domains};
use enrollment::subscription::NotIssuing;
use serde_json::json;
use store::WriteTx;

use super::domain_plan::{Known, PlanError, plan};
use crate::{App, Caller};

/// How many names one request may bring; larger lists are for an import job.
pub const MAX_ROWS: usize = 1_000;

/// What to add.
#[derive(Clone, Debug)]
pub struct Enrollment {
    /// Who owns the subscription.
    pub tenant: TenantId,
    /// Where to add.
    pub subscription: SubscriptionId,
    /// Names, one per line.
    pub text: String,
    /// Whether companions come along.
    pub companions: Companions,
}

/// What became of each name.
#[derive(Clone, Debug)]
pub struct Enrolled {
    /// A row for each name of the input.
    pub rows: Vec<Row>,
    /// What was added.
    pub added: Vec<EnrolledDomain>,
}

/// Why nothing was added.
#[derive(Debug, thiserror::Error)]
pub enum EnrollError {
    /// Somebody changed the domains at the same time.
    #[error("the domains were changed by somebody else; look at them and try again")]
    Changed,
    /// The subscription takes no domains now.
    #[error(transparent)]
    NotIssuing(#[from] NotIssuing),
    /// Another tenant's subscription, or none.
    #[error("there is no such ACME account")]
    NotFound,
    /// A companion's paid name is gone.
    #[error(transparent)]
    Sponsor(#[from] SponsorMissing),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// Too many names at once.
    #[error(transparent)]
    TooManyRows(#[from] TooManyRows),
}

impl From<PlanError> for EnrollError {
    fn from(error: PlanError) -> Self {
        match error {
            PlanError::Store(error) => Self::Store(error),
            PlanError::TooManyRows(error) => Self::TooManyRows(error),
        }
    }
}

/// Says what [`enroll_domains`] would do; writes nothing.
pub async fn preview(app: &App, enrollment: Enrollment) -> Result<Vec<Row>, EnrollError> {
    let now = app.clock.now();
    app.store
        .read((enrollment, now), |tx, (wanted, now)| {
            Box::pin(async move {
                let found = store::enrollment::subscription::of_tenant(
                    tx,
                    wanted.tenant,
                    wanted.subscription,
                )
                .await?;
                found.ok_or(EnrollError::NotFound)?.may_enroll(*now)?;
                let (rows, _) = plan(
                    tx,
                    wanted.subscription,
                    &wanted.text,
                    wanted.companions,
                    MAX_ROWS,
                )
                .await?;
                Ok(rows)
            })
        })
        .await
}

/// Adds every valid name of the input; the others are told in their rows.
pub async fn enroll_domains(
    app: &App,
    caller: &Caller,
    enrollment: Enrollment,
) -> Result<Enrolled, EnrollError> {
    let input = (app.clone(), caller.clone(), enrollment);
    app.store
        .write(input, |tx, (app, caller, wanted)| {
            Box::pin(write(tx, app, caller, wanted))
        })
        .await
}

async fn write(
    tx: &mut WriteTx,
    app: &App,
    caller: &Caller,
    wanted: &Enrollment,
) -> Result<Enrolled, EnrollError> {
    let now = app.clock.now();
    let found =
        store::enrollment::subscription::of_tenant(tx, wanted.tenant, wanted.subscription).await?;
    let subscription = found.ok_or(EnrollError::NotFound)?;
    subscription.may_enroll(now)?;
    let (rows, known) = plan(
        tx,
        wanted.subscription,
        &wanted.text,
        wanted.companions,
        MAX_ROWS,
    )
    .await?;
    let added = domains(
        bulk::additions(&rows),
        wanted.subscription,
        &|name| id_of(&known, name),
        now,
        app.random.as_ref(),
    )?;
    for domain in &added {
        if !store::enrollment::enrolled_domain::insert(tx, wanted.tenant, domain, &caller.actor)
            .await?
        {
            return Err(EnrollError::Changed);
        }
        let detail = json!({ "name": domain.name, "subscription": wanted.subscription });
        let object = domain.id.to_string();
        let audit = app.audit_entry(caller, wanted.tenant, "domain.enroll", object, &detail, now);
        store::audit::append(tx, &audit).await?;
    }
    if let Some(started) = subscription.start(now).filter(|_| !added.is_empty())
        && !store::enrollment::subscription::update(tx, subscription.status, &started).await?
    {
        return Err(EnrollError::Changed);
    }
    if !added.is_empty() {
        store::enrollment::enrolled_domain::note_change(tx, wanted.tenant).await?;
    }
    Ok(Enrolled { rows, added })
}

fn id_of(known: &Known, name: &base::DnsName) -> Option<EnrolledDomainId> {
    known.get(name)?.as_ref().map(|domain| domain.id)
}
