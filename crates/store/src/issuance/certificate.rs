//! Certificates: inserted once, when they are signed, and never updated. Which one of a set of names counts now is the
//! lineage's, what was revoked the revocation's, what is about to be signed the signing intent's.

use base::{
    AccountId, CaId, CertificateId, DnsName, Identifier, JobId, LineageId, OrderId,
    ProfileVersionId, SubscriptionId, TenantId, Timestamp, ValidationId,
};

use super::authorization::CaaCheck;
use crate::access::role_binding::covered;
use crate::{Error, ReadTx, Row, columns, sql, values};

/// A certificate as it is inserted.
#[derive(Clone, Debug)]
pub struct NewCertificate {
    /// The certificate's identifier.
    pub id: CertificateId,
    /// First moment of validity.
    pub not_before: Timestamp,
    /// Last moment of validity.
    pub not_after: Timestamp,
    /// Which part of its CA's CRL would list it.
    pub crl_shard: Option<i64>,
    /// The set of names, and whose.
    pub lineage: LineageId,
    /// Who owns it.
    pub tenant: TenantId,
    /// What covered the names.
    pub subscription: Option<SubscriptionId>,
    /// Who ordered it.
    pub account: Option<AccountId>,
    /// The order it ended.
    pub order: Option<OrderId>,
    /// Who signed it.
    pub ca: Option<CaId>,
    /// The rules it was made by.
    pub profile: Option<ProfileVersionId>,
    /// The serial number.
    pub serial: Option<[u8; 16]>,
    /// The evidence for each name, in the order of the names.
    pub validations: Validations,
    /// Where it comes from: `acme`.
    pub source: String,
    /// The certificate, DER.
    pub der: Option<Vec<u8>>,
}

/// Identifiers of evidence, 16 bytes each, one after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Validations(pub Vec<ValidationId>);

impl crate::Column for Validations {
    fn read(row: &Row, column: &'static str) -> Result<Self, Error> {
        let (ids, _) = row.opt_bytes(column)?.unwrap_or_default().as_chunks::<16>();
        Ok(Self(
            ids.iter().copied().map(ValidationId::from_bytes).collect(),
        ))
    }

    fn value(&self) -> crate::Value<'_> {
        let bytes: Vec<u8> = self.0.iter().flat_map(|id| id.to_bytes()).collect();
        bytes.into()
    }
}

columns! { "certificate" certificate => NewCertificate {
    id, not_before, not_after, crl_shard, lineage = "lineage_id", tenant = "tenant_id",
    subscription = "subscription_id", account = "account_id", order = "order_id", ca = "ca_id",
    profile = "profile_version_id", serial, validations = "validation_ids", source, der,
} }

/// A certificate that was signed, with all that its order's end takes.
#[derive(Clone, Debug)]
pub struct Signed {
    /// What is inserted.
    pub certificate: NewCertificate,
    /// The names, sorted.
    pub names: Vec<Identifier>,
    /// What covered them.
    pub subscription: SubscriptionId,
    /// The order that it ends.
    pub order: OrderId,
    /// The job that is done.
    pub job: JobId,
    /// What CAA records said when they were asked for again, just before the signature.
    pub caa_checks: Vec<CaaCheck>,
    /// Whether nobody believes who signed it: no such certificate counts.
    pub is_test: bool,
    /// The present moment.
    pub now: Timestamp,
}

/// A certificate of our own with what became of it.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// The certificate's identifier.
    pub id: CertificateId,
    /// The serial number, hexadecimal.
    pub serial: String,
    /// Who signed it.
    pub ca: CaId,
    /// Who owns it.
    pub tenant: TenantId,
    /// What covered the names.
    pub subscription: SubscriptionId,
    /// Who ordered it.
    pub account: AccountId,
    /// The order it ended.
    pub order: OrderId,
    /// The set of names, and whose.
    pub lineage: LineageId,
    /// Whether it counts.
    pub status: Status,
    /// The profile it was made by.
    pub profile: String,
    /// The names, sorted.
    pub names: Vec<Identifier>,
    /// First moment of validity.
    pub not_before: Timestamp,
    /// Last moment of validity.
    pub not_after: Timestamp,
    /// The certificate, DER.
    pub der: Vec<u8>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// RFC 5280 §5.3.1 reason code.
    pub revocation_reason: Option<i64>,
}

/// Whether a certificate counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    /// Signed and handed out.
    Issued,
    /// Listed in the CRL.
    Revoked,
}

/// The columns of a certificate with its names and its revocation, in the words of a query that joins them.
macro_rules! found {
    ($condition:literal) => {
        concat!(
            "SELECT c.id, c.serial, c.ca_id, c.tenant_id, c.subscription_id, c.account_id, c.order_id, c.lineage_id,
               c.not_before, c.not_after, c.der, p.name AS profile, l.names, r.revoked_at, r.reason
             FROM certificate c JOIN profile_version p ON p.id = c.profile_version_id
               JOIN lineage l ON l.id = c.lineage_id LEFT JOIN revocation r ON r.certificate_id = c.id
             WHERE ", $condition
        )
    };
}

/// The certificate with this identifier.
pub async fn by_id(tx: &mut ReadTx, id: &CertificateId) -> Result<Option<Certificate>, Error> {
    let statement = sql!(system: found!("c.id = $1"));
    let row = tx.row(statement, &values![id]).await?;
    row.as_ref().map(from_row).transpose()
}

/// The tenant's certificate with this identifier.
pub async fn of_tenant(tx: &mut ReadTx, id: &CertificateId) -> Result<Option<Certificate>, Error> {
    let statement = sql!(tenant: found!("c.id = $2 AND c.tenant_id = $1"), " AND ", covered!("c.subscription_id", "$3", "$4"));
    let (is_whole, user) = tx.bound_to();
    let row = tx.row(statement, &values![id, is_whole, user]).await?;
    row.as_ref().map(from_row).transpose()
}

/// The certificate with this serial number, hexadecimal.
pub async fn by_serial(tx: &mut ReadTx, serial: &String) -> Result<Option<Certificate>, Error> {
    let Some(serial) = octets(serial) else {
        return Ok(None);
    };
    let statement = sql!(system: found!("c.serial = $1"));
    let row = tx.row(statement, &values![serial]).await?;
    row.as_ref().map(from_row).transpose()
}

/// Every certificate after `after`, oldest first, for exports.
pub async fn page(
    tx: &mut ReadTx,
    (after, limit): &(Option<CertificateId>, i64),
) -> Result<Vec<Certificate>, Error> {
    let statement = sql!(system: found!("c.id > $1 ORDER BY c.id LIMIT $2"));
    let after = after.unwrap_or(CertificateId::FIRST);
    let rows = tx.rows(statement, &values![after, *limit]).await?;
    rows.iter().map(from_row).collect()
}

/// Which valid certificates of a subscription are asked for.
#[derive(Clone, Debug)]
pub struct Covered {
    /// What covered their names.
    pub subscription: SubscriptionId,
    /// Only those with this name or, of a wildcard, one right below it; none for all.
    pub name: Option<DnsName>,
    /// Behind this one.
    pub after: CertificateId,
    /// The moment at which they are valid.
    pub now: Timestamp,
    /// At most so many.
    pub limit: i64,
}

/// A tenant's valid certificates that a subscription has covered, oldest first. No index knows them: it goes through the sets
/// of names that end later, or through those with the name.
pub async fn covered(tx: &mut ReadTx, asked: &Covered) -> Result<Vec<Certificate>, Error> {
    let all = sql!(tenant: found!(
        "l.tenant_id = $1 AND l.not_after >= $3 AND c.tenant_id = $1 AND c.subscription_id = $2
         AND c.not_after >= $3 AND c.id > $4 AND r.certificate_id IS NULL ORDER BY c.id LIMIT $5"
    ));
    let named = sql!(tenant: found!(
        "l.id IN (SELECT n.lineage_id FROM lineage_name n WHERE n.tenant_id = $1 AND n.rname >= $6 AND n.rname < $7)
         AND c.tenant_id = $1 AND c.subscription_id = $2 AND c.not_after >= $3 AND c.id > $4
         AND r.certificate_id IS NULL ORDER BY c.id LIMIT $5"
    ));
    let mut values = values![asked.subscription, asked.now, asked.after, asked.limit].to_vec();
    let statement = match &asked.name {
        None => all,
        Some(name) => {
            let (first, last) = range(name);
            values.push(first.into());
            values.push(last.into());
            named
        }
    };
    let rows = tx.rows(statement, &values).await?;
    rows.iter().map(from_row).collect()
}

/// How many of a tenant's certificates that a subscription has covered are valid at a moment, and were not revoked.
pub async fn count_covered(
    tx: &mut ReadTx,
    (subscription, at): &(SubscriptionId, Timestamp),
) -> Result<i64, Error> {
    let statement = sql!(tenant:
        "SELECT COUNT(*) AS certificates FROM lineage l JOIN certificate c ON c.lineage_id = l.id
           LEFT JOIN revocation r ON r.certificate_id = c.id
         WHERE l.tenant_id = $1 AND l.not_after >= $3 AND c.tenant_id = $1 AND c.subscription_id = $2
           AND c.not_after >= $3 AND r.certificate_id IS NULL"
    );
    let row = tx.row(statement, &values![*subscription, *at]).await?;
    row.map_or(Ok(0), |row| row.int("certificates"))
}

/// Where a name stands in the index, or all that is below the base of a wildcard.
fn range(name: &DnsName) -> (String, String) {
    if name.is_wildcard() {
        let base = name.base().reversed();
        // What follows a dot is a slash.
        return (format!("{base}."), format!("{base}/"));
    }
    let own = name.reversed();
    let end = format!("{own}\u{1}");
    (own, end)
}

/// What a client downloads: the certificate of its account, DER, and who signed it.
pub async fn download(
    tx: &mut ReadTx,
    (account, id): &(AccountId, CertificateId),
) -> Result<Option<(CaId, Vec<u8>)>, Error> {
    let statement =
        sql!(system: "SELECT ca_id, der FROM certificate WHERE id = $2 AND account_id = $1");
    let row = tx.row(statement, &values![account, id]).await?;
    row.map(|row| Ok((row.id("ca_id")?, row.bytes("der")?.to_vec())))
        .transpose()
}

/// The octets of a serial number in hexadecimal digits.
pub(crate) fn octets(text: &str) -> Option<Vec<u8>> {
    if text.is_empty() || !text.len().is_multiple_of(2) {
        return None;
    }
    let digits = text.as_bytes().chunks(2);
    digits
        .map(|pair| {
            let pair = std::str::from_utf8(pair).ok()?;
            u8::from_str_radix(pair, 16).ok()
        })
        .collect()
}

/// The hexadecimal digits of a serial number.
pub fn hexadecimal(octets: &[u8]) -> String {
    use std::fmt::Write as _;
    octets.iter().fold(String::new(), |mut text, octet| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{octet:02x}");
        text
    })
}

pub(crate) fn from_row(row: &Row) -> Result<Certificate, Error> {
    let revoked_at = row.opt_timestamp("revoked_at")?;
    Ok(Certificate {
        id: row.id("id")?,
        serial: hexadecimal(row.bytes("serial")?),
        ca: row.id("ca_id")?,
        tenant: row.id("tenant_id")?,
        subscription: row.id("subscription_id")?,
        account: row.id("account_id")?,
        order: row.id("order_id")?,
        lineage: row.id("lineage_id")?,
        status: match revoked_at {
            Some(_) => Status::Revoked,
            None => Status::Issued,
        },
        profile: row.text("profile")?.to_owned(),
        names: row.parse_list("names")?,
        not_before: row.timestamp("not_before")?,
        not_after: row.timestamp("not_after")?,
        der: row.bytes("der")?.to_vec(),
        revoked_at,
        revocation_reason: row.opt_int("reason")?,
    })
}
