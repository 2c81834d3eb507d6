//! Organizations: what certificates shall say about them, whom reviewers ask, and what was checked (features F-028, F-031,
//! F-032).

pub mod change;
pub mod edit;
pub mod list;
mod renewal;
pub mod show;

use base::{DepartmentId, OrganizationId};
use flow::Caller;
use flow::tenancy::organization::list_organizations::{
    OrganizationDetail, list_departments, list_organizations, show_organization,
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

/// How many organizations stand in a menu, those that were added last.
const MAX_CHOICES: usize = 500;

/// How many departments stand there with them.
const MAX_DEPARTMENT_CHOICES: i64 = 2_000;

/// An organization, or one department of it, as forms send it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    /// The organization.
    pub(crate) organization: OrganizationId,
    /// Its department; none for all of it.
    pub(crate) department: Option<DepartmentId>,
}

impl Part {
    /// Reads what [`value`](Self::value) wrote.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (organization, department) = match text.split_once('.') {
            None => (text, None),
            Some((organization, department)) => (organization, Some(department)),
        };
        let department = department.map(DepartmentId::from_suffix).transpose();
        Some(Self {
            organization: OrganizationId::from_suffix(organization).ok()?,
            department: department.ok()?,
        })
    }

    /// The value of a choice.
    pub(crate) fn value(self) -> String {
        match self.department {
            None => self.organization.suffix(),
            Some(department) => format!("{}.{}", self.organization.suffix(), department.suffix()),
        }
    }
}

/// The organizations of the caller's tenant to choose from, by their names, each with its departments; first comes that none
/// is chosen.
pub(crate) async fn choices(
    portal: &Portal,
    caller: &Caller,
    chosen: &str,
) -> Result<Vec<Choice>, Refusal> {
    let asked = OrganizationQuery::first(OrganizationFilter::default(), MAX_CHOICES);
    let found = list_organizations(&portal.app, caller, asked).await?;
    let departments = list_departments(&portal.app, caller, MAX_DEPARTMENT_CHOICES).await?;
    let mut rows = found.rows;
    rows.sort_by_cached_key(|row| row.organization.fields.legal_name.to_lowercase());
    let choice = |value: String, label: String| Choice {
        is_chosen: value == chosen,
        value,
        label,
        hint: String::new(),
    };
    let mut all = vec![choice(String::new(), "None".to_owned())];
    for row in rows {
        let (organization, name) = (row.organization.id, row.organization.fields.legal_name);
        let part = |department| Part {
            organization,
            department,
        };
        all.push(choice(part(None).value(), name.clone()));
        let own = departments
            .iter()
            .filter(|each| each.organization == organization);
        all.extend(own.map(|each| {
            let label = format!("{name}, {}", each.name.as_str());
            choice(part(Some(each.id)).value(), label)
        }));
    }
    Ok(all)
}
