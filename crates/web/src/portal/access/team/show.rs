//! One person of the tenant.

use askama::Template;
use axum::extract::State;
use flow::access::team::list_team::Member;
use tenancy::role::Permission;
use tenancy::role::binding::{Binding, Part};
use tenancy::tenant::TenantKind;
use tenancy::user::Status;

use super::list::{WHOLE, status};
use super::words::{role_choices, role_names};
use crate::portal::gate::allowed::Allowed;
use crate::portal::gate::permitted::{Permitted, ViewUsers};
use crate::portal::page::form::{Choice, Problems};
use crate::portal::page::frame::{Answer, page};
use crate::portal::page::links;
use crate::portal::page::menu::Nav;
use crate::portal::page::moment::{distance, when};
use crate::portal::page::part::{Chip, When};
use crate::portal::page::part_choice::choices;
use crate::portal::page::refused::Refusal;
use crate::portal::page::shell::Shell;
use crate::portal::state::Portal;

/// `GET /team/{id}`.
pub(super) async fn show(
    State(portal): State<Portal>,
    Allowed {
        who,
        object: member,
    }: Allowed<ViewUsers, Member>,
) -> Answer {
    page(&view(&portal, &who, &member, Problems::none()).await?)
}

fn standing(status: Status) -> Standing {
    match status {
        Status::Invited => Standing::Invited,
        Status::Disabled | Status::Removed => Standing::Disabled,
        Status::Active => Standing::Active,
    }
}

pub(super) async fn view<P>(
    portal: &Portal,
    who: &Permitted<P>,
    member: &Member,
    problems: Problems,
) -> Result<PersonPage, Refusal> {
    let (now, user) = (portal.app.now(), &member.person.user);
    Ok(PersonPage {
        shell: who.shell(Nav::Team, user.display_name.as_str()),
        href: links::person(user.id),
        email: user.email.as_str().to_owned(),
        status: status(user.status),
        roles: role_names(&member.person.roles),
        choices: role_choices(who.signed_in.tenant.kind, &member.person.roles),
        parts: parts(portal, who, &member.person.binding).await?,
        is_bound: !member.person.binding.is_whole(),
        has_second_factor: member.person.has_second_factor,
        since: when(user.created_at, now),
        last_seen: member.person.last_sign_in_at.map(|at| when(at, now)),
        locked_for: member
            .locked_until
            .map(|until| distance(until, now))
            .unwrap_or_default(),
        link_ends: member
            .person
            .invited_until
            .map(|until| distance(until, now))
            .unwrap_or_default(),
        standing: standing(user.status),
        own_tag: if user.id == who.signed_in.user.id {
            "you".to_owned()
        } else {
            String::new()
        },
        may_manage: who.may(Permission::ManageUsers),
        problems,
    })
}

/// The organizations and departments that roles can be for, with those that the person's are for.
async fn parts<P>(
    portal: &Portal,
    who: &Permitted<P>,
    chosen: &Binding,
) -> Result<Vec<Choice>, Refusal> {
    if who.signed_in.tenant.kind == TenantKind::Operator || !who.may(Permission::ManageUsers) {
        return Ok(Vec::new());
    }
    let parts = choices(portal, who.bounds(), (WHOLE, "")).await?;
    let parts = parts.into_iter().filter(|part| !part.value.is_empty());
    let ticked = |part: Choice| Choice {
        is_chosen: Part::parse(&part.value).is_some_and(|part| chosen.has(part)),
        ..part
    };
    Ok(parts.map(ticked).collect())
}

/// What may be done about somebody's signing in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// They can be switched off.
    Active,
    /// They can be switched on again.
    Disabled,
    /// They can be sent another link.
    Invited,
}

/// `GET /team/{id}`, and answers to its forms that failed.
///
/// Forms: `POST /team/{id}/roles` (`admin`, `manager`, …: a tick for each role), `/binding` (a tick for each organization and
/// department), `/disable`, `/enable`, `/unlock`,
/// `/invite`, `/second-factor` (`reason`).
#[derive(Clone, Debug, Template)]
#[template(path = "portal/access/team/show.html")]
pub struct PersonPage {
    /// The frame; its title is the person's name.
    pub shell: Shell,
    /// This page.
    pub href: String,
    /// Their address.
    pub email: String,
    /// Whether they can sign in.
    pub status: Chip,
    /// What they may do.
    pub roles: String,
    /// The roles there are, with theirs chosen.
    pub choices: Vec<Choice>,
    /// The organizations and departments that roles can be for, with theirs chosen.
    pub parts: Vec<Choice>,
    /// Whether their roles are for some of these only.
    pub is_bound: bool,
    /// Whether they have a second factor.
    pub has_second_factor: bool,
    /// When they were invited.
    pub since: When,
    /// When they signed in last.
    pub last_seen: Option<When>,
    /// For how long failed sign-ins lock them out; empty when they do not.
    pub locked_for: String,
    /// When the link of their invitation ends; empty when there is none.
    pub link_ends: String,
    /// What may be done about their signing in.
    pub standing: Standing,
    /// Marks the one who looks; empty for others.
    pub own_tag: String,
    /// Whether the one who looks may change them.
    pub may_manage: bool,
    /// What is wrong; fields `roles`, `reason`.
    pub problems: Problems,
}
