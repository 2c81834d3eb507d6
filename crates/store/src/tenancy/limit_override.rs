//! Bounds that a tenant has for itself, until a day.

use std::time::Duration;

use base::{Rate, TenantId, Timestamp};
use tenancy::limit::{Bound, Limit, LimitOverride};

use crate::{Error, ReadTx, WriteTx, columns, sql, values, word_columns};

word_columns!(Limit);

columns! {
    "limit_override" limit_override => OverrideRow { tenant_id, name, count, every_micros, burst, ends_at, reason }
}

/// A row of the table.
struct OverrideRow {
    tenant_id: TenantId,
    name: Limit,
    count: u32,
    /// 0: so many at the same time.
    every_micros: i64,
    burst: u32,
    ends_at: Option<Timestamp>,
    reason: String,
}

impl From<&LimitOverride> for OverrideRow {
    fn from(own: &LimitOverride) -> Self {
        let (count, every, burst) = match own.bound {
            Bound::AtOnce(most) => (most, Duration::ZERO, most),
            Bound::Often(rate) => (rate.count, rate.every, rate.burst),
        };
        Self {
            tenant_id: own.tenant,
            name: own.limit,
            count,
            every_micros: i64::try_from(every.as_micros()).unwrap_or(i64::MAX),
            burst,
            ends_at: own.ends_at,
            reason: own.reason.clone(),
        }
    }
}

impl From<OverrideRow> for LimitOverride {
    fn from(row: OverrideRow) -> Self {
        let every = Duration::from_micros(u64::try_from(row.every_micros).unwrap_or_default());
        Self {
            tenant: row.tenant_id,
            limit: row.name,
            bound: if every.is_zero() {
                Bound::AtOnce(row.count)
            } else {
                Bound::Often(Rate::new(row.count, every, row.burst))
            },
            ends_at: row.ends_at,
            reason: row.reason,
        }
    }
}

/// Those of all tenants that have not ended; nodes keep them in memory.
pub async fn live(tx: &mut ReadTx, now: &Timestamp) -> Result<Vec<LimitOverride>, Error> {
    let statement = sql!(system:
        "SELECT ", limit_override!(), " FROM limit_override WHERE ends_at IS NULL OR ends_at > $1
         ORDER BY tenant_id, name LIMIT 10000"
    );
    let rows: Vec<OverrideRow> = tx.records(statement, &values![*now]).await?;
    Ok(rows.into_iter().map(LimitOverride::from).collect())
}

/// Takes the place of the tenant's bound before.
pub async fn save(tx: &mut WriteTx, own: &LimitOverride) -> Result<(), Error> {
    delete(tx, &own.limit).await?;
    tx.insert(&OverrideRow::from(own)).await
}

/// Takes the tenant's bound away; `false` if it had none.
pub async fn delete(tx: &mut WriteTx, limit: &Limit) -> Result<bool, Error> {
    let statement = sql!(tenant: "DELETE FROM limit_override WHERE tenant_id = $1 AND name = $2");
    let deleted = tx.execute(statement, &values![limit.as_str()]).await?;
    Ok(deleted > 0)
}

/// Deletes some that ended before a moment.
pub async fn delete_ended(
    tx: &mut WriteTx,
    (before, limit): &(Timestamp, i64),
) -> Result<u64, Error> {
    let statement = sql!(system:
        "DELETE FROM limit_override WHERE (tenant_id, name) IN
           (SELECT tenant_id, name FROM limit_override WHERE ends_at < $1 LIMIT $2)"
    );
    tx.execute(statement, &values![*before, *limit]).await
}
