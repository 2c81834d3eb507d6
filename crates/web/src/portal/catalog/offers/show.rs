//! One version of an offer: its policy in sentences, what changed, and the next one.

use askama::Template;
use axum::extract::{Query, State};
use base::{Actor, Timestamp};
use enrollment::policy::{PlainPolicy, Policy, Preset};
use flow::catalog::show_offers::{OfferDetail, VersionLine};
use serde::Deserialize;
use tenancy::role::Permission;

use super::{Change, changes, preset_of, status};
use crate::portal::gate::allowed::Allowed;
use crate::portal::gate::permitted::{Permitted, ViewOffers};
use crate::portal::gate::recent::is_recent;
use crate::portal::page::form::{Choice, Problems};
use crate::portal::page::frame::{Answer, page};
use crate::portal::page::links;
use crate::portal::page::menu::Nav;
use crate::portal::page::moment::when;
use crate::portal::page::part::{Chip, Tone, When};
use crate::portal::page::refused::Refusal;
use crate::portal::page::shell::Shell;
use crate::portal::page::words::grouped;
use crate::portal::state::Portal;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct VersionAsked {
    version: String,
}

/// What was typed into the form of the next version.
#[derive(Clone, Debug, Default)]
pub(super) struct Typed {
    pub(super) preset: String,
    pub(super) settings: String,
}

/// `GET /offers/{id}`.
pub(super) async fn show(
    State(portal): State<Portal>,
    Allowed { who, object: found }: Allowed<ViewOffers, OfferDetail>,
    Query(asked): Query<VersionAsked>,
) -> Answer {
    let chosen = asked.version.parse().ok();
    page(&view(
        &portal,
        &who,
        (&found, chosen),
        (Typed::default(), Problems::none()),
    )?)
}

/// The page of a version, the newest unless another one is asked for.
pub(super) fn view<P>(
    portal: &Portal,
    who: &Permitted<P>,
    (found, chosen): (&OfferDetail, Option<i64>),
    (typed, problems): (Typed, Problems),
) -> Result<OfferPage, Refusal> {
    let versions = &found.versions;
    let at = match chosen {
        None => 0,
        Some(number) => versions
            .iter()
            .position(|each| each.version.number == number)
            .ok_or(Refusal::NotFound)?,
    };
    let shown = versions.get(at).ok_or(Refusal::NotFound)?;
    let before = versions.get(at.saturating_add(1));
    let policy = &shown.version.policy;
    let others: i64 = versions.iter().map(|each| each.subscriptions).sum::<i64>();
    let href = links::offer(&found.offer.slug);
    let number = shown.version.number;
    Ok(OfferPage {
        shell: who.shell(Nav::Offers, &found.offer.name),
        name: found.offer.name.clone(),
        number,
        status: if at == 0 {
            status(found)
        } else {
            Chip::new(Tone::Idle, "Replaced")
        },
        product: found.offer.product_code.clone(),
        published: when(shown.version.created_at, portal.app.now()),
        publisher: publisher(shown),
        preset: preset_of(policy),
        accounts: grouped(shown.subscriptions),
        others: grouped(others.saturating_sub(shown.subscriptions)),
        versions: versions
            .iter()
            .map(|each| VersionLink::new(&href, each, number, portal.app.now()))
            .collect(),
        words: policy.in_words(),
        changes: before.map_or(Vec::new(), |before| changes(&before.version.policy, policy)),
        before: before.map(|before| before.version.number),
        keys: as_text(policy),
        may_manage: who.may(Permission::ManageOffers) && at == 0,
        presets: presets(&typed.preset),
        settings: typed.settings,
        asks_password: !is_recent(portal, who),
        next: number.saturating_add(1),
        problems,
        href,
    })
}

fn publisher(line: &VersionLine) -> String {
    match (&line.publisher, line.version.created_by) {
        (Some(name), _) => name.clone(),
        (None, Actor::CommandLine) => "at the command line".to_owned(),
        (None, Actor::System) => "with the installation".to_owned(),
        (None, _) => "somebody who left".to_owned(),
    }
}

fn as_text(policy: &Policy) -> String {
    let lines = policy.describe().into_iter();
    let lines: Vec<_> = lines
        .map(|(key, value)| format!("{key} = {value}"))
        .collect();
    lines.join("\n")
}

fn presets(chosen: &str) -> Vec<Choice> {
    let choice = |value: &str, label: String| Choice {
        value: value.to_owned(),
        label,
        hint: String::new(),
        is_chosen: value == chosen,
    };
    let mut all = vec![choice("", "The present version".to_owned())];
    all.extend(
        Preset::all()
            .iter()
            .map(|preset| choice(&preset.name, format!("Preset {}", preset.name))),
    );
    all
}

/// A version in the menu.
#[derive(Clone, Debug)]
pub struct VersionLink {
    /// Its page.
    pub href: String,
    /// Its number.
    pub number: i64,
    /// When it was published.
    pub published: When,
    /// How many ACME accounts pin it.
    pub accounts: String,
    /// Whether it is the one that is shown.
    pub is_shown: bool,
}

impl VersionLink {
    fn new(href: &str, line: &VersionLine, shown: i64, now: Timestamp) -> Self {
        let number = line.version.number;
        Self {
            href: format!("{href}?version={number}"),
            number,
            published: when(line.version.created_at, now),
            accounts: grouped(line.subscriptions),
            is_shown: number == shown,
        }
    }
}

/// `GET /offers/{id}` with `version`, and `POST /offers/{id}` that was refused: `preset`, `settings` (a `key = value` a line),
/// `password` when asked for.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/catalog/offers/show.html")]
pub struct OfferPage {
    /// The frame.
    pub shell: Shell,
    /// The offer's page.
    pub href: String,
    /// What people call the offer.
    pub name: String,
    /// The version.
    pub number: i64,
    /// Whether it is sold.
    pub status: Chip,
    /// What is issued.
    pub product: String,
    /// When the version was published.
    pub published: When,
    /// By whom.
    pub publisher: String,
    /// Which preset it comes from.
    pub preset: String,
    /// How many ACME accounts pin it.
    pub accounts: String,
    /// How many pin other versions.
    pub others: String,
    /// All versions, the newest first.
    pub versions: Vec<VersionLink>,
    /// The policy in sentences.
    pub words: PlainPolicy,
    /// What differs from the version before.
    pub changes: Vec<Change>,
    /// The number of that version, if there is one.
    pub before: Option<i64>,
    /// The policy with its keys.
    pub keys: String,
    /// Whether the one who looks may publish the next version.
    pub may_manage: bool,
    /// From what that one begins.
    pub presets: Vec<Choice>,
    /// What it has otherwise, as it was typed.
    pub settings: String,
    /// Whether the sign-in is too long ago for it.
    pub asks_password: bool,
    /// The number that it would have.
    pub next: i64,
    /// What is wrong; fields `preset`, `settings`, `password`.
    pub problems: Problems,
}
