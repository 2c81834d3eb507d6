//! Certificates as their owner looks at them: lists by how long they live, and counts that equal
//! the lists.
//!
//! A certificate has a successor when another one for exactly the same names, not revoked, ends
//! later. Without one it is called expiring in the last quarter of its lifetime, and never earlier
//! than 30 days before its end: by then its client should have renewed it.

use std::time::Duration;

use base::{CaId, CertificateId, DnsName, SubscriptionId, TenantId, Timestamp};

use super::certificate::{Certificate, Status, from_row};
use crate::enrollment::enrolled_domain::escape_like;
use crate::issuance::order::joined;
use crate::page::{Names, Page, Slice, one_more};
use crate::{Error, ReadTx, Row, Sql, sql, values};

/// No certificate counts as expiring earlier than this before its end.
const EXPIRING_WITHIN: Duration = Duration::from_secs(30 * 24 * 60 * 60);
const FIRST_MOMENT: Timestamp = Timestamp::from_micros(i64::MIN);
const LAST_MOMENT: Timestamp = Timestamp::from_micros(i64::MAX);

/// Which certificates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum View {
    /// Issued, and their time is over.
    Expired,
    /// Valid, about to end, and without a successor.
    Expiring,
    /// Revoked, whether their time is over or not.
    Revoked,
    /// Issued, and their time is not over.
    #[default]
    Valid,
}

/// What a list is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// How they stand.
    pub view: View,
    /// Only of this subscription.
    pub subscription: Option<SubscriptionId>,
    /// Only with a name that fits.
    pub names: Names,
    /// Or with a serial number, hexadecimal, that begins so; empty matches none.
    pub serial: String,
}

/// Where a certificate stands in the order of the lists: by its end.
pub type Cursor = (Timestamp, CertificateId);

/// A certificate in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The certificate's identifier.
    pub id: CertificateId,
    /// The serial number, hexadecimal.
    pub serial: String,
    /// Who signed it.
    pub ca: CaId,
    /// What covered the names.
    pub subscription: SubscriptionId,
    /// What its owner calls the subscription; may be empty.
    pub label: String,
    /// Issued or revoked.
    pub status: Status,
    /// The names, sorted.
    pub names: Vec<DnsName>,
    /// First moment of validity.
    pub not_before: Timestamp,
    /// Last moment of validity.
    pub not_after: Timestamp,
    /// Whether another one has taken its place.
    pub is_replaced: bool,
}

impl Listed {
    /// Where it stands in the lists.
    pub fn cursor(&self) -> Cursor {
        (self.not_after, self.id)
    }

    /// Whether the list of expiring certificates has it.
    pub fn is_expiring(&self, now: Timestamp) -> bool {
        self.status == Status::Issued
            && !self.is_replaced
            && is_due(self.not_before, self.not_after, now)
    }
}

/// Whether a certificate of this lifetime is valid but should have been renewed; the statements
/// below say the same.
pub fn is_due(not_before: Timestamp, not_after: Timestamp, now: Timestamp) -> bool {
    let left = not_after.as_micros().saturating_sub(now.as_micros());
    let lifetime = not_after.as_micros().saturating_sub(not_before.as_micros());
    left > 0 && not_after <= now.plus(EXPIRING_WITHIN) && left.saturating_mul(4) <= lifetime
}

// What is searched for is found in an index alone, since the rows are long; that every name is at least
// the empty text tells SQLite which index.
macro_rules! list {
    ($status:literal, $condition:literal, $slice:literal) => {
        sql!(concat!(
            "SELECT c.id, c.serial, c.ca_id, c.subscription_id, s.label, c.status, c.names, c.not_before,
               c.not_after, c.is_replaced
             FROM certificate c JOIN subscription s ON s.id = c.subscription_id
             WHERE c.tenant_id = $1 AND c.status = '", $status, "'
               AND ($5 OR c.subscription_id = $6)
               AND ($7 OR c.id IN (SELECT m.id FROM certificate m WHERE m.tenant_id = $1 AND m.status = '", $status, "'
                 AND m.names >= '' AND (' ' || m.names || ' ' LIKE $8 ESCAPE '\\' OR m.serial LIKE $9 ESCAPE '\\')))",
            $condition, $slice
        ))
    };
    ($status:literal, $condition:literal) => {
        (
            list!(
                $status, $condition,
                " AND (c.not_after, c.id) > ($2, $3) AND c.not_after <= $4
                 ORDER BY c.not_after, c.id LIMIT $10"
            ),
            list!(
                $status, $condition,
                " AND (c.not_after, c.id) < ($2, $3) AND c.not_after > $4
                 ORDER BY c.not_after DESC, c.id DESC LIMIT $10"
            ),
        )
    };
}

/// A page of a tenant's certificates, those that end first on top.
pub async fn page(
    tx: &mut ReadTx,
    tenant: TenantId,
    filter: &Filter,
    slice: &Slice<Cursor>,
    limit: usize,
    now: Timestamp,
) -> Result<Page<Listed>, Error> {
    let (from, until) = bounds(filter.view, now);
    let (forward, backward) = statements(filter.view);
    let (statement, end, id, bound) = match slice {
        Slice::Start => (forward, from, CertificateId::LAST, until),
        Slice::After((end, id)) => (forward, (*end).max(from), *id, until),
        Slice::Before((end, id)) => (backward, *end, *id, from),
    };
    let subscription = filter.subscription;
    let mut values = values![
        tenant,
        end,
        id,
        bound,
        subscription.is_none(),
        subscription,
        filter.names == Names::Any && filter.serial.is_empty(),
        filter.names.pattern(),
        serial_pattern(&filter.serial),
        one_more(limit)
    ]
    .to_vec();
    if filter.view == View::Expiring {
        values.push(now.into());
    }
    let rows = tx.rows(statement, &values).await?;
    let listed = rows.iter().map(listed).collect::<Result<_, _>>()?;
    Ok(Page::cut(listed, slice, limit))
}

/// How many of a tenant's certificates are valid and end after `from`, up to `until`, for each pair.
pub async fn count_ending(
    tx: &mut ReadTx,
    tenant: TenantId,
    ranges: &[(Timestamp, Timestamp)],
) -> Result<Vec<i64>, Error> {
    let values: Vec<_> = ranges
        .iter()
        .map(|(from, until)| values![tenant, *from, *until].to_vec())
        .collect();
    let rows = tx
        .row_each(
            sql!(
                "SELECT COUNT(*) AS certificates FROM certificate
                 WHERE tenant_id = $1 AND status = 'issued' AND not_after > $2 AND not_after <= $3"
            ),
            &values,
        )
        .await?;
    rows.iter()
        .flatten()
        .map(|row| row.int("certificates"))
        .collect()
}

/// How many certificates the view of a tenant has.
pub async fn count(
    tx: &mut ReadTx,
    tenant: TenantId,
    view: View,
    now: Timestamp,
) -> Result<i64, Error> {
    let bounds = bounds(view, now);
    let row = match view {
        View::Valid | View::Expired => {
            return Ok(count_ending(tx, tenant, &[bounds]).await?.iter().sum());
        }
        View::Expiring => {
            tx.row(
                sql!(
                    "SELECT COUNT(*) AS certificates FROM certificate c
                     WHERE c.tenant_id = $1 AND c.status = 'issued' AND c.not_after > $2 AND c.not_after <= $3
                       AND (c.not_after - $2) * 4 <= c.not_after - c.not_before
                       AND NOT c.is_replaced"
                ),
                &values![tenant, now, bounds.1],
            )
            .await?
        }
        View::Revoked => {
            tx.row(
                sql!(
                    "SELECT COUNT(*) AS certificates FROM certificate
                     WHERE tenant_id = $1 AND status = 'revoked'"
                ),
                &values![tenant],
            )
            .await?
        }
    };
    row.map_or(Ok(0), |row| row.int("certificates"))
}

/// Whether a tenant ever got a certificate.
pub async fn has_any(tx: &mut ReadTx, tenant: TenantId) -> Result<bool, Error> {
    let row = tx
        .row(
            sql!(
                "SELECT id FROM certificate WHERE tenant_id = $1 AND status <> 'intended' LIMIT 1"
            ),
            &values![tenant],
        )
        .await?;
    Ok(row.is_some())
}

/// The tenant's certificate with this identifier, once it was signed.
pub async fn of_tenant(
    tx: &mut ReadTx,
    tenant: TenantId,
    id: CertificateId,
) -> Result<Option<Certificate>, Error> {
    let row = tx
        .row(
            sql!(
                "SELECT id, serial, ca_id, tenant_id, subscription_id, account_id, order_id, status, profile,
                   names, not_before, not_after, der, created_at, issued_at, revoked_at, revocation_reason
                 FROM certificate WHERE id = $2 AND tenant_id = $1 AND status <> 'intended'"
            ),
            &values![tenant, id],
        )
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// The newest certificate that has taken the place of this one.
pub async fn successor(
    tx: &mut ReadTx,
    certificate: &Certificate,
) -> Result<Option<CertificateId>, Error> {
    let row = tx
        .row(
            sql!(
                "SELECT id FROM certificate WHERE tenant_id = $1 AND names = $2 AND status = 'issued'
                   AND not_after > $3 ORDER BY not_after DESC LIMIT 1"
            ),
            &values![
                certificate.tenant,
                joined(&certificate.names),
                certificate.not_after
            ],
        )
        .await?;
    row.map(|row| row.id("id")).transpose()
}

/// After which and up to which end the certificates of a view lie.
fn bounds(view: View, now: Timestamp) -> (Timestamp, Timestamp) {
    match view {
        View::Expired => (FIRST_MOMENT, now),
        View::Expiring => (now, now.plus(EXPIRING_WITHIN)),
        View::Revoked => (FIRST_MOMENT, LAST_MOMENT),
        View::Valid => (now, LAST_MOMENT),
    }
}

/// The statements of a view, in the order of the list and against it.
fn statements(view: View) -> (Sql, Sql) {
    match view {
        View::Expired | View::Valid => list!("issued", ""),
        View::Expiring => list!(
            "issued",
            " AND (c.not_after - $11) * 4 <= c.not_after - c.not_before
              AND NOT c.is_replaced"
        ),
        View::Revoked => list!("revoked", ""),
    }
}

/// The empty pattern fits no serial number.
fn serial_pattern(serial: &str) -> String {
    if serial.is_empty() {
        String::new()
    } else {
        format!("{}%", escape_like(serial))
    }
}

fn listed(row: &Row) -> Result<Listed, Error> {
    Ok(Listed {
        id: row.id("id")?,
        serial: row.text("serial")?.to_owned(),
        ca: row.id("ca_id")?,
        subscription: row.id("subscription_id")?,
        label: row.text("label")?.to_owned(),
        status: row.parse("status")?,
        names: row.parse_list("names")?,
        not_before: row.timestamp("not_before")?,
        not_after: row.timestamp("not_after")?,
        is_replaced: row.bool("is_replaced")?,
    })
}
