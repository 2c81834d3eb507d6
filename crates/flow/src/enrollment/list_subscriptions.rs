//! A tenant's ACME accounts: subscriptions with what hangs on them. An ACME account in the sense
//! of RFC 8555 is a client here.

use acme::account::Status as ClientStatus;
use base::{AccountId, SubscriptionId, TenantId, Timestamp};
use enrollment::eab::EabCredential;
use enrollment::subscription::Subscription;
use store::ReadTx;
use store::issuance::account::Account;

pub use store::enrollment::subscription::Filter;

use crate::App;

/// How many accounts a menu offers.
const MAX_CHOICES: i64 = 200;

/// One account with its figures.
#[derive(Clone, Debug)]
pub struct Summary {
    /// The account.
    pub subscription: Subscription,
    /// Its newest credential.
    pub credential: Option<EabCredential>,
    /// Names that are charged.
    pub paid: i64,
    /// Names that came along free.
    pub companions: i64,
    /// Clients that registered.
    pub clients: i64,
    /// When a client last registered or ordered.
    pub last_used_at: Option<Timestamp>,
}

/// A client of an account.
#[derive(Clone, Debug)]
pub struct Client {
    /// Its identifier.
    pub id: AccountId,
    /// RFC 7638 thumbprint of its key.
    pub thumbprint: String,
    /// Its contact URLs.
    pub contact: Vec<String>,
    /// What it called itself when it registered.
    pub agent: String,
    /// Where it registered from.
    pub address: String,
    /// When it registered.
    pub created_at: Timestamp,
    /// When it last ordered.
    pub last_order_at: Option<Timestamp>,
    /// valid, deactivated or revoked.
    pub status: ClientStatus,
}

/// A page of a tenant's accounts in the order of [`Filter`].
pub async fn page(
    app: &App,
    tenant: TenantId,
    filter: Filter,
    limit: i64,
) -> Result<Vec<Summary>, store::Error> {
    let now = app.clock.now();
    app.store
        .scan((tenant, filter), move |tx, (tenant, filter)| {
            Box::pin(async move {
                let found =
                    store::enrollment::subscription::page(tx, *tenant, filter, now, limit).await?;
                summaries(tx, *tenant, found).await
            })
        })
        .await
}

/// One of a tenant's accounts.
pub async fn find(
    app: &App,
    tenant: TenantId,
    id: SubscriptionId,
) -> Result<Option<Summary>, store::Error> {
    app.store
        .scan((tenant, id), |tx, (tenant, id)| {
            Box::pin(async move {
                let found = store::enrollment::subscription::of_tenant(tx, *tenant, *id).await?;
                let found = summaries(tx, *tenant, found.into_iter().collect()).await?;
                Ok(found.into_iter().next())
            })
        })
        .await
}

/// A tenant's newest accounts, for menus.
pub async fn choices(app: &App, tenant: TenantId) -> Result<Vec<Subscription>, store::Error> {
    app.store
        .read(tenant, |tx, tenant| {
            Box::pin(store::enrollment::subscription::all_of_tenant(
                tx,
                *tenant,
                MAX_CHOICES,
            ))
        })
        .await
}

/// A page of the clients of a tenant's account, newest first.
pub async fn clients(
    app: &App,
    tenant: TenantId,
    id: SubscriptionId,
    after: Option<AccountId>,
    limit: i64,
) -> Result<Vec<Client>, store::Error> {
    app.store
        .scan((tenant, id, after), move |tx, (tenant, id, after)| {
            Box::pin(async move {
                let accounts =
                    store::issuance::account::page(tx, &(*tenant, *id, *after, limit)).await?;
                let mut clients = Vec::with_capacity(accounts.len());
                for account in accounts {
                    let last_order_at =
                        store::issuance::account::last_order_at(tx, *tenant, account.id).await?;
                    clients.push(client(account, last_order_at));
                }
                Ok(clients)
            })
        })
        .await
}

async fn summaries(
    tx: &mut ReadTx,
    tenant: TenantId,
    subscriptions: Vec<Subscription>,
) -> Result<Vec<Summary>, store::Error> {
    let ids: Vec<_> = subscriptions.iter().map(|found| found.id).collect();
    let domains = store::enrollment::enrolled_domain::counts_of(tx, tenant, &ids).await?;
    let uses = store::issuance::account::use_of(tx, tenant, &ids).await?;
    let mut summaries = Vec::with_capacity(ids.len());
    let figures = domains.into_iter().zip(uses);
    for (subscription, ((paid, companions), (clients, last_used_at))) in
        subscriptions.into_iter().zip(figures)
    {
        let credentials =
            store::enrollment::eab_credential::by_subscription(tx, tenant, subscription.id).await?;
        summaries.push(Summary {
            subscription,
            credential: credentials
                .into_iter()
                .next()
                .map(|stored| stored.credential),
            paid,
            companions,
            clients,
            last_used_at,
        });
    }
    Ok(summaries)
}

fn client(account: Account, last_order_at: Option<Timestamp>) -> Client {
    let status = account.status();
    Client {
        id: account.id,
        thumbprint: account.thumbprint.to_string(),
        contact: account.contact.0.clone(),
        agent: account.client_agent,
        address: account.client_address,
        created_at: account.created_at,
        last_order_at,
        status,
    }
}
