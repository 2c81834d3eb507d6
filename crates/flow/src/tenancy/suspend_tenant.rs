//! An operator suspends a reseller, and lets it go on again (F-007). Its people are signed out and its ACME accounts are
//! refused with the commit: every sign-in, session, newOrder and finalize looks at the tenant and all above it.

use base::{Actor, Class, Refusal, Refuse, TenantId, Timestamp};
use store::audit::{self, Entry};
use store::tenancy::tenant;
use store::{ReadTx, WriteTx};
use tenancy::tenant::{Tenant, TenantKind};

use crate::audit::Event;
use crate::{App, Caller};

/// Which way a tenant goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suspension {
    /// It goes on again.
    Lift,
    /// It is suspended.
    Put,
}

/// Why a tenant stays as it is.
#[derive(Debug, thiserror::Error)]
pub enum SuspensionError {
    /// It is suspended already.
    #[error("\"{0}\" is suspended already")]
    Already(String),
    /// Whoever runs the server did, and whoever asks does not run it.
    #[error("whoever runs this server has suspended \"{0}\"; ask them to let it go on")]
    ByOperator(String),
    /// There is no such tenant.
    #[error("there is no tenant {0}; chancery admin reseller list shows those that there are")]
    NotFound(TenantId),
    /// It is not suspended.
    #[error("\"{0}\" is not suspended")]
    NotSuspended(String),
    /// Nobody would be left who could lift it.
    #[error("\"{0}\" is the operator, who cannot be suspended")]
    Operator(String),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Refuse for SuspensionError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Already(_) => Class::Conflict.because("tenant_already_suspended", self),
            Self::ByOperator(_) => Class::Forbidden.because("tenant_suspended_by_operator", self),
            Self::NotFound(_) => Class::NotFound.because("tenant_not_found", self),
            Self::NotSuspended(_) => Class::Conflict.because("tenant_not_suspended", self),
            Self::Operator(_) => Class::Forbidden.because("operator_not_suspended", self),
            Self::Store(error) => error.refusal(),
        }
    }
}

/// Suspends the tenant that the caller acts for, or lets it go on.
pub async fn suspend_tenant(
    app: &App,
    caller: &Caller,
    suspension: Suspension,
) -> Result<(), SuspensionError> {
    let id = caller.tenant()?;
    let now = app.now();
    let event = match suspension {
        Suspension::Lift => Event::TenantResumed { tenant: id },
        Suspension::Put => Event::TenantSuspended { tenant: id },
    };
    let change = Change {
        id,
        suspension,
        by: caller.actor,
        entry: app.entry(caller, id, &event, now),
        now,
    };
    let store = app.store(caller);
    store.decide(change, load, decide, save).await
}

#[derive(Clone)]
struct Change {
    id: TenantId,
    suspension: Suspension,
    by: Actor,
    entry: Entry,
    now: Timestamp,
}

struct Found {
    tenant: Option<Tenant>,
    /// Who suspended it, if it is.
    suspended_by: Option<Actor>,
}

async fn load(tx: &mut ReadTx, change: &Change) -> Result<Found, store::Error> {
    Ok(Found {
        tenant: tenant::by_id(tx, &change.id).await?,
        suspended_by: tenant::suspended_by(tx, &change.id).await?,
    })
}

fn decide(change: &Change, found: Found) -> Result<Change, SuspensionError> {
    let tenant = found.tenant.ok_or(SuspensionError::NotFound(change.id))?;
    let name = tenant.name.as_str().to_owned();
    let is_by_operator = found.suspended_by == Some(Actor::CommandLine);
    let runs_server = change.by == Actor::CommandLine || tenant.kind != TenantKind::Customer;
    match (change.suspension, tenant.suspended_at) {
        _ if tenant.kind == TenantKind::Operator => Err(SuspensionError::Operator(name)),
        (Suspension::Put, Some(_)) => Err(SuspensionError::Already(name)),
        (Suspension::Lift, Some(_)) if is_by_operator && !runs_server => {
            Err(SuspensionError::ByOperator(name))
        }
        (Suspension::Lift, None) => Err(SuspensionError::NotSuspended(name)),
        (Suspension::Put, None) | (Suspension::Lift, Some(_)) => Ok(change.clone()),
    }
}

async fn save(tx: &mut WriteTx, change: &Change) -> Result<(), store::Error> {
    match change.suspension {
        Suspension::Put => tenant::suspend(tx, &(change.id, change.now, change.by)).await?,
        Suspension::Lift => tenant::resume(tx, &change.id).await?,
    };
    audit::append(tx, &change.entry).await
}
