//! Whether everybody must have a second factor (security S-17).

use axum::extract::State;
use flow::access::team::switch_tenant::switch_tenant;
use serde::Deserialize;
use tenancy::tenant::TenantSwitch;

use crate::portal::gate::csrf::Form;
use crate::portal::gate::permitted::{ManageUsers, Permitted};
use crate::portal::page::frame::{Answer, done};
use crate::portal::state::Portal;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct DemandForm {
    required: String,
}

/// `POST /team/second-factor`.
pub(super) async fn demand(
    State(portal): State<Portal>,
    who: Permitted<ManageUsers>,
    Form(typed): Form<DemandForm>,
) -> Answer {
    let is_required = typed.required == "on";
    let switch = TenantSwitch::RequireSecondFactor;
    switch_tenant(&portal.app, &who.caller, switch, is_required).await?;
    let message = if is_required {
        "Everybody here must have a second factor now."
    } else {
        "Nobody here must have a second factor any more."
    };
    Ok(done("/team", message))
}
