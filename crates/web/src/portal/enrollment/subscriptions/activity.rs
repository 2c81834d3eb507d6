//! The orders of an account.

use askama::Template;
use axum::extract::{Query, State};

use super::head::{self, SubscriptionHead, Tab};
use crate::portal::gate::allowed::Allowed;
use crate::portal::gate::permitted::ViewActivity;
use crate::portal::issuance::orders;
use crate::portal::issuance::orders::table::OrderRow;
use crate::portal::page::account::label;
use crate::portal::page::frame::{Answer, page};
use crate::portal::page::links;
use crate::portal::page::listing::{ListQuery, Paging};
use crate::portal::page::menu::Nav;
use crate::portal::page::shell::Shell;
use crate::portal::state::Portal;
use flow::enrollment::list_subscriptions::Summary;

/// `GET /accounts/{id}/activity`.
pub(super) async fn show(
    State(portal): State<Portal>,
    Allowed { who, object: found }: Allowed<ViewActivity, Summary>,
    Query(query): Query<ListQuery>,
) -> Answer {
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
