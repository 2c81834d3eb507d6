//! Whether reviewers are asked by themselves before pre-validations end.

use axum::extract::State;
use flow::access::team::switch_tenant::switch_tenant;
use serde::Deserialize;
use tenancy::tenant::TenantSwitch;

use crate::portal::gate::csrf::Form;
use crate::portal::gate::permitted::{ManageOrganizations, Permitted};
use crate::portal::page::frame::{Answer, done};
use crate::portal::state::Portal;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct RenewalForm {
    automatic: String,
}

/// `POST /organizations/renewal`.
pub(super) async fn choose(
    State(portal): State<Portal>,
    who: Permitted<ManageOrganizations>,
    Form(typed): Form<RenewalForm>,
) -> Answer {
    let is_automatic = typed.automatic == "on";
    let switch = TenantSwitch::RenewPreValidations;
    switch_tenant(&portal.app, &who.caller, switch, is_automatic).await?;
    let message = if is_automatic {
        "Reviewers are asked by themselves from now on, 60 days before a pre-validation ends."
    } else {
        "Renewals have to be asked for from now on; people are told by mail before a pre-validation ends."
    };
    Ok(done("/organizations", message))
}
