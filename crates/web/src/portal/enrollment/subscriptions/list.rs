//! The list of ACME accounts (`ux.md` R8).

use askama::Template;
use axum::extract::{Query, State};
use base::{Query as Asked, Slice, SubscriptionId};
use enrollment::subscription::State as AccountState;
use flow::enrollment::list_subscriptions::{self, SubscriptionFilter, Summary};

use crate::portal::gate::permitted::{Permitted, ViewAccounts};
use crate::portal::page::frame::{Answer, page};
use crate::portal::page::listing::{FilterGroup, ListQuery, Paging};
use crate::portal::page::menu::Nav;
use crate::portal::page::moment::{when, words_only};
use crate::portal::page::part::{Chip, When};
use crate::portal::page::shell::Shell;
use crate::portal::page::words::{count, grouped};
use crate::portal::page::{account, links};
use crate::portal::state::Portal;

/// `GET /accounts`.
pub(super) async fn list(
    State(portal): State<Portal>,
    who: Permitted<ViewAccounts>,
    Query(query): Query<ListQuery>,
) -> Answer {
    let filter = SubscriptionFilter {
        state: AccountState::parse(&query.status),
    };
    let asked = Asked {
        filter,
        slice: Slice::parse(&query.after, &query.before),
        limit: usize::try_from(query.limit()).unwrap_or_default(),
    };
    let is_filtered = filter.state.is_some() || asked.slice != Slice::Start;
    let found = list_subscriptions::page(&portal.app, &who.caller, asked).await?;
    let (first, last) = found.neighbours();
    let (first, last) = (
        first.map(SubscriptionId::suffix),
        last.map(SubscriptionId::suffix),
    );
    let shown = i64::try_from(found.rows.len()).unwrap_or(i64::MAX);
    page(&SubscriptionListPage {
        shell: who.shell(Nav::Accounts, "ACME accounts"),
        filters: vec![states(&query, filter.state)],
        paging: query.paging(
            "/accounts",
            first.as_deref(),
            last.as_deref(),
            count(shown, "account", "accounts"),
        ),
        rows: found.rows.iter().map(|found| row(&portal, found)).collect(),
        is_filtered,
    })
}

fn states(query: &ListQuery, current: Option<AccountState>) -> FilterGroup {
    let all = query.chip("/accounts", "status", ("", "All"), current.is_none());
    let others = AccountState::ALL.iter().map(|state| {
        let label = account::word(*state);
        query.chip(
            "/accounts",
            "status",
            (state.as_str(), label),
            current == Some(*state),
        )
    });
    FilterGroup {
        label: "Status".to_owned(),
        chips: std::iter::once(all).chain(others).collect(),
        is_menu: false,
    }
}

fn row(portal: &Portal, found: &Summary) -> SubscriptionRow {
    let now = portal.app.now();
    let subscription = &found.subscription;
    let key_id = found.credential.as_ref().map(|key| key.key_id.to_string());
    SubscriptionRow {
        href: links::account(subscription.id),
        label: account::label(subscription),
        kind: account::kind(subscription),
        key_id: key_id.unwrap_or_default(),
        domains: domains(found),
        clients: grouped(found.clients),
        ends: ends(portal, found),
        last_used: found.last_used_at.map(|at| when(at, now)),
        status: account::chip(subscription, now),
    }
}

fn domains(found: &Summary) -> String {
    if found.companions == 0 {
        grouped(found.paid)
    } else {
        format!(
            "{} + {} free",
            grouped(found.paid),
            grouped(found.companions)
        )
    }
}

fn ends(portal: &Portal, found: &Summary) -> When {
    match found.subscription.covered_until {
        Some(at) => when(at, portal.app.now()),
        None => words_only("starts with its first domain"),
    }
}

/// One ACME account in the list.
#[derive(Clone, Debug)]
pub struct SubscriptionRow {
    /// Path of its page.
    pub href: String,
    /// Its label, or a stand-in.
    pub label: String,
    /// Type, such as "DV".
    pub kind: String,
    /// EAB key ID.
    pub key_id: String,
    /// Such as "128 + 41 free".
    pub domains: String,
    /// Clients registered with it, such as "2".
    pub clients: String,
    /// End of its term.
    pub ends: When,
    /// When a client last used it.
    pub last_used: Option<When>,
    /// State of the account.
    pub status: Chip,
}

/// `GET /accounts`.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/enrollment/subscriptions/list.html")]
pub struct SubscriptionListPage {
    /// The frame.
    pub shell: Shell,
    /// Status filter.
    pub filters: Vec<FilterGroup>,
    /// Accounts, newest first.
    pub rows: Vec<SubscriptionRow>,
    /// Links to the pages before and after.
    pub paging: Paging,
    /// Whether a filter is set, which makes an empty list mean something else.
    pub is_filtered: bool,
}
