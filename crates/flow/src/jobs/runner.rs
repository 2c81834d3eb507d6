use std::pin::pin;
use std::time::Duration;

use base::{JobId, Timestamp};
use store::operations::node;
use store::queue::job::{self, Claim, Job, NewJob, Postponement, SameWork};
use store::{Scoped, WriteTx};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Kind, LEASE, Lease};
use crate::App;
use crate::caller::system;
use crate::enrollment::end_orders::end_orders;
use crate::issuance;
use crate::operations::prune::prune;

/// How often a node looks for jobs that others left behind.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// How often a node says that it is alive.
const TOUCH_INTERVAL: Duration = Duration::from_secs(60);
/// How many jobs a node takes at a time.
const BATCH: i64 = 32;
/// The longest wait between two attempts.
const LONGEST_BACKOFF: Duration = Duration::from_secs(600);

/// Keeps track of what this node has begun, so that a shutdown can wait for it.
#[derive(Clone, Default)]
pub struct Runner {
    tracker: TaskTracker,
    stop: CancellationToken,
}

/// Why an attempt did not end its job.
#[derive(Debug, thiserror::Error)]
pub enum AttemptError {
    /// The issuing use case could not go on.
    #[error(transparent)]
    Issue(#[from] issuance::issue::IssueError),
    /// A CRL could not be made.
    #[error(transparent)]
    PublishCrl(#[from] issuance::publish_crl::PublishCrlError),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The row holds something that this version does not know.
    #[error("job kind \"{0}\" with subject \"{1}\" is unknown to this version")]
    Unknown(String, String),
    /// The outcome of a validation could not be stored.
    #[error(transparent)]
    Validate(#[from] issuance::validate::ValidateError),
}

impl Runner {
    /// Asks the polling loop to end.
    pub fn stop(&self) {
        self.stop.cancel();
        self.tracker.close();
    }

    /// Waits so long; `false` when it was asked to end meanwhile.
    pub(crate) async fn goes_on_after(&self, wait: Duration) -> bool {
        tokio::select! {
            () = self.stop.cancelled() => false,
            () = tokio::time::sleep(wait) => true,
        }
    }

    /// Waits until everything that was begun has ended.
    pub async fn drained(&self) {
        self.tracker.wait().await;
    }

    /// Runs `work` to its end even when the request that asked for it goes away.
    pub fn spawn<F>(&self, work: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.tracker.spawn(work)
    }
}

/// Takes due jobs until the runner is stopped, and says now and then that this node is alive.
pub async fn run_until_stopped(app: App) {
    let mut touched_at = app.now();
    while app.runner.goes_on_after(POLL_INTERVAL).await {
        if let Err(error) = run_due(&app).await {
            tracing::warn!(error = %error, "could not look for due jobs");
        }
        let now = app.now();
        if now.since(touched_at) >= TOUCH_INTERVAL {
            touched_at = now;
            touch(&app, now).await;
        }
    }
}

/// Jobs and nodes have no tenant.
fn store(app: &App) -> Scoped<'_> {
    app.store(system("jobs and nodes are everybody's"))
}

async fn touch(app: &App, now: Timestamp) {
    if let Err(error) = store(app).write((app.node, now), node::touch).await {
        tracing::warn!(error = %error, "could not say that this node is alive");
    }
}

/// Takes the jobs that are due now and runs them; returns how many, once they have ended.
pub async fn run_due(app: &App) -> Result<usize, store::Error> {
    let now = app.now();
    let (_, next) = store(app).read((), job::backlog).await?;
    if next.is_none_or(|due_at| due_at > now) {
        return Ok(0);
    }
    let claim = Claim {
        node: app.node,
        now,
        lease_ends_at: now.plus(LEASE),
        limit: BATCH,
    };
    let claimed = store(app).write(claim, job::claim).await?;
    let running: Vec<_> = claimed
        .into_iter()
        .map(|job| app.runner.spawn(attempt(app.clone(), job)))
        .collect();
    let count = running.len();
    for attempt in running {
        let _ended = attempt.await;
    }
    Ok(count)
}

/// Makes sure that the periodic jobs exist.
pub async fn schedule_periodic(app: &App) -> Result<(), store::Error> {
    let now = app.now();
    let periodic = std::iter::once((Kind::Prune, "expired".to_owned()))
        .chain(
            app.catalog()
                .crl_signers()
                .map(|id| (Kind::PublishCrl, id.to_string())),
        )
        .map(|(kind, subject)| NewJob {
            id: JobId::generate(now, app.random()),
            kind: kind.as_str(),
            subject,
            due_at: now,
            leased_by: None,
            created_at: now,
        })
        .collect();
    store(app).write(Periodic(periodic), insert_missing).await
}

struct Periodic(Vec<NewJob>);

async fn insert_missing(
    tx: &mut WriteTx,
    Periodic(periodic): &Periodic,
) -> Result<(), store::Error> {
    for new in periodic {
        job::insert_unless_present(tx, new).await?;
    }
    Ok(())
}

async fn attempt(app: App, job: Job) {
    let Some(kind) = Kind::parse(&job.kind) else {
        let error = AttemptError::Unknown(job.kind.clone(), job.subject.clone());
        return retry_later(&app, job.id, job.attempts, &error).await;
    };
    let lease = Lease {
        id: job.id,
        kind,
        subject: job.subject,
        attempts: job.attempts,
    };
    let work = pin!(run(&app, &lease));
    if let Err(error) = under_lease(&app, lease.id, work).await {
        retry_later(&app, lease.id, lease.attempts, &error).await;
    }
}

/// Works, and renews the lease of the job as long as that takes, so that nobody else takes it meanwhile.
pub(crate) async fn under_lease<W: Future>(app: &App, id: JobId, work: W) -> W::Output {
    while_renewing(LEASE / 2, || renew(app.clone(), id), work).await
}

/// Works, and renews the lease as often as `interval` passes.
async fn while_renewing<W: Future, R: Future>(
    interval: Duration,
    renew: impl Fn() -> R,
    work: W,
) -> W::Output {
    let mut work = pin!(work);
    loop {
        match tokio::time::timeout(interval, &mut work).await {
            Ok(output) => return output,
            Err(_) => drop(renew().await),
        }
    }
}

async fn renew(app: App, id: JobId) {
    let until = app.now().plus(LEASE);
    if let Err(error) = store(&app).write((id, app.node, until), job::renew).await {
        tracing::warn!(job.id = %id, error = %error, "could not renew the lease of a job");
    }
}

async fn run(app: &App, lease: &Lease) -> Result<(), AttemptError> {
    match lease.kind {
        Kind::EndOrders => end_orders(app, lease).await?,
        Kind::Issue => issuance::issue::resume(app, lease).await?,
        Kind::Prune => prune(app, lease).await?,
        Kind::PublishCrl => issuance::publish_crl::publish_crl(app, lease).await?,
        Kind::Validate => issuance::validate::resume(app, lease).await?,
    }
    Ok(())
}

/// Puts a job back with a growing wait; when even that fails, the lease ends by itself.
pub(crate) async fn retry_later(app: &App, id: JobId, attempts: i64, error: &AttemptError) {
    tracing::warn!(job.id = %id, job.attempts = attempts, error = %error, "job will be tried again");
    let postponed = Postponement {
        id,
        due_at: app.now().plus(backoff(attempts)),
        error: error.to_string(),
    };
    if let Err(error) = store(app).write(postponed, job::postpone).await {
        tracing::warn!(job.id = %id, error = %error, "could not postpone the job; its lease will end");
    }
}

fn backoff(attempts: i64) -> Duration {
    let doublings = u32::try_from(attempts.clamp(0, 16)).unwrap_or(16);
    Duration::from_secs(2_u64.saturating_pow(doublings)).min(LONGEST_BACKOFF)
}

/// Plans a periodic job anew. Whatever asked for the same work well before it began is done with it.
pub(crate) async fn reschedule(
    app: &App,
    lease: &Lease,
    began_at: Timestamp,
    due_at: Timestamp,
) -> Result<(), store::Error> {
    let done = SameWork {
        kind: lease.kind.as_str(),
        subject: lease.subject.clone(),
        id: lease.id,
        // A request of the last moment may not have been committed when the work looked.
        before: began_at.minus(LEASE),
    };
    let next = Postponement {
        id: lease.id,
        due_at,
        error: String::new(),
    };
    store(app).write((done, next), save_next).await
}

async fn save_next(
    tx: &mut WriteTx,
    (done, next): &(SameWork, Postponement),
) -> Result<(), store::Error> {
    job::delete_same(tx, done).await?;
    job::postpone(tx, next).await
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test]
    async fn sb7_a_lease_is_renewed_as_long_as_its_work_lasts() {
        let renewed = Cell::new(0);
        let renew = || async { renewed.set(renewed.get() + 1) };
        let work = async {
            while renewed.get() < 3 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            "done"
        };
        assert_eq!(
            while_renewing(Duration::from_millis(2), renew, work).await,
            "done"
        );
        let never = || async { renewed.set(0) };
        let quick = while_renewing(Duration::from_secs(9), never, async {}).await;
        assert_eq!((quick, renewed.get()), ((), 3));
    }
}
