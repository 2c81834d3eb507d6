//! Adding a domain.

use askama::Template;
use axum::extract::State;
use base::DnsName;
use flow::tenancy::domain::add_domain::add_domain;
use serde::Deserialize;

use crate::portal::gate::csrf::Form;
use crate::portal::gate::permitted::{ManageDomains, Permitted};
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
pub(super) struct DomainForm {
    name: String,
}

/// `GET /delegated-domains/new`.
pub(super) async fn form(who: Permitted<ManageDomains>) -> Answer {
    who.must_have_whole()?;
    page(&view(&who, "", Problems::none()))
}

/// `POST /delegated-domains/new`.
pub(super) async fn add(
    State(portal): State<Portal>,
    who: Permitted<ManageDomains>,
    Form(typed): Form<DomainForm>,
) -> Answer {
    let name = match DnsName::parse(&typed.name) {
        Ok(name) => name,
        Err(error) => {
            let problems = Problems::one("name", &sentence(&error));
            return refused_form(&view(&who, &typed.name, problems));
        }
    };
    match add_domain(&portal.app, &who.caller, name).await {
        Ok(added) => Ok(done(
            &links::delegated_domain(added.id),
            "The domain was added. Prove control of it next.",
        )),
        Err(error) => refused_form(&view(&who, &typed.name, problems(error)?)),
    }
}

fn view(who: &Permitted<ManageDomains>, typed: &str, problems: Problems) -> AddDomainPage {
    AddDomainPage {
        shell: who.shell(Nav::Organizations, "Add a domain"),
        name: typed.to_owned(),
        problems,
    }
}

/// `GET /delegated-domains/new` and its failures.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/tenancy/delegated_domains/add.html")]
pub struct AddDomainPage {
    /// The frame.
    pub shell: Shell,
    /// What was typed.
    pub name: String,
    /// What is wrong; field `name`.
    pub problems: Problems,
}
