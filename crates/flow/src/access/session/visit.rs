//! Somebody of a reseller looks after one of its customers: their role counts for those below too. Their session is in the
//! customer's tenant until they go back, and its audit names both.

use base::{Class, Refusal, Refuse, TenantId};
use store::ReadTx;
use store::tenancy::tenant;
use tenancy::tenant::Tenant;

use super::act_as::{Swap, WHY, save};
use super::browser;
use crate::access::SignedIn;
use crate::audit::Event;
use crate::caller::system;
use crate::{App, Caller};

/// Why nobody looks after the tenant.
#[derive(Debug, thiserror::Error)]
pub enum VisitError {
    /// They are in another tenant already.
    #[error("you look after another organisation already; go back first")]
    Elsewhere,
    /// The session has ended meanwhile.
    #[error("your session has ended; sign in again")]
    Ended,
    /// There is no such tenant directly below theirs.
    #[error("there is no such customer")]
    NotFound,
    /// The customer wants a second factor of everybody.
    #[error("this customer asks everybody for a second factor; set one up in your settings first")]
    SecondFactor,
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Refuse for VisitError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Elsewhere => Class::Conflict.because("visiting_already", self),
            Self::Ended => Class::Unauthenticated.because("session_ended", self),
            Self::NotFound => Class::NotFound.because("customer_not_found", self),
            Self::SecondFactor => Class::Forbidden.because("visit_needs_second_factor", self),
            Self::Store(error) => error.refusal(),
        }
    }
}

/// Lets a session look after a tenant directly below its own. The old token stops working; hand out the new one.
pub async fn visit_below(
    app: &App,
    caller: &Caller,
    signed_in: &SignedIn,
    of: TenantId,
) -> Result<SignedIn, VisitError> {
    if signed_in.is_elsewhere() {
        return Err(VisitError::Elsewhere);
    }
    let found = app.store(caller).read(of, load).await?;
    let below = found.filter(|found| found.parent == Some(signed_in.home.id));
    let below = below.ok_or(VisitError::NotFound)?;
    if below.requires_second_factor && !signed_in.has_second_factor {
        return Err(VisitError::SecondFactor);
    }
    let now = app.now();
    let (session, token) = signed_in.session.visit(of, now, app.random());
    let event = Event::TenantVisited {
        tenant: of,
        user: session.user,
    };
    let swap = Swap {
        old: signed_in.session.digest,
        new: browser(&session, caller),
        entry: app.entry(&caller.acting_as(of), of, &event, now),
        mails: Vec::new(),
    };
    if !app.store(system(WHY)).write(swap, save).await? {
        return Err(VisitError::Ended);
    }
    Ok(SignedIn {
        token,
        session,
        tenant: below,
        ..signed_in.clone()
    })
}

async fn load(tx: &mut ReadTx, id: &TenantId) -> Result<Option<Tenant>, store::Error> {
    tenant::by_id(tx, id).await
}
