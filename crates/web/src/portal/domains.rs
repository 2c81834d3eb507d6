//! Enrolled domains (`ux.md` R10, R11, R13).

mod add;
mod detail;
mod remove;

use axum::Router;
use axum::extract::{Query, State};
use axum::routing::{get, post};
use base::{EnrolledDomainId, SubscriptionId, Timestamp};
use enrollment::enrolled_domain::{Kind, Status};
use enrollment::subscription::State as AccountState;
use flow::enrollment::list_domains::{self, Filter, Line, MAX_COUNTED, Page};

use crate::portal::gate::permitted::{Permitted, ViewDomains};
use crate::portal::page::account::{self, chip, label};
use crate::portal::page::frame::{Answer, page};
use crate::portal::page::links;
use crate::portal::page::listing::{FilterGroup, ListQuery, Paging, Search, Slice};
use crate::portal::page::moment::when;
use crate::portal::page::part::{Chip, Tone};
use crate::portal::page::refused::Refusal;
use crate::portal::page::shell::Nav;
use crate::portal::page::words::count;
use crate::portal::state::Portal;
use crate::portal::view::domains::{DomainRow, DomainsPage};

pub(super) fn routes() -> Router<Portal> {
    Router::new()
        .route("/domains", get(list).post(add::add))
        .route("/domains/new", get(add::form))
        .route("/domains/preview", post(add::preview))
        .route("/domains/edit", post(add::edit))
        .route("/domains/{id}", get(detail::show))
        .route(
            "/domains/{id}/remove",
            get(remove::form).post(remove::remove),
        )
}

/// `GET /domains`.
async fn list(
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
    page(&DomainsPage {
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
pub(super) async fn of_account<P>(
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

fn row(line: &Line, now: Timestamp) -> DomainRow {
    let domain = &line.domain;
    let kind = match (domain.kind, domain.name.is_wildcard()) {
        (Kind::Companion { .. }, _) => "Included",
        (Kind::Paid, true) => "Wildcard",
        (Kind::Paid, false) => "Single",
    };
    DomainRow {
        href: links::domain(domain.id),
        name: domain.name.to_string(),
        kind: kind.to_owned(),
        companion_of: line.companion_of.clone(),
        account: label(&line.subscription),
        account_href: links::account(line.subscription.id),
        added: when(domain.added_at, now),
        last_issued: line.last_issued_at.map(|at| when(at, now)),
        status: status(line, now),
    }
}

fn status(line: &Line, now: Timestamp) -> Chip {
    match (line.domain.status, line.subscription.state(now)) {
        (Status::Removed { .. }, _) => Chip::new(Tone::Idle, "Removed"),
        (Status::Active, AccountState::Active | AccountState::Pending) => {
            Chip::new(Tone::Good, "Active")
        }
        (Status::Active, AccountState::Suspended) => Chip::new(Tone::Warn, "On hold"),
        (Status::Active, AccountState::Expired | AccountState::Deactivated) => {
            chip(&line.subscription, now)
        }
    }
}
