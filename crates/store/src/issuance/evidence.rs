//! The evidence that control of a name was proven, and of what CAA records said: one row for each proof, append-only, kept
//! as long as the rules ask.

use base::{AccountId, TenantId, Timestamp, ValidationId};

use crate::old::Old;
use crate::{Error, Progress, WriteTx, columns, sql, values};

/// The rules under which a proof counts: the version of the Baseline Requirements that this program follows.
pub(super) const RULES: &str = "BR 2.1";

/// A proof as stored.
pub(crate) struct Validation {
    pub(crate) id: ValidationId,
    pub(crate) validated_at: Timestamp,
    pub(crate) valid_until: Timestamp,
    pub(crate) tenant: TenantId,
    pub(crate) account: AccountId,
    /// With `*.` for a wildcard.
    pub(crate) name: String,
    pub(crate) method: String,
    pub(crate) rules: String,
    /// What was seen, JSON. It is not compressed: that would cost a twentieth of an issuance and save half a kilobyte.
    pub(crate) evidence: String,
}

columns! { "domain_validation" domain_validation => Validation {
    id, validated_at, valid_until, tenant = "tenant_id", account = "account_id", name, method, rules, evidence,
} }

/// Removes proofs that nobody could use any more before a moment (`ended_before`). Which certificates used one is not asked:
/// none lists them by it, and nothing that is issued by a proof ends later than the longest certificate that begins with
/// its last moment. Whoever chooses the moment leaves room for that.
pub async fn delete_old(
    tx: &mut WriteTx,
    old: &Old<ValidationId>,
) -> Result<Progress<Old<ValidationId>>, Error> {
    // Without the upper bound: PostgreSQL expects so few rows between two that it would sort them.
    let end = sql!(system:
        "SELECT id FROM domain_validation WHERE id > $1 ORDER BY id LIMIT 1 OFFSET $2"
    );
    let delete = sql!(system:
        "DELETE FROM domain_validation WHERE id > $1 AND id <= $2 AND valid_until < $3"
    );
    let offset = old.rows.saturating_sub(1);
    let row = tx.row(end, &values![old.after, offset]).await?;
    let end: Option<ValidationId> = row.map(|row| row.id("id")).transpose()?;
    let end = end.filter(|end| *end <= old.until);
    let values = values![old.after, end.unwrap_or(old.until), old.ended_before];
    tx.execute(delete, &values).await?;
    Ok(old.behind(end))
}
