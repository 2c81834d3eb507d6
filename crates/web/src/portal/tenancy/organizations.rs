//! Organizations: what certificates shall say about them, whom reviewers ask, and what was checked (features F-028, F-031,
//! F-032).

pub mod change;
pub mod edit;
pub mod list;
mod renewal;
pub mod show;

use base::OrganizationId;
use flow::Caller;
use flow::tenancy::organization::list_organizations::{OrganizationDetail, show_organization};

use crate::portal::gate::allowed::Object;
use crate::portal::gate::permitted::{ManageOrganizations, ViewOrganizations};
use crate::portal::page::refused::Refusal;
use crate::portal::state::Portal;
use crate::portal::table::Table;

pub(super) fn routes() -> Table {
    Table::default()
        .get("/organizations", ViewOrganizations, list::list)
        .get("/organizations/new", ManageOrganizations, edit::new_form)
        .post("/organizations/new", ManageOrganizations, edit::add)
        .post(
            "/organizations/renewal",
            ManageOrganizations,
            renewal::choose,
        )
        .get("/organizations/{id}", ViewOrganizations, show::show)
        .get("/organizations/{id}/edit", ManageOrganizations, edit::form)
        .post("/organizations/{id}/edit", ManageOrganizations, edit::edit)
        .post(
            "/organizations/{id}/pre-validations",
            ManageOrganizations,
            change::request,
        )
        .post(
            "/organizations/{id}/take-back",
            ManageOrganizations,
            change::take_back,
        )
        .post(
            "/organizations/{id}/departments",
            ManageOrganizations,
            change::add,
        )
        .post(
            "/organizations/{id}/departments/remove",
            ManageOrganizations,
            change::remove,
        )
}

impl Object for OrganizationDetail {
    async fn load(portal: &Portal, caller: &Caller, id: &str) -> Result<Option<Self>, Refusal> {
        let Ok(id) = OrganizationId::from_suffix(id) else {
            return Ok(None);
        };
        Ok(show_organization(&portal.app, caller, id).await?)
    }
}
