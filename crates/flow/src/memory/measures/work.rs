//! What becomes of jobs. It names no job: their words come with them.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::{NewHistogram, observe};

/// How an attempt at a job ended, for those who watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The job is done.
    Done,
    /// It will be tried again.
    Failed,
    /// No attempt follows.
    GivenUp,
    /// Another node has taken it over.
    Lost,
    /// A part of it is done, and the rest waits.
    Part,
}

impl Outcome {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::GivenUp => "given_up",
            Self::Lost => "lost",
            Self::Part => "part",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Attempted {
    kind: &'static str,
    queue: &'static str,
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfKind {
    kind: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfQueue {
    queue: &'static str,
}

/// The figures of the queues. Copies count together.
#[derive(Clone)]
pub struct JobFigures {
    attempts: Family<Attempted, Counter>,
    durations: Family<OfKind, Histogram, NewHistogram>,
    waits: Family<OfQueue, Histogram, NewHistogram>,
}

impl Default for JobFigures {
    fn default() -> Self {
        Self {
            attempts: Family::default(),
            durations: Family::new_with_constructor(of_work),
            waits: Family::new_with_constructor(of_work),
        }
    }
}

impl JobFigures {
    pub(super) fn registered(registry: &mut Registry) -> Self {
        let new = Self::default();
        registry.register(
            "job_attempts",
            "Attempts at jobs that have ended on this node",
            new.attempts.clone(),
        );
        registry.register(
            "job_duration_seconds",
            "Attempts at jobs, from the beginning to the end",
            new.durations.clone(),
        );
        registry.register(
            "job_wait_seconds",
            "Urgent jobs that were taken from their queue for the first time, since they were made",
            new.waits.clone(),
        );
        new
    }

    /// An attempt has ended. `kind` and `queue` are words of the code.
    pub(crate) fn ended(
        &self,
        (kind, queue): (&'static str, &'static str),
        outcome: Outcome,
        took: Duration,
    ) {
        let attempted = Attempted {
            kind,
            queue,
            result: outcome.as_str(),
        };
        self.attempts.get_or_create(&attempted).inc();
        observe(&self.durations.get_or_create(&OfKind { kind }), took);
    }

    /// How many attempts have ended so.
    #[cfg(test)]
    pub(crate) fn attempts(
        &self,
        (kind, queue): (&'static str, &'static str),
        outcome: Outcome,
    ) -> u64 {
        let attempted = Attempted {
            kind,
            queue,
            result: outcome.as_str(),
        };
        self.attempts.get_or_create(&attempted).get()
    }

    /// A job was taken from its queue.
    pub(crate) fn waited(&self, queue: &'static str, wait: Duration) {
        observe(&self.waits.get_or_create(&OfQueue { queue }), wait);
    }
}

/// A quick proof takes milliseconds, a job that waits behind many others minutes.
fn of_work() -> Histogram {
    Histogram::new([
        0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0, 600.0,
    ])
}
