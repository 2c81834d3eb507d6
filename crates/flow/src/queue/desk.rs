//! What a node does with the rows of its jobs.

use std::sync::Arc;
use std::time::Duration;

use base::{Clock, JobId, NodeId, Random, Timestamp};
use store::queue::dead::{self, Burial};
use store::queue::job::{self, Claim, Job, Postponement};
use store::queue::schedule;
use store::{Error, Scoped, Store, WriteTx};

use super::lane::Queue;
use super::lease::{LEASE, Lease};
use crate::caller::system;

/// The longest wait between two attempts.
const LONGEST_BACKOFF: Duration = Duration::from_secs(600);

/// The rows of the queues, for one node.
#[derive(Clone)]
pub struct Desk {
    /// The database.
    pub store: Store,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub random: Arc<dyn Random>,
    /// Who leases.
    pub node: NodeId,
}

impl Desk {
    fn rows(&self) -> Scoped<'_> {
        self.store
            .within(system("jobs and schedules are everybody's"))
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(super) fn new_id(&self, now: Timestamp) -> JobId {
        JobId::generate(now, self.random.as_ref())
    }

    pub(super) async fn next_due(&self, queue: Queue) -> Result<Option<Timestamp>, Error> {
        self.rows()
            .read(queue.as_str().to_owned(), job::next_due)
            .await
    }

    pub(super) async fn claim(&self, queue: Queue, limit: usize) -> Result<Vec<Job>, Error> {
        let now = self.now();
        let claim = Claim {
            node: self.node,
            queue: queue.as_str(),
            now,
            lease_ends_at: now.plus(LEASE),
            limit: i64::try_from(limit).unwrap_or(i64::MAX),
        };
        self.rows().write(claim, job::claim).await
    }

    /// Keeps a job; `false` when it is somebody else's by now. What cannot be asked is taken for ours: the guards of
    /// the result decide.
    pub(super) async fn renew(&self, lease: Lease) -> bool {
        let until = self.now().plus(LEASE);
        let renewal = (lease.id, self.node, lease.attempt, until);
        match self.rows().write(renewal, job::renew).await {
            Ok(is_ours) => is_ours,
            Err(error) => {
                tracing::warn!(job.id = %lease.id, error = %error, "could not renew the lease of a job");
                true
            }
        }
    }

    pub(super) async fn finish(&self, lease: Lease) -> Result<(), Error> {
        self.rows().write(lease.id, delete).await
    }

    /// Puts the rest of a job back.
    pub(super) async fn go_on_later(
        &self,
        lease: Lease,
        payload: String,
        wait: Duration,
    ) -> Result<(), Error> {
        let rest = Postponement {
            id: lease.id,
            node: self.node,
            due_at: self.now().plus(wait),
            payload: Some(payload),
            attempt: 0,
            error: None,
        };
        self.rows().write(rest, job::postpone).await
    }

    /// Puts a job back that no slot was free for; the attempt does not count.
    pub(super) async fn put_back(&self, lease: Lease, due_at: Timestamp) -> Result<(), Error> {
        let back = Postponement {
            id: lease.id,
            node: self.node,
            due_at,
            payload: None,
            attempt: lease.attempt - 1,
            error: None,
        };
        self.rows().write(back, job::postpone).await
    }

    /// Puts a job back with a growing wait; when even that fails, the lease ends by itself.
    pub(super) async fn retry_later(&self, lease: Lease, error: String) {
        let request = lease.request.map(tracing::field::display);
        tracing::warn!(job.id = %lease.id, request.id = request, job.attempts = lease.attempt, error, "job will be tried again");
        let again = Postponement {
            id: lease.id,
            node: self.node,
            due_at: self.now().plus(backoff(lease.attempt)),
            payload: None,
            attempt: lease.attempt,
            error: Some(error),
        };
        if let Err(error) = self.rows().write(again, job::postpone).await {
            tracing::warn!(job.id = %lease.id, error = %error, "could not postpone the job; its lease will end");
        }
    }

    /// Makes a job a dead letter.
    pub(super) async fn bury(&self, lease: Lease, error: String) -> Result<(), Error> {
        let burial = Burial {
            id: lease.id,
            attempt: lease.attempt,
            error,
            now: self.now(),
        };
        self.rows().write(burial, dead::bury).await
    }

    /// Lets go of jobs that this node will not end.
    pub(super) async fn release(&self, ids: Vec<JobId>) -> Result<(), Error> {
        let released = (ids, self.node, self.now());
        self.rows().write(released, job::release).await
    }

    pub(super) async fn ensure(&self, all: Vec<schedule::Schedule>) -> Result<(), Error> {
        self.rows().write(all, schedule::ensure).await
    }

    pub(super) async fn due_schedules(&self) -> Result<Vec<schedule::Schedule>, Error> {
        self.rows().read(self.now(), schedule::due).await
    }

    pub(super) async fn come(&self, due: schedule::Schedule, job: Job) -> Result<bool, Error> {
        self.rows()
            .write((due, job, self.now()), schedule::come)
            .await
    }
}

async fn delete(tx: &mut WriteTx, id: &JobId) -> Result<(), Error> {
    job::delete(tx, *id).await
}

fn backoff(attempts: i64) -> Duration {
    let doublings = u32::try_from(attempts.clamp(0, 16)).unwrap_or(16);
    Duration::from_secs(2_u64.saturating_pow(doublings)).min(LONGEST_BACKOFF)
}
