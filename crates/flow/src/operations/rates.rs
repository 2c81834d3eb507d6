//! How often clients without an account ask, and people change something: asked by the doors, before they do any work.

use base::Actor;
use tenancy::limit::{Limit, RateLimited};

use crate::caller::Client;
use crate::memory::limits::Charge;
use crate::{App, Caller};

/// Counts a request that nobody has signed, or says that it is too much from this address.
pub fn count_unsigned(app: &App, client: &Client) -> Result<(), RateLimited> {
    match client.network() {
        Some(network) => {
            let charge = Charge::unsigned(network);
            app.memory.limits.spend(charge, app.now())
        }
        None => Ok(()),
    }
}

/// Takes it back: somebody has signed it.
pub fn was_signed(app: &App, client: &Client) {
    if let Some(network) = client.network() {
        let charge = Charge::unsigned(network);
        app.memory.limits.refund(charge, app.now());
    }
}

/// Counts a request with a token, or says that it is too much.
pub fn count_api_call(app: &App, caller: &Caller) -> Result<(), RateLimited> {
    match (&caller.actor, caller.tenant()) {
        (Actor::ApiToken(token), Ok(tenant)) => {
            let charge = Charge::api_call(*token, tenant);
            app.memory.limits.spend(charge, app.now())
        }
        _ => Ok(()),
    }
}

/// Counts a change that a person makes in the portal, or says that it is too much.
pub fn count_portal_write(app: &App, caller: &Caller) -> Result<(), RateLimited> {
    match (&caller.actor, caller.tenant()) {
        (Actor::User(user), Ok(tenant)) => {
            let charge = Charge::of_user(Limit::PortalWrites, *user, tenant);
            app.memory.limits.spend(charge, app.now())
        }
        _ => Ok(()),
    }
}
