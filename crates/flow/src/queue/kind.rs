//! A job's type as the workers know it: a word, and how to read and run what is stored under it.

use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::{Done, Job, JobError, Lease, Queue};

/// What runs.
type Attempt<T> = BoxFuture<'static, Result<T, JobError>>;
/// How a job of a type is given up.
pub(super) type GiveUp<C> = fn(C, Lease, String, String) -> Attempt<bool>;

/// A type of job in the list of those that a node runs.
pub struct Kind<C> {
    pub(super) word: &'static str,
    pub(super) queue: Queue,
    pub(super) run: fn(C, Lease, String) -> Attempt<Outcome>,
    pub(super) give_up: GiveUp<C>,
}

impl<C> Clone for Kind<C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C> Copy for Kind<C> {}

/// How an attempt ended, for who does not know the type.
pub(super) enum Outcome {
    Finished,
    FinishedInside,
    Next(String, Duration),
}

/// The line of a job in the list.
pub fn job<C: Clone + Send + Sync + 'static, J: Job<C>>() -> Kind<C> {
    Kind {
        word: J::KIND,
        queue: J::QUEUE,
        run: |context, lease, payload| run::<C, J>(context, lease, payload).boxed(),
        give_up: |context, lease, payload, why| {
            give_up::<C, J>(context, lease, payload, why).boxed()
        },
    }
}

async fn run<C, J: Job<C>>(context: C, lease: Lease, payload: String) -> Result<Outcome, JobError> {
    let job: J = serde_json::from_str(&payload)?;
    Ok(match job.run(&context, &lease).await? {
        Done::Finished => Outcome::Finished,
        Done::FinishedInside => Outcome::FinishedInside,
        Done::Next(job, wait) => Outcome::Next(serde_json::to_string(&job)?, wait),
    })
}

async fn give_up<C, J: Job<C>>(
    context: C,
    lease: Lease,
    payload: String,
    why: String,
) -> Result<bool, JobError> {
    // What cannot be read is for nothing that could be ended.
    match serde_json::from_str::<J>(&payload) {
        Ok(job) => job.give_up(&context, &lease, &why).await,
        Err(_) => Ok(false),
    }
}
