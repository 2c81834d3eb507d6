//! The domains of an account.

use askama::Template;
use axum::extract::{Query, State};

use super::head::{self, SubscriptionHead, Tab};
use crate::portal::enrollment::domains::list::of_account;
use crate::portal::enrollment::domains::table::DomainRow;
use crate::portal::gate::allowed::Allowed;
use crate::portal::gate::permitted::ViewDomains;
use crate::portal::page::account::label;
use crate::portal::page::frame::{Answer, page};
use crate::portal::page::links;
use crate::portal::page::listing::{ListQuery, Paging};
use crate::portal::page::menu::Nav;
use crate::portal::page::shell::Shell;
use crate::portal::state::Portal;
use flow::enrollment::list_subscriptions::Summary;

/// `GET /accounts/{id}/domains`.
pub(super) async fn show(
    State(portal): State<Portal>,
    Allowed { who, object: found }: Allowed<ViewDomains, Summary>,
    Query(query): Query<ListQuery>,
) -> Answer {
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
