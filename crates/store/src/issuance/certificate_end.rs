//! Certificates that ended long ago: they go with their revocations, and with their lineage if none of it is left. How many
//! there were in each month stays.
//!
//! Orders do not matter here: they name a certificate and go long before it, and they name a lineage that need not be
//! there, since its identifier is computed.

use std::collections::{BTreeMap, BTreeSet};

use base::{CertificateId, Identifier, LineageId, TenantId, Timestamp};

use crate::catalog::ca::Trust;
use crate::{Error, Progress, ReadTx, Row, Sql, Value, WriteTx, columns, sql, values};

/// How many names the lineages of one piece have at most, if there is more than one of them.
const NAMES: i64 = 500;

/// How many certificates of a month were deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Month {
    /// Whose they were.
    pub tenant: TenantId,
    /// When they were made, such as `2026-11`.
    pub month: String,
    /// How many.
    pub certificates: i64,
}

columns! { "certificate_month" certificate_month => Month { tenant = "tenant_id", month, certificates } }

/// The months of which certificates of the tenant were deleted, oldest first.
pub async fn months(tx: &mut ReadTx, (): &()) -> Result<Vec<Month>, Error> {
    let statement = sql!(
        tenant: "SELECT ", certificate_month!(), " FROM certificate_month WHERE tenant_id = $1 ORDER BY month"
    );
    tx.records(statement, &[]).await
}

/// A certificate that goes.
struct Ended {
    id: CertificateId,
    tenant: TenantId,
    lineage: LineageId,
    /// How many rows of names may go with it.
    names: i64,
    /// Whether nobody believed who signed it.
    is_test: bool,
}

/// Deletes some certificates that ended before a moment, at most so many, the longest ended first.
pub async fn delete_ended(
    tx: &mut WriteTx,
    (before, limit): &(Timestamp, i64),
) -> Result<Progress<(Timestamp, i64)>, Error> {
    let statement = sql!(system:
        "SELECT c.id, c.tenant_id, c.lineage_id, l.name_count, a.trust
         FROM certificate c LEFT JOIN lineage l ON l.id = c.lineage_id LEFT JOIN ca a ON a.id = c.ca_id
         WHERE c.not_after < $1 ORDER BY c.not_after LIMIT $2"
    );
    let rows = tx.rows(statement, &values![*before, *limit]).await?;
    let mut piece = rows.iter().map(ended).collect::<Result<Vec<_>, _>>()?;
    piece.truncate(fitting(&piece));
    tx.execute_all(&deletions(&piece)).await?;
    let lineages: BTreeSet<LineageId> = piece.iter().map(|each| each.lineage).collect();
    delete_empty(tx, &lineages).await?;
    let is_last = i64::try_from(rows.len()).is_ok_and(|found| found < *limit);
    Ok(if is_last && piece.len() == rows.len() {
        Progress::Done
    } else {
        Progress::More((*before, *limit))
    })
}

fn ended(row: &Row) -> Result<Ended, Error> {
    let trust = row.opt_text("trust")?;
    Ok(Ended {
        id: row.id("id")?,
        tenant: row.id("tenant_id")?,
        lineage: row.id("lineage_id")?,
        names: row.opt_int("name_count")?.unwrap_or_default(),
        is_test: trust == Some(Trust::Test.as_str()),
    })
}

/// How many of them go together; at least one does.
fn fitting(found: &[Ended]) -> usize {
    let mut names = 0;
    let fit = found.iter().take_while(|each| {
        names += each.names;
        names <= NAMES
    });
    fit.count().max(1)
}

fn deletions(piece: &[Ended]) -> Vec<(Sql, Vec<Value<'static>>)> {
    let revocation = sql!(system: "DELETE FROM revocation WHERE certificate_id = $1");
    let certificate = sql!(system: "DELETE FROM certificate WHERE id = $1");
    // What goes on with revoked certificates only has none that counts.
    let lineage = sql!(system:
        "UPDATE lineage SET certificate_id = NULL WHERE id = $1 AND certificate_id = $2"
    );
    let add = sql!(insert:
        "INSERT INTO certificate_month (", certificate_month!(), ") VALUES ($1, $2, $3)
         ON CONFLICT (tenant_id, month)
           DO UPDATE SET certificates = certificate_month.certificates + excluded.certificates"
    );
    let mut all = Vec::new();
    let mut months: BTreeMap<(TenantId, String), i64> = BTreeMap::new();
    for each in piece {
        all.push((revocation, values![each.id].to_vec()));
        all.push((certificate, values![each.id].to_vec()));
        all.push((lineage, values![each.lineage, each.id].to_vec()));
        if !each.is_test {
            *months.entry((each.tenant, month(each.id))).or_default() += 1;
        }
    }
    let counts = months.into_iter().map(|((tenant, month), certificates)| {
        let month = Month {
            tenant,
            month,
            certificates,
        };
        (add, month_values(month))
    });
    all.extend(counts);
    all
}

fn month_values(month: Month) -> Vec<Value<'static>> {
    vec![
        month.tenant.into(),
        month.month.into(),
        month.certificates.into(),
    ]
}

/// When it was made, such as `2026-11`.
fn month(id: CertificateId) -> String {
    id.made_at().to_string().chars().take(7).collect()
}

/// Deletes lineages of which no certificate is left. An issuance changes the lineage that it finds, so that one that is
/// under way beside this loses the race or wins it.
async fn delete_empty(tx: &mut WriteTx, lineages: &BTreeSet<LineageId>) -> Result<(), Error> {
    let empty = sql!(system:
        "SELECT l.id, l.tenant_id, l.names FROM lineage l
         WHERE l.id = $1 AND NOT EXISTS (SELECT 1 FROM certificate c WHERE c.lineage_id = $1)"
    );
    let name = sql!(system:
        "DELETE FROM lineage_name WHERE tenant_id = $1 AND rname = $2 AND lineage_id = $3"
    );
    let lineage = sql!(system: "DELETE FROM lineage WHERE id = $1");
    let asked: Vec<_> = lineages.iter().map(|id| values![*id].to_vec()).collect();
    let rows = tx.row_each(empty, &asked).await?;
    let mut all = Vec::new();
    for row in rows.iter().flatten() {
        let id: LineageId = row.id("id")?;
        let tenant: TenantId = row.id("tenant_id")?;
        let names: Vec<Identifier> = row.parse_list("names")?;
        for Identifier::Dns(each) in &names {
            all.push((name, vec![tenant.into(), each.reversed().into(), id.into()]));
        }
        all.push((lineage, values![id].to_vec()));
    }
    tx.execute_all(&all).await.map(drop)
}
