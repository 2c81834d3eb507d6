//! An operator puts a reseller on hold, and lets it go on again: nothing new is ordered, while its people can sign in and see
//! what there is. Every newOrder and finalize looks at the tenant and all above it.

use base::{Class, Refusal, Refuse, TenantId, Timestamp};
use store::audit::{self, Entry};
use store::tenancy::below::{self, TenantBelow};
use store::tenancy::tenant;
use store::{ReadTx, WriteTx};
use tenancy::tenant::TenantKind;

use crate::audit::Event;
use crate::{App, Caller};

/// Which way a tenant goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// It goes on again.
    Lift,
    /// It is put on hold.
    Put,
}

/// Why a tenant stays as it is.
#[derive(Debug, thiserror::Error)]
pub enum HoldError {
    /// It is on hold already.
    #[error("\"{0}\" is on hold already")]
    Already(String),
    /// There is no such reseller.
    #[error("there is no reseller {0}; chancery admin reseller list shows those that there are")]
    NotFound(TenantId),
    /// It is not on hold.
    #[error("\"{0}\" is not on hold")]
    NotHeld(String),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Refuse for HoldError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Already(_) => Class::Conflict.because("tenant_already_on_hold", self),
            Self::NotFound(_) => Class::NotFound.because("reseller_not_found", self),
            Self::NotHeld(_) => Class::Conflict.because("tenant_not_on_hold", self),
            Self::Store(error) => error.refusal(),
        }
    }
}

#[derive(Clone)]
struct Change {
    id: TenantId,
    hold: Hold,
    entry: Entry,
    now: Timestamp,
}

/// Puts the reseller that the caller acts for on hold, or lets it go on.
pub async fn hold_tenant(app: &App, caller: &Caller, hold: Hold) -> Result<(), HoldError> {
    let id = caller.tenant()?;
    let now = app.now();
    let event = match hold {
        Hold::Lift => Event::TenantReleased { tenant: id },
        Hold::Put => Event::TenantHeld { tenant: id },
    };
    let change = Change {
        id,
        hold,
        entry: app.entry(caller, id, &event, now),
        now,
    };
    let store = app.store(caller);
    store.decide(change, load, decide, save).await
}

async fn load(tx: &mut ReadTx, change: &Change) -> Result<Option<TenantBelow>, store::Error> {
    below::find(tx, &(change.id, TenantKind::Reseller, None)).await
}

fn decide(change: &Change, found: Option<TenantBelow>) -> Result<Change, HoldError> {
    let found = found.ok_or(HoldError::NotFound(change.id))?;
    let name = found.tenant.name.as_str().to_owned();
    match (change.hold, found.held_at) {
        (Hold::Put, Some(_)) => Err(HoldError::Already(name)),
        (Hold::Lift, None) => Err(HoldError::NotHeld(name)),
        (Hold::Put, None) | (Hold::Lift, Some(_)) => Ok(change.clone()),
    }
}

async fn save(tx: &mut WriteTx, change: &Change) -> Result<(), store::Error> {
    match change.hold {
        Hold::Put => tenant::hold(tx, &(change.id, change.now)).await?,
        Hold::Lift => tenant::release(tx, &change.id).await?,
    };
    audit::append(tx, &change.entry).await
}
