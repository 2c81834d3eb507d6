//! Which statement finds a page. Lists stand in the order of their ends, names in the order of their labels, and no
//! index has both: it would have to be written anew for every name of every issuance.
//!
//! So there are two ways to a page that is narrowed by names, and what each costs is known beforehand. From the names:
//! as many lineages are looked at as have one that fits. By the end: a window of the list is walked, which holds a
//! whole page when every so many of its lineages fit. Few names are cheap from the names, many are soon met by the
//! end. Only where many fit and none of them is near, both are needed.

use base::{CertificateId, LineageId, Query, Slice, UserId};

use super::{CertificateFilter, Cursor, LAST_MOMENT, View, bounds};
use crate::access::role_binding::covered;
use crate::issuance::names::{Names, Range};
use crate::{Error, ReadTx, Row, Sql, Value, sql, values};

/// As many names are looked at from the names before the list is walked.
const FEW: i64 = 1_000;
/// The same for revoked certificates, since all that a lineage ever had are looked at.
const FEW_OF_ALL_TIMES: i64 = 50;
/// As many lineages are walked before the names are asked.
const WINDOW: i64 = 1_000;

macro_rules! columns_of_current {
    () => {
        "SELECT l.id AS lineage_id, l.certificate_id AS id, l.not_before, l.not_after, l.subscription_id, l.names,
           c.serial, c.ca_id, CAST(NULL AS BIGINT) AS revoked_at, FALSE AS is_replaced,
           (SELECT s.label FROM subscription s WHERE s.id = l.subscription_id) AS label"
    };
}

// By the end, from `$2`, `$3` to `$4`, `$5`.
macro_rules! walk {
    ($condition:literal, $slice:literal) => {
        sql!(tenant: columns_of_current!(),
            " FROM lineage l JOIN certificate c ON c.id = l.certificate_id
             WHERE l.tenant_id = $1 AND ($6 OR l.subscription_id = $7)
               AND ", covered!("l.subscription_id", "$11", "$12"), " AND ($8 OR ' ' || l.names || ' ' LIKE $9 ESCAPE '\\')",
            $condition, $slice
        )
    };
    ($condition:literal) => {
        (
            walk!(
                $condition,
                " AND (l.not_after, l.id) > ($2, $3) AND (l.not_after, l.id) <= ($4, $5)
                 ORDER BY l.not_after, l.id LIMIT $10"
            ),
            walk!(
                $condition,
                " AND (l.not_after, l.id) < ($2, $3) AND (l.not_after, l.id) >= ($4, $5)
                 ORDER BY l.not_after DESC, l.id DESC LIMIT $10"
            ),
        )
    };
}

// From names that fit; the exact text is then asked of the lineage. The order of the joins is told: SQLite knows
// nothing of how many rows there are. A text is asked for with both ends of its place, though every name is shorter than
// 256: of what is only larger than something PostgreSQL expects a third of all rows, and reads all lineages.
macro_rules! named {
    ($names:literal, $condition:literal, $slice:literal, $order:literal) => {
        sql!(tenant: columns_of_current!(),
            " FROM (SELECT i.id FROM (SELECT DISTINCT n.lineage_id FROM lineage_name n
                   WHERE n.tenant_id = $1", $names, ") m
                 CROSS JOIN lineage i
                 WHERE i.id = m.lineage_id AND i.tenant_id = $1 AND ($6 OR i.subscription_id = $7)
                   AND ", covered!("i.subscription_id", "$11", "$12"), " AND ($8 OR ' ' || i.names || ' ' LIKE $9 ESCAPE '\\') AND i.certificate_id IS NOT NULL",
            $condition, $slice,
            ") p CROSS JOIN lineage l CROSS JOIN certificate c
             WHERE l.id = p.id AND c.id = l.certificate_id", $order
        )
    };
    ($names:literal) => {
        named!($names, "")
    };
    (expiring: $names:literal) => {
        named!(
            $names,
            " AND (i.not_after - $13) * 4 <= i.not_after - i.not_before"
        )
    };
    ($names:literal, $condition:literal) => {
        (
            named!(
                $names,
                $condition,
                " AND (i.not_after, i.id) > ($2, $3) AND (i.not_after, i.id) <= ($4, $5)
                 ORDER BY i.not_after, i.id LIMIT $10",
                " ORDER BY l.not_after, l.id"
            ),
            named!(
                $names,
                $condition,
                " AND (i.not_after, i.id) < ($2, $3) AND (i.not_after, i.id) >= ($4, $5)
                 ORDER BY i.not_after DESC, i.id DESC LIMIT $10",
                " ORDER BY l.not_after DESC, l.id DESC"
            ),
        )
    };
}

macro_rules! columns_of_revoked {
    () => {
        "SELECT l.id AS lineage_id, c.id, c.not_before, c.not_after, c.subscription_id, l.names, c.serial, c.ca_id,
           r.revoked_at, FALSE AS is_replaced,
           (SELECT s.label FROM subscription s WHERE s.id = c.subscription_id) AS label"
    };
}

macro_rules! revoked {
    ($slice:literal) => {
        sql!(tenant: columns_of_revoked!(),
            " FROM revocation r JOIN certificate c ON c.id = r.certificate_id JOIN lineage l ON l.id = c.lineage_id
             WHERE r.tenant_id = $1 AND ($4 OR c.subscription_id = $5)
               AND ", covered!("c.subscription_id", "$9", "$10"), " AND ($6 OR ' ' || l.names || ' ' LIKE $7 ESCAPE '\\')",
            $slice
        )
    };
    () => {
        (
            revoked!(
                " AND (r.revoked_at, r.certificate_id) < ($2, $3)
                 ORDER BY r.revoked_at DESC, r.certificate_id DESC LIMIT $8"
            ),
            revoked!(
                " AND (r.revoked_at, r.certificate_id) > ($2, $3)
                 ORDER BY r.revoked_at, r.certificate_id LIMIT $8"
            ),
        )
    };
}

// From the names to their certificates, which are few, and for each of these whether it was revoked: asked as a join,
// PostgreSQL goes through all that was ever revoked of the tenant, as it does where the tenant stands beside the key.
macro_rules! named_revoked {
    ($slice:literal) => {
        sql!(tenant:
            "WITH c AS MATERIALIZED (SELECT a.*,
                 (SELECT CASE WHEN r.tenant_id = $1 THEN r.revoked_at END FROM revocation r WHERE r.certificate_id = a.id)
                   AS revoked_at
               FROM (SELECT DISTINCT n.lineage_id FROM lineage_name n
                 WHERE n.tenant_id = $1 AND n.rname >= $6 AND n.rname < $7) m
               CROSS JOIN certificate a WHERE a.lineage_id = m.lineage_id AND ($4 OR a.subscription_id = $5)
                 AND ", covered!("a.subscription_id", "$9", "$10"), ")
             SELECT c.lineage_id, c.id, c.not_before, c.not_after, c.subscription_id, c.serial, c.ca_id, c.revoked_at,
               FALSE AS is_replaced, (SELECT l.names FROM lineage l WHERE l.id = c.lineage_id) AS names,
               (SELECT s.label FROM subscription s WHERE s.id = c.subscription_id) AS label
             FROM c WHERE c.revoked_at IS NOT NULL",
            $slice
        )
    };
    () => {
        (
            named_revoked!(
                " AND (c.revoked_at, c.id) < ($2, $3)
                 ORDER BY c.revoked_at DESC, c.id DESC LIMIT $8"
            ),
            named_revoked!(
                " AND (c.revoked_at, c.id) > ($2, $3)
                 ORDER BY c.revoked_at, c.id LIMIT $8"
            ),
        )
    };
}

/// The rows of a page and one more, in the direction of its slice.
pub(super) async fn rows(
    tx: &mut ReadTx,
    asked: &Query<CertificateFilter, Cursor>,
) -> Result<Vec<Row>, Error> {
    match asked.filter.view {
        View::Revoked => of_revoked(tx, asked).await,
        View::Expired | View::Expiring | View::Valid => of_current(tx, asked).await,
    }
}

async fn of_current(
    tx: &mut ReadTx,
    asked: &Query<CertificateFilter, Cursor>,
) -> Result<Vec<Row>, Error> {
    let span = Span::of(asked);
    let names = &asked.filter.names;
    if *names == Names::Any {
        return walk(tx, asked, &span).await;
    }
    if let Some(range) = names.range()
        && is_at_most(tx, &range, FEW).await?
    {
        return from_names(tx, asked, &span).await;
    }
    let Some(end) = window(tx, &span).await? else {
        return walk(tx, asked, &span).await;
    };
    let until_there = Span {
        last: end,
        ..span.clone()
    };
    let found = walk(tx, asked, &until_there).await?;
    if found.len() > asked.limit {
        return Ok(found);
    }
    from_names(tx, asked, &span).await
}

/// The part of a view that a page is taken from.
#[derive(Clone)]
struct Span {
    /// Where it begins; the row of that place is not in it.
    before_first: Cursor,
    /// Where it ends; the row of that place is in it.
    last: Cursor,
    /// Whether it is read against the order of the list.
    is_backward: bool,
}

impl Span {
    fn of(asked: &Query<CertificateFilter, Cursor>) -> Self {
        let (from, until) = bounds(asked.filter.view, asked.filter.now);
        let place = |at| Cursor {
            at,
            id: LineageId::LAST.to_bytes(),
        };
        let (from, until) = (place(from), place(until));
        match asked.slice {
            Slice::Before(cursor) => Self {
                before_first: if cursor.at > until.at { until } else { cursor },
                last: from,
                is_backward: true,
            },
            Slice::After(cursor) if cursor.at > from.at => Self {
                before_first: cursor,
                last: until,
                is_backward: false,
            },
            Slice::After(_) | Slice::Start => Self {
                before_first: from,
                last: until,
                is_backward: false,
            },
        }
    }

    fn pick(&self, (forward, backward): (Sql, Sql)) -> Sql {
        if self.is_backward { backward } else { forward }
    }

    /// The values `$2` to `$5`.
    fn values(&self) -> Vec<Value<'_>> {
        let (first, last) = (&self.before_first, &self.last);
        values![first.at, &first.id, last.at, &last.id].to_vec()
    }

    /// The values `$2` to `$12`.
    fn values_with<'a>(
        &'a self,
        (is_whole, user): (bool, Option<UserId>),
        asked: &'a Query<CertificateFilter, Cursor>,
    ) -> Vec<Value<'a>> {
        let CertificateFilter {
            subscription,
            names,
            ..
        } = &asked.filter;
        let mut values = self.values();
        values.extend(values![
            subscription.is_none(),
            *subscription,
            *names == Names::Any,
            names.pattern(),
            asked.one_more(),
            is_whole,
            user
        ]);
        values
    }
}

/// The place at which a window of the list ends, unless there is less.
async fn window(tx: &mut ReadTx, span: &Span) -> Result<Option<Cursor>, Error> {
    let forward = sql!(tenant:
        "SELECT l.not_after, l.id FROM lineage l
         WHERE l.tenant_id = $1 AND (l.not_after, l.id) > ($2, $3) AND (l.not_after, l.id) <= ($4, $5)
         ORDER BY l.not_after, l.id LIMIT 1 OFFSET $6"
    );
    let backward = sql!(tenant:
        "SELECT l.not_after, l.id FROM lineage l
         WHERE l.tenant_id = $1 AND (l.not_after, l.id) < ($2, $3) AND (l.not_after, l.id) >= ($4, $5)
         ORDER BY l.not_after DESC, l.id DESC LIMIT 1 OFFSET $6"
    );
    let mut values = span.values();
    values.push(WINDOW.into());
    let row = tx.row(span.pick((forward, backward)), &values).await?;
    row.map(|row| {
        Ok(Cursor {
            at: row.timestamp("not_after")?,
            id: row.id::<LineageId>("id")?.to_bytes(),
        })
    })
    .transpose()
}

async fn walk(
    tx: &mut ReadTx,
    asked: &Query<CertificateFilter, Cursor>,
    span: &Span,
) -> Result<Vec<Row>, Error> {
    let mut values = span.values_with(tx.bound_to(), asked);
    let statements = match asked.filter.view {
        View::Expiring => {
            values.push(asked.filter.now.into());
            walk!(" AND (l.not_after - $13) * 4 <= l.not_after - l.not_before")
        }
        View::Expired | View::Revoked | View::Valid => walk!(""),
    };
    tx.rows(span.pick(statements), &values).await
}

async fn from_names(
    tx: &mut ReadTx,
    asked: &Query<CertificateFilter, Cursor>,
    span: &Span,
) -> Result<Vec<Row>, Error> {
    let names = &asked.filter.names;
    let is_expiring = asked.filter.view == View::Expiring;
    let mut values = span.values_with(tx.bound_to(), asked);
    if is_expiring {
        values.push(asked.filter.now.into());
    }
    let range = names.range();
    match &range {
        Some(range) => values.extend(values![&range.from, &range.until]),
        None => values.push(names.longest_label().into()),
    }
    let statements = match (&range, is_expiring) {
        (Some(_), false) => named!(" AND n.rname >= $13 AND n.rname < $14"),
        (Some(_), true) => named!(expiring: " AND n.rname >= $14 AND n.rname < $15"),
        (None, false) => named!(" AND STRPOS(n.rname, $13) > 0 AND STRPOS(n.rname, $13) < 256"),
        (None, true) => {
            named!(expiring: " AND STRPOS(n.rname, $14) > 0 AND STRPOS(n.rname, $14) < 256")
        }
    };
    tx.rows(span.pick(statements), &values).await
}

async fn of_revoked(
    tx: &mut ReadTx,
    asked: &Query<CertificateFilter, Cursor>,
) -> Result<Vec<Row>, Error> {
    let filter = &asked.filter;
    let start = Cursor {
        at: LAST_MOMENT,
        id: CertificateId::LAST.to_bytes(),
    };
    let (cursor, is_backward) = match asked.slice {
        Slice::Start => (start, false),
        Slice::After(cursor) => (cursor, false),
        Slice::Before(cursor) => (cursor, true),
    };
    let mut values = values![
        cursor.at,
        &cursor.id,
        filter.subscription.is_none(),
        filter.subscription
    ]
    .to_vec();
    let few = match filter.names.range() {
        Some(range) if is_at_most(tx, &range, FEW_OF_ALL_TIMES).await? => Some(range),
        Some(_) | None => None,
    };
    let (forward, backward) = if let Some(range) = few {
        values.extend(values![range.from, range.until]);
        named_revoked!()
    } else {
        values.extend(values![filter.names == Names::Any, filter.names.pattern()]);
        revoked!()
    };
    let (is_whole, user) = tx.bound_to();
    values.extend(values![asked.one_more(), is_whole, user]);
    let statement = if is_backward { backward } else { forward };
    tx.rows(statement, &values).await
}

/// Whether a range holds no more names than these.
async fn is_at_most(tx: &mut ReadTx, range: &Range, limit: i64) -> Result<bool, Error> {
    let statement = sql!(tenant:
        "SELECT COUNT(*) AS names FROM (SELECT n.lineage_id FROM lineage_name n
           WHERE n.tenant_id = $1 AND n.rname >= $2 AND n.rname < $3 LIMIT $4) counted"
    );
    let values = values![&range.from, &range.until, limit.saturating_add(1)];
    let row = tx.row(statement, &values).await?;
    let names = row.map_or(Ok(0), |row| row.int("names"))?;
    Ok(names <= limit)
}
