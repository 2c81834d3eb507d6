//! Organizations: what certificates shall say about them, whom reviewers ask, and what was checked (features F-028, F-031,
//! F-032).

pub mod change;
pub mod edit;
pub mod list;
pub mod show;

use base::OrganizationId;
use flow::Caller;
use flow::tenancy::organization::list_organizations::{
    OrganizationDetail, list_organizations, show_organization,
};
use flow::tenancy::organization::{OrganizationFilter, OrganizationQuery};

use crate::portal::gate::allowed::Object;
use crate::portal::gate::permitted::{ManageOrganizations, ViewOrganizations};
use crate::portal::page::form::Choice;
use crate::portal::page::refused::Refusal;
use crate::portal::state::Portal;
use crate::portal::table::Table;

pub(super) fn routes() -> Table {
    Table::default()
        .get("/organizations", ViewOrganizations, list::list)
        .get("/organizations/new", ManageOrganizations, edit::new_form)
        .post("/organizations/new", ManageOrganizations, edit::add)
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

/// How many organizations stand in a menu, those that were added last.
const MAX_CHOICES: usize = 500;

/// The organizations of the caller's tenant to choose from, by their names; first comes that none is chosen.
pub(crate) async fn choices(
    portal: &Portal,
    caller: &Caller,
    chosen: &str,
) -> Result<Vec<Choice>, Refusal> {
    let asked = OrganizationQuery::first(OrganizationFilter::default(), MAX_CHOICES);
    let found = list_organizations(&portal.app, caller, asked).await?;
    let mut rows = found.rows;
    rows.sort_by_cached_key(|row| row.organization.fields.legal_name.to_lowercase());
    let none = Choice {
        label: "None".to_owned(),
        is_chosen: chosen.is_empty(),
        ..Choice::default()
    };
    let choice = |value: String, label: String| Choice {
        is_chosen: value == chosen,
        value,
        label,
        hint: String::new(),
    };
    let all = rows.into_iter().map(|row| {
        let organization = row.organization;
        choice(organization.id.suffix(), organization.fields.legal_name)
    });
    Ok(std::iter::once(none).chain(all).collect())
}
