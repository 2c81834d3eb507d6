//! Whom the certificates of an account name: shown on its page, and assigned anew (feature F-031).

use axum::extract::State;
use flow::enrollment::assign_organization::{AssignError, assign_organization};
use flow::enrollment::list_subscriptions::Summary;
use flow::memory::catalog::{Catalog, SoldOffer};
use flow::tenancy::organization::list_organizations::show_organization;
use serde::Deserialize;
use tenancy::role::Permission;
use tenancy::role::binding::Part;

use crate::portal::gate::allowed::Allowed;
use crate::portal::gate::csrf::Form;
use crate::portal::gate::permitted::{ManageAccounts, Permitted};
use crate::portal::page::form::Choice;
use crate::portal::page::frame::{Answer, done, not_done};
use crate::portal::page::links;
use crate::portal::page::part_choice::choices;
use crate::portal::page::refused::Refusal;
use crate::portal::page::words::sentence;
use crate::portal::state::Portal;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct AssignForm {
    organization: String,
}

/// `POST /accounts/{id}/organization`.
pub(super) async fn assign(
    State(portal): State<Portal>,
    Allowed { who, object: found }: Allowed<ManageAccounts, Summary>,
    Form(typed): Form<AssignForm>,
) -> Answer {
    let id = found.subscription.id;
    let href = format!("{}/credentials", links::account(id));
    let Some(part) = Part::parse(&typed.organization) else {
        return Ok(not_done(&href, &sentence(&AssignError::NoOrganization)));
    };
    let part = (part.organization, part.department);
    match assign_organization(&portal.app, &who.caller, id, part).await {
        Ok(_) => Ok(done(
            &href,
            "The account is for this organization from now on; certificates that were issued stay as they are.",
        )),
        Err(error @ (AssignError::Choice(_) | AssignError::NoOrganization)) => {
            Ok(not_done(&href, &sentence(&error)))
        }
        Err(error @ (AssignError::NotFound | AssignError::Store(_))) => Err(error.into()),
    }
}

/// Whether accounts of an offer can be for an organization: its certificates name one, or its policy asks for one.
pub(super) fn is_for_one(catalog: &Catalog, offer: &SoldOffer) -> bool {
    let asks = offer.policy.check_organization(false, false);
    catalog.certificate_type(&offer.product).is_some() || asks.is_err()
}

/// The organization of an account; `None` where its certificates name nobody.
pub(super) async fn of_account<P>(
    portal: &Portal,
    who: &Permitted<P>,
    found: &Summary,
) -> Result<Option<AccountOrganization>, Refusal> {
    let subscription = &found.subscription;
    let catalog = portal.app.catalog();
    let is_named = catalog.certificate_type(&subscription.product).is_some();
    if !is_named && subscription.organization.is_none() {
        return Ok(None);
    }
    let assigned = match subscription.organization {
        Some(id) => show_organization(&portal.app, &who.caller, id).await?,
        None => None,
    };
    let named = assigned.map(|detail| {
        let organization = detail.organization;
        let href = links::organization(organization.id);
        let mut departments = detail.departments.into_iter();
        let department = departments.find(|each| Some(each.id) == subscription.department);
        let name = match department {
            Some(department) => format!("{}, {}", organization.fields.legal_name, department.name),
            None => organization.fields.legal_name,
        };
        (name, href)
    });
    let chosen = Part::of(subscription.organization, subscription.department);
    let chosen = chosen.map(|part| part.to_string()).unwrap_or_default();
    let choices = if who.may(Permission::ManageAccounts) {
        choices(portal, who.bounds(), ("None", &chosen)).await?
    } else {
        Vec::new()
    };
    Ok(Some(AccountOrganization { named, choices }))
}

/// Whom the certificates of an account name.
#[derive(Clone, Debug)]
pub struct AccountOrganization {
    /// Name and path of the organization, if there is one.
    pub named: Option<(String, String)>,
    /// What may be chosen; empty for who may not.
    pub choices: Vec<Choice>,
}
