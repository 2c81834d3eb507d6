//! What an operator does with a limit of one tenant: sets it anew, until a day, or lets it be as for everybody. Nodes hear
//! of it within a second.

use base::{Class, Refusal, Refuse};
use store::WriteTx;
use store::audit::Entry;
use store::tenancy::limit_override;
pub use tenancy::limit::{Bound, Limit, LimitOverride};

use crate::audit::{Event, Text};
use crate::caller::system;
use crate::{App, Caller};

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeLimitError {
    /// It says how often, or how many, and the other was given.
    #[error("{limit} is limited to {usual}; give a bound of this kind")]
    OtherKind {
        /// The limit.
        limit: Limit,
        /// What it usually is.
        usual: Bound,
    },
    /// Nobody knows whose it is.
    #[error("{0} counts clients without an account, and cannot be set for a tenant")]
    NotOfTenants(Limit),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Refuse for ChangeLimitError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::OtherKind { .. } => Class::Invalid.because("limit_kind", self),
            Self::NotOfTenants(_) => Class::Invalid.because("limit_not_of_tenants", self),
            Self::Store(error) => error.refusal(),
        }
    }
}

/// Sets a bound of a tenant's own in the place of the one before.
pub async fn set_limit(
    app: &App,
    caller: &Caller,
    own: LimitOverride,
) -> Result<(), ChangeLimitError> {
    let usual = own.limit.usual();
    if !own.limit.is_of_tenants() {
        return Err(ChangeLimitError::NotOfTenants(own.limit));
    }
    if matches!(usual, Bound::AtOnce(_)) != matches!(own.bound, Bound::AtOnce(_)) {
        return Err(ChangeLimitError::OtherKind {
            limit: own.limit,
            usual,
        });
    }
    let event = Event::LimitSet {
        limit: own.limit.as_str(),
        bound: Text::new(own.bound.to_string()),
        ends_at: own.ends_at,
        reason: Text::new(&own.reason),
    };
    let tenant = own.tenant;
    let entry = app.entry(&caller.within(tenant), tenant, &event, app.now());
    let store = app.store(&caller.within(tenant));
    Ok(store.write((own, entry), save).await?)
}

/// Takes a tenant's own bound away; `false` if it had none.
pub async fn clear_limit(
    app: &App,
    caller: &Caller,
    limit: Limit,
) -> Result<bool, ChangeLimitError> {
    let event = Event::LimitCleared {
        limit: limit.as_str(),
    };
    let entry = app.entry(caller, caller.tenant()?, &event, app.now());
    let store = app.store(caller);
    Ok(store.write((limit, entry), clear).await?)
}

/// The bounds that tenants have for themselves at present.
pub async fn list_limits(app: &App) -> Result<Vec<LimitOverride>, store::Error> {
    let store = app.store(system("an operator looks at the bounds of all"));
    store.read(app.now(), limit_override::live).await
}

async fn save(tx: &mut WriteTx, (own, entry): &(LimitOverride, Entry)) -> Result<(), store::Error> {
    limit_override::save(tx, own).await?;
    store::audit::append(tx, entry).await
}

async fn clear(tx: &mut WriteTx, (limit, entry): &(Limit, Entry)) -> Result<bool, store::Error> {
    let had = limit_override::delete(tx, limit).await?;
    if had {
        store::audit::append(tx, entry).await?;
    }
    Ok(had)
}
