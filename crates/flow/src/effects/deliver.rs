//! The job that brings an effect from its intent to its end. Whoever runs it looks at the state first, and each change is
//! from the state that was seen: two nodes with one effect cannot both send it.

use std::marker::PhantomData;
use std::time::Duration;

use base::{EffectId, TenantId, Timestamp, chain};
use serde::{Deserialize, Serialize};
use store::effects::effect::{
    self, Effect as Row, EffectOutcome, EffectState, Move, Resolution, Seen,
};
use store::queue::job;
use store::{Error, Scoped, WriteTx};

use super::effect::{Answer, Effect, Found, Outcome};
use crate::caller::tenant;
use crate::outside::Outside;
use crate::queue::{Done, Job, JobError, Lease, Queue};

/// How often the job is tried before it becomes a dead letter; attempts to send are counted by the effect.
pub(super) const MAX_ATTEMPTS: i64 = 8;
/// The wait after the first attempt that was not done; each further one is twice as long.
const FIRST_WAIT: Duration = Duration::from_secs(30);
/// The longest of them.
const LONGEST_WAIT: Duration = Duration::from_secs(4 * 3600);
/// The wait after the first question that brought no answer; each further one is twice as long.
const FIRST_QUESTION: Duration = Duration::from_secs(5);
/// The wait when somebody else has just moved the effect.
const MOVED: Duration = Duration::from_secs(1);
/// How often an answer is stored again before it is lost: it may not come a second time.
const STORED_AGAIN: u32 = 6;

/// Brings an effect to its end.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Deliver<E> {
    effect: EffectId,
    tenant: TenantId,
    /// How often the other side was asked.
    #[serde(default)]
    asked: u32,
    #[serde(skip)]
    of: PhantomData<fn() -> E>,
}

impl<E> Deliver<E> {
    pub(super) fn new(effect: EffectId, tenant: TenantId) -> Self {
        Self {
            effect,
            tenant,
            asked: 0,
            of: PhantomData,
        }
    }
}

impl<C, E> Job<C> for Deliver<E>
where
    C: AsRef<Outside> + Clone + Send + Sync + 'static,
    E: Effect,
{
    const KIND: &'static str = E::KIND;
    const QUEUE: Queue = Queue::Effect;
    const MAX_ATTEMPTS: i64 = MAX_ATTEMPTS;

    fn key(&self) -> Option<String> {
        Some(self.effect.to_string())
    }

    fn tenant(&self) -> Option<TenantId> {
        Some(self.tenant)
    }

    async fn run(self, context: &C, lease: &Lease) -> Result<Done<Self>, JobError> {
        let outside = context.as_ref();
        let store = outside.store.within(tenant(self.tenant));
        let found: Result<Option<Row>, Error> = store.read(self.effect, effect::by_id).await;
        let Some(row) = found? else {
            return Ok(Done::Finished);
        };
        let attempt = Attempt {
            effect: serde_json::from_slice(&row.request)?,
            seen: row.seen(),
            job: self,
            lease: *lease,
            outside,
            store,
        };
        match (row.state, row.outcome) {
            (EffectState::Intended, _) => attempt.send().await,
            // Whoever has sent it is gone, or thought to be.
            (EffectState::Sent, _) => attempt.lost("the node that sent it went away").await,
            (EffectState::Unknown, Some(_)) => {
                let why = row.response.unwrap_or_default();
                attempt.end(Outcome::Closed, why).await
            }
            (EffectState::Unknown, None) => attempt.ask().await,
            (EffectState::Resolved, _) => Ok(Done::Finished),
        }
    }
}

/// One run of the job.
struct Attempt<'a, E> {
    effect: E,
    seen: Seen,
    job: Deliver<E>,
    lease: Lease,
    outside: &'a Outside,
    store: Scoped<'a>,
}

type Ended<E> = Result<Done<Deliver<E>>, JobError>;

impl<E: Effect> Attempt<'_, E> {
    fn now(&self) -> Timestamp {
        self.outside.clock.now()
    }

    /// Something else is to be done with it, after a while.
    fn later(self, wait: Duration) -> Ended<E> {
        Ok(Done::Next(self.job, wait))
    }

    async fn send(mut self) -> Ended<E> {
        let (from, serial) = (self.seen, self.effect.serial());
        let marked: Result<bool, Error> = self
            .store
            .write_keyed(&serial, (from, self.now()), mark_sent)
            .await;
        if !marked? {
            return self.later(MOVED);
        }
        self.seen = Seen {
            state: EffectState::Sent,
            attempt: from.attempt + 1,
            ..from
        };
        match self.effect.send(self.outside, &self.effect.key()).await {
            Answer::Done(reply) => {
                let said = reply.to_string();
                self.end(Outcome::Done(reply), said).await
            }
            Answer::Refused(why) => self.end(Outcome::Refused(why.clone()), why).await,
            Answer::Lost(why) => self.lost(&why).await,
            Answer::NotSent(why) if self.seen.attempt >= E::MAX_ATTEMPTS => {
                let why = format!("given up after {} attempts: {why}", self.seen.attempt);
                self.end(Outcome::Refused(why.clone()), why).await
            }
            Answer::NotSent(why) => {
                tracing::info!(effect.id = %self.seen.id, effect.kind = E::KIND, why, "not done; it will be tried again");
                self.move_to(EffectState::Intended, Some(why)).await?;
                let wait = doubled(FIRST_WAIT, self.seen.attempt - 1);
                self.later(wait)
            }
        }
    }

    /// Nobody here knows whether it was done.
    async fn lost(mut self, why: &str) -> Ended<E> {
        tracing::warn!(effect.id = %self.seen.id, effect.kind = E::KIND, why, "an answer was lost; nobody here knows whether it was done");
        let why = Some(why.to_owned());
        if !self.move_to(EffectState::Unknown, why).await? {
            return self.later(MOVED);
        }
        self.seen.state = EffectState::Unknown;
        self.ask().await
    }

    async fn ask(mut self) -> Ended<E> {
        if self.job.asked >= E::MAX_ASKED {
            return Ok(Done::Finished);
        }
        match self.effect.find(self.outside, &self.effect.key()).await {
            Found::Done(reply) => {
                let said = reply.to_string();
                self.end(Outcome::Done(reply), said).await
            }
            Found::Refused(why) => self.end(Outcome::Refused(why.clone()), why).await,
            Found::Never => {
                let why = Some("it never came there".to_owned());
                self.move_to(EffectState::Intended, why).await?;
                self.job.asked = 0;
                self.later(Duration::ZERO)
            }
            Found::Unclear => {
                let wait = doubled(FIRST_QUESTION, i64::from(self.job.asked));
                self.job.asked = self.job.asked.saturating_add(1);
                if self.job.asked < E::MAX_ASKED {
                    return self.later(wait);
                }
                tracing::warn!(effect.id = %self.seen.id, effect.kind = E::KIND, "it stays unknown until a person says whether it was done");
                Ok(Done::Finished)
            }
        }
    }

    async fn move_to(&self, to: EffectState, response: Option<String>) -> Result<bool, Error> {
        let change = Move {
            from: self.seen,
            to,
            response,
        };
        let serial = self.effect.serial();
        self.store.write_keyed(&serial, change, change_state).await
    }

    /// Stores its end with all that follows from it.
    async fn end(self, outcome: Outcome<E::Reply>, said: String) -> Ended<E> {
        let (word, level) = match &outcome {
            Outcome::Closed | Outcome::Done(_) => (EffectOutcome::Done, "done"),
            Outcome::Refused(_) => (EffectOutcome::Refused, "refused"),
        };
        tracing::info!(effect.id = %self.seen.id, effect.kind = E::KIND, outcome = level, said, "an effect has ended");
        let now = self.now();
        let ending = Ending {
            effect: self.effect.clone(),
            outcome,
            resolution: Resolution {
                from: self.seen,
                outcome: word,
                response: Some(said),
                now,
            },
            lease: self.lease,
        };
        let serial = self.effect.serial();
        for again in 0..STORED_AGAIN {
            match self
                .store
                .write_keyed(&serial, ending.clone(), resolve::<E>)
                .await
            {
                Ok(()) => return Ok(Done::FinishedInside),
                Err(error) => {
                    tracing::warn!(effect.id = %self.seen.id, error = chain(&error), "the end of an effect is not stored yet");
                    tokio::time::sleep(Duration::from_millis(50 << again)).await;
                }
            }
        }
        Ok(self
            .store
            .write_keyed(&serial, ending, resolve::<E>)
            .await
            .map(|()| Done::FinishedInside)?)
    }
}

#[derive(Clone)]
struct Ending<E: Effect> {
    effect: E,
    outcome: Outcome<E::Reply>,
    resolution: Resolution,
    lease: Lease,
}

async fn mark_sent(tx: &mut WriteTx, seen: &(Seen, Timestamp)) -> Result<bool, Error> {
    effect::mark_sent(tx, seen).await
}

async fn change_state(tx: &mut WriteTx, change: &Move) -> Result<bool, Error> {
    effect::change(tx, change).await
}

/// What has ended already stays as it is. The job goes with it.
async fn resolve<E: Effect>(tx: &mut WriteTx, ending: &Ending<E>) -> Result<(), Error> {
    if effect::resolve(tx, &ending.resolution).await? {
        let now = ending.resolution.now;
        ending.effect.settle(tx, &ending.outcome, now).await?;
    }
    job::delete(tx, ending.lease.id).await
}

fn doubled(first: Duration, times: i64) -> Duration {
    let times = u32::try_from(times.clamp(0, 16)).unwrap_or_default();
    first.saturating_mul(1 << times).min(LONGEST_WAIT)
}
