//! Names that contain a part, by an index of parts, which PostgreSQL has where its extensions could be created. It takes the
//! time of what fits, and a walk that of all names.

use base::Slice;

use super::part::{Part, exactly};
use super::{DomainCursor, DomainFilter, MAX_COUNTED};
use crate::access::role_binding::covered;
use crate::issuance::names::escape_like;
use crate::{Engine, Error, ReadTx, Sql, sql, values};

/// As many letters and digits in a row are found by the index.
const SHORTEST: usize = 3;

// Nothing but the index has the tenant as an expression; the tenant itself is asked for again of what was found. Behind a policy
// of rows LIKE would not be asked of the index.
macro_rules! fitting {
    ($slice:literal, $order:literal) => {
        sql!(tenant unguarded postgres:
            "WITH fitting AS MATERIALIZED (SELECT rname, id FROM enrolled_domain
               WHERE tenant_id || ''::bytea = $1 AND removed_at IS NULL AND rname LIKE $2
                 AND CASE WHEN tenant_id = $1
                   THEN ($3 OR '.' || rname || '.' ~ $4)
                     AND ($5 OR subscription_id = $6) AND ($7 OR (companion_of_id IS NOT NULL) = $8)
                     AND ", covered!("subscription_id", "$9", "$10"), " ELSE FALSE END
               LIMIT $11)
             SELECT rname, id, (SELECT COUNT(*) FROM fitting) AS matching FROM fitting",
            $slice, " ORDER BY ", $order, " LIMIT $12"
        )
    };
}

/// What the index says.
pub(super) enum Found {
    /// There is none, or it knows nothing of this part.
    Nothing,
    /// The first of a slice, and how many domains match on all pages; that is not known when the slice has none.
    Places(Vec<DomainCursor>, Option<usize>),
    /// More than [`MAX_COUNTED`] match, so that a walk soon meets some.
    TooMany,
}

/// Where the first `wanted` domains of a slice stand, in its direction.
pub(super) async fn find(
    tx: &mut ReadTx,
    filter: &DomainFilter,
    slice: &Slice<DomainCursor>,
    wanted: usize,
) -> Result<Found, Error> {
    let part = Part::new(&filter.contains);
    if !is_indexed(tx, &part).await? {
        return Ok(Found::Nothing);
    }
    let (statement, cursor) = statement(slice);
    let mut values = values![
        format!("%{}%", escape_like(part.label)),
        !part.is_loose,
        exactly(part.text),
    ]
    .to_vec();
    values.extend(filter.values(tx.bound_to(), MAX_COUNTED.saturating_add(1)));
    values.extend(values![i64::try_from(wanted).unwrap_or(i64::MAX)]);
    if let Some(cursor) = cursor {
        values.extend(values![&cursor.rname, cursor.id]);
    }
    let rows = tx.rows(statement, &values).await?;
    let matching = rows.first().map(|row| row.int("matching")).transpose()?;
    let matching = matching.map(|count| usize::try_from(count).unwrap_or(usize::MAX));
    if matching.is_some_and(|count| count > MAX_COUNTED) {
        return Ok(Found::TooMany);
    }
    let places = rows
        .iter()
        .map(DomainCursor::read)
        .collect::<Result<_, _>>()?;
    let is_start = matches!(slice, Slice::Start);
    Ok(Found::Places(places, matching.or(is_start.then_some(0))))
}

fn statement(slice: &Slice<DomainCursor>) -> (Sql, Option<&DomainCursor>) {
    match slice {
        Slice::Start => (fitting!("", "rname, id"), None),
        Slice::After(cursor) => (
            fitting!(" WHERE (rname, id) > ($13, $14)", "rname, id"),
            Some(cursor),
        ),
        Slice::Before(cursor) => (
            fitting!(" WHERE (rname, id) < ($13, $14)", "rname DESC, id DESC"),
            Some(cursor),
        ),
    }
}

/// Whether the index is there and knows pieces of the part.
async fn is_indexed(tx: &mut ReadTx, part: &Part<'_>) -> Result<bool, Error> {
    let mut runs = part.label.split(|each: char| !each.is_ascii_alphanumeric());
    if tx.engine() != Engine::Postgres
        || part.is_unicode()
        || !runs.any(|run| run.len() >= SHORTEST)
    {
        return Ok(false);
    }
    let is_there = sql!(postgres: "SELECT 1 AS there FROM pg_class WHERE oid = to_regclass('enrolled_domain_by_part')");
    Ok(tx.row(is_there, &[]).await?.is_some())
}
