//! The list of resellers.

use askama::Template;
use axum::extract::{Query, State};
use base::{Cursor as _, Timestamp};
use flow::tenancy::list_below::{BelowFilter, BelowQuery, TenantBelow, list_all_resellers};
use tenancy::tenant::TenantKind;

use crate::portal::gate::permitted::{Permitted, ViewResellers};
use crate::portal::page::frame::{Answer, page};
use crate::portal::page::links;
use crate::portal::page::listing::{ListQuery, Paging, Search};
use crate::portal::page::menu::Nav;
use crate::portal::page::moment::when;
use crate::portal::page::part::{Chip, When};
use crate::portal::page::shell::Shell;
use crate::portal::page::words::{count, grouped};
use crate::portal::state::Portal;
use crate::portal::tenancy::stopping::status;

/// `GET /resellers`.
pub(super) async fn list(
    State(portal): State<Portal>,
    who: Permitted<ViewResellers>,
    Query(query): Query<ListQuery>,
) -> Answer {
    let now = portal.app.now();
    let path = links::RESELLERS;
    let filter = BelowFilter {
        kind: TenantKind::Reseller,
        parent: None,
        part: query.q.clone(),
    };
    let asked: BelowQuery = query.asked(filter);
    let found = list_all_resellers(&portal.app, &who.caller, asked).await?;
    let (first, last) = found.neighbours();
    let (first, last) = (first.map(|id| id.text()), last.map(|id| id.text()));
    let shown = i64::try_from(found.rows.len()).unwrap_or(i64::MAX);
    let outcome = count(shown, "reseller", "resellers");
    page(&ResellerListPage {
        shell: who.shell(Nav::Resellers, "Resellers"),
        search: query.search(path, "Search names", format!("{outcome} shown")),
        paging: query.paging(path, first.as_deref(), last.as_deref(), outcome),
        rows: found.rows.iter().map(|found| row(found, now)).collect(),
    })
}

fn row(found: &TenantBelow, now: Timestamp) -> ResellerLine {
    ResellerLine {
        href: links::reseller(found.tenant.id),
        name: found.tenant.name.as_str().to_owned(),
        people: grouped(found.people),
        customers: grouped(found.below),
        accounts: grouped(found.accounts),
        names: grouped(found.names),
        since: when(found.tenant.created_at, now),
        status: status(found),
    }
}

/// A reseller in the list.
#[derive(Clone, Debug)]
pub struct ResellerLine {
    /// Path of its page.
    pub href: String,
    /// Its name.
    pub name: String,
    /// How many people it has.
    pub people: String,
    /// How many customers.
    pub customers: String,
    /// How many ACME accounts.
    pub accounts: String,
    /// How many domains.
    pub names: String,
    /// Since when it is there.
    pub since: When,
    /// Whether it is suspended or on hold.
    pub status: Chip,
}

/// `GET /resellers`, with `q`, `after`, `before`, `size`.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/tenancy/resellers/list.html")]
pub struct ResellerListPage {
    /// The frame.
    pub shell: Shell,
    /// The search field.
    pub search: Search,
    /// Rows of this page, oldest first.
    pub rows: Vec<ResellerLine>,
    /// Links to other pages.
    pub paging: Paging,
}
