//! Name and contact.

use axum::extract::State;
use flow::tenancy::brand::change_brand::change_brand;
use serde::Deserialize;
use tenancy::tenant::brand::{Brand, BrandContact, BrandName};

use super::BRAND;
use super::show::{BrandPage, view};
use crate::portal::gate::csrf::Form;
use crate::portal::gate::permitted::{ManageBrand, Permitted};
use crate::portal::page::form::Problems;
use crate::portal::page::frame::{Answer, done, refused_form};
use crate::portal::page::refused::problems;
use crate::portal::page::words::sentence;
use crate::portal::state::Portal;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct BrandForm {
    name: String,
    contact: String,
}

/// `POST /settings/brand`.
pub(super) async fn submit(
    State(portal): State<Portal>,
    who: Permitted<ManageBrand>,
    Form(typed): Form<BrandForm>,
) -> Answer {
    let problems = match read(&typed) {
        Ok(brand) => match change_brand(&portal.app, &who.caller, brand).await {
            Ok(()) => return Ok(done(BRAND, "Your brand was saved.")),
            Err(error) => problems(error)?,
        },
        Err(problems) => problems,
    };
    refused_form(&BrandPage {
        name: typed.name,
        contact: typed.contact,
        problems,
        ..view(&portal, &who).await?
    })
}

fn read(typed: &BrandForm) -> Result<Brand, Problems> {
    let mut problems = Problems::none();
    let name = BrandName::parse(&typed.name);
    if let Err(error) = &name {
        problems = problems.and("name", &sentence(error));
    }
    let contact = BrandContact::parse(&typed.contact);
    if let Err(error) = &contact {
        problems = problems.and("contact", &sentence(error));
    }
    match (name, contact) {
        (Ok(name), Ok(contact)) => Ok(Brand { name, contact }),
        _ => Err(problems),
    }
}
