//! A tenant gives up a domain, with all its delegations. Orders for names in it are refused from then on, also when they are
//! to be finalized; certificates that were issued stay.

use base::{Class, DomainId, Refusal, Refuse, Timestamp};
use store::audit::{self, Entry};
use store::tenancy::{delegation, domain};
use store::{ReadTx, WriteTx};
use tenancy::domain::Domain;
use tenancy::role::binding::OfWholeTenant;

use crate::audit::Event;
use crate::{App, Caller};

/// Why it stays.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseDomainError {
    /// It is of the whole tenant.
    #[error(transparent)]
    Bound(#[from] OfWholeTenant),
    /// The tenant has no such domain.
    #[error("there is no such domain here; the list shows those that there are")]
    NotFound,
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Refuse for ReleaseDomainError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Bound(error) => error.refusal(),
            Self::NotFound => Class::NotFound.because("domain_unknown", self),
            Self::Store(error) => error.refusal(),
        }
    }
}

/// Removes a domain of the caller's tenant.
pub async fn release_domain(
    app: &App,
    caller: &Caller,
    id: DomainId,
) -> Result<Domain, ReleaseDomainError> {
    caller.has_whole_tenant()?;
    let releasing = Releasing {
        app: app.clone(),
        caller: caller.clone(),
        id,
        now: app.now(),
    };
    let store = app.store(caller);
    store.decide(releasing, find, decide, save).await
}

struct Releasing {
    app: App,
    caller: Caller,
    id: DomainId,
    now: Timestamp,
}

async fn find(tx: &mut ReadTx, releasing: &Releasing) -> Result<Option<Domain>, store::Error> {
    domain::find(tx, &releasing.id).await
}

fn decide(
    releasing: &Releasing,
    found: Option<Domain>,
) -> Result<(Domain, Entry), ReleaseDomainError> {
    let domain = found.ok_or(ReleaseDomainError::NotFound)?;
    let event = Event::DomainReleased {
        domain: domain.id,
        name: domain.name.clone(),
    };
    let (app, caller) = (&releasing.app, &releasing.caller);
    let entry = app.entry(caller, domain.tenant, &event, releasing.now);
    Ok((domain, entry))
}

async fn save(
    tx: &mut WriteTx,
    (released, entry): &(Domain, Entry),
) -> Result<Domain, store::Error> {
    delegation::delete_of_domain(tx, &released.id).await?;
    domain::delete(tx, &released.id).await?;
    audit::append(tx, entry).await?;
    Ok(released.clone())
}
