//! The people of the tenant (`ux.md` R24).

use askama::Template;
use axum::extract::State;
use base::Timestamp;
use flow::App;
use flow::access::SignedIn;
use flow::access::team::Person;
use flow::access::team::list_team::list_team;
use tenancy::role::binding::Binding;
use tenancy::role::{Permission, Role, Roles};
use tenancy::tenant::TenantKind;
use tenancy::user::Status;

use super::words::{PermissionRow, matrix, role_choices, role_names};
use crate::portal::gate::permitted::{Permitted, ViewUsers};
use crate::portal::page::form::{Choice, Problems};
use crate::portal::page::frame::{Answer, page};
use crate::portal::page::links;
use crate::portal::page::menu::Nav;
use crate::portal::page::moment::{distance, when};
use crate::portal::page::part::{Chip, Tone, When};
use crate::portal::page::part_choice::choices;
use crate::portal::page::refused::Refusal;
use crate::portal::page::shell::Shell;
use crate::portal::state::Portal;

/// What the binding to nothing in particular is called.
pub(super) const WHOLE: &str = "The whole organisation";

/// `GET /team`.
pub(super) async fn list(State(portal): State<Portal>, who: Permitted<ViewUsers>) -> Answer {
    let invitation = InvitationForm::default();
    page(&view(&portal, &who, invitation, Problems::none()).await?)
}

/// What was typed to invite somebody.
#[derive(Clone, Debug, Default)]
pub(super) struct InvitationForm {
    pub(super) email: String,
    pub(super) role: String,
    pub(super) binding: String,
}

pub(super) async fn view<P>(
    portal: &Portal,
    who: &Permitted<P>,
    typed: InvitationForm,
    problems: Problems,
) -> Result<TeamPage, Refusal> {
    let now = portal.app.now();
    let level = who.signed_in.tenant.kind;
    let people = list_team(&portal.app, &who.caller).await?;
    let chosen = Role::parse(&typed.role).map_or_else(Roles::default, Roles::one);
    let (roles, permissions) = matrix(level, |permission| portal.routes.ask_for(permission));
    Ok(TeamPage {
        shell: who.shell(Nav::Team, "Team"),
        people: people
            .iter()
            .map(|person| row(person, who.signed_in.user.id, now))
            .collect(),
        roles,
        permissions,
        may_manage: who.may(Permission::ManageUsers),
        demand: demand(&portal.app, &who.signed_in),
        email: typed.email,
        choices: role_choices(level, &chosen),
        parts: parts(portal, who, &typed.binding).await?,
        problems,
    })
}

fn row(person: &Person, own: base::UserId, now: Timestamp) -> PersonRow {
    let user = &person.user;
    PersonRow {
        href: links::person(user.id),
        name: user.display_name.as_str().to_owned(),
        detail: detail(person, now),
        roles: role_names(&person.roles),
        bound: bound(&person.binding),
        has_second_factor: person.has_second_factor,
        last_seen: person.last_sign_in_at.map(|at| when(at, now)),
        status: status(user.status),
        is_own: user.id == own,
        is_invited: user.status == Status::Invited,
    }
}

/// What a role can be for: the whole organisation, or an organization or department of it; nothing where there is none.
async fn parts<P>(
    portal: &Portal,
    who: &Permitted<P>,
    chosen: &str,
) -> Result<Vec<Choice>, Refusal> {
    if who.signed_in.tenant.kind == TenantKind::Operator || !who.may(Permission::ManageUsers) {
        return Ok(Vec::new());
    }
    let parts = choices(portal, who.bounds(), (WHOLE, chosen)).await?;
    Ok(if parts.len() > 1 { parts } else { Vec::new() })
}

/// What a binding is called in a list.
fn bound(binding: &Binding) -> String {
    match binding.iter().count() {
        0 => String::new(),
        1 => "for one organization or department".to_owned(),
        more => format!("for {more} organizations and departments"),
    }
}

fn demand(app: &App, signed_in: &SignedIn) -> Demand {
    if signed_in.tenant.requires_second_factor {
        Demand::Chosen
    } else if signed_in.must_have_second_factor(app) {
        Demand::Always
    } else {
        Demand::None
    }
}

/// Whether the people of a tenant must have a second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand {
    /// They are of the operator.
    Always,
    /// The tenant wants it so.
    Chosen,
    /// They need not.
    None,
}

fn detail(person: &Person, now: Timestamp) -> String {
    let email = person.user.email.as_str();
    match (person.user.status, person.invited_until) {
        (Status::Invited, Some(until)) if until > now => {
            format!("{email}, link ends {}", distance(until, now))
        }
        (Status::Invited, _) => format!("{email}, link has ended"),
        _ => email.to_owned(),
    }
}

pub(crate) fn status(status: Status) -> Chip {
    match status {
        Status::Active => Chip::new(Tone::Good, "Active"),
        Status::Disabled => Chip::new(Tone::Idle, "Disabled"),
        Status::Invited => Chip::new(Tone::Busy, "Invited"),
        Status::Removed => Chip::new(Tone::Idle, "Removed"),
    }
}

/// A line of the list.
#[derive(Clone, Debug)]
pub struct PersonRow {
    /// Their page.
    pub href: String,
    /// What the portal calls them.
    pub name: String,
    /// Their address, and for an invitation when its link ends.
    pub detail: String,
    /// What they may do.
    pub roles: String,
    /// Of how much of the organisation, where it is not all.
    pub bound: String,
    /// Whether they have a second factor.
    pub has_second_factor: bool,
    /// When they signed in last.
    pub last_seen: Option<When>,
    /// Whether they can sign in.
    pub status: Chip,
    /// Whether it is the one who looks.
    pub is_own: bool,
    /// Whether they have not followed their link yet.
    pub is_invited: bool,
}

/// `GET /team`, and an invitation that failed.
///
/// Form: `POST /team` (`email`, `role`, `binding`).
#[derive(Clone, Debug, Template)]
#[template(path = "portal/access/team/list.html")]
pub struct TeamPage {
    /// The frame.
    pub shell: Shell,
    /// Everybody, oldest first.
    pub people: Vec<PersonRow>,
    /// The roles there are.
    pub roles: Vec<String>,
    /// What each role may do.
    pub permissions: Vec<PermissionRow>,
    /// Whether the one who looks may invite.
    pub may_manage: bool,
    /// Whether people must have a second factor.
    pub demand: Demand,
    /// What was typed as address.
    pub email: String,
    /// The roles to choose from.
    pub choices: Vec<Choice>,
    /// What a role can be for, with what was chosen; nothing where the organisation has no parts.
    pub parts: Vec<Choice>,
    /// What is wrong with the form; fields `email`, `roles`.
    pub problems: Problems,
}
