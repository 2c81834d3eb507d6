//! The list of ACME orders, and the parts of it that other pages show (`ux.md` R16).

use askama::Template;
use axum::extract::{Query, State};
use base::{Cursor as _, DnsName, Page, SubscriptionId};
use flow::Caller;
use flow::issuance::list_orders::refusals::{RefusalCursor, RefusalFilter, refusals};
use flow::issuance::list_orders::{
    Names, OrderEnding, OrderFilter, OrderListing, Row, orders, recently,
};

use super::refused;
use super::table::{OrderRow, row};
use crate::portal::gate::permitted::{Permitted, ViewActivity};
use crate::portal::page::account;
use crate::portal::page::frame::{Answer, page};
use crate::portal::page::links::ACTIVITY;
use crate::portal::page::listing::{FilterGroup, ListQuery, Paging, Search};
use crate::portal::page::menu::Nav;
use crate::portal::page::refused::Refusal;
use crate::portal::page::shell::Shell;
use crate::portal::page::words::{count, grouped};
use crate::portal::state::Portal;

/// How many orders a domain's page shows.
const OF_NAME: usize = 5;
/// Failed and placed within 24 hours: the list behind the figure of the start page.
pub(crate) const FAILED_LATELY: &str = "failed-24h";

pub(super) async fn list(
    who: Permitted<ViewActivity>,
    State(portal): State<Portal>,
    Query(query): Query<ListQuery>,
) -> Answer {
    let account = SubscriptionId::from_suffix(&query.account).ok();
    let (orders, paging) = rows(&portal, &who.caller, &query, (ACTIVITY, account)).await?;
    let accounts = account::filter(&portal, &who.caller, &query, ACTIVITY).await?;
    page(&OrderListPage {
        shell: who.shell(Nav::Activity, "Activity"),
        search: Search {
            href: ACTIVITY.to_owned(),
            value: query.q.clone(),
            placeholder: "Search names".to_owned(),
            kept: query.kept(),
            outcome: paging.text.clone(),
        },
        filters: vec![results(&query), accounts],
        orders,
        paging,
        is_filtered: [&query.q, &query.account, &query.result, &query.after]
            .iter()
            .any(|value| !value.is_empty()),
    })
}

/// The orders of one ACME account, for its tab at `path`.
pub(crate) async fn of_account<P>(
    portal: &Portal,
    who: &Permitted<P>,
    account: SubscriptionId,
    query: &ListQuery,
    path: &str,
) -> Result<(Vec<OrderRow>, Paging), Refusal> {
    rows(portal, &who.caller, query, (path, Some(account))).await
}

/// The newest orders with a name, for its domain's page.
pub(crate) async fn of_name<P>(
    portal: &Portal,
    who: &Permitted<P>,
    account: SubscriptionId,
    name: &DnsName,
) -> Result<Vec<OrderRow>, Refusal> {
    let filter = OrderFilter {
        subscription: Some(account),
        names: Names::Include(name.clone()),
        ..OrderFilter::default()
    };
    let asked = base::Query::first(filter, OF_NAME);
    let found = orders(&portal.app, &who.caller, asked).await?;
    Ok(merged(&found))
}

/// A page of the list at `path`, of one account or of all.
async fn rows(
    portal: &Portal,
    caller: &Caller,
    query: &ListQuery,
    (path, account): (&str, Option<SubscriptionId>),
) -> Result<(Vec<OrderRow>, Paging), Refusal> {
    let names = Names::containing(&query.text());
    if query.result == "refused" {
        let filter = RefusalFilter {
            subscription: account,
            names,
            ..RefusalFilter::default()
        };
        return refused_rows(portal, caller, query, (path, filter)).await;
    }
    let (ending, since) = match query.result.as_str() {
        "failed" => (OrderEnding::Failed, None),
        FAILED_LATELY => (OrderEnding::Failed, Some(recently(portal.app.now()))),
        "issued" => (OrderEnding::Issued, None),
        _ => (OrderEnding::Any, None),
    };
    let filter = OrderFilter {
        ending,
        since,
        subscription: account,
        names,
    };
    let found = orders(&portal.app, caller, query.asked(filter)).await?;
    Ok((merged(&found), paging(query, path, &found)))
}

/// Orders with what was refused meanwhile, in the order of time.
fn merged(listing: &OrderListing) -> Vec<OrderRow> {
    let orders = listing.page.rows.iter();
    let orders = orders.map(|each| (each.created_at, row(each, listing.now)));
    let refused = listing.refusals.iter();
    let refused = refused.map(|each| (each.request.last_at, refused::row(each, listing.now)));
    let mut rows: Vec<_> = orders.chain(refused).collect();
    rows.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    rows.into_iter().map(|(_, row)| row).collect()
}

/// Refusals alone.
async fn refused_rows(
    portal: &Portal,
    caller: &Caller,
    query: &ListQuery,
    (path, filter): (&str, RefusalFilter),
) -> Result<(Vec<OrderRow>, Paging), Refusal> {
    let found = refusals(&portal.app, caller, query.asked(filter)).await?;
    let (first, last) = found.page.neighbours();
    let text = |cursor: Option<RefusalCursor>| cursor.map(|cursor| cursor.text());
    let (first, last) = (text(first), text(last));
    let shown = i64::try_from(found.page.rows.len()).unwrap_or(i64::MAX);
    let shown = count(shown, "refusal", "refusals");
    let rows = found.page.rows.iter();
    let rows = rows.map(|each| refused::row(each, found.now)).collect();
    let paging = query.paging(path, first.as_deref(), last.as_deref(), shown);
    Ok((rows, paging))
}

fn paging(query: &ListQuery, path: &str, listing: &OrderListing) -> Paging {
    let Page {
        rows,
        has_before,
        has_after,
    } = &listing.page;
    let cursor = |row: Option<&Row>| row.map(|row| row.id.suffix());
    let first = cursor(rows.first()).filter(|_| *has_before);
    let last = cursor(rows.last()).filter(|_| *has_after);
    let shown = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    let text = match listing.total {
        Some(total) if total > shown => {
            format!("{} of {}", grouped(shown), count(total, "order", "orders"))
        }
        _ if *has_before || *has_after => {
            format!("{} on this page", count(shown, "order", "orders"))
        }
        _ => count(shown, "order", "orders"),
    };
    let refused = i64::try_from(listing.refusals.len()).unwrap_or(i64::MAX);
    let text = match refused {
        0 => text,
        some => format!("{text}, {}", count(some, "refusal", "refusals")),
    };
    query.paging(path, first.as_deref(), last.as_deref(), text)
}

fn results(query: &ListQuery) -> FilterGroup {
    let values = [
        ("", "All"),
        (FAILED_LATELY, "Failed in 24 hours"),
        ("failed", "Failed"),
        ("refused", "Refused"),
        ("issued", "Issued"),
    ];
    let chips = values.map(|(value, label)| {
        query.chip(ACTIVITY, "result", (value, label), query.result == value)
    });
    FilterGroup {
        label: "Result".to_owned(),
        chips: chips.to_vec(),
        is_menu: false,
    }
}

/// `GET /activity`, with `result`, `q`, `account`, `after`, `before`, `size`.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/issuance/orders/list.html")]
pub struct OrderListPage {
    /// The frame.
    pub shell: Shell,
    /// The search field: names.
    pub search: Search,
    /// Results and accounts.
    pub filters: Vec<FilterGroup>,
    /// Orders, newest first.
    pub orders: Vec<OrderRow>,
    /// Links to the pages before and after.
    pub paging: Paging,
    /// Whether a search or filter is set.
    pub is_filtered: bool,
}
