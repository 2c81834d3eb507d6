//! What is done on the page of an organization: pre-validations are asked for and taken back, departments added and
//! removed.

use axum::extract::State;
use base::{Class, Refuse as _};
use flow::tenancy::organization::departments::{
    DepartmentError, add_department, remove_department,
};
use flow::tenancy::organization::list_organizations::OrganizationDetail;
use flow::tenancy::pre_validation::end_pre_validation::{
    End, EndPreValidationError, end_pre_validation,
};
use flow::tenancy::pre_validation::request_pre_validation::{RequestError, request_pre_validation};
use pki::OrganizationError;
use serde::Deserialize;
use tenancy::certificate_type::CertificateType;
use tenancy::organization::DepartmentName;

use super::{edit, show};
use crate::portal::gate::allowed::Allowed;
use crate::portal::gate::csrf::Form;
use crate::portal::gate::permitted::{ManageOrganizations, Permitted};
use crate::portal::page::form::Problems;
use crate::portal::page::frame::{Answer, done, not_done, refused_form};
use crate::portal::page::links;
use crate::portal::page::refused::Refusal;
use crate::portal::page::words::sentence;
use crate::portal::state::Portal;
use crate::portal::tenancy::{fields, standing};

type Managed = Allowed<ManageOrganizations, OrganizationDetail>;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct KindForm {
    kind: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct DepartmentForm {
    name: String,
}

/// `POST /organizations/{id}/pre-validations`. What is missing for the type is told at its field of the organization's form.
pub(super) async fn request(
    State(portal): State<Portal>,
    Allowed { who, object: found }: Managed,
    Form(typed): Form<KindForm>,
) -> Answer {
    let kind = CertificateType::parse(&typed.kind).ok_or(Refusal::NotFound)?;
    let id = found.organization.id;
    let title = kind.title();
    let missing = |problems| refused_form(&edit::stored_page(&who, &found.organization, problems));
    match request_pre_validation(&portal.app, &who.caller, id, kind).await {
        Ok(_) => Ok(done(
            &links::organization(id),
            &format!("The {title} pre-validation was asked for; reviewers decide it."),
        )),
        Err(RequestError::Contact(role)) => {
            let label = edit::role_label(role);
            let message = format!(
                "{title} needs the contact \"{label}\", whom reviewers ask; name them, save, and ask again."
            );
            missing(Problems::one(&format!("{role}_name"), &message))
        }
        Err(RequestError::Subject(OrganizationError::Incomplete(error))) => {
            missing(fields::problem(&error))
        }
        Err(error @ RequestError::AlreadyWaiting(_)) => {
            Ok(not_done(&links::organization(id), &sentence(&error)))
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /organizations/{id}/take-back`: what waits for the type; at most one does.
pub(super) async fn take_back(
    State(portal): State<Portal>,
    Allowed { who, object: found }: Managed,
    Form(typed): Form<KindForm>,
) -> Answer {
    let kind = CertificateType::parse(&typed.kind).ok_or(Refusal::NotFound)?;
    let href = links::organization(found.organization.id);
    let now = portal.app.now();
    let mut checks = found.checks.iter();
    let waiting = checks.find(|check| check.kind == kind && standing::waits(check, now));
    let Some(waiting) = waiting else {
        let message = format!("No {} pre-validation waits any more.", kind.title());
        return Ok(not_done(&href, &message));
    };
    match end_pre_validation(&portal.app, &who.caller, waiting.id, End::TakenBack).await {
        Ok(_) => Ok(done(&href, "The pre-validation was taken back.")),
        Err(error @ (EndPreValidationError::Decided | EndPreValidationError::Over(_))) => {
            Ok(not_done(&href, &sentence(&error)))
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /organizations/{id}/departments`.
pub(super) async fn add(
    State(portal): State<Portal>,
    Allowed { who, object: found }: Managed,
    Form(typed): Form<DepartmentForm>,
) -> Answer {
    let id = found.organization.id;
    let name = match DepartmentName::parse(&typed.name) {
        Ok(name) => name,
        Err(error) => return again(&portal, &who, &found, (&typed.name, sentence(&error))).await,
    };
    match add_department(&portal.app, &who.caller, id, name).await {
        Ok(_) => Ok(done(&links::organization(id), "The department was added.")),
        Err(error) if matches!(error.refusal().class, Class::Conflict | Class::Quota) => {
            again(&portal, &who, &found, (&typed.name, sentence(&error))).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn again(
    portal: &Portal,
    who: &Permitted<ManageOrganizations>,
    found: &OrganizationDetail,
    (typed, message): (&str, String),
) -> Answer {
    let problems = Problems::one("name", &message);
    refused_form(&show::view(portal, who, found, (typed, problems)).await?)
}

/// `POST /organizations/{id}/departments/remove`: the one of this name.
pub(super) async fn remove(
    State(portal): State<Portal>,
    Allowed { who, object: found }: Managed,
    Form(typed): Form<DepartmentForm>,
) -> Answer {
    let href = links::organization(found.organization.id);
    let mut departments = found.departments.iter();
    let Some(department) = departments.find(|each| each.name.as_str() == typed.name) else {
        return Ok(not_done(&href, "There is no such department any more."));
    };
    match remove_department(&portal.app, &who.caller, department.id).await {
        Ok(_) => Ok(done(&href, "The department was removed.")),
        Err(error @ DepartmentError::InUse) => Ok(not_done(&href, &sentence(&error))),
        Err(error) => Err(error.into()),
    }
}
