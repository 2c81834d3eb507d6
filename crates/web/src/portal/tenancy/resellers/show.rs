//! One reseller: its people, what it has, and acting as it.

use askama::Template;
use axum::extract::State;
use base::Timestamp;
use flow::tenancy::entitle_tenant::{Product, what_was_said};
use flow::tenancy::list_below::{Person, TenantBelow, people_of};
use flow::tenancy::look_at_tenant::look_at_tenant;
use tenancy::role::Permission;
use tenancy::session::acting::LONGEST;
use tenancy::tenant::entitlement::Entitlement;
use tenancy::user::Status;

use super::ResellerNamed;
use super::change::PRODUCT;
use crate::portal::access::team::list::status as status_of;
use crate::portal::access::team::words::role_names;
use crate::portal::gate::allowed::Allowed;
use crate::portal::gate::permitted::{Permitted, ViewResellers};
use crate::portal::gate::recent::is_recent;
use crate::portal::page::form::{Choice, Problems};
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

/// `GET /resellers/{id}`.
pub(super) async fn show(
    State(portal): State<Portal>,
    Allowed { who, object }: Allowed<ViewResellers, ResellerNamed>,
) -> Answer {
    look_at_tenant(&portal.app, &who.caller, object.0.tenant.id).await?;
    page(&view(&portal, &who, &object.0, ("", Problems::none())).await?)
}

/// The page, with a reason that was typed and what is wrong with it.
pub(super) async fn view<P>(
    portal: &Portal,
    who: &Permitted<P>,
    found: &TenantBelow,
    (reason, problems): (&str, Problems),
) -> Result<ResellerPage, Refusal> {
    let (now, tenant) = (portal.app.now(), &found.tenant);
    let there = who.caller.within(tenant.id);
    let people = people_of(&portal.app, &there).await?;
    let (said, products) = what_was_said(&portal.app, &there).await?;
    Ok(ResellerPage {
        shell: who.shell(Nav::Resellers, tenant.name.as_str()),
        href: links::reseller(tenant.id),
        name: tenant.name.as_str().to_owned(),
        status: status(found),
        is_suspended: tenant.suspended_at.is_some(),
        is_held: found.held_at.is_some(),
        since: when(tenant.created_at, now),
        customers: grouped(found.below),
        accounts: grouped(found.accounts),
        names: grouped(found.names),
        factor: if tenant.requires_second_factor {
            "required"
        } else {
            "as each person likes"
        },
        people: people.iter().map(|person| row(person, now)).collect(),
        buys_all: said == Entitlement::All,
        products: products
            .iter()
            .map(|product| choice(product, &said))
            .collect(),
        may_act: who.may(Permission::ActAs),
        may_manage: who.may(Permission::ManageResellers),
        may_unlock: who.may(Permission::UnlockUsers),
        minutes: LONGEST.as_secs() / 60,
        reason: reason.to_owned(),
        asks_password: !is_recent(portal, who),
        problems,
    })
}

fn row(person: &Person, now: Timestamp) -> ResellerPerson {
    let user = &person.user;
    ResellerPerson {
        id: user.id.suffix(),
        name: user.display_name.as_str().to_owned(),
        email: user.email.as_str().to_owned(),
        roles: role_names(&person.roles),
        has_second_factor: person.has_second_factor,
        last_seen: person.last_sign_in_at.map(|at| when(at, now)),
        status: status_of(user.status),
        is_active: user.status == Status::Active,
    }
}

fn choice(product: &Product, said: &Entitlement) -> Choice {
    Choice {
        value: format!("{PRODUCT}{}", product.code),
        label: product.name.clone(),
        hint: String::new(),
        is_chosen: *said != Entitlement::All && said.allows(&product.code),
    }
}

/// Somebody of a reseller.
#[derive(Clone, Debug)]
pub struct ResellerPerson {
    /// What a form names them by.
    pub id: String,
    /// What the portal calls them.
    pub name: String,
    /// Their address.
    pub email: String,
    /// What they may do.
    pub roles: String,
    /// Whether they have a second factor.
    pub has_second_factor: bool,
    /// When they signed in last.
    pub last_seen: Option<When>,
    /// Whether they can sign in.
    pub status: Chip,
    /// Whether they have followed their link and were not disabled.
    pub is_active: bool,
}

/// `GET /resellers/{id}`, and acting that failed.
///
/// Forms: `POST /resellers/{id}/act` (`reason`, `password` when asked for), `/unlock` (`person`), `/products` (`all`, a tick for each),
/// `/resume`, `/release`.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/tenancy/resellers/show.html")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own that the page asks for"
)]
pub struct ResellerPage {
    /// The frame.
    pub shell: Shell,
    /// This page.
    pub href: String,
    /// Its name.
    pub name: String,
    /// Whether it is suspended or on hold.
    pub status: Chip,
    /// Whether its people cannot sign in.
    pub is_suspended: bool,
    /// Whether it cannot order.
    pub is_held: bool,
    /// Since when it is there.
    pub since: When,
    /// How many customers it has.
    pub customers: String,
    /// How many ACME accounts.
    pub accounts: String,
    /// How many domains.
    pub names: String,
    /// Whether its people must have a second factor.
    pub factor: &'static str,
    /// Its people, oldest first.
    pub people: Vec<ResellerPerson>,
    /// Whether it may buy whatever is sold.
    pub buys_all: bool,
    /// The products there are, with those that it may buy otherwise.
    pub products: Vec<Choice>,
    /// Whether the one who looks may act as it.
    pub may_act: bool,
    /// Whether they may suspend it and put it on hold.
    pub may_manage: bool,
    /// Whether they may unlock its people.
    pub may_unlock: bool,
    /// How long acting lasts.
    pub minutes: u64,
    /// What was typed as the reason for acting.
    pub reason: String,
    /// Whether the sign-in is too long ago for acting.
    pub asks_password: bool,
    /// What is wrong; fields `reason`, `password`.
    pub problems: Problems,
}
