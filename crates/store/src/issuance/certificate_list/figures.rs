//! How many certificates a tenant has whose lists are too long to be counted for each page, as a job counted them.

use base::{TenantId, Timestamp};

use crate::{Error, ReadTx, WriteTx, columns, sql, values};

columns! {
    "certificate_figures" figures => Figures { tenant_id, counted_at, valid, expiring, revoked, ending }
}

/// The figures of a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figures {
    /// Whose.
    pub tenant_id: TenantId,
    /// When they were counted.
    pub counted_at: Timestamp,
    /// Valid then.
    pub valid: i64,
    /// Valid then, about to end, and without a successor.
    pub expiring: i64,
    /// Revoked by then.
    pub revoked: i64,
    /// How many end in each of the weeks that followed, separated by spaces.
    pub ending: String,
}

/// Those of the tenant, if its lists were ever too long; none for who sees a part of it.
pub async fn of_tenant(tx: &mut ReadTx) -> Result<Option<Figures>, Error> {
    let (is_whole, _) = tx.bound_to();
    if !is_whole {
        return Ok(None);
    }
    let statement =
        sql!(tenant: "SELECT ", figures!(), " FROM certificate_figures WHERE tenant_id = $1");
    tx.record(statement, &[]).await
}

/// Takes the place of what was counted before.
pub async fn save(tx: &mut WriteTx, figures: &Figures) -> Result<(), Error> {
    let statement = sql!(tenant: "DELETE FROM certificate_figures WHERE tenant_id = $1");
    tx.execute(statement, &[]).await?;
    tx.insert(figures).await
}

/// Deletes some of those that were counted before a moment, at most so many.
pub async fn delete_old(
    tx: &mut WriteTx,
    (before, limit): &(Timestamp, i64),
) -> Result<u64, Error> {
    let statement = sql!(system:
        "DELETE FROM certificate_figures WHERE tenant_id IN
           (SELECT tenant_id FROM certificate_figures WHERE counted_at < $1 LIMIT $2)"
    );
    tx.execute(statement, &values![*before, *limit]).await
}
