//! Host names at which the portal shows a brand: given out at the command line, and given back here.

use axum::extract::State;
use flow::tenancy::brand::change_hosts::{ChangeHostsError, remove_host};
use serde::Deserialize;
use tenancy::tenant::brand::BrandHost;

use super::BRAND;
use crate::portal::gate::csrf::Form;
use crate::portal::gate::permitted::{ManageBrand, Permitted};
use crate::portal::page::frame::{Answer, done, not_done};
use crate::portal::page::words::sentence;
use crate::portal::state::Portal;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct HostForm {
    host: String,
}

/// `POST /settings/brand/hosts/remove`.
pub(super) async fn remove(
    State(portal): State<Portal>,
    who: Permitted<ManageBrand>,
    Form(typed): Form<HostForm>,
) -> Answer {
    let host = match BrandHost::parse(&typed.host) {
        Ok(host) => host,
        Err(error) => return Ok(not_done(BRAND, &sentence(&error))),
    };
    match remove_host(&portal.app, &who.caller, host).await {
        Ok(()) => Ok(done(BRAND, "The host name was removed.")),
        Err(error @ ChangeHostsError::NotFound) => Ok(not_done(BRAND, &sentence(&error))),
        Err(error) => Err(error.into()),
    }
}
