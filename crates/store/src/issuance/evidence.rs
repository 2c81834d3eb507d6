//! The evidence that control of a name was proven, and of what CAA records said: one row for each proof, append-only, kept
//! as long as the rules ask.

use base::{AccountId, TenantId, Timestamp, ValidationId};

use crate::old::Old;
use crate::{Error, Progress, WriteTx, columns, sql, values};

/// The rules under which a proof counts: the version of the Baseline Requirements that this program follows.
pub const RULES: &str = "BR 2.1";

/// A proof as stored.
#[derive(Clone, Debug)]
pub struct Validation {
    /// Its identifier.
    pub id: ValidationId,
    /// When control was proven.
    pub validated_at: Timestamp,
    /// Until when that can be used.
    pub valid_until: Timestamp,
    /// Whose.
    pub tenant: TenantId,
    /// The ACME account that proved it; none outside of orders.
    pub account: Option<AccountId>,
    /// With `*.` for a wildcard.
    pub name: String,
    /// How.
    pub method: String,
    /// Under which rules: [`RULES`].
    pub rules: String,
    /// What was seen, JSON. It is not compressed: that would cost a twentieth of an issuance and save half a kilobyte.
    pub evidence: String,
}

columns! { "domain_validation" domain_validation => Validation {
    id, validated_at, valid_until, tenant = "tenant_id", account = "account_id", name, method, rules, evidence,
} }

/// Stores a proof.
pub async fn insert(tx: &mut WriteTx, validation: &Validation) -> Result<(), Error> {
    tx.insert(validation).await
}

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
