//! The other tabs of an account: domains, certificates, activity, clients.

use acme::account::Status;
use axum::extract::{Path, Query, State};
use base::{AccountId, Timestamp};
use flow::enrollment::list_subscriptions::{self, Client};

use super::credentials::find;
use super::head;
use crate::portal::domains;
use crate::portal::gate::permitted::{
    Permitted, ViewAccounts, ViewActivity, ViewCertificates, ViewDomains,
};
use crate::portal::issuance::{certificates, orders};
use crate::portal::page::account::label;
use crate::portal::page::frame::{Answer, page};
use crate::portal::page::links;
use crate::portal::page::listing::{ListQuery, Slice};
use crate::portal::page::moment::when;
use crate::portal::page::part::{Chip, Tone};
use crate::portal::page::shell::Nav;
use crate::portal::state::Portal;
use crate::portal::view::account::{
    AccountActivityPage, AccountCertificatesPage, AccountClientsPage, AccountDomainsPage,
    ClientRow, Tab,
};

/// `GET /accounts/{id}/domains`.
pub(super) async fn domains(
    State(portal): State<Portal>,
    who: Permitted<ViewDomains>,
    Path(id): Path<String>,
    Query(query): Query<ListQuery>,
) -> Answer {
    let found = find(&portal, &who, &id).await?;
    let id = found.subscription.id;
    let path = format!("{}/domains", links::account(id));
    let (domains, paging) = domains::of_account(&portal, &who, id, &query, &path).await?;
    page(&AccountDomainsPage {
        shell: who.shell(Nav::Accounts, &label(&found.subscription)),
        head: head::head(&found, &who, Tab::Domains, portal.app.clock.now()),
        domains,
        paging,
        add_href: format!("/domains/new?account={}", id.suffix()),
    })
}

/// `GET /accounts/{id}/certificates`.
pub(super) async fn certificates(
    State(portal): State<Portal>,
    who: Permitted<ViewCertificates>,
    Path(id): Path<String>,
    Query(query): Query<ListQuery>,
) -> Answer {
    let found = find(&portal, &who, &id).await?;
    let id = found.subscription.id;
    let path = format!("{}/certificates", links::account(id));
    let (certificates, paging) =
        certificates::list::of_account(&portal, &who, id, &query, &path).await?;
    page(&AccountCertificatesPage {
        shell: who.shell(Nav::Accounts, &label(&found.subscription)),
        head: head::head(&found, &who, Tab::Certificates, portal.app.clock.now()),
        certificates,
        paging,
    })
}

/// `GET /accounts/{id}/activity`.
pub(super) async fn activity(
    State(portal): State<Portal>,
    who: Permitted<ViewActivity>,
    Path(id): Path<String>,
    Query(query): Query<ListQuery>,
) -> Answer {
    let found = find(&portal, &who, &id).await?;
    let id = found.subscription.id;
    let path = format!("{}/activity", links::account(id));
    let (orders, paging) = orders::list::of_account(&portal, &who, id, &query, &path).await?;
    page(&AccountActivityPage {
        shell: who.shell(Nav::Accounts, &label(&found.subscription)),
        head: head::head(&found, &who, Tab::Activity, portal.app.clock.now()),
        orders,
        paging,
    })
}

/// `GET /accounts/{id}/clients`.
pub(super) async fn clients(
    State(portal): State<Portal>,
    who: Permitted<ViewAccounts>,
    Path(id): Path<String>,
    Query(query): Query<ListQuery>,
) -> Answer {
    let found = find(&portal, &who, &id).await?;
    let (id, limit) = (found.subscription.id, query.limit());
    let after = AccountId::from_suffix(&query.after).ok();
    let clients =
        list_subscriptions::clients(&portal.app, who.tenant(), id, after, limit + 1).await?;
    let slice = Slice::forwards(clients, limit, false);
    let last = slice.rows.last().map(|client| client.id.suffix());
    let last = last.filter(|_| slice.has_next);
    let path = format!("{}/clients", links::account(id));
    let now = portal.app.clock.now();
    page(&AccountClientsPage {
        shell: who.shell(Nav::Accounts, &label(&found.subscription)),
        head: head::head(&found, &who, Tab::Clients, now),
        clients: slice
            .rows
            .into_iter()
            .map(|client| row(client, now))
            .collect(),
        paging: query.paging(&path, None, last.as_deref(), String::new()),
    })
}

fn row(client: Client, now: Timestamp) -> ClientRow {
    let contact: Vec<_> = client
        .contact
        .iter()
        .map(|url| url.strip_prefix("mailto:").unwrap_or(url))
        .collect();
    ClientRow {
        contact: contact.join(", "),
        thumbprint: client.thumbprint,
        agent: client.agent,
        address: client.address,
        first_seen: when(client.created_at, now),
        last_seen: client.last_order_at.map(|at| when(at, now)),
        status: status(client.status),
    }
}

fn status(status: Status) -> Chip {
    match status {
        Status::Valid => Chip::new(Tone::Good, "Valid"),
        Status::Deactivated => Chip::new(Tone::Idle, "Deactivated"),
        Status::Revoked => Chip::new(Tone::Bad, "Revoked"),
    }
}
