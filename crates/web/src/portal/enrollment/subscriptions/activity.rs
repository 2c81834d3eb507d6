//! The orders of an account.

use askama::Template;
use axum::extract::{Path, Query, State};

use super::head::{self, SubscriptionHead, Tab};
use super::show::find;
use crate::portal::gate::permitted::{Permitted, ViewActivity};
use crate::portal::issuance::orders;
use crate::portal::issuance::orders::table::OrderRow;
use crate::portal::page::account::label;
use crate::portal::page::frame::{Answer, page};
use crate::portal::page::links;
use crate::portal::page::listing::{ListQuery, Paging};
use crate::portal::page::menu::Nav;
use crate::portal::page::shell::Shell;
use crate::portal::state::Portal;

/// `GET /accounts/{id}/activity`.
pub(super) async fn show(
    State(portal): State<Portal>,
    who: Permitted<ViewActivity>,
    Path(id): Path<String>,
    Query(query): Query<ListQuery>,
) -> Answer {
    let found = find(&portal, &who, &id).await?;
    let id = found.subscription.id;
    let path = format!("{}/activity", links::account(id));
    let (orders, paging) = orders::list::of_account(&portal, &who, id, &query, &path).await?;
    page(&SubscriptionActivityPage {
        shell: who.shell(Nav::Accounts, &label(&found.subscription)),
        head: head::head(&found, &who, Tab::Activity, portal.app.now()),
        orders,
        paging,
    })
}

/// `GET /accounts/{id}/activity`.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/enrollment/subscriptions/activity.html")]
pub struct SubscriptionActivityPage {
    /// The frame.
    pub shell: Shell,
    /// Title, state, tabs.
    pub head: SubscriptionHead,
    /// Orders of this account.
    pub orders: Vec<OrderRow>,
    /// Links to the pages before and after.
    pub paging: Paging,
}
