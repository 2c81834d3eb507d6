//! Effects: inserted with their cause, and changed only from the state and attempt that somebody has seen, so that of two
//! who know something one alone can say it.

use base::{EffectId, TenantId, Timestamp, words};

use crate::{Error, ReadTx, WriteTx, columns, sql, values, word_columns};

columns! {
    "effect" effect => Effect {
        id, tenant = "tenant_id", kind, idempotency_key, state, outcome, attempt, sent_at, resolved_at, request, response
    }
}

word_columns!(EffectOutcome, EffectState);

words! {
    /// How far an effect has come.
    pub enum EffectState {
        /// Nothing has left this installation.
        Intended = "intended",
        /// Something may have left it, and there is no answer yet.
        Sent = "sent",
        /// Nobody here knows whether it was done.
        Unknown = "unknown",
        /// It has ended.
        Resolved = "resolved",
    }
}

words! {
    /// How an effect has ended.
    pub enum EffectOutcome {
        /// A person has said that it was done; its end is not stored yet.
        Closed = "closed",
        /// It was done.
        Done = "done",
        /// It was not done and will not be.
        Refused = "refused",
    }
}

/// Something that is done to the outside once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// Its identifier, which tells when it was intended.
    pub id: EffectId,
    /// Whose it is.
    pub tenant: TenantId,
    /// Which effect of flow it is.
    pub kind: String,
    /// What the other side, and the table, know it by.
    pub idempotency_key: String,
    /// How far it has come.
    pub state: EffectState,
    /// How it has ended.
    pub outcome: Option<EffectOutcome>,
    /// How often it was sent.
    pub attempt: i64,
    /// When it was sent last.
    pub sent_at: Option<Timestamp>,
    /// When it ended.
    pub resolved_at: Option<Timestamp>,
    /// What its kind needs to know, JSON.
    pub request: Vec<u8>,
    /// What the other side said last, or why it said nothing.
    pub response: Option<String>,
}

/// A state that somebody has seen.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    /// The effect.
    pub id: EffectId,
    /// Its state then.
    pub state: EffectState,
    /// Its attempt then.
    pub attempt: i64,
}

/// What becomes of an effect that has not ended.
#[derive(Clone, Debug)]
pub struct Move {
    /// From where.
    pub from: Seen,
    /// To where; not to its end.
    pub to: EffectState,
    /// What was said.
    pub response: Option<String>,
}

/// The end of an effect.
#[derive(Clone, Debug)]
pub struct Resolution {
    /// From where.
    pub from: Seen,
    /// How.
    pub outcome: EffectOutcome,
    /// What was said.
    pub response: Option<String>,
    /// Now.
    pub now: Timestamp,
}

impl Effect {
    /// Its state as it is now.
    pub fn seen(&self) -> Seen {
        Seen {
            id: self.id,
            state: self.state,
            attempt: self.attempt,
        }
    }
}

/// Inserts an effect in the transaction of its cause; `false` when one of this kind and key is there.
pub async fn insert(tx: &mut WriteTx, effect: &Effect) -> Result<bool, Error> {
    tx.insert_new(effect).await
}

/// One of the tenant's.
pub async fn by_id(tx: &mut ReadTx, id: &EffectId) -> Result<Option<Effect>, Error> {
    let statement = sql!(
        tenant: "SELECT ", effect!(), " FROM effect WHERE tenant_id = $1 AND id = $2"
    );
    tx.record(statement, &values![*id]).await
}

/// One, whoever owns it.
pub async fn of_anybody(tx: &mut ReadTx, id: &EffectId) -> Result<Option<Effect>, Error> {
    let statement = sql!(system: "SELECT ", effect!(), " FROM effect WHERE id = $1");
    tx.record(statement, &values![*id]).await
}

/// Those that have not ended, the oldest first, at most so many.
pub async fn unresolved(tx: &mut ReadTx, limit: &i64) -> Result<Vec<Effect>, Error> {
    let statement = sql!(
        system: "SELECT ", effect!(), " FROM effect WHERE resolved_at IS NULL ORDER BY id LIMIT $1"
    );
    tx.records(statement, &values![*limit]).await
}

/// How many wait for a person to say what became of them, counted up to a thousand.
pub async fn count_unknown(tx: &mut ReadTx) -> Result<i64, Error> {
    let statement = sql!(
        system: "SELECT COUNT(*) AS effects FROM (SELECT id FROM effect
           WHERE resolved_at IS NULL AND outcome IS NULL AND state = 'unknown' LIMIT 1000) u"
    );
    let row = tx.row(statement, &[]).await?;
    row.map_or(Ok(0), |row| row.int("effects"))
}

/// Those of a kind that were intended last, at most so many.
pub async fn newest(tx: &mut ReadTx, (kind, limit): &(String, i64)) -> Result<Vec<Effect>, Error> {
    let statement = sql!(
        system: "SELECT ", effect!(), " FROM effect WHERE kind = $1 ORDER BY id DESC LIMIT $2"
    );
    tx.records(statement, &values![kind, *limit]).await
}

/// Notes that it is about to leave, for the next time; `false` when it is not as it was seen.
pub async fn mark_sent(tx: &mut WriteTx, (from, now): &(Seen, Timestamp)) -> Result<bool, Error> {
    let statement = sql!(
        tenant: "UPDATE effect SET state = 'sent', attempt = attempt + 1, sent_at = $5
         WHERE tenant_id = $1 AND id = $2 AND state = $3 AND attempt = $4 AND resolved_at IS NULL AND outcome IS NULL"
    );
    let values = values![from.id, from.state.as_str(), from.attempt, *now];
    Ok(tx.execute(statement, &values).await? == 1)
}

/// Moves it on; `false` when it is not as it was seen.
pub async fn change(tx: &mut WriteTx, change: &Move) -> Result<bool, Error> {
    let Move { from, to, response } = change;
    let statement = sql!(
        tenant: "UPDATE effect SET state = $5, response = $6
         WHERE tenant_id = $1 AND id = $2 AND state = $3 AND attempt = $4 AND resolved_at IS NULL AND outcome IS NULL"
    );
    let values = values![
        from.id,
        from.state.as_str(),
        from.attempt,
        to.as_str(),
        response.as_deref()
    ];
    Ok(tx.execute(statement, &values).await? == 1)
}

/// Notes a person's word that an unknown one was done; `false` when it is not as it was seen.
pub async fn close(tx: &mut WriteTx, (from, why): &(Seen, String)) -> Result<bool, Error> {
    let statement = sql!(
        tenant: "UPDATE effect SET outcome = 'closed', response = $4
         WHERE tenant_id = $1 AND id = $2 AND attempt = $3 AND state = 'unknown' AND resolved_at IS NULL"
    );
    let values = values![from.id, from.attempt, why.as_str()];
    Ok(tx.execute(statement, &values).await? == 1)
}

/// Ends it, from the attempt that was seen; `false` when it has ended, or was sent again. An answer may come after the
/// effect was taken for unknown, or is to be sent again: it counts all the same.
pub async fn resolve(tx: &mut WriteTx, end: &Resolution) -> Result<bool, Error> {
    let statement = sql!(
        tenant: "UPDATE effect SET state = 'resolved', outcome = $4, response = $5, resolved_at = $6
         WHERE tenant_id = $1 AND id = $2 AND attempt = $3 AND resolved_at IS NULL"
    );
    let values = values![
        end.from.id,
        end.from.attempt,
        end.outcome.as_str(),
        end.response.as_deref(),
        end.now
    ];
    Ok(tx.execute(statement, &values).await? == 1)
}

/// Deletes effects of a kind that were intended before a moment, however they stand, at most so many.
pub async fn delete_old(
    tx: &mut WriteTx,
    (kind, until, limit): &(&'static str, EffectId, i64),
) -> Result<u64, Error> {
    let statement = sql!(
        system: "DELETE FROM effect WHERE id IN
           (SELECT id FROM effect WHERE kind = $1 AND id < $2 ORDER BY id LIMIT $3)"
    );
    tx.execute(statement, &values![*kind, *until, *limit]).await
}
