//! Rows as they are at the end of what usually takes several steps.

use base::{
    AccountId, Actor, AuthorizationId, CaId, CertificateId, Identifier, IdentifierKind, OrderId,
    TenantId, Timestamp, ValidationId,
};

use crate::columns;

/// An authorization that was proven or refused.
pub(super) struct Authorization {
    pub(super) id: AuthorizationId,
    pub(super) challenge_types: i64,
    pub(super) expires_at: Timestamp,
    pub(super) begun_at: Timestamp,
    pub(super) validated_at: Option<Timestamp>,
    pub(super) ended_at: Option<Timestamp>,
    pub(super) is_wildcard: bool,
    pub(super) account: AccountId,
    pub(super) tenant: TenantId,
    pub(super) order: OrderId,
    pub(super) token: String,
    pub(super) validation: Option<ValidationId>,
    pub(super) kind: IdentifierKind,
    pub(super) value: Identifier,
    pub(super) chosen_type: String,
    pub(super) outcome: Option<String>,
    pub(super) error: Option<String>,
    pub(super) evidence: Option<String>,
}

columns! { "acme_authorization" filled_authorization => Authorization {
    id, challenge_types, expires_at, begun_at, validated_at, ended_at, is_wildcard, account = "account_id",
    tenant = "tenant_id", order = "order_id", token, validation = "validation_id", kind, value, chosen_type, outcome,
    error, evidence,
} }

/// A revoked certificate.
pub(super) struct Revocation {
    pub(super) certificate: CertificateId,
    pub(super) revoked_at: Timestamp,
    pub(super) reason: i64,
    pub(super) not_after: Timestamp,
    pub(super) crl_shard: i64,
    pub(super) ca: CaId,
    pub(super) tenant: TenantId,
    pub(super) serial: [u8; 16],
    pub(super) requested_by: Actor,
}

columns! { "revocation" filled_revocation => Revocation {
    certificate = "certificate_id", revoked_at, reason, not_after, crl_shard, ca = "ca_id", tenant = "tenant_id",
    serial, requested_by,
} }
