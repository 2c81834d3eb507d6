//! The domains of an account.

use askama::Template;
use axum::extract::{Path, Query, State};

use super::head::{self, SubscriptionHead, Tab};
use super::show::find;
use crate::portal::enrollment::domains::list::of_account;
use crate::portal::enrollment::domains::table::DomainRow;
use crate::portal::gate::permitted::{Permitted, ViewDomains};
use crate::portal::page::account::label;
use crate::portal::page::frame::{Answer, page};
use crate::portal::page::links;
use crate::portal::page::listing::{ListQuery, Paging};
use crate::portal::page::menu::Nav;
use crate::portal::page::shell::Shell;
use crate::portal::state::Portal;

/// `GET /accounts/{id}/domains`.
pub(super) async fn show(
    State(portal): State<Portal>,
    who: Permitted<ViewDomains>,
    Path(id): Path<String>,
    Query(query): Query<ListQuery>,
) -> Answer {
    let found = find(&portal, &who, &id).await?;
    let id = found.subscription.id;
    let path = format!("{}/domains", links::account(id));
    let (domains, paging) = of_account(&portal, &who, id, &query, &path).await?;
    page(&SubscriptionDomainsPage {
        shell: who.shell(Nav::Accounts, &label(&found.subscription)),
        head: head::head(&found, &who, Tab::Domains, portal.app.now()),
        domains,
        paging,
        add_href: format!("/domains/new?account={}", id.suffix()),
    })
}

/// `GET /accounts/{id}/domains`.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/enrollment/subscriptions/domains.html")]
pub struct SubscriptionDomainsPage {
    /// The frame.
    pub shell: Shell,
    /// Title, state, tabs.
    pub head: SubscriptionHead,
    /// Domains in this account.
    pub domains: Vec<DomainRow>,
    /// Links to the pages before and after.
    pub paging: Paging,
    /// Where to add one to this account.
    pub add_href: String,
}
