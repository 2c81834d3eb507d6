//! Host names at which the portal shows a brand.

use axum::extract::State;
use flow::tenancy::brand::change_hosts::{ChangeHostsError, add_host, remove_host};
use serde::Deserialize;
use tenancy::tenant::brand::BrandHost;

use super::BRAND;
use super::show::{BrandPage, view};
use crate::portal::gate::csrf::Form;
use crate::portal::gate::permitted::{ManageBrand, Permitted};
use crate::portal::page::frame::{Answer, done, not_done, refused_form};
use crate::portal::page::refused::problems;
use crate::portal::page::words::sentence;
use crate::portal::state::Portal;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct HostForm {
    host: String,
}

/// `POST /settings/brand/hosts`.
pub(super) async fn add(
    State(portal): State<Portal>,
    who: Permitted<ManageBrand>,
    Form(typed): Form<HostForm>,
) -> Answer {
    let problems = match BrandHost::parse(&typed.host) {
        Ok(host) => match add_host(&portal.app, &who.caller, host).await {
            Ok(()) => return Ok(done(BRAND, "The host name was added.")),
            Err(error) => problems(error)?,
        },
        Err(error) => problems(error)?,
    };
    refused_form(&BrandPage {
        host: typed.host,
        problems,
        ..view(&portal, &who).await?
    })
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
