//! An operator says which products a reseller may buy, and with it all below. What was bought goes on; what a tenant may not
//! buy is not offered to it, and one that may buy nothing and has nothing sees no page of it.

use base::{Class, Refusal, Refuse, TenantId};
use store::audit::{self, Entry};
use store::catalog::product;
use store::tenancy::{entitlement, tenant};
use store::{ReadTx, WriteTx};
use tenancy::tenant::entitlement::Entitlement;
use tenancy::tenant::{Tenant, TenantKind};

use crate::audit::{Event, Text};
use crate::{App, Caller};

pub use store::catalog::product::Product;

/// Why nothing was said.
#[derive(Debug, thiserror::Error)]
pub enum EntitleError {
    /// There is no such product.
    #[error("there is no product \"{0}\"; chancery admin product list shows those that there are")]
    NoProduct(String),
    /// There is no such tenant.
    #[error("there is no such organisation")]
    NotFound,
    /// The operator sells.
    #[error("the operator sells; say it of a reseller")]
    Operator,
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Refuse for EntitleError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::NoProduct(_) => Class::Invalid
                .because("product_unknown", self)
                .at("products"),
            Self::NotFound => Class::NotFound.because("organisation_not_found", self),
            Self::Operator => Class::Forbidden.because("operator_not_entitled", self),
            Self::Store(error) => error.refusal(),
        }
    }
}

/// What a tenant may buy, and whom it asks for more.
#[derive(Clone, Debug)]
pub struct MayBuy {
    /// The products.
    pub products: Entitlement,
    /// The name of the tenant above it.
    pub ask: String,
}

#[derive(Clone)]
struct Change {
    id: TenantId,
    entitlement: Entitlement,
    entry: Entry,
}

/// Says which products the tenant that the caller acts for may buy.
pub async fn entitle_tenant(
    app: &App,
    caller: &Caller,
    entitlement: Entitlement,
) -> Result<(), EntitleError> {
    let id = caller.tenant()?;
    let event = Event::TenantEntitled {
        tenant: id,
        products: Text::new(entitlement.to_string()),
    };
    let change = Change {
        id,
        entitlement,
        entry: app.entry(caller, id, &event, app.now()),
    };
    let store = app.store(caller);
    store.decide(change, load, decide, save).await
}

/// What the caller's tenant may buy, given all above it.
pub async fn may_buy(app: &App, caller: &Caller) -> Result<MayBuy, store::Error> {
    let id = caller.tenant()?;
    app.store(caller).read(id, load_what).await
}

/// What the operator has said of the caller's tenant, and all products that there are.
pub async fn what_was_said(
    app: &App,
    caller: &Caller,
) -> Result<(Entitlement, Vec<Product>), store::Error> {
    let id = caller.tenant()?;
    app.store(caller).scan(id, load_said).await
}

/// The same, within a transaction.
pub(crate) async fn load_what(tx: &mut ReadTx, id: &TenantId) -> Result<MayBuy, store::Error> {
    let own = tenant::by_id(tx, id).await?;
    let above = match own.and_then(|own| own.parent) {
        Some(above) => tenant::by_id(tx, &above).await?,
        None => None,
    };
    Ok(MayBuy {
        products: entitlement::of(tx, id).await?,
        ask: above.map_or_else(String::new, |above| above.name.as_str().to_owned()),
    })
}

async fn load_said(
    tx: &mut ReadTx,
    id: &TenantId,
) -> Result<(Entitlement, Vec<Product>), store::Error> {
    Ok((
        entitlement::own(tx, id).await?,
        product::all(tx, &()).await?,
    ))
}

async fn load(
    tx: &mut ReadTx,
    change: &Change,
) -> Result<(Option<Tenant>, Vec<Product>), store::Error> {
    let found = tenant::by_id(tx, &change.id).await?;
    Ok((found, product::all(tx, &()).await?))
}

fn decide(
    change: &Change,
    (found, products): (Option<Tenant>, Vec<Product>),
) -> Result<Change, EntitleError> {
    let tenant = found.ok_or(EntitleError::NotFound)?;
    if tenant.kind == TenantKind::Operator {
        return Err(EntitleError::Operator);
    }
    if let Entitlement::Only(codes) = &change.entitlement {
        let is_known = |code: &String| products.iter().any(|product| product.code == *code);
        if let Some(unknown) = codes.iter().find(|code| !is_known(code)) {
            return Err(EntitleError::NoProduct(unknown.clone()));
        }
    }
    Ok(change.clone())
}

async fn save(tx: &mut WriteTx, change: &Change) -> Result<(), store::Error> {
    entitlement::set(tx, &(change.id, change.entitlement.clone())).await?;
    audit::append(tx, &change.entry).await
}
