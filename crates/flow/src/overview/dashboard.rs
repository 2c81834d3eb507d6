//! The figures of the start page. Each is counted by the same condition as the list it leads to.

use std::time::Duration;

use base::{Query, Timestamp};
use store::ReadTx;
use store::issuance::certificate_list::{
    CertificateFilter, CertificateRow, View, count, count_ending, page,
};
use store::issuance::{certificate_list, order_list};

use crate::issuance::list_orders::{Row, recently, rows};
use crate::{App, Caller};

pub use store::overview::dashboard::Totals;

const WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// A little more than 90 days.
const WEEKS: usize = 13;
/// How many things of one kind are listed as needing attention.
const ATTENTION: usize = 5;
/// Among how many failed orders the different ones are looked for.
const FAILURES: i64 = 50;
const RECENT: usize = 10;

/// Certificates that end in one week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Week {
    /// When the week begins.
    pub from: Timestamp,
    /// How many.
    pub certificates: i64,
}

/// What a tenant has, what needs attention, what happened.
#[derive(Clone, Debug)]
pub struct Dashboard {
    /// Domains and subscriptions.
    pub totals: Totals,
    /// Whether there ever was a certificate.
    pub has_certificate: bool,
    /// Certificates that are valid now.
    pub valid: i64,
    /// Of those, the ones about to end without a successor.
    pub expiring: i64,
    /// The coming 91 days; the first week begins now.
    pub weeks: Vec<Week>,
    /// Orders placed within 24 hours.
    pub orders: i64,
    /// Of those, the failed ones.
    pub failed: i64,
    /// Some that end without a successor, the first to end on top.
    pub ending: Vec<CertificateRow>,
    /// Orders of the last 24 hours that failed and were not made good since, one for each set of
    /// names, with how often they failed.
    pub failing: Vec<(Row, usize)>,
    /// The newest orders.
    pub recent: Vec<Row>,
    /// The moment for which it holds.
    pub now: Timestamp,
}

/// Looks at everything at once.
pub async fn dashboard(app: &App, caller: &Caller) -> Result<Dashboard, store::Error> {
    let now = app.now();
    app.store(caller).scan(now, load).await
}

async fn load(tx: &mut ReadTx, now: &Timestamp) -> Result<Dashboard, store::Error> {
    let now = *now;
    let totals = store::overview::dashboard::totals(tx, &()).await?;
    let (weeks, valid) = weeks(tx, now).await?;
    let filter = CertificateFilter::of(View::Expiring, now);
    let ending = page(tx, &Query::first(filter, ATTENTION)).await?;
    let (orders, failed) = order_list::count_since(tx, recently(now)).await?;
    let recent = Query::first(order_list::OrderFilter::default(), RECENT);
    let recent = order_list::page(tx, &recent).await?;
    Ok(Dashboard {
        totals,
        has_certificate: valid > 0 || certificate_list::has_any(tx).await?,
        valid,
        expiring: if ending.has_after {
            count(tx, View::Expiring, now).await?
        } else {
            i64::try_from(ending.rows.len()).unwrap_or(i64::MAX)
        },
        weeks,
        orders,
        failed,
        ending: ending.rows,
        failing: failing(tx, now).await?,
        recent: rows(tx, recent.rows, now).await?,
        now,
    })
}

/// Valid certificates by the week of their end, and all of them.
async fn weeks(tx: &mut ReadTx, now: Timestamp) -> Result<(Vec<Week>, i64), store::Error> {
    let mut ranges = Vec::with_capacity(WEEKS.saturating_add(1));
    let mut from = now;
    for _ in 0..WEEKS {
        let until = from.plus(WEEK);
        ranges.push((from, until));
        from = until;
    }
    ranges.push((from, Timestamp::from_micros(i64::MAX)));
    let counts = count_ending(tx, &ranges).await?;
    let valid = counts.iter().sum();
    let weeks = ranges
        .iter()
        .zip(counts)
        .take(WEEKS)
        .map(|((from, _), certificates)| Week {
            from: *from,
            certificates,
        });
    Ok((weeks.collect(), valid))
}

async fn failing(tx: &mut ReadTx, now: Timestamp) -> Result<Vec<(Row, usize)>, store::Error> {
    let found = order_list::still_failing(tx, recently(now), FAILURES).await?;
    let mut failing: Vec<(Row, usize)> = Vec::new();
    for row in rows(tx, found, now).await? {
        match failing
            .iter_mut()
            .find(|(known, _)| known.names == row.names)
        {
            Some((_, times)) => *times = times.saturating_add(1),
            None => failing.push((row, 1)),
        }
    }
    failing.truncate(ATTENTION);
    Ok(failing)
}
