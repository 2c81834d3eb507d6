//! Certificates, from the intent to sign to the revocation. A serial is here before it is signed.

use base::{AccountId, CaId, CertificateId, DnsName, OrderId, SubscriptionId, TenantId, Timestamp};

use crate::issuance::order::joined;
use crate::{Error, ReadTx, Row, Sql, Value, WriteTx, sql, values};

/// A certificate as stored.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// The certificate's identifier.
    pub id: CertificateId,
    /// The serial number, hexadecimal.
    pub serial: String,
    /// Who signed it.
    pub ca: CaId,
    /// Who owns the subscription.
    pub tenant: TenantId,
    /// What covered the names.
    pub subscription: SubscriptionId,
    /// Who ordered it.
    pub account: AccountId,
    /// The order it ended.
    pub order: OrderId,
    /// How far it came.
    pub status: Status,
    /// The profile it was made by.
    pub profile: String,
    /// The names, sorted.
    pub names: Vec<DnsName>,
    /// First moment of validity.
    pub not_before: Timestamp,
    /// Last moment of validity.
    pub not_after: Timestamp,
    /// The certificate; the TBSCertificate while it is only intended.
    pub der: Vec<u8>,
    /// When the intent was stored.
    pub created_at: Timestamp,
    /// When it was signed.
    pub issued_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// RFC 5280 §5.3.1 reason code.
    pub revocation_reason: Option<i64>,
}

/// How far a certificate came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    /// The serial is taken and the TBSCertificate stored; it may or may not have been signed.
    Intended,
    /// Signed and handed out.
    Issued,
    /// Listed in the CRL.
    Revoked,
}

impl Status {
    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Intended => "intended",
            Self::Issued => "issued",
            Self::Revoked => "revoked",
        }
    }
}

/// The word is no certificate status.
#[derive(Debug, thiserror::Error)]
#[error("\"{0}\" is not a certificate status")]
pub struct UnknownStatus(String);

impl std::str::FromStr for Status {
    type Err = UnknownStatus;

    fn from_str(text: &str) -> Result<Self, UnknownStatus> {
        match text {
            "intended" => Ok(Self::Intended),
            "issued" => Ok(Self::Issued),
            "revoked" => Ok(Self::Revoked),
            other => Err(UnknownStatus(other.to_owned())),
        }
    }
}

/// A line of a CRL.
#[derive(Clone, Debug)]
pub struct Revoked {
    /// The serial number, hexadecimal.
    pub serial: String,
    /// When it was revoked.
    pub revoked_at: Timestamp,
    /// RFC 5280 §5.3.1 reason code.
    pub reason: i64,
}

/// Stores the intent to sign; fails when the serial is taken.
pub async fn intend(tx: &mut WriteTx, certificate: &Certificate) -> Result<(), Error> {
    tx.execute_later(
        sql!(
            "INSERT INTO certificate (id, serial, ca_id, tenant_id, subscription_id, account_id, order_id,
               status, profile, names, not_before, not_after, der, created_at, is_replaced)
             VALUES ($1, $2, $3, $4, $5, $6, $7, 'intended', $8, $9, $10, $11, $12, $13, FALSE)"
        ),
        &values![
            certificate.id,
            &certificate.serial,
            certificate.ca,
            certificate.tenant,
            certificate.subscription,
            certificate.account,
            certificate.order,
            &certificate.profile,
            joined(&certificate.names),
            certificate.not_before,
            certificate.not_after,
            &certificate.der,
            certificate.created_at
        ],
    )
    .await
}

/// Replaces the intent by the signed certificate, unless that was done before, and notes what it replaces.
pub(crate) fn complete(
    id: CertificateId,
    der: &[u8],
    now: Timestamp,
) -> [(Sql, Vec<Value<'_>>); 2] {
    let complete = sql!(
        "UPDATE certificate SET status = 'issued', der = $2, issued_at = $3
         WHERE id = $1 AND status = 'intended'"
    );
    [
        (complete, values![id, der, now].to_vec()),
        (mark_replaced(), values![id, now].to_vec()),
    ]
}

/// Sees to it that the certificates for the same names, as far as they are valid, are marked as
/// replaced when and only when another one ends later. Takes an identifier and the present moment.
fn mark_replaced() -> Sql {
    sql!(
        "UPDATE certificate SET is_replaced = NOT is_replaced
         WHERE tenant_id = (SELECT tenant_id FROM certificate WHERE id = $1)
           AND names = (SELECT names FROM certificate WHERE id = $1)
           AND status = 'issued' AND not_after > $2
           AND is_replaced <> EXISTS (SELECT 1 FROM certificate n WHERE n.tenant_id = certificate.tenant_id
             AND n.names = certificate.names AND n.status = 'issued' AND n.not_after > certificate.not_after)"
    )
}

/// The certificate with this identifier, once it was signed.
pub async fn by_id(tx: &mut ReadTx, id: CertificateId) -> Result<Option<Certificate>, Error> {
    let row = tx
        .row(
            sql!(
                "SELECT id, serial, ca_id, tenant_id, subscription_id, account_id, order_id, status, profile,
                   names, not_before, not_after, der, created_at, issued_at, revoked_at, revocation_reason
                 FROM certificate WHERE id = $1"
            ),
            &values![id],
        )
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// The certificate with this serial number, hexadecimal.
pub async fn by_serial(tx: &mut ReadTx, serial: &str) -> Result<Option<Certificate>, Error> {
    let row = tx
        .row(
            sql!(
                "SELECT id, serial, ca_id, tenant_id, subscription_id, account_id, order_id, status, profile,
                   names, not_before, not_after, der, created_at, issued_at, revoked_at, revocation_reason
                 FROM certificate WHERE serial = $1"
            ),
            &values![serial],
        )
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// Revokes an issued certificate; `false` when it was revoked before.
pub async fn revoke(
    tx: &mut WriteTx,
    id: CertificateId,
    reason: i64,
    now: Timestamp,
) -> Result<bool, Error> {
    let revoke = sql!(
        "UPDATE certificate SET status = 'revoked', revoked_at = $3, revocation_reason = $2
         WHERE id = $1 AND issued_at IS NOT NULL AND revoked_at IS NULL"
    );
    let statements = [
        (revoke, values![id, reason, now].to_vec()),
        (mark_replaced(), values![id, now].to_vec()),
    ];
    let changed = tx.execute_all(&statements).await?;
    Ok(changed.first() == Some(&1))
}

/// What a CA's CRL lists: revoked certificates that were valid at `valid_at` or later.
pub async fn revoked(
    tx: &mut ReadTx,
    ca: CaId,
    valid_at: Timestamp,
) -> Result<Vec<Revoked>, Error> {
    let rows = tx
        .rows(
            sql!(
                "SELECT serial, revoked_at, revocation_reason FROM certificate
                 WHERE ca_id = $1 AND status = 'revoked' AND not_after >= $2 ORDER BY serial"
            ),
            &values![ca, valid_at],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Revoked {
                serial: row.text("serial")?.to_owned(),
                revoked_at: row.timestamp("revoked_at")?,
                reason: row.int("revocation_reason")?,
            })
        })
        .collect()
}

/// Every certificate after `after`, oldest first, for exports.
pub async fn page(
    tx: &mut ReadTx,
    after: Option<CertificateId>,
    limit: i64,
) -> Result<Vec<Certificate>, Error> {
    let after = after.unwrap_or(CertificateId::FIRST);
    let rows = tx
        .rows(
            sql!(
                "SELECT id, serial, ca_id, tenant_id, subscription_id, account_id, order_id, status, profile,
                   names, not_before, not_after, der, created_at, issued_at, revoked_at, revocation_reason
                 FROM certificate WHERE id > $1 ORDER BY id LIMIT $2"
            ),
            &values![after, limit],
        )
        .await?;
    rows.iter().map(from_row).collect()
}

/// Remembers a key that may not be certified again.
pub async fn block_key(
    tx: &mut WriteTx,
    fingerprint: &[u8],
    reason: &str,
    now: Timestamp,
) -> Result<(), Error> {
    tx.execute(
        sql!(
            "INSERT INTO blocked_key (fingerprint, reason, created_at) VALUES ($1, $2, $3)
             ON CONFLICT DO NOTHING"
        ),
        &values![fingerprint, reason, now],
    )
    .await?;
    Ok(())
}

pub(crate) fn from_row(row: &Row) -> Result<Certificate, Error> {
    Ok(Certificate {
        id: row.id("id")?,
        serial: row.text("serial")?.to_owned(),
        ca: row.id("ca_id")?,
        tenant: row.id("tenant_id")?,
        subscription: row.id("subscription_id")?,
        account: row.id("account_id")?,
        order: row.id("order_id")?,
        status: row.parse("status")?,
        profile: row.text("profile")?.to_owned(),
        names: row.parse_list("names")?,
        not_before: row.timestamp("not_before")?,
        not_after: row.timestamp("not_after")?,
        der: row.bytes("der")?.to_vec(),
        created_at: row.timestamp("created_at")?,
        issued_at: row.opt_timestamp("issued_at")?,
        revoked_at: row.opt_timestamp("revoked_at")?,
        revocation_reason: row.opt_int("revocation_reason")?,
    })
}
