//! The clients that registered with an account.

use acme::account::AccountStatus;
use askama::Template;
use axum::extract::{Query, State};
use base::{AccountId, Timestamp};
use flow::enrollment::list_subscriptions::{self, AcmeClient};
use flow::memory::catalog::Catalog;
use tenancy::role::Permission;

use super::head::{self, SubscriptionHead, Tab};
use crate::portal::gate::allowed::Allowed;
use crate::portal::gate::permitted::ViewAccounts;
use crate::portal::page::account::label;
use crate::portal::page::frame::{Answer, page};
use crate::portal::page::links;
use crate::portal::page::listing::{ListQuery, Paging};
use crate::portal::page::menu::Nav;
use crate::portal::page::moment::when;
use crate::portal::page::part::{Chip, Tone, When};
use crate::portal::page::shell::Shell;
use crate::portal::state::Portal;
use flow::enrollment::list_subscriptions::Summary;

/// `GET /accounts/{id}/clients`.
pub(super) async fn show(
    State(portal): State<Portal>,
    Allowed { who, object: found }: Allowed<ViewAccounts, Summary>,
    Query(query): Query<ListQuery>,
) -> Answer {
    let (id, limit) = (found.subscription.id, query.limit());
    let after = AccountId::from_suffix(&query.after).ok();
    let clients =
        list_subscriptions::clients(&portal.app, &who.caller, id, after, limit + 1).await?;
    let shown = usize::try_from(limit).unwrap_or_default();
    let slice = base::Page::cut(clients, &base::Slice::<AccountId>::Start, shown);
    let last = slice.rows.last().map(|client| client.id.suffix());
    let last = last.filter(|_| slice.has_after);
    let path = format!("{}/clients", links::account(id));
    let now = portal.app.now();
    let catalog = portal.app.catalog();
    let may =
        [Permission::ManageAccounts, Permission::RotateCredentials].map(|asked| who.may(asked));
    let orders_left = list_subscriptions::orders_left(&portal.app, &who.caller)?;
    page(&SubscriptionClientsPage {
        shell: who.shell(Nav::Accounts, &label(&found.subscription)),
        head: head::head(&found, &who, Tab::Clients, now),
        clients: slice
            .rows
            .into_iter()
            .map(|client| row(client, may, &catalog, now))
            .collect(),
        paging: query.paging(&path, None, last.as_deref(), String::new()),
        orders_left: orders_left.map(|left| left.to_string()).unwrap_or_default(),
    })
}

fn row(
    client: AcmeClient,
    [may_end, may_release]: [bool; 2],
    catalog: &Catalog,
    now: Timestamp,
) -> ClientRow {
    let href = links::client(client.id);
    let directory = catalog.directory(&client.directory);
    let is_test = directory.is_some_and(|directory| directory.is_test);
    let is_over = client.status == AccountStatus::Revoked;
    let holds_binding = client.key_id.is_some() && !is_test;
    let contact: Vec<_> = client
        .contact
        .iter()
        .map(|url| url.strip_prefix("mailto:").unwrap_or(url))
        .collect();
    ClientRow {
        contact: contact.join(", "),
        directory: client.directory,
        binding: match client.key_id {
            Some(key_id) => format!("key ID {key_id}"),
            None if client.is_released => "binding released".to_owned(),
            None => String::new(),
        },
        revoke_href: (may_end && !is_over).then(|| format!("{href}/revoke")),
        release_href: (may_release && holds_binding).then(|| format!("{href}/release")),
        thumbprint: client.thumbprint,
        agent: client.agent,
        address: client.address,
        first_seen: when(client.created_at, now),
        orders_left: client
            .orders_left
            .map(|left| left.to_string())
            .unwrap_or_default(),
        last_seen: client.last_order_at.map(|at| when(at, now)),
        status: status(client.status),
    }
}

fn status(status: AccountStatus) -> Chip {
    match status {
        AccountStatus::Valid => Chip::new(Tone::Good, "Valid"),
        AccountStatus::Deactivated => Chip::new(Tone::Idle, "Deactivated"),
        AccountStatus::Revoked => Chip::new(Tone::Bad, "Revoked"),
    }
}

/// An ACME account (RFC 8555) that a client registered with the credentials.
#[derive(Clone, Debug)]
pub struct ClientRow {
    /// Thumbprint of its key (RFC 7638).
    pub thumbprint: String,
    /// Its contact addresses; empty when it gave none.
    pub contact: String,
    /// Such as "certbot/5.8.0"; empty when unknown.
    pub agent: String,
    /// Where it last came from; empty when unknown.
    pub address: String,
    /// When it registered.
    pub first_seen: When,
    /// When it last asked for something.
    pub last_seen: Option<When>,
    /// Such as "298 of 300 left" of its orders; empty when they are not limited.
    pub orders_left: String,
    /// valid, deactivated or revoked.
    pub status: Chip,
    /// The directory that it registered in, such as "DV".
    pub directory: String,
    /// What it was bound with, or that this is over; empty when it needed nothing.
    pub binding: String,
    /// Where it is ended, if that can be done.
    pub revoke_href: Option<String>,
    /// Where it gives its binding back, if it holds one.
    pub release_href: Option<String>,
}

/// `GET /accounts/{id}/clients`.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/enrollment/subscriptions/clients.html")]
pub struct SubscriptionClientsPage {
    /// The frame.
    pub shell: Shell,
    /// Title, state, tabs.
    pub head: SubscriptionHead,
    /// Clients, newest first.
    pub clients: Vec<ClientRow>,
    /// Links to the pages before and after.
    pub paging: Paging,
    /// The same of the orders of all clients of all ACME accounts together.
    pub orders_left: String,
}
