//! What clients asked for and were refused before it became an order or an account, beside the orders and by itself.

use base::{DnsName, OrderId, Page, Query, RefusalId, Slice, SubscriptionId, Timestamp};
use enrollment::coverage;
use store::ReadTx;
use store::enrollment::enrolled_domain::{self, NamesOf};
use store::issuance::order_list::{self, OrderEnding, OrderFilter, OrderRow};
use store::issuance::refused_request;

use crate::{App, Caller};

pub use store::issuance::refused_request::{
    RefusalCursor, RefusalFilter, RefusalRow, RefusedRequest,
};

/// The refusal that a person can end by adding the name.
const NOT_ENROLLED: &str = "name_not_enrolled";

/// A page of refusals, and as of when.
#[derive(Clone, Debug)]
pub struct RefusalListing {
    /// The refusals, the last one first.
    pub page: Page<RefusalRow>,
    /// The moment for which it holds.
    pub now: Timestamp,
}

/// One refusal, and what is left to do.
#[derive(Clone, Debug)]
pub struct RefusalDetail {
    /// As in the list.
    pub row: RefusalRow,
    /// The name that can be added to the subscription, so that it is not refused again.
    pub missing: Option<DnsName>,
    /// The moment for which it holds.
    pub now: Timestamp,
}

/// A page of what was refused to the clients of a tenant.
pub async fn refusals(
    app: &App,
    caller: &Caller,
    asked: Query<RefusalFilter, RefusalCursor>,
) -> Result<RefusalListing, store::Error> {
    let page = app.store(caller).scan(asked, refused_request::page).await?;
    let now = app.now();
    Ok(RefusalListing { page, now })
}

/// What was refused to the clients of a tenant; `None` when it is another tenant's or there is none.
pub async fn refusal(
    app: &App,
    caller: &Caller,
    id: RefusalId,
) -> Result<Option<RefusalDetail>, store::Error> {
    let now = app.now();
    let found = app.store(caller).read(id, load_detail).await?;
    Ok(found.map(|(row, missing)| RefusalDetail { row, missing, now }))
}

async fn load_detail(
    tx: &mut ReadTx,
    id: &RefusalId,
) -> Result<Option<(RefusalRow, Option<DnsName>)>, store::Error> {
    let Some(row) = refused_request::of_tenant(tx, id).await? else {
        return Ok(None);
    };
    let missing = missing(tx, &row.request).await?;
    Ok(Some((row, missing)))
}

/// The name that was refused because nobody has added it, if that is still so.
pub async fn missing_name(
    app: &App,
    caller: &Caller,
    request: &RefusedRequest,
) -> Result<Option<DnsName>, store::Error> {
    app.store(caller).read(request.clone(), missing).await
}

async fn missing(
    tx: &mut ReadTx,
    request: &RefusedRequest,
) -> Result<Option<DnsName>, store::Error> {
    let (Ok(name), NOT_ENROLLED) = (DnsName::parse(&request.name), request.code.as_str()) else {
        return Ok(None);
    };
    let covering = NamesOf {
        subscription: request.subscription,
        names: coverage::candidates(&name).collect(),
    };
    let found = enrolled_domain::active_by_names(tx, &covering).await?;
    Ok(found.iter().all(Option::is_none).then_some(name))
}

/// What was refused lately, could be had by adding the name, and still cannot.
pub(crate) async fn still_missing(
    tx: &mut ReadTx,
    since: Timestamp,
    limit: usize,
) -> Result<Vec<RefusalRow>, store::Error> {
    /// Among how many.
    const LOOKED_AT: usize = 50;
    let filter = RefusalFilter {
        since: Some(since),
        code: Some(NOT_ENROLLED.to_owned()),
        ..RefusalFilter::default()
    };
    let page = refused_request::page(tx, &Query::first(filter, LOOKED_AT)).await?;
    let mut found: Vec<RefusalRow> = Vec::new();
    for row in page.rows {
        let is_known = |known: &RefusalRow| {
            let (known, new) = (&known.request, &row.request);
            (known.subscription, &known.name) == (new.subscription, &new.name)
        };
        if found.len() < limit
            && !found.iter().any(is_known)
            && missing(tx, &row.request).await?.is_some()
        {
            found.push(row);
        }
    }
    Ok(found)
}

/// What was refused in the time that a page of orders is of: up to the page above it, and with the last page all that
/// is older. As many as the page has rows; there is a list of refusals alone.
pub(super) async fn beside(
    tx: &mut ReadTx,
    asked: &Query<OrderFilter, OrderId>,
    page: &Page<OrderRow>,
) -> Result<Vec<RefusalRow>, store::Error> {
    let filter = &asked.filter;
    if filter.ending != OrderEnding::Any {
        return Ok(Vec::new());
    }
    let oldest = page.rows.last().filter(|_| page.has_after);
    let since = oldest.map(|row| row.order.created_at()).or(filter.since);
    let slice = match above(tx, asked, page).await? {
        Some(above) => Slice::After(RefusalCursor {
            at: above.made_at(),
            id: RefusalId::FIRST,
        }),
        None => Slice::Start,
    };
    let wanted = Query {
        filter: RefusalFilter {
            since,
            subscription: filter.subscription,
            names: filter.names.clone(),
            code: None,
        },
        slice,
        limit: asked.limit,
    };
    Ok(refused_request::page(tx, &wanted).await?.rows)
}

/// The last order of the page above.
async fn above(
    tx: &mut ReadTx,
    asked: &Query<OrderFilter, OrderId>,
    page: &Page<OrderRow>,
) -> Result<Option<OrderId>, store::Error> {
    match (&asked.slice, page.rows.first()) {
        (Slice::After(above), _) => Ok(Some(*above)),
        (Slice::Before(_), Some(first)) if page.has_before => {
            let one = Query {
                filter: asked.filter.clone(),
                slice: Slice::Before(first.order.id),
                limit: 1,
            };
            let found = order_list::page(tx, &one).await?;
            Ok(found.rows.first().map(|row| row.order.id))
        }
        (Slice::Start | Slice::Before(_), _) => Ok(None),
    }
}

/// The subscription that it was refused for, if one is known.
pub fn subscription_of(request: &RefusedRequest) -> Option<SubscriptionId> {
    Some(request.subscription).filter(|id| *id != SubscriptionId::FIRST)
}
