//! ACME accounts: subscriptions with their credentials (`ux.md` R8, R9). What RFC 8555 calls an
//! account is a client here.

mod credentials;
mod head;
mod new;
mod state;
mod tabs;

use axum::Router;
use axum::extract::{Query, State};
use axum::routing::{get, post};
use base::SubscriptionId;
use enrollment::subscription::State as AccountState;
use flow::enrollment::list_subscriptions::{self, Filter, Summary};

use crate::portal::gate::permitted::{Permitted, ViewAccounts};
use crate::portal::page::frame::{Answer, page};
use crate::portal::page::listing::{FilterGroup, ListQuery, Slice};
use crate::portal::page::moment::{when, words_only};
use crate::portal::page::part::When;
use crate::portal::page::shell::Nav;
use crate::portal::page::words::{count, grouped};
use crate::portal::page::{account, links};
use crate::portal::state::Portal;
use crate::portal::view::accounts::{AccountRow, AccountsPage};

pub(super) fn routes() -> Router<Portal> {
    Router::new()
        .route("/accounts", get(list).post(new::create))
        .route("/accounts/new", get(new::form))
        .route("/accounts/{id}", get(credentials::redirect))
        .route("/accounts/{id}/credentials", get(credentials::show))
        .route(
            "/accounts/{id}/reveal",
            post(credentials::reveal).get(credentials::redirect),
        )
        .route("/accounts/{id}/domains", get(tabs::domains))
        .route("/accounts/{id}/certificates", get(tabs::certificates))
        .route("/accounts/{id}/activity", get(tabs::activity))
        .route("/accounts/{id}/clients", get(tabs::clients))
        .route(
            "/accounts/{id}/suspend",
            get(state::suspend_form).post(state::suspend),
        )
        .route(
            "/accounts/{id}/resume",
            get(state::resume_form).post(state::resume),
        )
        .route(
            "/accounts/{id}/deactivate",
            get(state::deactivate_form).post(state::deactivate),
        )
}

/// `GET /accounts`.
async fn list(
    State(portal): State<Portal>,
    who: Permitted<ViewAccounts>,
    Query(query): Query<ListQuery>,
) -> Answer {
    let filter = filter(&query);
    let limit = query.limit();
    let found = list_subscriptions::page(&portal.app, who.tenant(), filter, limit + 1).await?;
    let slice = match filter.before {
        Some(_) => Slice::backwards(found, limit),
        None => Slice::forwards(found, limit, filter.after.is_some()),
    };
    let cursor = |found: Option<&Summary>| found.map(|found| found.subscription.id.suffix());
    let first = cursor(slice.rows.first()).filter(|_| slice.has_previous);
    let last = cursor(slice.rows.last()).filter(|_| slice.has_next);
    let shown = i64::try_from(slice.rows.len()).unwrap_or(i64::MAX);
    page(&AccountsPage {
        shell: who.shell(Nav::Accounts, "ACME accounts"),
        filters: vec![states(&query, filter.state)],
        paging: query.paging(
            "/accounts",
            first.as_deref(),
            last.as_deref(),
            count(shown, "account", "accounts"),
        ),
        rows: slice.rows.iter().map(|found| row(&portal, found)).collect(),
        is_filtered: filter.state.is_some() || filter.after.is_some() || filter.before.is_some(),
    })
}

fn filter(query: &ListQuery) -> Filter {
    Filter {
        state: AccountState::parse(&query.status),
        after: SubscriptionId::from_suffix(&query.after).ok(),
        before: SubscriptionId::from_suffix(&query.before).ok(),
    }
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

fn row(portal: &Portal, found: &Summary) -> AccountRow {
    let now = portal.app.clock.now();
    let subscription = &found.subscription;
    let key_id = found.credential.as_ref().map(|key| key.key_id.to_string());
    AccountRow {
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
    match found.subscription.ends_at {
        Some(at) => when(at, portal.app.clock.now()),
        None => words_only("starts with its first domain"),
    }
}
