//! The list of domains, and the part of it that an account shows (`ux.md` R10).

use askama::Template;
use axum::extract::{Query, State};
use base::{EnrolledDomainId, SubscriptionId};
use flow::enrollment::list_domains::{self, Filter, Line, MAX_COUNTED, Page};

use super::table::{DomainRow, row};
use crate::portal::gate::permitted::{Permitted, ViewDomains};
use crate::portal::page::account;
use crate::portal::page::frame::{Answer, page};
use crate::portal::page::listing::{FilterGroup, ListQuery, Paging, Search, Slice};
use crate::portal::page::refused::Refusal;
use crate::portal::page::shell::{Nav, Shell};
use crate::portal::page::words::count;
use crate::portal::state::Portal;

/// `GET /domains`.
pub(super) async fn list(
    State(portal): State<Portal>,
    who: Permitted<ViewDomains>,
    Query(query): Query<ListQuery>,
) -> Answer {
    let filter = filter(&query, SubscriptionId::from_suffix(&query.account).ok());
    let menu = account::filter(&portal, who.tenant(), &query, "/domains").await?;
    let read = read(&portal, &who, &query, &filter, "/domains").await?;
    let placeholder = match read.matching {
        Some(total) if filter.is_everything() => {
            format!("Search {}", count(total, "domain", "domains"))
        }
        _ => "Search domains".to_owned(),
    };
    let outcome = match read.matching {
        Some(MAX_COUNTED) if !filter.is_everything() => "10,000 domains match or more".to_owned(),
        Some(matching) => count(matching, "domain matches", "domains match"),
        None => "More domains match than fit on a page".to_owned(),
    };
    page(&DomainListPage {
        shell: who.shell(Nav::Domains, "Domains"),
        search: Search {
            href: "/domains".to_owned(),
            value: query.q.clone(),
            placeholder,
            kept: query.kept(),
            outcome,
        },
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
    matching: Option<i64>,
    rows: Vec<DomainRow>,
    paging: Paging,
}

async fn read<P>(
    portal: &Portal,
    who: &Permitted<P>,
    query: &ListQuery,
    filter: &Filter,
    path: &str,
) -> Result<Read, Refusal> {
    let (now, limit) = (portal.app.clock.now(), query.limit());
    let found = list_domains::page(&portal.app, who.tenant(), filter.clone(), limit + 1).await?;
    let Page { lines, matching } = found;
    let slice = match filter.before {
        Some(_) => Slice::backwards(lines, limit),
        None => Slice::forwards(lines, limit, filter.after.is_some()),
    };
    let first = slice
        .rows
        .first()
        .map(cursor)
        .filter(|_| slice.has_previous);
    let last = slice.rows.last().map(cursor).filter(|_| slice.has_next);
    let shown = slice.rows.len();
    let text = match matching {
        Some(MAX_COUNTED) if !filter.is_everything() => {
            format!("{shown} of 10,000 domains or more")
        }
        Some(matching) => format!("{shown} of {}", count(matching, "domain", "domains")),
        None => format!("{shown} of the domains that match"),
    };
    Ok(Read {
        paging: query.paging(path, first.as_deref(), last.as_deref(), text),
        rows: slice.rows.iter().map(|line| row(line, now)).collect(),
        matching,
    })
}

fn filter(query: &ListQuery, subscription: Option<SubscriptionId>) -> Filter {
    Filter {
        subscription,
        contains: query.text(),
        after: position(&query.after),
        before: position(&query.before),
        is_companion: match query.status.as_str() {
            "paid" => Some(false),
            "included" => Some(true),
            _ => None,
        },
    }
}

/// Where a row stands in the list; the name may be in several accounts.
fn cursor(line: &Line) -> String {
    format!("{}~{}", line.domain.name, line.domain.id.suffix())
}

fn position(cursor: &str) -> Option<(String, EnrolledDomainId)> {
    let (name, id) = cursor.split_once('~')?;
    let id = EnrolledDomainId::from_suffix(id).ok()?;
    Some((name.to_owned(), id))
}

fn kinds(query: &ListQuery, filter: &Filter) -> FilterGroup {
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
