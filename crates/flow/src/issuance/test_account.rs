//! Accounts of test directories. A client that has an account in the production directory may use it in the test directory
//! beside it, by its key or its URL; whoever brings no binding is the operator's guest.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use base::{AccountId, Actor, SubscriptionId};
use enrollment::policy::TermUnit;
use enrollment::subscription::{Label, Purchase, Subscription, Term};
use store::catalog::offer::{self, OfferVersion};
use store::enrollment::subscription;
use store::issuance::account::{self, Account};
use store::tenancy::tenant;
use store::{ReadTx, WriteTx};
use tenancy::tenant::Tenant;

use super::find_account::LookUpError;
use crate::App;
use crate::caller::{system, tenant as within};
use crate::memory::accounts::KnownAccount;
use crate::memory::catalog::Directory;

/// The account in a test directory that stands for one of its production directory. It has the same key and
/// subscription, uses up no binding, and nothing that it does is the other one's.
pub async fn test_account(
    app: &App,
    directory: &Directory,
    production: Account,
) -> Result<Account, store::Error> {
    let twin = Account {
        id: AccountId::generate(app.now(), app.random()),
        directory: directory.slug.clone(),
        created_at: app.now(),
        ..production
    };
    let store = app.store(within(twin.tenant));
    store
        .decide(twin, load_account, decide_account, save_account)
        .await
}

async fn load_account(tx: &mut ReadTx, twin: &Account) -> Result<Option<Account>, store::Error> {
    account::by_key(tx, &(twin.directory.clone(), twin.thumbprint)).await
}

/// The account, and whether it is there already.
fn decide_account(twin: &Account, found: Option<Account>) -> Result<(Account, bool), store::Error> {
    let is_known = found.is_some();
    Ok((found.unwrap_or_else(|| twin.clone()), is_known))
}

async fn save_account(
    tx: &mut WriteTx,
    (account, is_known): &(Account, bool),
) -> Result<Account, store::Error> {
    if !is_known {
        account::insert(tx, account).await?;
    }
    Ok(account.clone())
}

/// The account in a test directory that stands for one of its production directory, which has signed a request.
pub async fn find_test_account(
    app: &App,
    directory: &Directory,
    production: AccountId,
) -> Result<Option<Arc<KnownAccount>>, LookUpError> {
    let store = app.store(system("the account has just signed"));
    let Some(account) = store.read(production, account::by_id).await? else {
        return Ok(None);
    };
    let twin = test_account(app, directory, account).await?;
    let asked = (twin.id, app.catalog().policies());
    let Some(twin) = store.read(asked, account::with_terms).await? else {
        return Ok(None);
    };
    let known = KnownAccount::from_stored(&twin, app.now());
    let known = known.map_err(|error| LookUpError::Key(twin.0.id, error))?;
    Ok(Some(Arc::new(known)))
}

/// The operator's subscription that accounts without a binding join in a test directory; made when the first one comes.
/// `None` before there is an operator.
pub(super) async fn test_subscription(
    app: &App,
    directory: &Directory,
) -> Result<Option<Subscription>, store::Error> {
    let store = app.store(system("whoever brings no binding is the operator's guest"));
    let id = id_of(directory);
    if let Some(found) = store.read(id, subscription::by_id).await? {
        return Ok(Some(found));
    }
    let facts = store.read(id, load).await?;
    let (Some(operator), Some(version)) = (facts.operator, facts.version) else {
        return Ok(None);
    };
    let purchase = Purchase {
        tenant: operator.id,
        customer: None,
        offer_version: version.id,
        product: directory.product.clone(),
        label: Label::parse(&directory.slug).unwrap_or_default(),
        term: Term::CHOICES[0],
        unit: TermUnit::Days365n,
        starts_at_once: false,
        organization: None,
        department: None,
        created_by: Actor::System,
    };
    let new = Subscription::new(id, purchase, app.now());
    let store = app.store(within(operator.id));
    store.write(new.clone(), insert).await?;
    Ok(Some(new))
}

/// Computed, so that two guests at once make one.
fn id_of(directory: &Directory) -> SubscriptionId {
    let text = format!("guests of {}", directory.slug);
    let mut id = [0; 16];
    let digest = digest(&SHA256, text.as_bytes());
    for (place, octet) in id.iter_mut().zip(digest.as_ref()) {
        *place = *octet;
    }
    SubscriptionId::from_bytes(id)
}

/// What it needs to be made.
struct Facts {
    operator: Option<Tenant>,
    version: Option<OfferVersion>,
}

async fn load(tx: &mut ReadTx, _: &SubscriptionId) -> Result<Facts, store::Error> {
    Ok(Facts {
        operator: tenant::operator(tx).await?,
        version: offer::versions(tx).await?.into_iter().next(),
    })
}

async fn insert(tx: &mut WriteTx, new: &Subscription) -> Result<(), store::Error> {
    tx.insert_new(new).await.map(drop)
}
