//! Delegating a domain, and ending that.

use axum::extract::State;
use base::DelegationId;
use flow::tenancy::domain::OwnDomainDetail;
use flow::tenancy::domain::delegate_domain::{
    DelegateError, Grant, delegate_domain, end_delegation,
};
use serde::Deserialize;
use tenancy::role::binding::Part;

use super::form::DelegationForm;
use super::show;
use crate::portal::gate::allowed::Allowed;
use crate::portal::gate::csrf::Form;
use crate::portal::gate::permitted::ManageDomains;
use crate::portal::page::form::Problems;
use crate::portal::page::frame::{Answer, done, not_done, refused_form};
use crate::portal::page::links;
use crate::portal::page::refused::problems;
use crate::portal::page::words::sentence;
use crate::portal::state::Portal;

type Managed = Allowed<ManageDomains, OwnDomainDetail>;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct EndForm {
    delegation: String,
}

/// `POST /delegated-domains/{id}/delegations`: there already, it is for these types from now on.
pub(super) async fn delegate(
    State(portal): State<Portal>,
    Allowed { who, object: found }: Managed,
    Form(typed): Form<DelegationForm>,
) -> Answer {
    let grant = match read(&typed) {
        Ok(grant) => grant,
        Err(problems) => {
            return refused_form(&show::view(&portal, &who, &found, (&typed, problems)).await?);
        }
    };
    match delegate_domain(&portal.app, &who.caller, found.domain.id, grant).await {
        Ok(_) => Ok(done(
            &links::delegated_domain(found.domain.id),
            "The domain is delegated.",
        )),
        Err(error) => {
            let problems = problems(error)?;
            refused_form(&show::view(&portal, &who, &found, (&typed, problems)).await?)
        }
    }
}

fn read(form: &DelegationForm) -> Result<Grant, Problems> {
    let (to, allowed) = (Part::parse(&form.organization), form.types());
    match (to, allowed) {
        (Some(to), Some(types)) => Ok(Grant {
            organization: to.organization,
            department: to.department,
            types,
        }),
        (to, allowed) => {
            let mut wrong = Problems::none();
            if to.is_none() {
                wrong = wrong.and("organization", "Choose an organization of the list.");
            }
            if allowed.is_none() {
                wrong = wrong.and("types", "Tick at least one type of certificates.");
            }
            Err(wrong)
        }
    }
}

/// `POST /delegated-domains/{id}/delegations/end`.
pub(super) async fn end(
    State(portal): State<Portal>,
    Allowed { who, object: found }: Managed,
    Form(typed): Form<EndForm>,
) -> Answer {
    let href = links::delegated_domain(found.domain.id);
    let Ok(delegation) = DelegationId::from_suffix(&typed.delegation) else {
        return Ok(not_done(&href, &sentence(&DelegateError::NoDelegation)));
    };
    match end_delegation(&portal.app, &who.caller, found.domain.id, delegation).await {
        Ok(_) => Ok(done(
            &href,
            "The delegation ended. Certificates that were issued stay.",
        )),
        Err(error @ DelegateError::NoDelegation) => Ok(not_done(&href, &sentence(&error))),
        Err(error) => Err(error.into()),
    }
}
