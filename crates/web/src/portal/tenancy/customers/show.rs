//! One customer: its people and what it has.

use askama::Template;
use axum::extract::State;
use base::Timestamp;
use flow::tenancy::list_below::{Person, TenantBelow, people_of};
use tenancy::role::Permission;

use super::CustomerNamed;
use crate::portal::access::team::list::status as status_of;
use crate::portal::access::team::words::role_names;
use crate::portal::gate::allowed::Allowed;
use crate::portal::gate::permitted::{Permitted, ViewTenants};
use crate::portal::page::form::Problems;
use crate::portal::page::frame::{Answer, page};
use crate::portal::page::links;
use crate::portal::page::menu::Nav;
use crate::portal::page::moment::when;
use crate::portal::page::part::{Chip, When};
use crate::portal::page::refused::Refusal;
use crate::portal::page::shell::Shell;
use crate::portal::page::words::grouped;
use crate::portal::state::Portal;
use crate::portal::tenancy::stopping::status;

/// `GET /customers/{id}`.
pub(super) async fn show(
    State(portal): State<Portal>,
    Allowed { who, object }: Allowed<ViewTenants, CustomerNamed>,
) -> Answer {
    page(&view(&portal, &who, &object.0, ("", Problems::none())).await?)
}

/// The page, with an address that was typed and what is wrong with it.
pub(super) async fn view<P>(
    portal: &Portal,
    who: &Permitted<P>,
    found: &TenantBelow,
    (email, problems): (&str, Problems),
) -> Result<CustomerPage, Refusal> {
    let (now, tenant) = (portal.app.now(), &found.tenant);
    let may_manage = who.may(Permission::ManageTenants);
    // Who does not see the people of their own tenant sees none here.
    let people = if may_manage {
        people_of(&portal.app, &who.caller.within(tenant.id)).await?
    } else {
        Vec::new()
    };
    Ok(CustomerPage {
        shell: who.shell(Nav::Customers, tenant.name.as_str()),
        href: links::customer(tenant.id),
        name: tenant.name.as_str().to_owned(),
        status: status(found),
        is_suspended: tenant.suspended_at.is_some(),
        since: when(tenant.created_at, now),
        accounts: grouped(found.accounts),
        names: grouped(found.names),
        people: people.iter().map(|person| row(person, now)).collect(),
        may_manage,
        email: email.to_owned(),
        problems,
    })
}

fn row(person: &Person, now: Timestamp) -> CustomerPerson {
    let user = &person.user;
    CustomerPerson {
        name: user.display_name.as_str().to_owned(),
        email: user.email.as_str().to_owned(),
        roles: role_names(&person.roles),
        last_seen: person.last_sign_in_at.map(|at| when(at, now)),
        status: status_of(user.status),
    }
}

/// Somebody of a customer.
#[derive(Clone, Debug)]
pub struct CustomerPerson {
    /// What the portal calls them.
    pub name: String,
    /// Their address.
    pub email: String,
    /// What they may do.
    pub roles: String,
    /// When they signed in last.
    pub last_seen: Option<When>,
    /// Whether they can sign in.
    pub status: Chip,
}

/// `GET /customers/{id}`, and an invitation that failed.
///
/// Forms: `POST /customers/{id}/visit`, `/invite` (`email`), `/resume`.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/tenancy/customers/show.html")]
pub struct CustomerPage {
    /// The frame.
    pub shell: Shell,
    /// This page.
    pub href: String,
    /// Its name.
    pub name: String,
    /// Whether it is suspended.
    pub status: Chip,
    /// Whether its people cannot sign in.
    pub is_suspended: bool,
    /// Since when it is there.
    pub since: When,
    /// How many ACME accounts it has.
    pub accounts: String,
    /// How many domains.
    pub names: String,
    /// Its people, oldest first.
    pub people: Vec<CustomerPerson>,
    /// Whether the one who looks may suspend it and invite people.
    pub may_manage: bool,
    /// What was typed as address of its administrator.
    pub email: String,
    /// What is wrong; field `email`.
    pub problems: Problems,
}
