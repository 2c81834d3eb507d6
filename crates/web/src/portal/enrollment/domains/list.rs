//! The list of domains, and the part of it that an account shows (`ux.md` R10).

use askama::Template;
use axum::extract::{Query, State};
use base::{Cursor as _, Query as Asked, Slice, SubscriptionId};
use flow::enrollment::list_domains::{self, DomainFilter, DomainPage, MAX_COUNTED};

use super::table::{DomainRow, row};
use crate::portal::gate::permitted::{Permitted, ViewDomains};
use crate::portal::page::account;
use crate::portal::page::frame::{Answer, page};
use crate::portal::page::listing::{FilterGroup, ListQuery, Paging, Search};
use crate::portal::page::menu::Nav;
use crate::portal::page::refused::Refusal;
use crate::portal::page::shell::Shell;
use crate::portal::page::words::count;
use crate::portal::state::Portal;

/// `GET /domains`.
pub(super) async fn list(
    State(portal): State<Portal>,
    who: Permitted<ViewDomains>,
    Query(query): Query<ListQuery>,
) -> Answer {
    let filter = filter(&query, SubscriptionId::from_suffix(&query.account).ok());
    let menu = account::filter(&portal, &who.caller, &query, "/domains").await?;
    let read = read(&portal, &who, &query, &filter, "/domains").await?;
    let placeholder = if filter.is_everything() {
        format!("Search {}", domains(read.matching))
    } else {
        "Search domains".to_owned()
    };
    let outcome = match read.matching {
        MAX_COUNTED if !filter.is_everything() => "10,000 domains match or more".to_owned(),
        matching => count(whole(matching), "domain matches", "domains match"),
    };
    page(&DomainListPage {
        shell: who.shell(Nav::Domains, "Domains"),
        search: query.search("/domains", &placeholder, outcome),
        filters: vec![kinds(&query, &filter), menu],
        domains: read.rows,
        paging: read.paging,
        is_filtered: !filter.is_everything(),
    })
}

/// The domains of one account, for its tab at `path`.
pub(crate) async fn of_account<P>(
    portal: &Portal,
    who: &Permitted<P>,
    account: SubscriptionId,
    query: &ListQuery,
    path: &str,
) -> Result<(Vec<DomainRow>, Paging), Refusal> {
    let filter = filter(query, Some(account));
    let read = read(portal, who, query, &filter, path).await?;
    Ok((read.rows, read.paging))
}

/// A page of the list, ready for display.
struct Read {
    matching: usize,
    rows: Vec<DomainRow>,
    paging: Paging,
}

async fn read<P>(
    portal: &Portal,
    who: &Permitted<P>,
    query: &ListQuery,
    filter: &DomainFilter,
    path: &str,
) -> Result<Read, Refusal> {
    let (now, limit) = (portal.app.now(), query.limit());
    let asked = Asked {
        filter: filter.clone(),
        slice: Slice::parse(&query.after, &query.before),
        limit: usize::try_from(limit).unwrap_or_default(),
    };
    let found = list_domains::page(&portal.app, &who.caller, asked).await?;
    let DomainPage { page, matching } = found;
    let (first, last) = page.neighbours();
    let (first, last) = (
        first.map(|place| place.text()),
        last.map(|place| place.text()),
    );
    let shown = page.rows.len();
    let text = match matching {
        MAX_COUNTED if !filter.is_everything() => format!("{shown} of 10,000 domains or more"),
        matching => format!("{shown} of {}", domains(matching)),
    };
    Ok(Read {
        paging: query.paging(path, first.as_deref(), last.as_deref(), text),
        rows: page.rows.iter().map(|line| row(line, now)).collect(),
        matching,
    })
}

fn filter(query: &ListQuery, subscription: Option<SubscriptionId>) -> DomainFilter {
    DomainFilter {
        subscription,
        contains: query.text(),
        is_companion: match query.status.as_str() {
            "paid" => Some(false),
            "included" => Some(true),
            _ => None,
        },
    }
}

fn kinds(query: &ListQuery, filter: &DomainFilter) -> FilterGroup {
    let kinds = [
        ("", "All", None),
        ("paid", "Charged", Some(false)),
        ("included", "Included", Some(true)),
    ];
    let chips = kinds.map(|(value, label, is_companion)| {
        let is_current = filter.is_companion == is_companion;
        query.chip("/domains", "status", (value, label), is_current)
    });
    FilterGroup {
        label: "Kind".to_owned(),
        chips: chips.to_vec(),
        is_menu: false,
    }
}

/// `GET /domains`, with `q`, `account`, `status`, `after`, `before`, `size`.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/enrollment/domains/list.html")]
pub struct DomainListPage {
    /// The frame.
    pub shell: Shell,
    /// The search field.
    pub search: Search,
    /// Status and account.
    pub filters: Vec<FilterGroup>,
    /// Domains by name.
    pub domains: Vec<DomainRow>,
    /// Links to the pages before and after.
    pub paging: Paging,
    /// Whether a search or filter is set.
    pub is_filtered: bool,
}

fn domains(number: usize) -> String {
    count(whole(number), "domain", "domains")
}

fn whole(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
