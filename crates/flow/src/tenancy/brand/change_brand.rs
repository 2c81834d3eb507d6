//! A tenant says how it shows itself, or takes that back. It counts at the next page, and for mails that leave from then on.

use base::{Class, Refusal, Refuse};
use store::audit::{self, Entry};
use store::catalog::version;
use store::tenancy::brand::{self, BrandRow};
use store::tenancy::tenant;
use store::{ReadTx, WriteTx};
use tenancy::tenant::brand::{Brand, has_brand};
use tenancy::tenant::{Tenant, TenantKind};

use super::reload::after_change;
use crate::audit::{Event, Text};
use crate::{App, Caller};

/// Why a brand stays as it is.
#[derive(Debug, thiserror::Error)]
pub enum ChangeBrandError {
    /// A tenant of this level has none.
    #[error("a {0} has no brand of its own; its people see that of whoever is above it")]
    Level(TenantKind),
    /// There is no such tenant, or it has no brand.
    #[error("there is no such brand")]
    NotFound,
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Refuse for ChangeBrandError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Level(_) => Class::Invalid.because("brand_level", self).at("name"),
            Self::NotFound => Class::NotFound.because("brand_not_found", self),
            Self::Store(error) => error.refusal(),
        }
    }
}

/// Says how the caller's tenant shows itself from now on.
pub async fn change_brand(
    app: &App,
    caller: &Caller,
    brand: Brand,
) -> Result<(), ChangeBrandError> {
    let (tenant, now) = (caller.tenant()?, app.now());
    let event = Event::BrandChanged {
        tenant,
        name: Text::new(brand.name.as_str()),
        contact: Text::new(brand.contact.on_one_line()),
    };
    let change = Change {
        row: BrandRow {
            tenant,
            name: brand.name,
            contact: brand.contact,
            changed_at: now,
        },
        entry: app.entry(caller, tenant, &event, now),
    };
    let store = app.store(caller);
    store.decide(change, load, decide, save).await?;
    after_change(app).await;
    Ok(())
}

#[derive(Clone)]
struct Change {
    row: BrandRow,
    entry: Entry,
}

async fn load(tx: &mut ReadTx, change: &Change) -> Result<Option<Tenant>, store::Error> {
    tenant::by_id(tx, &change.row.tenant).await
}

fn decide(change: &Change, found: Option<Tenant>) -> Result<Change, ChangeBrandError> {
    let tenant = found.ok_or(ChangeBrandError::NotFound)?;
    if !has_brand(tenant.kind) {
        return Err(ChangeBrandError::Level(tenant.kind));
    }
    Ok(change.clone())
}

async fn save(tx: &mut WriteTx, change: &Change) -> Result<(), store::Error> {
    brand::put(tx, &change.row).await?;
    version::raise_brands(tx).await?;
    audit::append(tx, &change.entry).await
}

/// Takes the brand of the caller's tenant away with its host names: its people see that of whoever is above it. Sessions at
/// those names are none any more.
pub async fn remove_brand(app: &App, caller: &Caller) -> Result<(), ChangeBrandError> {
    let tenant = caller.tenant()?;
    let event = Event::BrandRemoved { tenant };
    let entry = app.entry(caller, tenant, &event, app.now());
    let store = app.store(caller);
    let removed = store.write(entry, save_removal).await?;
    after_change(app).await;
    removed.then_some(()).ok_or(ChangeBrandError::NotFound)
}

async fn save_removal(tx: &mut WriteTx, entry: &Entry) -> Result<bool, store::Error> {
    let removed = brand::delete(tx, &()).await?;
    if removed {
        version::raise_brands(tx).await?;
        audit::append(tx, entry).await?;
    }
    Ok(removed)
}
