//! ACME orders: the list, and one order as it happens.

mod explain;
mod timeline;

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::routing::get;
use base::{DnsName, OrderId, SubscriptionId, TenantId, Timestamp};
use flow::issuance::list_orders::{
    Ending, Filter, Listing, Names, Page, Row, Slice, Stage, order, orders,
};
use flow::overview::dashboard::recently;

pub(super) use self::timeline::seen_in_short;
use crate::portal::activity::timeline::{announcement, failure, steps};
use crate::portal::gate::permitted::{Permitted, ViewActivity};
use crate::portal::page::account::{self, label_or_stand_in};
use crate::portal::page::frame::{Answer, page};
use crate::portal::page::listing::{FilterGroup, ListQuery, Paging, Search};
use crate::portal::page::part::{Chip, Tone};
use crate::portal::page::refused::Refusal;
use crate::portal::page::shell::Nav;
use crate::portal::page::words::{count, grouped, more};
use crate::portal::page::{links, moment};
use crate::portal::state::Portal;
use crate::portal::view::account::LastOrder;
use crate::portal::view::activity::{ActivityPage, OrderPage};
use crate::portal::view::order::OrderRow;

const PATH: &str = "/activity";
/// How many orders a domain's page shows.
const OF_NAME: usize = 5;
/// Failed and placed within 24 hours: the list behind the figure of the start page.
pub(super) const FAILED_LATELY: &str = "failed-24h";

pub(super) fn routes() -> Router<Portal> {
    Router::new()
        .route(PATH, get(list))
        .route("/activity/{id}", get(show))
}

async fn list(
    who: Permitted<ViewActivity>,
    State(portal): State<Portal>,
    Query(query): Query<ListQuery>,
) -> Answer {
    let listing = read(&portal, who.tenant(), &query).await?;
    let accounts = account::filter(&portal, who.tenant(), &query, PATH).await?;
    let paging = paging(&query, PATH, &listing);
    page(&ActivityPage {
        shell: who.shell(Nav::Activity, "Activity"),
        search: Search {
            href: PATH.to_owned(),
            value: query.q.clone(),
            placeholder: "Search names".to_owned(),
            kept: query.kept(),
            outcome: paging.text.clone(),
        },
        filters: vec![results(&query), accounts],
        orders: listing
            .page
            .rows
            .iter()
            .map(|each| row(each, listing.now))
            .collect(),
        paging,
        is_filtered: [&query.q, &query.account, &query.result, &query.after]
            .iter()
            .any(|value| !value.is_empty()),
    })
}

async fn show(
    who: Permitted<ViewActivity>,
    State(portal): State<Portal>,
    Path(id): Path<String>,
) -> Answer {
    let id = OrderId::from_suffix(&id).map_err(|_| Refusal::NotFound)?;
    let found = order(&portal.app, who.tenant(), id).await?;
    let detail = found.ok_or(Refusal::NotFound)?;
    let name = detail.row.names.first().cloned().unwrap_or_default();
    let began = detail.row.created_at;
    page(&OrderPage {
        shell: who.shell(Nav::Activity, &format!("Order for {name}")),
        href: links::order(id),
        back_href: PATH.to_owned(),
        status: chip(detail.row.stage),
        is_running: detail.row.stage.is_running(),
        announcement: announcement(&detail),
        account: label_or_stand_in(&detail.row.label),
        account_href: links::account(detail.row.subscription),
        agent: agent(&detail.row.client_agent),
        address: detail.client_address.clone(),
        began: moment::when(began, detail.now),
        took: detail
            .ended_at
            .map(|ended| moment::took(ended.since(began)))
            .unwrap_or_default(),
        steps: steps(&detail),
        failure: failure(&detail),
        certificate_href: detail.certificate.map(links::certificate),
        names: detail.row.names,
        name,
    })
}

/// The orders of one ACME account, for its tab at `path`.
pub(super) async fn of_account<P>(
    portal: &Portal,
    who: &Permitted<P>,
    account: SubscriptionId,
    query: &ListQuery,
    path: &str,
) -> Result<(Vec<OrderRow>, Paging), Refusal> {
    let query = ListQuery {
        account: account.suffix(),
        ..query.clone()
    };
    let listing = read(portal, who.tenant(), &query).await?;
    let query = ListQuery {
        account: String::new(),
        ..query
    };
    let paging = paging(&query, path, &listing);
    let rows = listing.page.rows.iter().map(|each| row(each, listing.now));
    Ok((rows.collect(), paging))
}

/// The newest orders with a name, for its domain's page.
pub(super) async fn of_name<P>(
    portal: &Portal,
    who: &Permitted<P>,
    account: SubscriptionId,
    name: &DnsName,
) -> Result<Vec<OrderRow>, Refusal> {
    let filter = Filter {
        subscription: Some(account),
        names: Names::Include(name.clone()),
        ..Filter::default()
    };
    let found = orders(&portal.app, who.tenant(), filter, Slice::Start, OF_NAME).await?;
    Ok(found
        .page
        .rows
        .iter()
        .map(|each| row(each, found.now))
        .collect())
}

/// The last order of one ACME account, for its credentials page.
pub(super) async fn last_of_account<P>(
    portal: &Portal,
    who: &Permitted<P>,
    account: SubscriptionId,
) -> Result<Option<LastOrder>, Refusal> {
    let filter = Filter {
        subscription: Some(account),
        ..Filter::default()
    };
    let found = orders(&portal.app, who.tenant(), filter, Slice::Start, 1).await?;
    let Some(last) = found.page.rows.first() else {
        return Ok(None);
    };
    let detail = order(&portal.app, who.tenant(), last.id).await?;
    Ok(detail.map(|detail| LastOrder {
        href: links::order(detail.row.id),
        status: chip(detail.row.stage),
        steps: timeline::short_steps(&detail),
    }))
}

/// An order as a row.
pub(super) fn row(row: &Row, now: Timestamp) -> OrderRow {
    OrderRow {
        href: links::order(row.id),
        name: row.names.first().cloned().unwrap_or_default(),
        more: more(&row.names),
        account: label_or_stand_in(&row.label),
        agent: agent(&row.client_agent),
        stage: match row.problem.as_ref() {
            Some(problem) if row.stage == Stage::Failed => explain::title(problem),
            _ => timeline::stage_text(row.stage).to_owned(),
        },
        status: chip(row.stage),
        when: moment::when(row.created_at, now),
    }
}

/// The name and version that a client goes by, out of all that it says about itself.
pub(super) fn agent(text: &str) -> String {
    let product = text.split_whitespace().next().unwrap_or_default();
    match product.strip_prefix("CertbotACMEClient") {
        Some(version) => format!("certbot{version}"),
        None => product.to_owned(),
    }
}

fn chip(stage: Stage) -> Chip {
    match stage {
        Stage::Expired => Chip::new(Tone::Idle, "Expired"),
        Stage::Failed => Chip::new(Tone::Bad, "Failed"),
        Stage::Issued => Chip::new(Tone::Good, "Issued"),
        Stage::Ready | Stage::Signing | Stage::Validating | Stage::Waiting => {
            Chip::new(Tone::Busy, "Running")
        }
    }
}

async fn read(portal: &Portal, tenant: TenantId, query: &ListQuery) -> Result<Listing, Refusal> {
    let (ending, since) = match query.result.as_str() {
        "failed" => (Ending::Failed, None),
        FAILED_LATELY => (Ending::Failed, Some(recently(portal.app.clock.now()))),
        "issued" => (Ending::Issued, None),
        _ => (Ending::Any, None),
    };
    let filter = Filter {
        ending,
        since,
        subscription: SubscriptionId::from_suffix(&query.account).ok(),
        names: Names::containing(&query.text()),
    };
    let slice = if let Ok(id) = OrderId::from_suffix(&query.after) {
        Slice::After(id)
    } else if let Ok(id) = OrderId::from_suffix(&query.before) {
        Slice::Before(id)
    } else {
        Slice::Start
    };
    let limit = usize::try_from(query.limit()).unwrap_or(usize::MAX);
    Ok(orders(&portal.app, tenant, filter, slice, limit).await?)
}

fn paging(query: &ListQuery, path: &str, listing: &Listing) -> Paging {
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
    query.paging(path, first.as_deref(), last.as_deref(), text)
}

fn results(query: &ListQuery) -> FilterGroup {
    let values = [
        ("", "All"),
        (FAILED_LATELY, "Failed in 24 hours"),
        ("failed", "Failed"),
        ("issued", "Issued"),
    ];
    let chips = values
        .map(|(value, label)| query.chip(PATH, "result", (value, label), query.result == value));
    FilterGroup {
        label: "Result".to_owned(),
        chips: chips.to_vec(),
        is_menu: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_go_by_name_and_version() {
        let certbot = "CertbotACMEClient/2.1.0 (certbot; Debian GNU/Linux 12) Py/3.11.2";
        assert_eq!(agent(certbot), "certbot/2.1.0");
        assert_eq!(
            agent("Caddy/2.10.0 CertMagic acmez (linux; amd64)"),
            "Caddy/2.10.0"
        );
        assert_eq!(agent(""), "");
    }
}
