//! The list of domains that are proven outside of orders.

use askama::Template;
use axum::extract::{Query, State};
use base::{Cursor as _, Timestamp};
use flow::tenancy::domain::list_own_domains::list_own_domains;
use flow::tenancy::domain::{OwnDomainFilter, OwnDomainQuery};
use tenancy::domain::{Domain, ProofMethod};
use tenancy::role::Permission;

use super::chip;
use crate::portal::gate::permitted::{Permitted, ViewDomains};
use crate::portal::page::frame::{Answer, page};
use crate::portal::page::links;
use crate::portal::page::listing::{ListQuery, Paging, Search};
use crate::portal::page::menu::Nav;
use crate::portal::page::part::Chip;
use crate::portal::page::shell::Shell;
use crate::portal::page::words::count;
use crate::portal::state::Portal;

/// `GET /delegated-domains`.
pub(super) async fn list(
    State(portal): State<Portal>,
    who: Permitted<ViewDomains>,
    Query(query): Query<ListQuery>,
) -> Answer {
    let now = portal.app.now();
    let filter = OwnDomainFilter { part: query.text() };
    let is_filtered = !filter.part.is_empty() || !query.after.is_empty();
    let asked: OwnDomainQuery = query.asked(filter);
    let found = list_own_domains(&portal.app, &who.caller, asked).await?;
    let (first, last) = found.neighbours();
    let (first, last) = (
        first.map(|place| place.text()),
        last.map(|place| place.text()),
    );
    let shown = i64::try_from(found.rows.len()).unwrap_or(i64::MAX);
    let outcome = count(shown, "domain", "domains");
    page(&DelegatedDomainListPage {
        shell: who.shell(Nav::Organizations, "Delegated domains"),
        search: query.search(
            links::DELEGATED_DOMAINS,
            "Search names",
            format!("{outcome} shown"),
        ),
        paging: query.paging(
            links::DELEGATED_DOMAINS,
            first.as_deref(),
            last.as_deref(),
            outcome,
        ),
        rows: found.rows.iter().map(|domain| row(domain, now)).collect(),
        is_filtered,
        may_manage: who.may_for_whole(Permission::ManageDomains),
    })
}

fn row(domain: &Domain, now: Timestamp) -> DelegatedDomainLine {
    DelegatedDomainLine {
        href: links::delegated_domain(domain.id),
        name: domain.name.to_string(),
        reach: match domain.proof.map(|proof| proof.method) {
            Some(ProofMethod::Dns | ProofMethod::Mail) => "all names below it, wildcards too",
            Some(ProofMethod::Http) => "this name alone",
            None => "",
        },
        status: chip(domain, now),
    }
}

/// A domain in the list.
#[derive(Clone, Debug)]
pub struct DelegatedDomainLine {
    /// Path of its page.
    pub href: String,
    /// Its name.
    pub name: String,
    /// What its proof counts for; empty without one.
    pub reach: &'static str,
    /// Where the proof stands.
    pub status: Chip,
}

/// `GET /delegated-domains`, with `q`, `after`, `before`, `size`.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/tenancy/delegated_domains/list.html")]
pub struct DelegatedDomainListPage {
    /// The frame.
    pub shell: Shell,
    /// The search field.
    pub search: Search,
    /// Rows of this page.
    pub rows: Vec<DelegatedDomainLine>,
    /// Links to other pages.
    pub paging: Paging,
    /// Whether an empty list is empty because of the search.
    pub is_filtered: bool,
    /// Whether the one who looks may add one.
    pub may_manage: bool,
}
