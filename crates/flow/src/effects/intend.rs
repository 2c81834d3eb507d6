//! An effect as two rows, itself and its job, for the transaction of its cause.

use base::{EffectId, JobId, RequestId, TenantId, Timestamp};
use serde_json::json;
use store::effects::effect::{self, Effect as Row, EffectState};
use store::queue::job::{self, Job as JobRow};
use store::{Error, WriteTx};

use super::deliver::{Deliver, MAX_ATTEMPTS};
use super::effect::Effect;
use crate::outside::Outside;
use crate::queue::{Cause, Priority, Queue, Work};

/// An effect that is about to be intended.
#[derive(Clone, Debug)]
pub struct Intended {
    effect: Row,
    job: JobRow,
}

impl Intended {
    /// For a tenant. Its job waits until the transaction is committed, and for its turn.
    pub fn new<C, E>(
        work: &Work<C>,
        (id, tenant): (EffectId, TenantId),
        effect: &E,
        cause: Cause,
    ) -> Self
    where
        C: AsRef<Outside> + Clone + Send + Sync + 'static,
        E: Effect,
    {
        let row = Row {
            id,
            tenant,
            kind: E::KIND.to_owned(),
            idempotency_key: effect.key(),
            state: EffectState::Intended,
            outcome: None,
            attempt: 0,
            sent_at: None,
            resolved_at: None,
            // Identifiers, numbers and words cannot fail to serialise.
            request: serde_json::to_vec(effect).unwrap_or_default(),
            response: None,
        };
        let deliver = Deliver::<E>::new(id, tenant);
        Self {
            job: work.waiting(&deliver, cause),
            effect: row,
        }
    }
}

/// Intends it with its cause; `false` when it was intended before, by whatever cause.
pub async fn intend(tx: &mut WriteTx, intended: &Intended) -> Result<bool, Error> {
    if !effect::insert(tx, &intended.effect).await? {
        return Ok(false);
    }
    job::insert(tx, &intended.job).await?;
    Ok(true)
}

/// A job that looks at an effect again, whatever kind it is of.
pub fn delivery(
    effect: &Row,
    id: JobId,
    due_at: Timestamp,
    request_id: Option<RequestId>,
) -> JobRow {
    JobRow {
        id,
        due_at,
        priority: Priority::Usual.number(),
        attempt: 0,
        max_attempts: MAX_ATTEMPTS,
        leased_by: None,
        share_of: Some(effect.tenant),
        queue: Queue::Effect.as_str().to_owned(),
        kind: effect.kind.clone(),
        dedup_key: Some(effect.id.to_string()),
        payload: json!({ "effect": effect.id, "tenant": effect.tenant }).to_string(),
        last_error: None,
        request_id,
    }
}
