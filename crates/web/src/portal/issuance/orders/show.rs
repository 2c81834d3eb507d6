//! One order as it happens, and the last one of an account in short (`ux.md` R16).

use askama::Template;
use base::{OrderId, SubscriptionId};
use flow::Caller;
use flow::issuance::list_orders::{OrderDetail, OrderFilter, order, orders};

use super::table::{agent, chip};
use super::timeline::{Failure, TimelineStep, announcement, failure, short_steps, steps};
use crate::portal::gate::allowed::{Allowed, Object};
use crate::portal::gate::permitted::{Permitted, ViewActivity};
use crate::portal::page::account::label_or_stand_in;
use crate::portal::page::frame::{Answer, page};
use crate::portal::page::menu::Nav;
use crate::portal::page::part::{Chip, When};
use crate::portal::page::refused::Refusal;
use crate::portal::page::shell::Shell;
use crate::portal::page::{links, moment};
use crate::portal::state::Portal;

impl Object for OrderDetail {
    async fn load(portal: &Portal, caller: &Caller, id: &str) -> Result<Option<Self>, Refusal> {
        let Ok(id) = OrderId::from_suffix(id) else {
            return Ok(None);
        };
        Ok(order(&portal.app, caller, id).await?)
    }
}

pub(super) async fn show(
    Allowed { who, object: found }: Allowed<ViewActivity, OrderDetail>,
) -> Answer {
    let id = found.row.id;
    let detail = found;
    let name = detail.row.names.first().cloned().unwrap_or_default();
    let began = detail.row.created_at;
    page(&OrderPage {
        shell: who.shell(Nav::Activity, &format!("Order for {name}")),
        href: links::order(id),
        back_href: links::ACTIVITY.to_owned(),
        status: chip(detail.row.stage),
        is_running: detail.row.stage.is_running(),
        announcement: announcement(&detail),
        account: label_or_stand_in(&detail.row.label),
        account_href: links::account(detail.row.subscription),
        agent: agent(&detail.row.client_agent),
        address: detail.client_address.clone(),
        began: moment::when(began, detail.now),
        took: detail
            .ended_at
            .map(|ended| moment::took(ended.since(began)))
            .unwrap_or_default(),
        steps: steps(&detail),
        failure: failure(&detail),
        certificate_href: detail.certificate.map(links::certificate),
        names: detail.row.names,
        name,
    })
}

/// The last order of one ACME account, for its credentials page.
pub(crate) async fn last_of_account<P>(
    portal: &Portal,
    who: &Permitted<P>,
    account: SubscriptionId,
) -> Result<Option<LastOrder>, Refusal> {
    let filter = OrderFilter {
        subscription: Some(account),
        ..OrderFilter::default()
    };
    let asked = base::Query::first(filter, 1);
    let found = orders(&portal.app, &who.caller, asked).await?;
    let Some(last) = found.page.rows.first() else {
        return Ok(None);
    };
    let detail = order(&portal.app, &who.caller, last.id).await?;
    Ok(detail.map(|detail| LastOrder {
        href: links::order(detail.row.id),
        status: chip(detail.row.stage),
        steps: short_steps(&detail),
    }))
}

/// `GET /activity/{id}`; while it runs, a browser asks for the same page every two seconds.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/issuance/orders/show.html")]
pub struct OrderPage {
    /// The frame.
    pub shell: Shell,
    /// Path of this page.
    pub href: String,
    /// The list to go back to, with its filter.
    pub back_href: String,
    /// The first name, as the headline.
    pub name: String,
    /// Its state.
    pub status: Chip,
    /// Whether more is going to happen.
    pub is_running: bool,
    /// The state in one sentence, announced when it changes.
    pub announcement: String,
    /// All names.
    pub names: Vec<String>,
    /// Label of the ACME account.
    pub account: String,
    /// Path of that account.
    pub account_href: String,
    /// Such as "certbot/5.8.0"; empty when unknown.
    pub agent: String,
    /// Where the client came from; empty when unknown.
    pub address: String,
    /// When it began.
    pub began: When,
    /// Such as "1.4 s"; empty while it runs.
    pub took: String,
    /// What happened so far, first things first.
    pub steps: Vec<TimelineStep>,
    /// Set when it failed.
    pub failure: Option<Failure>,
    /// Path of the certificate, once there is one.
    pub certificate_href: Option<String>,
}

impl OrderPage {
    /// The state in one sentence, unless the answer below says it already.
    fn summary(&self) -> &str {
        match self.failure {
            Some(_) => "",
            None => &self.announcement,
        }
    }
}

/// The last order of the account, in short.
#[derive(Clone, Debug)]
pub struct LastOrder {
    /// Path of its page.
    pub href: String,
    /// How it ended.
    pub status: Chip,
    /// The timeline; next steps and evidence are left to the order's own page.
    pub steps: Vec<TimelineStep>,
}
