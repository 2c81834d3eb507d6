//! The workers: for each queue a loop that takes a job when a slot is free, and never waits for one to end; and one
//! that sees to what comes again and again.

use std::time::Duration;

use base::{Timestamp, chain};
use store::queue::job::Job as Row;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::job::Priority;
use super::kind::{GiveUp, Outcome};
use super::lane::Queue;
use super::lease::Lease;
use super::renewal::under_lease;
use super::schedule::{self, Schedule};
use super::slots::Slot;
use super::work::{Held, Work};
use crate::memory::measures::Outcome as Figure;

/// How often workers look for what others left behind, and for what comes again.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// How many jobs are taken at a time.
const BATCH: usize = 64;
/// How long a job waits that was taken while its tenant had its share; each further one of a batch waits a step more.
const OVER_SHARE: Duration = Duration::from_secs(1);
/// That step.
const STEP: Duration = Duration::from_millis(20);
/// What figures call a job or a queue that this version does not know.
const UNKNOWN: &str = "unknown";

/// What one look at a queue has led to.
#[derive(Default)]
pub(super) struct Took {
    pub(super) running: Vec<JoinHandle<()>>,
    /// Whether more may be due than were taken.
    has_more: bool,
    /// When the next one is due, if that is known.
    next_due: Option<Timestamp>,
}

impl<C: Clone + Send + Sync + 'static> Work<C> {
    /// Works until the node ends. `plan` says what comes again and again, as of now.
    pub async fn run_until_ended(self, context: C, plan: fn(&C) -> Vec<Schedule>) {
        let serve = |queue| self.clone().serve(context.clone(), queue);
        let loops = Queue::ALL.map(|queue| self.inner.loops.spawn(serve(queue)));
        let mut planned = Vec::new();
        loop {
            let plan = plan(&context);
            if plan != planned && seen(self.ensure(&plan).await).is_some() {
                planned = plan;
            }
            seen(self.come().await);
            if !self.goes_on_after(POLL_INTERVAL).await {
                break;
            }
        }
        for each in loops {
            let _ended = each.await;
        }
    }

    /// Makes sure that what comes again and again is there.
    pub async fn ensure(&self, plan: &[Schedule]) -> Result<(), store::Error> {
        let now = self.inner.desk.now();
        let rows = plan.iter().map(|each| each.row(now)).collect();
        self.inner.desk.ensure(rows).await
    }

    /// Inserts the jobs whose moment has come; says how many.
    pub async fn come(&self) -> Result<usize, store::Error> {
        let desk = &self.inner.desk;
        let mut came = 0;
        for due in desk.due_schedules().await? {
            let now = desk.now();
            let Some(kind) = self.inner.kinds.iter().find(|kind| kind.word == due.kind) else {
                // Of a newer node, which sees to it.
                continue;
            };
            let (queue, job) = (kind.queue, schedule::job_of(&due, desk.new_id(now), now));
            came += usize::from(desk.come(due, job).await?);
            self.wake(queue);
        }
        Ok(came)
    }

    async fn serve(self, context: C, queue: Queue) {
        loop {
            let took = seen(self.take_due(&context, queue).await);
            let took = took.unwrap_or_default();
            if self.inner.stop.is_cancelled() {
                return;
            }
            if took.has_more && !took.running.is_empty() {
                continue;
            }
            let wait = took.next_due.map_or(POLL_INTERVAL, |due| {
                due.since(self.inner.desk.now()).min(POLL_INTERVAL)
            });
            tokio::select! {
                () = self.inner.stop.cancelled() => return,
                () = self.lane(queue).woken_within(wait.max(Duration::from_millis(5))) => {}
            }
        }
    }

    /// Takes as many due jobs of a queue as there are slots free, and starts them.
    pub(super) async fn take_due(&self, context: &C, queue: Queue) -> Result<Took, store::Error> {
        let lane = self.lane(queue);
        let limit = lane.slots.free().min(BATCH);
        if limit == 0 {
            lane.saw(true);
            return Ok(Took::default());
        }
        let next_due = self.inner.desk.next_due(queue).await?;
        if next_due.is_none_or(|due| due > self.inner.desk.now()) {
            lane.saw(false);
            return Ok(Took {
                next_due,
                ..Took::default()
            });
        }
        let claimed = self.inner.desk.claim(queue, limit).await?;
        let has_more = claimed.len() >= limit;
        lane.saw(has_more);
        Ok(Took {
            running: self.start_all(context, claimed).await?,
            has_more,
            next_due: None,
        })
    }

    /// Starts what was claimed; what its tenant has no slot for goes back.
    async fn start_all(
        &self,
        context: &C,
        claimed: Vec<Row>,
    ) -> Result<Vec<JoinHandle<()>>, store::Error> {
        let mut running = Vec::new();
        let mut later = self.inner.desk.now().plus(OVER_SHARE);
        for row in claimed {
            let queue = Queue::parse(&row.queue);
            let slot = queue.and_then(|queue| self.lane(queue).slots.take(row.share_of));
            if let Some((slot, queue)) = slot.zip(queue) {
                self.note_wait(&row, queue);
                let attempt = self.clone().attempt(context.clone(), row, slot);
                running.push(self.spawn(attempt));
            } else {
                self.inner.desk.put_back(Lease::of(&row), later).await?;
                later = later.plus(STEP);
            }
        }
        Ok(running)
    }

    /// Nobody waits for the others, which may be due later or done in parts.
    fn note_wait(&self, row: &Row, queue: Queue) {
        if row.attempt == 1 && row.priority == Priority::Urgent.number() {
            let wait = self.inner.desk.now().since(row.id.made_at());
            self.inner.figures.waited(queue.as_str(), wait);
        }
    }

    /// Runs a job that this node has, and does with its row what follows.
    pub(super) async fn attempt(self, context: C, row: Row, slot: Slot) {
        let lease = Lease::of(&row);
        let held = Held::new(&self, lease);
        let of = self.words_of(&row);
        let begun = Instant::now();
        let ended = tokio::select! {
            () = self.inner.stop.cancelled() => None,
            figure = self.run(context, lease, row) => Some(figure),
        };
        if let Some(figure) = ended {
            held.end();
            self.inner.figures.ended(of, figure, begun.elapsed());
        }
        drop(slot);
    }

    /// What the figures call a job and its queue; what a newer node has stored has no word here.
    fn words_of(&self, row: &Row) -> (&'static str, &'static str) {
        let kind = self.inner.kinds.iter().find(|kind| kind.word == row.kind);
        let queue = Queue::parse(&row.queue).map_or(UNKNOWN, Queue::as_str);
        (kind.map_or(UNKNOWN, |kind| kind.word), queue)
    }

    async fn run(&self, context: C, lease: Lease, row: Row) -> Figure {
        let desk = &self.inner.desk;
        let Some(kind) = self.inner.kinds.iter().find(|kind| kind.word == row.kind) else {
            let error = format!("jobs of kind \"{}\" are unknown to this version", row.kind);
            return self.fail(None, context, lease, row.payload, error).await;
        };
        if lease.attempt > lease.max_attempts {
            let last = row.last_error.unwrap_or_default();
            let error = format!("every node that took it went away; before that: {last}");
            return self
                .fail(Some(kind.give_up), context, lease, row.payload, error)
                .await;
        }
        let work = (kind.run)(context.clone(), lease, row.payload.clone());
        let ended = under_lease(desk, lease, work).await;
        let (figure, stored) = match ended {
            None => {
                tracing::warn!(job.id = %lease.id, "another node has taken this job over");
                return Figure::Lost;
            }
            Some(Ok(Outcome::FinishedInside)) => return Figure::Done,
            Some(Ok(Outcome::Finished)) => (Figure::Done, desk.finish(lease).await),
            Some(Ok(Outcome::Next(payload, wait))) => {
                let next = desk.go_on_later(lease, payload, wait).await;
                self.wake(kind.queue);
                (Figure::Part, next)
            }
            Some(Err(error)) => {
                let why = error.chain();
                return self
                    .fail(Some(kind.give_up), context, lease, row.payload, why)
                    .await;
            }
        };
        if let Err(error) = stored {
            tracing::warn!(job.id = %lease.id, error = chain(&error), "what became of a job is not stored; its lease will end");
            return Figure::Failed;
        }
        figure
    }

    /// Tries a job again later, or gives it up.
    async fn fail(
        &self,
        give_up: Option<GiveUp<C>>,
        context: C,
        lease: Lease,
        payload: String,
        why: String,
    ) -> Figure {
        let desk = &self.inner.desk;
        if lease.attempt < lease.max_attempts {
            desk.retry_later(lease, why).await;
            return Figure::Failed;
        }
        let request = lease.request.map(tracing::field::display);
        tracing::error!(job.id = %lease.id, request.id = request, job.attempts = lease.attempt, error = why, "job is given up");
        if let Some(give_up) = give_up {
            match give_up(context, lease, payload, why.clone()).await {
                Ok(true) => return Figure::GivenUp,
                Ok(false) => {}
                Err(error) => {
                    desk.retry_later(lease, error.chain()).await;
                    return Figure::Failed;
                }
            }
        }
        if let Err(error) = desk.bury(lease, why).await {
            tracing::warn!(job.id = %lease.id, error = chain(&error), "a dead letter is not stored; the lease will end");
            return Figure::Failed;
        }
        Figure::GivenUp
    }

    /// Takes what is due now of every queue and runs it; says how many, once they have ended.
    pub async fn run_due(&self, context: &C) -> Result<usize, store::Error> {
        self.come().await?;
        let mut count = 0;
        for queue in Queue::ALL {
            let took = self.take_due(context, queue).await?;
            count += took.running.len();
            for each in took.running {
                let _ended = each.await;
            }
        }
        Ok(count)
    }
}

fn seen<T>(outcome: Result<T, store::Error>) -> Option<T> {
    outcome
        .inspect_err(|error| tracing::warn!(error = chain(error), "could not look for due jobs"))
        .ok()
}
