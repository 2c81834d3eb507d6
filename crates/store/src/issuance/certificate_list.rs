//! Certificates as their owner looks at them: one row for each set of names, by how long its current certificate
//! lives, and counts that equal the lists. Revoked certificates have a list of their own.
//!
//! A certificate that another one for exactly the same names has replaced is in no list of what counts now; it is
//! found by its serial number and in the history of its names. The current one is called expiring in the last quarter
//! of its lifetime, and never earlier than 30 days before its end: by then its client should have renewed it.

pub mod figures;
mod pages;

use std::time::Duration;

use base::{
    CaId, CertificateId, DnsName, Identifier, LineageId, Page, Placed, Query, SubscriptionId,
    Timestamp,
};

use super::certificate::{Status, hexadecimal, octets};
use super::names::Names;
use crate::access::role_binding::covered;
use crate::{Error, ReadTx, Row, Sql, Value, sql, values};

/// No certificate counts as expiring earlier than this before its end.
const EXPIRING_WITHIN: Duration = Duration::from_secs(30 * 24 * 60 * 60);
const FIRST_MOMENT: Timestamp = Timestamp::from_micros(i64::MIN);
const LAST_MOMENT: Timestamp = Timestamp::from_micros(i64::MAX);

// Counted of an index alone, unless somebody's binding narrows it: the index knows nothing of subscriptions.
macro_rules! counted {
    ($($before:literal)+, $column:literal, $behind:literal, $is_whole:literal, $user:literal) => {
        (
            sql!(tenant: "SELECT COUNT(*) AS certificates FROM (", $($before,)+ $behind, ") AS counted"),
            sql!(tenant: "SELECT COUNT(*) AS certificates FROM (", $($before,)+ " AND ",
                covered!($column, $is_whole, $user), $behind, ") AS counted"),
        )
    };
}

/// The current ones that end within some time.
macro_rules! ending_within {
    () => {
        counted!(
            "SELECT l.id FROM lineage l
             WHERE l.tenant_id = $1 AND l.not_after > $2 AND l.not_after <= $3 AND l.certificate_id IS NOT NULL",
            "l.subscription_id", " LIMIT $4", "$5", "$6"
        )
    };
}

/// Whichever of [`counted`] is asked, with what it is asked for beside its own values.
fn counting((whole, covered): (Sql, Sql), tx: &ReadTx) -> (Sql, Vec<Value<'static>>) {
    match tx.bound_to() {
        (true, _) => (whole, Vec::new()),
        (false, user) => (covered, values![false, user].to_vec()),
    }
}

/// Which certificates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum View {
    /// The newest for their names, and their time is over.
    Expired,
    /// The newest for their names, valid and about to end.
    Expiring,
    /// Revoked, whether their time is over or not, the last one first.
    Revoked,
    /// The newest for their names, and their time is not over.
    #[default]
    Valid,
}

/// What a list is narrowed to.
#[derive(Clone, Debug)]
pub struct CertificateFilter {
    /// How they stand.
    pub view: View,
    /// Only of this subscription.
    pub subscription: Option<SubscriptionId>,
    /// Only with a name that fits.
    pub names: Names,
    /// The moment for which it holds.
    pub now: Timestamp,
}

impl CertificateFilter {
    /// A whole view.
    pub fn of(view: View, now: Timestamp) -> Self {
        Self {
            view,
            subscription: None,
            names: Names::Any,
            now,
        }
    }
}

/// Where a certificate stands in its list: by its end or, revoked, by when that was, then by the set of names or the
/// certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The moment.
    pub at: Timestamp,
    /// The 16 bytes of what has that moment.
    pub id: [u8; 16],
}

impl base::Cursor for Cursor {
    fn text(&self) -> String {
        let id = CertificateId::from_bytes(self.id);
        format!("{}.{}", self.at.as_micros(), id.text())
    }

    fn parse(text: &str) -> Option<Self> {
        let (at, id) = text.split_once('.')?;
        Some(Self {
            at: Timestamp::from_micros(at.parse().ok()?),
            id: CertificateId::parse(id)?.to_bytes(),
        })
    }
}

/// A certificate in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateRow {
    /// The certificate's identifier.
    pub id: CertificateId,
    /// The set of names, and whose.
    pub lineage: LineageId,
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
    pub names: Vec<Identifier>,
    /// First moment of validity.
    pub not_before: Timestamp,
    /// Last moment of validity.
    pub not_after: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// Whether another one has taken its place.
    pub is_replaced: bool,
}

impl CertificateRow {
    /// Whether the list of expiring certificates has it.
    pub fn is_expiring(&self, now: Timestamp) -> bool {
        self.status == Status::Issued
            && !self.is_replaced
            && is_due(self.not_before, self.not_after, now)
    }
}

impl Placed for CertificateRow {
    type Cursor = Cursor;

    fn cursor(&self) -> Cursor {
        match self.revoked_at {
            Some(at) => Cursor {
                at,
                id: self.id.to_bytes(),
            },
            None => Cursor {
                at: self.not_after,
                id: self.lineage.to_bytes(),
            },
        }
    }
}

/// Whether a certificate of this lifetime is valid but should have been renewed; the statements
/// below say the same.
pub fn is_due(not_before: Timestamp, not_after: Timestamp, now: Timestamp) -> bool {
    let left = not_after.as_micros().saturating_sub(now.as_micros());
    let lifetime = not_after.as_micros().saturating_sub(not_before.as_micros());
    left > 0 && not_after <= now.plus(EXPIRING_WITHIN) && left.saturating_mul(4) <= lifetime
}

/// A page of a tenant's certificates: those that end first on top, or those that were revoked last.
pub async fn page(
    tx: &mut ReadTx,
    asked: &Query<CertificateFilter, Cursor>,
) -> Result<Page<CertificateRow>, Error> {
    let rows = pages::rows(tx, asked).await?;
    let listed = rows.iter().map(from_row).collect::<Result<_, _>>()?;
    Ok(Page::cut(listed, &asked.slice, asked.limit))
}

/// A tenant's certificates whose serial number begins with these hexadecimal digits, whatever became of them, at most
/// `limit`.
pub async fn by_serial(
    tx: &mut ReadTx,
    digits: &str,
    limit: i64,
) -> Result<Vec<CertificateRow>, Error> {
    let statement = sql!(tenant:
        "SELECT l.id AS lineage_id, c.id, c.not_before, c.not_after, c.subscription_id, l.names, c.serial, c.ca_id,
           (SELECT r.revoked_at FROM revocation r WHERE r.certificate_id = c.id) AS revoked_at,
           (l.certificate_id IS NOT NULL AND l.certificate_id <> c.id) AS is_replaced,
           (SELECT s.label FROM subscription s WHERE s.id = c.subscription_id) AS label
         FROM certificate c JOIN lineage l ON l.id = c.lineage_id
         WHERE c.serial >= $2 AND c.serial < $3 AND c.tenant_id = $1 AND ",
        covered!("c.subscription_id", "$5", "$6"), " ORDER BY c.serial LIMIT $4"
    );
    let Some((begin, end)) = range(digits) else {
        return Ok(Vec::new());
    };
    let (is_whole, user) = tx.bound_to();
    let values = values![&begin, &end, limit, is_whole, user];
    let rows = tx.rows(statement, &values).await?;
    rows.iter().map(from_row).collect()
}

/// Between which octets the serial numbers lie that begin with these digits: the least and the greatest that they can be
/// made whole to.
fn range(digits: &str) -> Option<(Vec<u8>, Vec<u8>)> {
    let half = if digits.len().is_multiple_of(2) {
        ""
    } else {
        "0"
    };
    let begin = octets(&format!("{digits}{half}"))?;
    let half = half.replace('0', "f");
    let mut end = octets(&format!("{digits}{half}"))?;
    // Longer than any serial number.
    end.extend([0xff; 21]);
    Some((begin, end))
}

/// How many of a tenant's sets of names have a certificate that ends after `from`, up to `until`, for each pair; each
/// counted up to a limit.
pub async fn count_ending(
    tx: &mut ReadTx,
    ranges: &[(Timestamp, Timestamp)],
    limit: i64,
) -> Result<Vec<i64>, Error> {
    let (statement, more) = counting(ending_within!(), tx);
    let of_range = |(from, until): &(Timestamp, Timestamp)| {
        let mut values = values![*from, *until, limit].to_vec();
        values.extend(more.iter().cloned());
        values
    };
    let values: Vec<_> = ranges.iter().map(of_range).collect();
    let rows = tx.row_each(statement, &values).await?;
    rows.iter()
        .flatten()
        .map(|row| row.int("certificates"))
        .collect()
}

/// How many certificates the view of a tenant has, counted up to a limit.
pub async fn count(tx: &mut ReadTx, view: View, now: Timestamp, limit: i64) -> Result<i64, Error> {
    let (from, until) = bounds(view, now);
    let (statements, mut values) = match view {
        View::Valid | View::Expired => (ending_within!(), values![from, until, limit].to_vec()),
        View::Expiring => {
            let statements = counted!(
                "SELECT l.id FROM lineage l
                 WHERE l.tenant_id = $1 AND l.not_after > $2 AND l.not_after <= $3 AND l.certificate_id IS NOT NULL
                   AND (l.not_after - $2) * 4 <= l.not_after - l.not_before",
                "l.subscription_id", " LIMIT $4", "$5", "$6"
            );
            (statements, values![now, until, limit].to_vec())
        }
        View::Revoked => {
            let statements = counted!(
                "SELECT r.certificate_id FROM revocation r WHERE r.tenant_id = $1",
                "(SELECT c.subscription_id FROM certificate c WHERE c.id = r.certificate_id)",
                " LIMIT $2",
                "$3",
                "$4"
            );
            (statements, values![limit].to_vec())
        }
    };
    let (statement, more) = counting(statements, tx);
    values.extend(more);
    let row = tx.row(statement, &values).await?;
    row.map_or(Ok(0), |row| row.int("certificates"))
}

/// Whether a tenant ever got a certificate.
pub async fn has_any(tx: &mut ReadTx) -> Result<bool, Error> {
    let statement = sql!(
        tenant: "SELECT id FROM certificate WHERE tenant_id = $1 AND ", covered!("subscription_id", "$2", "$3"), " LIMIT 1"
    );
    let (is_whole, user) = tx.bound_to();
    Ok(tx.row(statement, &values![is_whole, user]).await?.is_some())
}

/// The certificate that has taken the place of this one.
pub async fn successor(
    tx: &mut ReadTx,
    lineage: LineageId,
    not_after: Timestamp,
) -> Result<Option<CertificateId>, Error> {
    let statement = sql!(tenant:
        "SELECT certificate_id FROM lineage
         WHERE id = $2 AND tenant_id = $1 AND certificate_id IS NOT NULL AND not_after > $3 AND ",
        covered!("subscription_id", "$4", "$5")
    );
    let (is_whole, user) = tx.bound_to();
    let row = tx
        .row(statement, &values![lineage, not_after, is_whole, user])
        .await?;
    row.map(|row| row.id("certificate_id")).transpose()
}

/// For each name, when a certificate for it was last issued.
pub async fn last_issued(
    tx: &mut ReadTx,
    names: &[DnsName],
) -> Result<Vec<Option<Timestamp>>, Error> {
    let statement = sql!(tenant:
        "SELECT MAX(l.issued_at) AS issued_at FROM lineage_name n JOIN lineage l ON l.id = n.lineage_id
         WHERE n.rname = $2 AND n.tenant_id = $1 AND ", covered!("l.subscription_id", "$3", "$4")
    );
    let (is_whole, user) = tx.bound_to();
    let reversed: Vec<_> = names.iter().map(DnsName::reversed).collect();
    let values: Vec<_> = reversed
        .iter()
        .map(|name| values![name, is_whole, user].to_vec())
        .collect();
    let rows = tx.row_each(statement, &values).await?;
    rows.iter()
        .map(|row| match row {
            Some(row) => row.opt_timestamp("issued_at"),
            None => Ok(None),
        })
        .collect()
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

fn from_row(row: &Row) -> Result<CertificateRow, Error> {
    let revoked_at = row.opt_timestamp("revoked_at")?;
    Ok(CertificateRow {
        id: row.id("id")?,
        lineage: row.id("lineage_id")?,
        serial: hexadecimal(row.bytes("serial")?),
        ca: row.id("ca_id")?,
        subscription: row.id("subscription_id")?,
        label: row.text("label")?.to_owned(),
        status: match revoked_at {
            Some(_) => Status::Revoked,
            None => Status::Issued,
        },
        names: row.parse_list("names")?,
        not_before: row.timestamp("not_before")?,
        not_after: row.timestamp("not_after")?,
        revoked_at,
        is_replaced: row.bool("is_replaced")?,
    })
}
