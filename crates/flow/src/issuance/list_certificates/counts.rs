//! How many certificates a tenant has: counted for each page as far as that is quick, and beyond that by a job, whose
//! figures are shown with their time.

use std::time::Duration;

use base::{TenantId, Timestamp};
use serde::{Deserialize, Serialize};
use store::issuance::certificate_list::figures::{self, Figures};
use store::issuance::certificate_list::{View, count, count_ending};
use store::queue::job;
use store::{Error, ReadTx};

use crate::caller::tenant;
use crate::queue::{Cause, Done, Job, JobError, Lease, Queue};
use crate::{App, Caller};

/// A figure that is older than this is counted again when somebody looks at it.
const FRESH: Duration = Duration::from_secs(10 * 60);
const WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// A little more than 90 days.
const WEEKS: usize = 13;

/// How many certificates there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// So many, just now.
    Exact(i64),
    /// More than are counted for a page.
    Long {
        /// As many were counted.
        at_least: i64,
        /// What the job has counted, and when.
        counted: Option<(i64, Timestamp)>,
    },
}

impl Length {
    /// Whether it is known that there is none.
    pub fn is_empty(self) -> bool {
        self == Self::Exact(0)
    }

    /// Whether another figure is wanted than the one that there is.
    fn is_old(self, now: Timestamp) -> bool {
        match self {
            Self::Exact(_) => false,
            Self::Long { counted, .. } => counted.is_none_or(|(_, at)| at.plus(FRESH) <= now),
        }
    }
}

/// How many certificates the views of a tenant have; expired ones are not counted.
#[derive(Clone, Copy, Debug)]
pub struct Counts {
    /// Valid now.
    pub valid: Length,
    /// Valid, about to end, and without a successor.
    pub expiring: Length,
    /// Revoked.
    pub revoked: Length,
}

/// Counts for one page.
pub(crate) struct Counting {
    pub(crate) now: Timestamp,
    limit: i64,
    figures: Option<Figures>,
}

impl Counting {
    /// As of now, up to a limit.
    pub(crate) fn new(now: Timestamp, limit: i64) -> Self {
        Self {
            now,
            limit,
            figures: None,
        }
    }

    /// The length of one view.
    pub(crate) async fn length(&mut self, tx: &mut ReadTx, view: View) -> Result<Length, Error> {
        let counted = count(tx, view, self.now, self.limit).await?;
        if counted < self.limit {
            return Ok(Length::Exact(counted));
        }
        let figures = self.figures(tx).await?;
        let counted = figures.map(|found| (figure(found, view).max(counted), found.counted_at));
        Ok(Length::Long {
            at_least: self.limit,
            counted,
        })
    }

    /// Those of every view.
    pub(crate) async fn all(&mut self, tx: &mut ReadTx) -> Result<Counts, Error> {
        Ok(Counts {
            valid: self.length(tx, View::Valid).await?,
            expiring: self.length(tx, View::Expiring).await?,
            revoked: self.length(tx, View::Revoked).await?,
        })
    }

    /// How many of the valid ones end in each of the weeks to come; each with its beginning. Of a long list they are as
    /// old as its figure.
    pub(crate) async fn weeks(
        &mut self,
        tx: &mut ReadTx,
        valid: Length,
    ) -> Result<Vec<(Timestamp, i64)>, Error> {
        if let Length::Long { .. } = valid
            && let Some(found) = self.figures(tx).await?
        {
            let begins = ranges(found.counted_at).into_iter().map(|(from, _)| from);
            let numbers = found.ending.split(' ').filter_map(|text| text.parse().ok());
            return Ok(begins.zip(numbers).collect());
        }
        let ranges = ranges(self.now);
        let counted = count_ending(tx, &ranges, self.limit).await?;
        let begins = ranges.into_iter().map(|(from, _)| from);
        Ok(begins.zip(counted).collect())
    }

    async fn figures(&mut self, tx: &mut ReadTx) -> Result<Option<&Figures>, Error> {
        if self.figures.is_none() {
            self.figures = figures::of_tenant(tx).await?;
        }
        Ok(self.figures.as_ref())
    }
}

fn figure(figures: &Figures, view: View) -> i64 {
    match view {
        View::Valid => figures.valid,
        View::Expiring => figures.expiring,
        View::Revoked => figures.revoked,
        View::Expired => 0,
    }
}

/// The weeks from a moment on.
fn ranges(from: Timestamp) -> Vec<(Timestamp, Timestamp)> {
    let mut ranges = Vec::with_capacity(WEEKS);
    let mut from = from;
    for _ in 0..WEEKS {
        let until = from.plus(WEEK);
        ranges.push((from, until));
        from = until;
    }
    ranges
}

/// Has the long ones counted, if what is known of them is old. A page does not fail because of it.
pub(crate) async fn recount(app: &App, caller: &Caller, lengths: &[Length]) {
    let now = app.now();
    if !lengths.iter().any(|length| length.is_old(now)) {
        return;
    }
    let Ok(tenant) = caller.tenant() else {
        return;
    };
    let job = CountCertificates { tenant };
    let row = app.work.waiting(&job, Cause::of(caller, now));
    match app.store(caller).write(row, job::insert).await {
        Ok(()) => app.work.wake(CountCertificates::QUEUE),
        Err(error) => tracing::warn!(error = %error, "could not have certificates counted"),
    }
}

/// Counts the certificates of a tenant to the end.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CountCertificates {
    tenant: TenantId,
}

impl Job<App> for CountCertificates {
    const KIND: &'static str = "count_certificates";
    const QUEUE: Queue = Queue::Bulk;

    fn key(&self) -> Option<String> {
        Some(self.tenant.to_string())
    }

    fn tenant(&self) -> Option<TenantId> {
        Some(self.tenant)
    }

    async fn run(self, app: &App, _: &Lease) -> Result<Done<Self>, JobError> {
        let store = app.store(tenant(self.tenant));
        let now = app.now();
        // Each in a transaction of its own, so that none is long.
        let figures = Figures {
            tenant_id: self.tenant,
            counted_at: now,
            valid: store.scan((View::Valid, now), whole).await?,
            expiring: store.scan((View::Expiring, now), whole).await?,
            revoked: store.scan((View::Revoked, now), whole).await?,
            ending: store.scan(now, ending).await?,
        };
        store.write(figures, figures::save).await?;
        Ok(Done::Finished)
    }
}

async fn whole(tx: &mut ReadTx, (view, now): &(View, Timestamp)) -> Result<i64, Error> {
    count(tx, *view, *now, i64::MAX).await
}

async fn ending(tx: &mut ReadTx, now: &Timestamp) -> Result<String, Error> {
    let counted = count_ending(tx, &ranges(*now), i64::MAX).await?;
    let numbers: Vec<_> = counted.iter().map(ToString::to_string).collect();
    Ok(numbers.join(" "))
}
