//! Adding a customer. Its first administrator is invited on its page.

use askama::Template;
use axum::extract::State;
use flow::tenancy::create_customer::create_customer;
use serde::Deserialize;
use tenancy::tenant::TenantName;

use crate::portal::gate::csrf::Form;
use crate::portal::gate::permitted::{ManageTenants, Permitted};
use crate::portal::page::form::Problems;
use crate::portal::page::frame::{Answer, done, page, refused_form};
use crate::portal::page::links;
use crate::portal::page::menu::Nav;
use crate::portal::page::refused::problems;
use crate::portal::page::shell::Shell;
use crate::portal::page::words::sentence;
use crate::portal::state::Portal;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct CustomerForm {
    name: String,
}

/// `GET /customers/new`.
pub(super) async fn form(who: Permitted<ManageTenants>) -> Answer {
    page(&view(&who, String::new(), Problems::none()))
}

/// `POST /customers/new`.
pub(super) async fn add(
    State(portal): State<Portal>,
    who: Permitted<ManageTenants>,
    Form(typed): Form<CustomerForm>,
) -> Answer {
    let name = match TenantName::parse(&typed.name) {
        Ok(name) => name,
        Err(error) => {
            let wrong = Problems::one("name", &sentence(&error));
            return refused_form(&view(&who, typed.name, wrong));
        }
    };
    let made = match create_customer(&portal.app, &who.caller, name).await {
        Ok(made) => made,
        Err(error) => {
            let wrong = problems(error)?;
            return refused_form(&view(&who, typed.name, wrong));
        }
    };
    let message =
        "The customer was added. Invite its first administrator next, or look after it yourself.";
    Ok(done(&links::customer(made.id), message))
}

fn view(who: &Permitted<ManageTenants>, name: String, problems: Problems) -> AddCustomerPage {
    AddCustomerPage {
        shell: who.shell(Nav::Customers, "Add a customer"),
        name,
        problems,
    }
}

/// `GET /customers/new`, and one that failed.
///
/// Form: `POST /customers/new` (`name`).
#[derive(Clone, Debug, Template)]
#[template(path = "portal/tenancy/customers/add.html")]
pub struct AddCustomerPage {
    /// The frame.
    pub shell: Shell,
    /// What was typed.
    pub name: String,
    /// What is wrong; field `name`.
    pub problems: Problems,
}
