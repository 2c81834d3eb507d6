//! One organization: what matters most, what was checked, its departments and contacts.

use askama::Template;
use axum::extract::State;
use base::Timestamp;
use flow::tenancy::domain::NamedDelegation;
use flow::tenancy::domain::list_own_domains::delegated_to;
use flow::tenancy::organization::list_organizations::OrganizationDetail;
use flow::tenancy::pre_validation::OrganizationCheck;
use tenancy::certificate_type::CertificateType;
use tenancy::organization::Contact;
use tenancy::pre_validation::ReviewState;
use tenancy::role::Permission;

use super::edit::role_label;
use crate::portal::gate::allowed::Allowed;
use crate::portal::gate::permitted::{Permitted, ViewOrganizations};
use crate::portal::page::form::Problems;
use crate::portal::page::frame::{Answer, page};
use crate::portal::page::links;
use crate::portal::page::menu::Nav;
use crate::portal::page::moment::day;
use crate::portal::page::part::{Chip, Tone};
use crate::portal::page::refused::Refusal;
use crate::portal::page::shell::Shell;
use crate::portal::state::Portal;
use crate::portal::tenancy::fields;
use crate::portal::tenancy::standing::{StandingAnswer, answer, chip, types, waits};

/// `GET /organizations/{id}`.
pub(super) async fn show(
    State(portal): State<Portal>,
    Allowed { who, object: found }: Allowed<ViewOrganizations, OrganizationDetail>,
) -> Answer {
    page(&view(&portal, &who, &found, ("", Problems::none())).await?)
}

/// The page, with what was typed as the name of a department.
pub(super) async fn view<P>(
    portal: &Portal,
    who: &Permitted<P>,
    found: &OrganizationDetail,
    (typed, problems): (&str, Problems),
) -> Result<OrganizationPage, Refusal> {
    let now = portal.app.now();
    let organization = &found.organization;
    let may_manage = who.may_for(Permission::ManageOrganizations, organization.id);
    let domains = delegated_to(&portal.app, &who.caller, organization.id, MAX_DOMAINS).await?;
    Ok(OrganizationPage {
        shell: who.shell(Nav::Organizations, &organization.fields.legal_name),
        href: links::organization(organization.id),
        answer: answer(&found.checks, now),
        facts: fields::facts(&organization.fields),
        is_changed: is_changed(found, now),
        checks: CertificateType::ALL
            .iter()
            .flat_map(|kind| check_lines(&found.checks, *kind, now))
            .collect(),
        departments: found
            .departments
            .iter()
            .map(|department| department.name.as_str().to_owned())
            .collect(),
        contacts: organization.contacts.iter().map(contact_line).collect(),
        domains: domains.iter().map(domain_line).collect(),
        department: typed.to_owned(),
        may_manage,
        problems,
    })
}

/// How many delegated domains stand on the page.
const MAX_DOMAINS: i64 = 100;

fn domain_line(named: &NamedDelegation) -> OrganizationDomainLine {
    OrganizationDomainLine {
        href: links::delegated_domain(named.delegation.domain),
        name: named.domain.to_string(),
        part: match &named.department {
            Some(department) => department.clone(),
            None => "whole organization".to_owned(),
        },
        types: types(&named.delegation.types),
    }
}

/// A domain that an organization may use.
#[derive(Clone, Debug)]
pub struct OrganizationDomainLine {
    /// The domain's page.
    pub href: String,
    /// Its name.
    pub name: String,
    /// Which part of the organization may use it.
    pub part: String,
    /// For which certificates.
    pub types: String,
}

/// Whether certificates say something else than what was typed last.
fn is_changed(found: &OrganizationDetail, now: Timestamp) -> bool {
    let mut checks = found.checks.iter();
    let counts = checks.find(|check| check.state(now) == ReviewState::Valid);
    counts.is_some_and(|check| check.fields != found.organization.fields)
}

/// Somebody whom reviewers ask, for display.
pub(crate) fn contact_line(contact: &Contact) -> ContactLine {
    ContactLine {
        role: role_label(contact.role),
        name: contact.name.as_str().to_owned(),
        email: contact.email.as_str().to_owned(),
    }
}

/// What was checked for one type, newest first; one line where nobody asked.
fn check_lines(
    checks: &[OrganizationCheck],
    kind: CertificateType,
    now: Timestamp,
) -> Vec<CheckLine> {
    let own: Vec<_> = checks.iter().filter(|check| check.kind == kind).collect();
    let mut lines: Vec<_> = own.iter().map(|check| check_line(check, now)).collect();
    let is_waiting = own.iter().any(|check| waits(check, now));
    let is_valid = own
        .iter()
        .any(|check| check.state(now) == ReviewState::Valid);
    if lines.is_empty() {
        lines.push(CheckLine {
            kind: kind.as_str(),
            title: kind.title(),
            anchor: String::new(),
            dates: "never asked for".to_owned(),
            reason: String::new(),
            status: Chip::new(Tone::Idle, "None"),
            action: CheckAction::None,
        });
    }
    if let Some(first) = lines.first_mut() {
        first.action = match (is_waiting, is_valid) {
            (true, _) => CheckAction::TakeBack,
            (false, true) => CheckAction::Ask("Renew"),
            (false, false) => CheckAction::Ask("Ask for it"),
        };
    }
    lines
}

fn check_line(check: &OrganizationCheck, now: Timestamp) -> CheckLine {
    let asked = day(check.requested_at);
    CheckLine {
        kind: check.kind.as_str(),
        title: check.kind.title(),
        anchor: check.anchor.as_str().to_owned(),
        dates: match (check.decided_at, check.valid_until) {
            (Some(decided), Some(end)) => format!("{} to {}", day(decided), day(end)),
            _ => format!("asked for on {asked}"),
        },
        reason: check.refusal.clone().unwrap_or_default(),
        status: chip(check, now),
        action: CheckAction::None,
    }
}

/// What can be done about the pre-validations of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckAction {
    /// One can be asked for; how the button says it.
    Ask(&'static str),
    /// Nothing here.
    None,
    /// What waits can be taken back.
    TakeBack,
}

/// A pre-validation on the page of its organization.
#[derive(Clone, Debug)]
pub struct CheckLine {
    /// Its type, as forms send it.
    pub kind: &'static str,
    /// The same for people.
    pub title: &'static str,
    /// Its number; empty where there is none.
    pub anchor: String,
    /// From when to when it counts, or since when it waits.
    pub dates: String,
    /// Why reviewers said no; else empty.
    pub reason: String,
    /// Where it stands.
    pub status: Chip,
    /// What can be done.
    pub action: CheckAction,
}

/// Somebody whom reviewers ask.
#[derive(Clone, Debug)]
pub struct ContactLine {
    /// What they do.
    pub role: &'static str,
    /// What they are called.
    pub name: String,
    /// Where they get mail.
    pub email: String,
}

/// `GET /organizations/{id}`, and a department that was not added.
///
/// Forms: `POST /organizations/{id}/pre-validations` and `/take-back` (`kind`), `/departments` and `/departments/remove`
/// (`name`).
#[derive(Clone, Debug, Template)]
#[template(path = "portal/tenancy/organizations/show.html")]
pub struct OrganizationPage {
    /// The frame; its title is the legal name.
    pub shell: Shell,
    /// This page.
    pub href: String,
    /// The one thing that matters.
    pub answer: StandingAnswer,
    /// What was said about it, as label and value.
    pub facts: Vec<(&'static str, String)>,
    /// Whether certificates say something else, which was checked.
    pub is_changed: bool,
    /// What was asked for and checked.
    pub checks: Vec<CheckLine>,
    /// The names of its departments.
    pub departments: Vec<String>,
    /// Whom reviewers ask.
    pub contacts: Vec<ContactLine>,
    /// The domains that it may use, the first hundred.
    pub domains: Vec<OrganizationDomainLine>,
    /// What was typed as the name of a department.
    pub department: String,
    /// Whether the one who looks may change it.
    pub may_manage: bool,
    /// What is wrong; field `name`.
    pub problems: Problems,
}
