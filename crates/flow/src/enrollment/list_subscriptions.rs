//! A tenant's ACME accounts: subscriptions with what hangs on them. An ACME account in the sense
//! of RFC 8555 is a client here.

use acme::account::AccountStatus;
use base::{AccountId, Page, Placed, Query, SubscriptionId, Timestamp};
use enrollment::eab::EabCredential;
use enrollment::subscription::Subscription;
use store::ReadTx;
use store::enrollment::{eab_credential, subscription};
use store::issuance::account::{self, Account};

pub use store::enrollment::subscription::{SubscriptionFilter, SubscriptionQuery};

use crate::memory::limits::Charge;
use crate::{App, Caller};

pub use tenancy::limit::Left;

/// How many accounts a menu offers.
const MAX_CHOICES: usize = 200;

/// One account with its figures.
#[derive(Clone, Debug)]
pub struct Summary {
    /// The account.
    pub subscription: Subscription,
    /// Its credential in use, or else its newest.
    pub credential: Option<EabCredential>,
    /// Names that are charged.
    pub paid: i64,
    /// Names that came along free.
    pub companions: i64,
    /// Clients that registered.
    pub clients: i64,
    /// When a client last registered or ordered.
    pub last_used_at: Option<Timestamp>,
    /// Until when it can be extended now; known of one that is looked at alone.
    pub extends_to: Option<Timestamp>,
}

impl Placed for Summary {
    type Cursor = SubscriptionId;

    fn cursor(&self) -> SubscriptionId {
        self.subscription.id
    }
}

/// A client of an account.
#[derive(Clone, Debug)]
pub struct AcmeClient {
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
    pub status: AccountStatus,
    /// The directory that it registered in.
    pub directory: String,
    /// The credential that it was bound with, until its binding is given back.
    pub key_id: Option<String>,
    /// Whether it has given its binding back.
    pub is_released: bool,
    /// How many orders it can place now, where that is limited.
    pub orders_left: Option<Left>,
}

/// A page of a tenant's accounts, newest first.
pub async fn page(
    app: &App,
    caller: &Caller,
    asked: SubscriptionQuery,
) -> Result<Page<Summary>, store::Error> {
    let store = app.store(caller);
    store.scan((asked, app.now()), load_page).await
}

async fn load_page(
    tx: &mut ReadTx,
    asked: &(SubscriptionQuery, Timestamp),
) -> Result<Page<Summary>, store::Error> {
    let found = subscription::page(tx, asked).await?;
    Ok(Page {
        rows: summaries(tx, found.rows).await?,
        has_before: found.has_before,
        has_after: found.has_after,
    })
}

/// One of a tenant's accounts.
pub async fn find(
    app: &App,
    caller: &Caller,
    id: SubscriptionId,
) -> Result<Option<Summary>, store::Error> {
    let store = app.store(caller);
    let mut found: Option<Summary> = store.scan(id, load_one).await?;
    if let Some(found) = &mut found {
        let subscription = &found.subscription;
        let catalog = app.catalog();
        let policy = catalog.policy(subscription.offer_version);
        let extended =
            policy.and_then(|policy| subscription.extend(&policy.extension(), app.now()).ok());
        found.extends_to = extended.and_then(|extended| extended.covered_until);
    }
    Ok(found)
}

async fn load_one(tx: &mut ReadTx, id: &SubscriptionId) -> Result<Option<Summary>, store::Error> {
    let found = subscription::find(tx, id).await?;
    let found = summaries(tx, found.into_iter().collect()).await?;
    Ok(found.into_iter().next())
}

/// A tenant's newest accounts, for menus.
pub async fn choices(app: &App, caller: &Caller) -> Result<Vec<Subscription>, store::Error> {
    let asked = Query::first(SubscriptionFilter::default(), MAX_CHOICES);
    let store = app.store(caller);
    let found = store.read((asked, app.now()), subscription::page);
    let found: Result<_, store::Error> = found.await;
    Ok(found?.rows)
}

/// The credentials of a tenant's account: the one in use, then the others, newest first.
pub async fn credentials(
    app: &App,
    caller: &Caller,
    id: SubscriptionId,
) -> Result<Vec<EabCredential>, store::Error> {
    let store = app.store(caller);
    store.read(id, eab_credential::of_subscription).await
}

/// A page of the clients of a tenant's account, newest first.
pub async fn clients(
    app: &App,
    caller: &Caller,
    id: SubscriptionId,
    after: Option<AccountId>,
    limit: i64,
) -> Result<Vec<AcmeClient>, store::Error> {
    let store = app.store(caller);
    let mut clients = store.scan((id, after, limit), load_clients).await?;
    let (tenant, catalog, now) = (caller.tenant()?, app.catalog(), app.now());
    for client in &mut clients {
        let directory = catalog.directory(&client.directory);
        let is_test = directory.is_some_and(|directory| directory.is_test);
        let charge = Charge::order_of_account(client.id, tenant, is_test);
        client.orders_left = app.memory.limits.left(charge, now);
    }
    Ok(clients)
}

/// How many orders all clients of a tenant together can place now, where that is limited.
pub fn orders_left(app: &App, caller: &Caller) -> Result<Option<Left>, store::Error> {
    let charge = Charge::order_of_tenant(caller.tenant()?, false);
    Ok(app.memory.limits.left(charge, app.now()))
}

async fn load_clients(
    tx: &mut ReadTx,
    asked: &(SubscriptionId, Option<AccountId>, i64),
) -> Result<Vec<AcmeClient>, store::Error> {
    let accounts = account::page(tx, asked).await?;
    let mut clients = Vec::with_capacity(accounts.len());
    for account in accounts {
        let last_order_at = account::last_order_at(tx, account.id).await?;
        clients.push(client(account, last_order_at));
    }
    Ok(clients)
}

async fn summaries(
    tx: &mut ReadTx,
    subscriptions: Vec<Subscription>,
) -> Result<Vec<Summary>, store::Error> {
    let ids: Vec<_> = subscriptions.iter().map(|found| found.id).collect();
    let uses = account::use_of(tx, &ids).await?;
    let credentials = eab_credential::present_of(tx, &ids).await?;
    let mut summaries = Vec::with_capacity(ids.len());
    let figures = uses.into_iter().zip(credentials);
    for (subscription, ((clients, last_used_at), credential)) in
        subscriptions.into_iter().zip(figures)
    {
        summaries.push(Summary {
            paid: i64::from(subscription.paid_names),
            companions: i64::from(subscription.free_names),
            subscription,
            credential,
            clients,
            last_used_at,
            extends_to: None,
        });
    }
    Ok(summaries)
}

fn client(account: Account, last_order_at: Option<Timestamp>) -> AcmeClient {
    let status = account.status();
    AcmeClient {
        is_released: account.is_released(),
        directory: account.directory,
        key_id: account.eab_key_id,
        id: account.id,
        thumbprint: account.thumbprint.to_string(),
        contact: account.contact.0,
        agent: account.client_agent,
        address: account.client_address,
        created_at: account.created_at,
        last_order_at,
        status,
        orders_left: None,
    }
}
