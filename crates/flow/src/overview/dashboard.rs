//! The figures of the start page. Each is counted by the same condition as the list it leads to.

use base::{Query, Timestamp};
use store::ReadTx;
use store::issuance::certificate_list::{CertificateFilter, CertificateRow, View, page};
use store::issuance::{certificate_list, order_list, refused_request};

use crate::issuance::list_certificates::counts::{Counting, Length, recount};
use crate::issuance::list_orders::refusals::{RefusalRow, still_missing};
use crate::issuance::list_orders::{Row, recently, rows};
use crate::{App, Caller};

pub use store::overview::dashboard::Totals;

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

impl From<(Timestamp, i64)> for Week {
    fn from((from, certificates): (Timestamp, i64)) -> Self {
        Self { from, certificates }
    }
}

/// What a tenant has, what needs attention, what happened.
#[derive(Clone, Debug)]
pub struct Dashboard {
    /// Domains and subscriptions.
    pub totals: Totals,
    /// Whether there ever was a certificate.
    pub has_certificate: bool,
    /// Certificates that are valid now.
    pub valid: Length,
    /// Of those, the ones about to end without a successor.
    pub expiring: Length,
    /// The coming 91 days; the first week begins now, or when a long list was counted.
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
    /// How many refusals there were in that time, each counted once for its account, reason, name and day.
    pub refused: i64,
    /// Refusals of the last 24 hours that end when the name is added.
    pub missing: Vec<RefusalRow>,
    /// The newest orders.
    pub recent: Vec<Row>,
    /// The moment for which it holds.
    pub now: Timestamp,
}

/// Looks at everything at once.
pub async fn dashboard(app: &App, caller: &Caller) -> Result<Dashboard, store::Error> {
    let now = app.now();
    let asked = (now, app.settings().counted_up_to);
    let found = app.store(caller).scan(asked, load).await?;
    recount(app, caller, &[found.valid, found.expiring]).await;
    Ok(found)
}

async fn load(tx: &mut ReadTx, (now, limit): &(Timestamp, i64)) -> Result<Dashboard, store::Error> {
    let now = *now;
    let mut counting = Counting::new(now, *limit);
    let totals = store::overview::dashboard::totals(tx, &()).await?;
    let valid = counting.length(tx, View::Valid).await?;
    let weeks = counting.weeks(tx, valid).await?;
    let filter = CertificateFilter::of(View::Expiring, now);
    let ending = page(tx, &Query::first(filter, ATTENTION)).await?;
    let (orders, failed) = order_list::count_since(tx, recently(now)).await?;
    let recent = Query::first(order_list::OrderFilter::default(), RECENT);
    let recent = order_list::page(tx, &recent).await?;
    Ok(Dashboard {
        totals,
        has_certificate: !valid.is_empty() || certificate_list::has_any(tx).await?,
        valid,
        expiring: if ending.has_after {
            counting.length(tx, View::Expiring).await?
        } else {
            Length::Exact(i64::try_from(ending.rows.len()).unwrap_or(i64::MAX))
        },
        weeks: weeks.into_iter().map(Week::from).collect(),
        orders,
        failed,
        ending: ending.rows,
        failing: failing(tx, now).await?,
        refused: refused_request::count_since(tx, recently(now)).await?,
        missing: still_missing(tx, recently(now), ATTENTION).await?,
        recent: rows(tx, recent.rows, now).await?,
        now,
    })
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
