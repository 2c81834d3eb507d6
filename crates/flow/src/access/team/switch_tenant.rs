//! What a tenant decides for itself. Where everybody must have a second factor, whoever has none is led to set one up at
//! their next request, and their API tokens wait for it; where pre-validations are renewed, the job that watches their ends
//! asks for it.

use base::{Class, Refusal, Refuse};
use store::audit::{self, Entry};
use store::tenancy::tenant::{self, Switched};
use store::{ReadTx, WriteTx};
use tenancy::role::binding::OfWholeTenant;
use tenancy::tenant::{Tenant, TenantSwitch};

use crate::audit::Event;
use crate::{App, Caller};

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum SwitchError {
    /// It is of the whole tenant.
    #[error(transparent)]
    Bound(#[from] OfWholeTenant),
    /// There is no such tenant.
    #[error("there is no such organisation")]
    NotFound,
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Refuse for SwitchError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Bound(error) => error.refusal(),
            Self::NotFound => Class::NotFound.because("organisation_not_found", self),
            Self::Store(error) => error.refusal(),
        }
    }
}

/// Switches something for the caller's tenant; `false` when it is so already.
pub async fn switch_tenant(
    app: &App,
    caller: &Caller,
    switch: TenantSwitch,
    is_on: bool,
) -> Result<bool, SwitchError> {
    caller.has_whole_tenant()?;
    let tenant = caller.tenant()?;
    let event = match switch {
        TenantSwitch::RequireSecondFactor => Event::SecondFactorRequired {
            tenant,
            is_required: is_on,
        },
        TenantSwitch::RenewPreValidations => Event::RenewalChosen {
            tenant,
            is_automatic: is_on,
        },
    };
    let change = Change {
        switched: Switched {
            tenant,
            switch,
            is_on,
        },
        entry: app.entry(caller, tenant, &event, app.now()),
    };
    let store = app.store(caller);
    store.decide(change, load, decide, save).await
}

#[derive(Clone)]
struct Change {
    switched: Switched,
    entry: Entry,
}

async fn load(tx: &mut ReadTx, change: &Change) -> Result<Option<Tenant>, store::Error> {
    tenant::by_id(tx, &change.switched.tenant).await
}

/// What is stored; `None` when nothing changes.
fn decide(change: &Change, found: Option<Tenant>) -> Result<Option<Change>, SwitchError> {
    let tenant = found.ok_or(SwitchError::NotFound)?;
    let Switched { switch, is_on, .. } = change.switched;
    let is_new = tenant.is_on(switch) != is_on;
    Ok(is_new.then(|| change.clone()))
}

async fn save(tx: &mut WriteTx, decision: &Option<Change>) -> Result<bool, store::Error> {
    let Some(change) = decision else {
        return Ok(false);
    };
    tenant::switch(tx, &change.switched).await?;
    audit::append(tx, &change.entry).await?;
    Ok(true)
}
