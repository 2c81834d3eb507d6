//! What somebody of the operator looks at while they act as a tenant, which its audit tells (security S-34).

use base::{Refusal, Refuse};
use store::WriteTx;
use store::audit::{self, Entry};
use tenancy::limit::{Limit, RateLimited};

use crate::access::SignedIn;
use crate::audit::{Event, Text};
use crate::memory::limits::Charge;
use crate::{App, Caller};

/// Why nothing is shown.
#[derive(Debug, thiserror::Error)]
pub enum LookError {
    /// They look faster than anybody reads.
    #[error(transparent)]
    Limited(#[from] RateLimited),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Refuse for LookError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Limited(error) => error.refusal(),
            Self::Store(error) => error.refusal(),
        }
    }
}

/// Writes down that whoever acts as a tenant asked for a page of it, once while they act as far as this node knows. A page
/// is named by its path, without what was searched for. Of anybody else nothing is written. An entry is a change like
/// others, of which a person makes so many in a second.
pub async fn look_while_acting(
    app: &App,
    caller: &Caller,
    signed_in: &SignedIn,
    page: &str,
) -> Result<(), LookError> {
    let session = &signed_in.session;
    let Some(acting) = &session.acting else {
        return Ok(());
    };
    let looks = &app.memory.looks;
    if looks.has(session.digest, page) {
        return Ok(());
    }
    let charge = Charge::of_user(Limit::PortalWrites, session.user, acting.tenant);
    app.memory.limits.spend(charge, app.now())?;
    let event = Event::PageLookedAt {
        tenant: acting.tenant,
        page: Text::new(page),
    };
    let entry = app.entry(caller, acting.tenant, &event, app.now());
    app.store(caller).write(entry, save).await?;
    looks.keep(session.digest, page);
    Ok(())
}

async fn save(tx: &mut WriteTx, entry: &Entry) -> Result<(), store::Error> {
    audit::append(tx, entry).await
}
