//! Whether everybody of a tenant must have a second factor (security S-17). Whoever has none is led to set one up at their
//! next request, and their API tokens wait for it.

use base::{Class, Refusal, Refuse};
use store::audit::{self, Entry};
use store::tenancy::tenant::{self, FactorDemand};
use store::{ReadTx, WriteTx};
use tenancy::tenant::Tenant;

use crate::audit::Event;
use crate::{App, Caller};

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum RequireFactorError {
    /// There is no such tenant.
    #[error("there is no such organisation")]
    NotFound,
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Refuse for RequireFactorError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::NotFound => Class::NotFound.because("organisation_not_found", self),
            Self::Store(error) => error.refusal(),
        }
    }
}

/// Makes the caller's tenant require it of everybody, or of nobody; `false` when it is so already.
pub async fn require_second_factor(
    app: &App,
    caller: &Caller,
    is_required: bool,
) -> Result<bool, RequireFactorError> {
    let tenant = caller.tenant()?;
    let event = Event::SecondFactorRequired {
        tenant,
        is_required,
    };
    let change = Change {
        demand: FactorDemand {
            tenant,
            is_required,
        },
        entry: app.entry(caller, tenant, &event, app.now()),
    };
    let store = app.store(caller);
    store.decide(change, load, decide, save).await
}

#[derive(Clone)]
struct Change {
    demand: FactorDemand,
    entry: Entry,
}

async fn load(tx: &mut ReadTx, change: &Change) -> Result<Option<Tenant>, store::Error> {
    tenant::by_id(tx, &change.demand.tenant).await
}

/// What is stored; `None` when nothing changes.
fn decide(change: &Change, found: Option<Tenant>) -> Result<Option<Change>, RequireFactorError> {
    let tenant = found.ok_or(RequireFactorError::NotFound)?;
    let is_new = tenant.requires_second_factor != change.demand.is_required;
    Ok(is_new.then(|| change.clone()))
}

async fn save(tx: &mut WriteTx, decision: &Option<Change>) -> Result<bool, store::Error> {
    let Some(change) = decision else {
        return Ok(false);
    };
    tenant::demand_second_factor(tx, &change.demand).await?;
    audit::append(tx, &change.entry).await?;
    Ok(true)
}
