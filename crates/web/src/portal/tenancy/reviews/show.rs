//! One pre-validation as a reviewer sees it.

use askama::Template;
use axum::extract::State;
use base::{Actor, Timestamp, UserId};
use flow::access::team::list_team::show_member;
use flow::tenancy::pre_validation::list_waiting::Reviewed;
use tenancy::pre_validation::ReviewError;

use crate::portal::gate::allowed::Allowed;
use crate::portal::gate::permitted::{DecidePreValidations, Permitted};
use crate::portal::page::form::Problems;
use crate::portal::page::frame::{Answer, page};
use crate::portal::page::links;
use crate::portal::page::menu::Nav;
use crate::portal::page::moment::day;
use crate::portal::page::part::Chip;
use crate::portal::page::refused::Refusal;
use crate::portal::page::shell::Shell;
use crate::portal::page::words::sentence;
use crate::portal::state::Portal;
use crate::portal::tenancy::fields::{self, SubjectInput, Typed, text};
use crate::portal::tenancy::organizations::show::{ContactLine, contact_line};
use crate::portal::tenancy::standing::{chip, waits};

/// `GET /reviews/{id}`.
pub(super) async fn show(
    State(portal): State<Portal>,
    Allowed { who, object: found }: Allowed<DecidePreValidations, Reviewed>,
) -> Answer {
    page(&view(&portal, &who, &found, None).await?)
}

/// The page, with what was typed and what is wrong with it.
pub(super) async fn view(
    portal: &Portal,
    who: &Permitted<DecidePreValidations>,
    found: &Reviewed,
    typed: Option<(&Typed, Problems)>,
) -> Result<ReviewPage, Refusal> {
    let now = portal.app.now();
    let check = &found.check;
    let (values, problems) = match typed {
        Some((typed, problems)) => (Some(typed), problems),
        None => (None, Problems::none()),
    };
    let is_confirmed = check.reviewed_by.is_some();
    let name = &check.fields.legal_name;
    let contacts = found.organization.contacts.iter().map(contact_line);
    Ok(ReviewPage {
        shell: who.shell(Nav::Reviews, &format!("{name}, {}", check.kind.title())),
        href: links::review(check.id),
        title: check.kind.title(),
        status: chip(check, now),
        sub: sub(found),
        blocked: blocked(found, who.signed_in.user.id, now),
        fields: match values {
            _ if is_confirmed => Vec::new(),
            Some(typed) if typed.contains_key("legal_name") => fields::inputs_typed(typed),
            _ => fields::inputs(&check.fields),
        },
        confirmed: fields::facts(&check.fields),
        checks: check_inputs(found, values),
        contacts: contacts.collect(),
        said: said(portal, who, found).await?,
        others: found
            .others
            .iter()
            .map(|other| EarlierLine {
                anchor: other.anchor.as_str().to_owned(),
                asked: day(other.requested_at),
                status: chip(other, now),
                reason: other.refusal.clone().unwrap_or_default(),
            })
            .collect(),
        reason: values.map_or("", |typed| text(typed, "reason")).to_owned(),
        problems,
    })
}

fn sub(found: &Reviewed) -> String {
    let asked = format!(
        "Asked for by {} on {}.",
        found.tenant.name,
        day(found.check.requested_at)
    );
    if found.check.kind.needs_second_reviewer() {
        format!("{asked} Two reviewers have to say yes to the same.")
    } else {
        asked
    }
}

/// Why whoever looks cannot decide; empty when they can.
fn blocked(found: &Reviewed, user: UserId, now: Timestamp) -> String {
    let check = &found.check;
    if !waits(check, now) {
        "It was decided or taken back, so there is nothing to decide any more.".to_owned()
    } else if check.requested_by == Actor::User(user) {
        sentence(&ReviewError::OwnRequest)
    } else if check.reviewed_by == Some(user) {
        sentence(&ReviewError::SameReviewer)
    } else {
        String::new()
    }
}

/// The checks of the type, with what the first reviewer saw.
fn check_inputs(found: &Reviewed, typed: Option<&Typed>) -> Vec<CheckInput> {
    let check = &found.check;
    let input = |of: &tenancy::certificate_type::Check| {
        let at = of.as_str();
        let known = check.evidence.iter().filter(|each| each.check == *of);
        let known: Vec<_> = known
            .map(|each| format!("{}, seen {}", each.source, day(each.seen_at)))
            .collect();
        let (known, seen_at) = (known.join("; "), format!("{at}_seen"));
        let typed = |at: &str| typed.map_or("", |typed| text(typed, at)).to_owned();
        CheckInput {
            at,
            title: of.title(),
            source: typed(at),
            help: check_help(&known),
            known,
            seen: typed(&seen_at),
            seen_at,
        }
    };
    check.kind.checks().iter().map(input).collect()
}

/// Who said what so far.
async fn said(
    portal: &Portal,
    who: &Permitted<DecidePreValidations>,
    found: &Reviewed,
) -> Result<Vec<(&'static str, String)>, Refusal> {
    let check = &found.check;
    let mut said = vec![("Anchor", check.anchor.as_str().to_owned())];
    if let (Some(by), Some(at)) = (check.reviewed_by, check.reviewed_at) {
        let name = name_of(portal, who, by).await?;
        said.push(("First yes", format!("{name}, {}", day(at))));
    }
    if let (Some(by), Some(at)) = (check.decided_by, check.decided_at) {
        let name = name_of(portal, who, by).await?;
        said.push(("Decided", format!("{name}, {}", day(at))));
    }
    if let Some(end) = check.valid_until {
        said.push(("Counts until", day(end)));
    }
    if let Some(refusal) = &check.refusal {
        said.push(("Reason", refusal.clone()));
    }
    Ok(said)
}

async fn name_of(
    portal: &Portal,
    who: &Permitted<DecidePreValidations>,
    user: UserId,
) -> Result<String, Refusal> {
    let found = show_member(&portal.app, &who.caller, user).await?;
    let name = found.map(|member| member.person.user.display_name.as_str().to_owned());
    Ok(name.unwrap_or_else(|| "Somebody who has left".to_owned()))
}

/// A check and what it stands on, in the form.
#[derive(Clone, Debug)]
pub struct CheckInput {
    /// Name and id of the field of its source.
    pub at: &'static str,
    /// What was found out.
    pub title: &'static str,
    /// What the first reviewer saw; empty if there was none.
    pub known: String,
    /// The register entry or document.
    pub source: String,
    /// What stands below it.
    pub help: String,
    /// Name and id of the field of the day.
    pub seen_at: String,
    /// The day on which it was seen, such as "2026-11-23".
    pub seen: String,
}

/// What stands below the source of a check.
pub fn check_help(known: &str) -> String {
    if known.is_empty() {
        return String::new();
    }
    format!("The first reviewer saw: {known}. Add what you saw yourself, or nothing.")
}

/// Another pre-validation of the organization.
#[derive(Clone, Debug)]
pub struct EarlierLine {
    /// Its number, which begins with its type.
    pub anchor: String,
    /// When it was asked for.
    pub asked: String,
    /// Where it stands.
    pub status: Chip,
    /// Why it was rejected; else empty.
    pub reason: String,
}

/// `GET /reviews/{id}` and its failures; sent to `POST /reviews/{id}`.
///
/// Fields: `decision` (`approve`, `reject`); to approve those of `pki::SubjectField` by their names, for each check of the
/// type its word with the source and its word with `_seen` (a date; today if empty); to reject `reason`.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/tenancy/reviews/show.html")]
pub struct ReviewPage {
    /// The frame; its title names organization and type.
    pub shell: Shell,
    /// This page.
    pub href: String,
    /// Its type, such as "OV".
    pub title: &'static str,
    /// Where it stands.
    pub status: Chip,
    /// Who asked, and how many have to say yes.
    pub sub: String,
    /// Why whoever looks cannot decide; empty when they can.
    pub blocked: String,
    /// What was asked for, to be corrected; empty once somebody has confirmed it.
    pub fields: Vec<SubjectInput>,
    /// The same as it stands now, as label and value.
    pub confirmed: Vec<(&'static str, String)>,
    /// What has to be checked.
    pub checks: Vec<CheckInput>,
    /// Whom reviewers ask.
    pub contacts: Vec<ContactLine>,
    /// What is known of the decision, as label and value.
    pub said: Vec<(&'static str, String)>,
    /// The others of the organization, newest first.
    pub others: Vec<EarlierLine>,
    /// What was typed as the reason of a rejection.
    pub reason: String,
    /// What is wrong, at the fields.
    pub problems: Problems,
}
