//! Revocations: what a CRL lists, and why.

use base::{Actor, CaId, CertificateId, TenantId, Timestamp};

use super::certificate::Certificate;
use super::lineage;
use crate::{Error, ReadTx, WriteTx, columns, sql, values};

/// A revocation as stored.
struct Revocation {
    certificate: CertificateId,
    revoked_at: Timestamp,
    reason: i64,
    not_after: Timestamp,
    crl_shard: Option<i64>,
    ca: CaId,
    tenant: TenantId,
    serial: Vec<u8>,
    requested_by: Actor,
}

columns! { "revocation" revocation => Revocation {
    certificate = "certificate_id", revoked_at, reason, not_after, crl_shard, ca = "ca_id", tenant = "tenant_id",
    serial, requested_by,
} }

/// A line of a CRL.
#[derive(Clone, Debug)]
pub struct Revoked {
    /// The serial number.
    pub serial: Vec<u8>,
    /// When it was revoked.
    pub revoked_at: Timestamp,
    /// RFC 5280 §5.3.1 reason code.
    pub reason: i64,
}

/// Whether the certificate was revoked.
pub async fn exists(tx: &mut ReadTx, certificate: CertificateId) -> Result<bool, Error> {
    let statement = sql!(system: "SELECT certificate_id FROM revocation WHERE certificate_id = $1");
    Ok(tx.row(statement, &values![certificate]).await?.is_some())
}

/// Why the certificate was revoked, by its RFC 5280 §5.3.1 code; for the operator.
pub async fn reason(tx: &mut ReadTx, certificate: &CertificateId) -> Result<Option<i64>, Error> {
    let statement = sql!(system: "SELECT reason FROM revocation WHERE certificate_id = $1");
    let row = tx.row(statement, &values![certificate]).await?;
    row.map(|row| row.int("reason")).transpose()
}

/// Revokes a certificate that was not revoked before; its lineage goes on with what is left.
pub async fn insert(
    tx: &mut WriteTx,
    certificate: &Certificate,
    reason: i64,
    requested_by: Actor,
    now: Timestamp,
) -> Result<(), Error> {
    tx.insert(&Revocation {
        certificate: certificate.id,
        revoked_at: now,
        reason,
        not_after: certificate.not_after,
        crl_shard: Some(0),
        ca: certificate.ca,
        tenant: certificate.tenant,
        serial: super::certificate::octets(&certificate.serial).unwrap_or_default(),
        requested_by,
    })
    .await?;
    lineage::revoke(tx, certificate.lineage, certificate.id).await
}

/// Gives the tenant's revocation another reason, when what was found out later is worse.
pub async fn change_reason(
    tx: &mut WriteTx,
    certificate: CertificateId,
    reason: i64,
) -> Result<(), Error> {
    let statement = sql!(tenant:
        "UPDATE revocation SET reason = $3 WHERE certificate_id = $2 AND tenant_id = $1"
    );
    tx.execute_later(statement, &values![certificate, reason])
        .await
}

/// What a CA's CRL lists, by serial number: revoked certificates that were valid at `valid_at` or later.
pub async fn listed(tx: &mut ReadTx, ca: CaId, valid_at: Timestamp) -> Result<Vec<Revoked>, Error> {
    let statement = sql!(system:
        "SELECT serial, revoked_at, reason FROM revocation
         WHERE ca_id = $1 AND crl_shard = 0 AND not_after >= $2 ORDER BY serial"
    );
    let rows = tx.rows(statement, &values![ca, valid_at]).await?;
    rows.iter()
        .map(|row| {
            Ok(Revoked {
                serial: row.bytes("serial")?.to_vec(),
                revoked_at: row.timestamp("revoked_at")?,
                reason: row.int("reason")?,
            })
        })
        .collect()
}
