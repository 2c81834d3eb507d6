//! The work of one node: what it can run, what it has begun, and how a use case begins more.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base::{JobId, NodeId, RequestId, Timestamp};
use store::queue::job::Job as Row;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::desk::Desk;
use super::job::{Job, JobError};
use super::kind::Kind;
use super::lane::{Lane, Queue};
use super::lease::{LEASE, Lease};
use super::renewal::under_lease;
use super::shares::Shares;
use super::slots::Slot;
use crate::Caller;
use crate::memory::measures::{JobFigures, Outcome as Figure};

/// How long a node that ends waits for what is nearly done.
const GRACE: Duration = Duration::from_millis(500);

/// The work of one node, for the context `C`.
pub struct Work<C: 'static> {
    pub(super) inner: Arc<Inner<C>>,
}

pub(super) struct Inner<C: 'static> {
    pub(super) desk: Desk,
    pub(super) kinds: Vec<Kind<C>>,
    lanes: Vec<Lane>,
    shares: Shares,
    pub(super) figures: JobFigures,
    /// Jobs whose lease this node has.
    leased: Mutex<HashSet<JobId>>,
    tracker: TaskTracker,
    /// What takes jobs, until the node ends.
    pub(super) loops: TaskTracker,
    pub(super) stop: CancellationToken,
}

/// What makes a job come: a request, or work of our own at some moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cause {
    /// The request, whose name the job keeps.
    pub request: Option<RequestId>,
    /// When.
    pub at: Timestamp,
}

impl Cause {
    /// What is asked for now.
    pub fn of(caller: &Caller, at: Timestamp) -> Self {
        Self {
            request: caller.client.request_id,
            at,
        }
    }
}

/// A job for the transaction of its cause, to be started when that is committed.
pub struct Begun {
    row: Row,
    /// Without one it waits for whoever has one first.
    slot: Option<Slot>,
    queue: Queue,
}

impl Begun {
    /// The row to insert.
    pub fn row(&self) -> Row {
        self.row.clone()
    }

    /// The lease, if this node starts it at once.
    pub fn lease(&self) -> Option<Lease> {
        self.slot.as_ref().map(|_| Lease::of(&self.row))
    }
}

impl<C> Clone for Work<C> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
        }
    }
}

impl<C: Clone + Send + Sync + 'static> Work<C> {
    /// Nothing yet, and all that can be run; what becomes of it is counted in `figures`.
    pub fn new(desk: Desk, kinds: Vec<Kind<C>>, figures: JobFigures) -> Self {
        Self {
            inner: Arc::new(Inner {
                desk,
                kinds,
                lanes: Queue::ALL.into_iter().map(Lane::of).collect(),
                shares: Shares::default(),
                figures,
                leased: Mutex::default(),
                tracker: TaskTracker::new(),
                loops: TaskTracker::new(),
                stop: CancellationToken::new(),
            }),
        }
    }

    /// Whose work it is.
    pub fn node(&self) -> NodeId {
        self.inner.desk.node
    }

    /// A job that starts at once if there is a slot for it, and waits otherwise.
    pub fn begin<J: Job<C>>(&self, job: &J, cause: Cause) -> Begun {
        self.begin_with(self.slot(job), job, cause)
    }

    /// The same with the slot that was taken before, if there was one.
    pub fn begin_with<J: Job<C>>(&self, slot: Option<Slot>, job: &J, cause: Cause) -> Begun {
        let mut row = self.waiting(job, cause);
        if slot.is_some() {
            row.leased_by = Some(self.inner.desk.node);
            row.due_at = cause.at.plus(LEASE);
            row.attempt = 1;
        }
        Begun {
            row,
            slot,
            queue: J::QUEUE,
        }
    }

    /// A slot for a job, unless its tenant has its share.
    pub fn slot<J: Job<C>>(&self, job: &J) -> Option<Slot> {
        self.lane(J::QUEUE).slots.take(job.tenant())
    }

    /// A job that waits for its turn. When it is committed, [`wake`](Self::wake) its queue.
    pub fn waiting<J: Job<C>>(&self, job: &J, cause: Cause) -> Row {
        let (share_of, now) = (job.tenant(), cause.at);
        Row {
            id: self.inner.desk.new_id(now),
            due_at: self.inner.shares.turn(J::QUEUE, share_of, now),
            priority: J::PRIORITY.number(),
            attempt: 0,
            max_attempts: J::MAX_ATTEMPTS,
            leased_by: None,
            share_of,
            queue: J::QUEUE.as_str().to_owned(),
            kind: J::KIND.to_owned(),
            dedup_key: job.key(),
            // Identifiers, numbers and words cannot fail to serialise.
            payload: serde_json::to_string(job).unwrap_or_default(),
            last_error: None,
            request_id: cause.request,
        }
    }

    /// A job that is due after a while.
    pub fn later<J: Job<C>>(&self, job: &J, cause: Cause, wait: Duration) -> Row {
        Row {
            due_at: cause.at.plus(wait),
            ..self.waiting(job, cause)
        }
    }

    /// Something of this queue was committed that waits.
    pub fn wake(&self, queue: Queue) {
        self.lane(queue).wake();
    }

    /// Runs a job that was committed, if this node has it; otherwise whoever has a slot first will.
    pub fn start<J: Job<C>>(&self, context: &C, begun: Begun) -> Option<JoinHandle<()>> {
        let Begun { row, slot, queue } = begun;
        let Some(slot) = slot else {
            self.wake(queue);
            return None;
        };
        Some(self.spawn(self.clone().attempt(context.clone(), row, slot)))
    }

    /// Carries out the work of a job that was committed, in another way than by its payload. It deletes the job with
    /// its result; what fails is tried again as the job. Without a slot nothing is done here.
    pub fn carry_out<J: Job<C>, T, W>(
        &self,
        begun: Begun,
        work: impl FnOnce(Lease) -> W,
    ) -> Option<JoinHandle<Option<T>>>
    where
        T: Send + 'static,
        W: Future<Output = Result<T, JobError>> + Send + 'static,
    {
        let (Some(lease), Some(slot)) = (begun.lease(), begun.slot) else {
            self.wake(begun.queue);
            return None;
        };
        let (own, work) = (self.clone(), work(lease));
        Some(self.spawn(async move {
            let output = own.hold::<J, _>(lease, work).await;
            drop(slot);
            output
        }))
    }

    /// Does the work of a job that this node has, and keeps the lease meanwhile; what fails is tried again.
    pub async fn hold<J: Job<C>, T>(
        &self,
        lease: Lease,
        work: impl Future<Output = Result<T, JobError>>,
    ) -> Option<T> {
        let held = Held::new(self, lease);
        let desk = &self.inner.desk;
        let begun = Instant::now();
        let ended = tokio::select! {
            () = self.inner.stop.cancelled() => return None,
            ended = under_lease(desk, lease, work) => ended,
        };
        held.end();
        let (output, figure) = match ended {
            Some(Ok(output)) => (Some(output), Figure::Done),
            Some(Err(error)) => {
                desk.retry_later(lease, error.chain()).await;
                (None, Figure::Failed)
            }
            None => {
                tracing::warn!(job.id = %lease.id, "another node has taken this job over");
                (None, Figure::Lost)
            }
        };
        let of = (J::KIND, J::QUEUE.as_str());
        self.inner.figures.ended(of, figure, begun.elapsed());
        output
    }

    /// Runs `work` to its end even when the request that asked for it goes away.
    pub fn spawn<F>(&self, work: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.inner.tracker.spawn(work)
    }

    /// Waits so long; `false` when the node ends meanwhile.
    pub async fn goes_on_after(&self, wait: Duration) -> bool {
        tokio::select! {
            () = self.inner.stop.cancelled() => false,
            () = tokio::time::sleep(wait) => true,
        }
    }

    /// Ends the work of this node: what is nearly done ends, of everything else it lets go, so that other nodes take
    /// it at once.
    pub async fn end(&self) {
        self.inner.tracker.close();
        let _ = tokio::time::timeout(GRACE, self.inner.tracker.wait()).await;
        self.inner.stop.cancel();
        // What a loop is just taking would else be nobody's until its lease ends.
        self.inner.loops.close();
        let _ = tokio::time::timeout(GRACE, self.inner.loops.wait()).await;
        let _ = tokio::time::timeout(GRACE, self.inner.tracker.wait()).await;
        let left: Vec<JobId> = self.leased().iter().copied().collect();
        if left.is_empty() {
            return;
        }
        tracing::info!(jobs = left.len(), "leaving jobs to whoever takes them");
        if let Err(error) = self.inner.desk.release(left).await {
            tracing::warn!(error = %error, "could not let go of jobs; their leases will end");
        }
    }

    pub(super) fn lane(&self, queue: Queue) -> &Lane {
        let found = self.inner.lanes.iter().find(|lane| lane.queue == queue);
        match found.or(self.inner.lanes.first()) {
            Some(lane) => lane,
            None => unreachable!("there is a lane for each queue"),
        }
    }

    fn leased(&self) -> MutexGuard<'_, HashSet<JobId>> {
        let leased = self.inner.leased.lock();
        leased.unwrap_or_else(PoisonError::into_inner)
    }
}

/// A job in the list of those that this node has.
pub(super) struct Held<'w, C: Clone + Send + Sync + 'static> {
    work: &'w Work<C>,
    id: JobId,
}

impl<'w, C: Clone + Send + Sync + 'static> Held<'w, C> {
    pub(super) fn new(work: &'w Work<C>, lease: Lease) -> Self {
        work.leased().insert(lease.id);
        Self { work, id: lease.id }
    }

    /// It has ended here. One that was given up half done stays in the list, and is let go of at the end.
    pub(super) fn end(self) {
        self.work.leased().remove(&self.id);
    }
}
