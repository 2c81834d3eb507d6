//! Pages of a tenant's names, and those that contain a text. Both walk one index, which holds all that is asked.
//!
//! The index has names with their labels reversed. A part without a dot is a part of one label, whichever way the
//! labels stand. A part with dots is the end of one label, some whole labels, and the beginning of another; its
//! pattern cannot say that nothing stands between them, so that what it finds is looked at once more. So are all names
//! with an A-label when a text is not ASCII.

use base::{Page, Slice};
use enrollment::enrolled_domain::EnrolledDomain;

use super::super::subscription;
use super::part::{Part, pattern};
use super::part_index::{self, Found};
use super::{DomainCursor, DomainFilter, DomainQuery, MAX_COUNTED, by_ids};
use crate::access::role_binding::covered;
use crate::{Error, ReadTx, Value, sql, values};

/// How many names are taken from the database at a time when some of them may not fit.
const STEP: usize = 1_000;

// A walk asks the most of names that do not fit: the text comes first, and nothing else is asked of a name without it.
// Nor does the first page compare with a cursor. On PostgreSQL both together are a fifth of a search.
macro_rules! walk {
    ($before:literal, $slice:literal, $behind:expr) => {
        sql!(tenant: $before, " FROM enrolled_domain
             WHERE tenant_id = $1 AND removed_at IS NULL
               AND CASE WHEN STRPOS(rname, $2) > 0
                 THEN ($3 OR '.' || rname || '.' LIKE $4 ESCAPE '\\')
                   AND ($5 OR subscription_id = $6) AND ($7 OR (companion_of_id IS NOT NULL) = $8)
                   AND ", covered!("subscription_id", "$9", "$10"), " ELSE FALSE END",
            $slice, $behind
        )
    };
}

macro_rules! fitting {
    ($slice:literal, $order:literal) => {
        walk!(
            "SELECT rname, id",
            $slice,
            concat!(" ORDER BY ", $order, " LIMIT $11")
        )
    };
}

macro_rules! counted {
    ($slice:literal) => {
        walk!(
            "SELECT COUNT(*) AS domains FROM (SELECT rname",
            $slice,
            " LIMIT $11) AS fitting"
        )
    };
}

/// A page with the length of its list.
#[derive(Clone, Debug)]
pub struct DomainList {
    /// The page.
    pub page: Page<EnrolledDomain>,
    /// How many domains match the filter, at most [`MAX_COUNTED`] unless it is the list of all.
    pub matching: usize,
}

/// A page of a tenant's active domains, in the order of their names with the labels reversed.
pub async fn page(tx: &mut ReadTx, asked: &DomainQuery) -> Result<Page<EnrolledDomain>, Error> {
    let wanted = asked.limit.saturating_add(1);
    let found = match part_index::find(tx, &asked.filter, &asked.slice, wanted).await? {
        Found::Places(places, _) => places,
        Found::Nothing | Found::TooMany => {
            walk(tx, &asked.filter, &asked.slice, wanted).await?.found
        }
    };
    cut(tx, asked, found).await
}

/// The same, and how many domains match on all pages.
pub async fn list(tx: &mut ReadTx, asked: &DomainQuery) -> Result<DomainList, Error> {
    let wanted = asked.limit.saturating_add(1);
    let (filter, slice) = (&asked.filter, &asked.slice);
    let (found, matching) = match part_index::find(tx, filter, slice, wanted).await? {
        Found::Places(places, Some(matching)) => (places, matching),
        Found::Places(places, None) => {
            let matching = count(tx, filter, &Slice::Start, MAX_COUNTED).await?;
            (places, matching)
        }
        Found::TooMany => {
            let walked = walk(tx, filter, slice, wanted).await?;
            (walked.found, MAX_COUNTED)
        }
        Found::Nothing => walked(tx, asked, wanted).await?,
    };
    let page = cut(tx, asked, found).await?;
    Ok(DomainList { page, matching })
}

/// At least as many places as are wanted, and how many there are on all pages.
async fn walked(
    tx: &mut ReadTx,
    asked: &DomainQuery,
    wanted: usize,
) -> Result<(Vec<DomainCursor>, usize), Error> {
    let filter = &asked.filter;
    let walked = walk(tx, filter, &asked.slice, wanted).await?;
    let is_start = asked.slice == Slice::Start;
    let matching = if is_start && walked.is_whole {
        walked.found.len()
    } else if filter.is_everything() {
        subscription::names(tx, &()).await?
    } else if let Some(last) = walked.found.last().filter(|_| is_start) {
        // What was walked once is not walked again.
        let (seen, rest) = (walked.found.len(), Slice::After(last.clone()));
        seen + count(tx, filter, &rest, MAX_COUNTED.saturating_sub(seen)).await?
    } else {
        count(tx, filter, &Slice::Start, MAX_COUNTED).await?
    };
    Ok((walked.found, matching))
}

/// The rows of a page, of which one more is known if there is one.
async fn cut(
    tx: &mut ReadTx,
    asked: &DomainQuery,
    mut found: Vec<DomainCursor>,
) -> Result<Page<EnrolledDomain>, Error> {
    found.truncate(asked.limit.saturating_add(1));
    let page = Page::cut(found, &asked.slice, asked.limit);
    let ids: Vec<_> = page.rows.iter().map(|found| found.id).collect();
    Ok(Page {
        rows: by_ids(tx, &ids).await?,
        has_before: page.has_before,
        has_after: page.has_after,
    })
}

/// How many domains of a slice match; counts up to `limit`.
async fn count(
    tx: &mut ReadTx,
    filter: &DomainFilter,
    slice: &Slice<DomainCursor>,
    limit: usize,
) -> Result<usize, Error> {
    if Part::new(&filter.contains).is_loose {
        let walked = walk(tx, filter, slice, limit).await?;
        return Ok(walked.found.len().min(limit));
    }
    count_pattern(tx, filter, slice, limit).await
}

async fn count_pattern(
    tx: &mut ReadTx,
    filter: &DomainFilter,
    slice: &Slice<DomainCursor>,
    limit: usize,
) -> Result<usize, Error> {
    let (statement, cursor) = match slice {
        Slice::After(cursor) => (counted!(" AND (rname, id) > ($12, $13)"), Some(cursor)),
        Slice::Start | Slice::Before(_) => (counted!(""), None),
    };
    let values = values_of(tx, &Part::new(&filter.contains), filter, limit, cursor);
    let row = tx.row(statement, &values).await?;
    let counted = row.map_or(Ok(0), |row| row.int("domains"))?;
    Ok(usize::try_from(counted).unwrap_or(usize::MAX))
}

/// Places that match.
struct Walked {
    /// At least as many as were wanted, unless there are no more.
    found: Vec<DomainCursor>,
    /// Whether there are no more.
    is_whole: bool,
}

/// Walks from the beginning of a slice, in its direction, until `wanted` domains match.
async fn walk(
    tx: &mut ReadTx,
    filter: &DomainFilter,
    slice: &Slice<DomainCursor>,
    wanted: usize,
) -> Result<Walked, Error> {
    let part = Part::new(&filter.contains);
    let step = if part.is_loose {
        wanted.max(STEP)
    } else {
        wanted
    };
    let mut slice = slice.clone();
    let mut found = Vec::new();
    loop {
        let some = places(tx, filter, &part, &slice, step).await?;
        let is_whole = some.len() < step;
        if let Some(last) = some.last() {
            slice = match slice {
                Slice::Before(_) => Slice::Before(last.clone()),
                Slice::Start | Slice::After(_) => Slice::After(last.clone()),
            };
        }
        found.extend(some.into_iter().filter(|place| part.is_in(&place.rname)));
        if is_whole || found.len() >= wanted {
            return Ok(Walked { found, is_whole });
        }
    }
}

/// The places that fit the pattern.
async fn places(
    tx: &mut ReadTx,
    filter: &DomainFilter,
    part: &Part<'_>,
    slice: &Slice<DomainCursor>,
    limit: usize,
) -> Result<Vec<DomainCursor>, Error> {
    let (statement, cursor) = match slice {
        Slice::Start => (fitting!("", "rname, id"), None),
        Slice::After(cursor) => (
            fitting!(" AND (rname, id) > ($12, $13)", "rname, id"),
            Some(cursor),
        ),
        Slice::Before(cursor) => (
            fitting!(" AND (rname, id) < ($12, $13)", "rname DESC, id DESC"),
            Some(cursor),
        ),
    };
    let values = values_of(tx, part, filter, limit, cursor);
    let rows = tx.rows(statement, &values).await?;
    rows.iter().map(DomainCursor::read).collect()
}

/// The values `$2` to `$11`, and with a cursor two more. What is not searched for is found at once; the others say
/// whether not to ask, and what.
fn values_of<'a>(
    tx: &ReadTx,
    part: &Part<'a>,
    filter: &DomainFilter,
    limit: usize,
    cursor: Option<&'a DomainCursor>,
) -> Vec<Value<'a>> {
    let mut values = values![part.label, !part.is_loose, pattern(part.text)].to_vec();
    values.extend(filter.values(tx.bound_to(), limit));
    if let Some(cursor) = cursor {
        values.extend(values![&cursor.rname, cursor.id]);
    }
    values
}
