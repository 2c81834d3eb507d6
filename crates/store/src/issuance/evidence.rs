//! The evidence that control of a name was proven: one row for each proof, append-only, kept as long as the rules ask.

use crate::columns;
use base::{AccountId, TenantId, Timestamp, ValidationId};

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
