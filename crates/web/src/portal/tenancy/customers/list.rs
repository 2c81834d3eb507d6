//! The list of customers.

use askama::Template;
use axum::extract::{Query, State};
use base::{Cursor as _, Timestamp};
use flow::tenancy::list_below::{TenantBelow, list_customers};
use tenancy::role::Permission;

use crate::portal::gate::permitted::{Permitted, ViewTenants};
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

/// `GET /customers`.
pub(super) async fn list(
    State(portal): State<Portal>,
    who: Permitted<ViewTenants>,
    Query(query): Query<ListQuery>,
) -> Answer {
    let now = portal.app.now();
    let path = links::CUSTOMERS;
    let is_filtered = !query.q.trim().is_empty() || !query.after.is_empty();
    let found = list_customers(&portal.app, &who.caller, query.asked(query.q.clone())).await?;
    let (first, last) = found.neighbours();
    let (first, last) = (first.map(|id| id.text()), last.map(|id| id.text()));
    let shown = i64::try_from(found.rows.len()).unwrap_or(i64::MAX);
    let outcome = count(shown, "customer", "customers");
    page(&CustomerListPage {
        shell: who.shell(Nav::Customers, "Customers"),
        search: query.search(path, "Search names", format!("{outcome} shown")),
        paging: query.paging(path, first.as_deref(), last.as_deref(), outcome),
        rows: found.rows.iter().map(|found| row(found, now)).collect(),
        is_filtered,
        may_manage: who.may(Permission::ManageTenants),
    })
}

fn row(found: &TenantBelow, now: Timestamp) -> CustomerLine {
    CustomerLine {
        href: links::customer(found.tenant.id),
        name: found.tenant.name.as_str().to_owned(),
        people: grouped(found.people),
        accounts: grouped(found.accounts),
        names: grouped(found.names),
        since: when(found.tenant.created_at, now),
        status: status(found),
    }
}

/// A customer in the list.
#[derive(Clone, Debug)]
pub struct CustomerLine {
    /// Path of its page.
    pub href: String,
    /// Its name.
    pub name: String,
    /// How many people it has.
    pub people: String,
    /// How many ACME accounts.
    pub accounts: String,
    /// How many domains.
    pub names: String,
    /// Since when it is there.
    pub since: When,
    /// Whether it is suspended.
    pub status: Chip,
}

/// `GET /customers`, with `q`, `after`, `before`, `size`.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/tenancy/customers/list.html")]
pub struct CustomerListPage {
    /// The frame.
    pub shell: Shell,
    /// The search field.
    pub search: Search,
    /// Rows of this page, oldest first.
    pub rows: Vec<CustomerLine>,
    /// Links to other pages.
    pub paging: Paging,
    /// Whether an empty list is empty because of the search.
    pub is_filtered: bool,
    /// Whether the one who looks may add one.
    pub may_manage: bool,
}
