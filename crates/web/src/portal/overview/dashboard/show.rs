//! The start page (`ux.md` R1): what is there, what needs attention, what happened. Each figure links
//! to the list that is as long.

use askama::Template;
use axum::extract::State;
use base::Timestamp;
use flow::access::preferences::first_steps_hidden;
use flow::issuance::list_certificates::CertificateRow;
use flow::issuance::list_certificates::counts::Length;
use flow::issuance::list_orders::Row;
use flow::issuance::list_orders::refusals::RefusalRow;
use flow::overview::dashboard::{Dashboard, dashboard};
use flow::tenancy::entitle_tenant::may_buy;
use tenancy::role::Permission;

use super::chart::Expiry;
use super::onboarding::{Facts, Onboarding, enrols};
use crate::portal::gate::permitted::{Permitted, ViewOrganizations};
use crate::portal::issuance::certificates::length;
use crate::portal::issuance::orders::list::FAILED_LATELY;
use crate::portal::issuance::orders::refused::times;
use crate::portal::issuance::orders::table::{self, OrderRow};
use crate::portal::page::account::label_or_stand_in;
use crate::portal::page::frame::{Answer, page};
use crate::portal::page::links;
use crate::portal::page::menu::Nav;
use crate::portal::page::moment::{day, distance};
use crate::portal::page::part::{Chip, Tone};
use crate::portal::page::shell::Shell;
use crate::portal::page::words::{count, grouped};
use crate::portal::state::Portal;

/// A client that renews in time leaves no certificate in this many of the first weeks.
const SOON: usize = 2;

pub(super) async fn show(
    who: Permitted<ViewOrganizations>,
    State(portal): State<Portal>,
) -> Answer {
    if !who.signed_in.meets_products {
        let ask = may_buy(&portal.app, &who.caller).await?.ask;
        return page(&DashboardPage {
            shell: who.shell(Nav::Dashboard, "Dashboard"),
            ask,
            onboarding: None,
            is_hidden: false,
            enrols: enrols(who.signed_in.tenant.kind),
            may_open_accounts: false,
            overview: None,
        });
    }
    let found = dashboard(&portal.app, &who.caller).await?;
    let onboarding = Onboarding::from_facts(&facts(&who, &found));
    // They are one's own steps, and not for who looks after somebody else.
    let is_own = !who.signed_in.is_elsewhere();
    let onboarding = (is_own && !onboarding.is_complete()).then_some(onboarding);
    let is_hidden = match &onboarding {
        Some(_) => first_steps_hidden(&portal.app, &who.caller, &who.signed_in).await?,
        None => false,
    };
    page(&DashboardPage {
        shell: who.shell(Nav::Dashboard, "Dashboard"),
        ask: String::new(),
        onboarding,
        is_hidden,
        enrols: enrols(who.signed_in.tenant.kind),
        may_open_accounts: who.may(Permission::ManageAccounts),
        overview: (found.totals.subscriptions > 0).then(|| overview(&found)),
    })
}

fn facts(who: &Permitted<ViewOrganizations>, found: &Dashboard) -> Facts {
    Facts {
        level: who.signed_in.tenant.kind,
        has_second_factor: who.signed_in.has_second_factor,
        may_open_accounts: who.may(Permission::ManageAccounts),
        may_add_domains: who.may(Permission::ManageDomains),
        account_href: found.totals.first_subscription.map(links::account),
        has_domain: found.totals.domains > 0,
        has_client: found.totals.registered > 0,
        has_certificate: found.has_certificate,
    }
}

fn overview(found: &Dashboard) -> Overview {
    let weeks: Vec<_> = found
        .weeks
        .iter()
        .map(|week| {
            let label = week.from.as_jiff().strftime("%-d %b").to_string();
            (label, u32::try_from(week.certificates).unwrap_or(u32::MAX))
        })
        .collect();
    let now = found.now;
    let ending = found.ending.iter().map(|each| ends(each, now));
    let failing = found.failing.iter().map(|(row, times)| fails(row, *times));
    let missing = found.missing.iter().map(is_missing);
    Overview {
        tiles: tiles(found),
        expiry: Expiry::new(&weeks, SOON),
        attention: ending.chain(failing).chain(missing).collect(),
        orders: found
            .recent
            .iter()
            .map(|row| table::row(row, now))
            .collect(),
    }
}

fn tiles(found: &Dashboard) -> Vec<Tile> {
    let totals = &found.totals;
    let companions = count(totals.companions, "free companion", "free companions");
    let registered = match totals.registered {
        0 => "none registered yet".to_owned(),
        some => format!("{} registered by a client", grouped(some)),
    };
    let failed_tone = if found.failed > 0 {
        Tone::Bad
    } else {
        Tone::Idle
    };
    let mut failed_note = format!("of {}", count(found.orders, "order", "orders"));
    if found.refused > 0 {
        failed_note = format!("{failed_note}, {} refused", grouped(found.refused));
    }
    let failed_list = format!("/activity?result={FAILED_LATELY}");
    vec![
        tile(
            "Active domains",
            &grouped(totals.domains),
            &format!("{companions} among them"),
            Tone::Idle,
            "/domains",
        ),
        tile(
            "ACME accounts",
            &grouped(totals.subscriptions),
            &registered,
            Tone::Idle,
            "/accounts",
        ),
        valid_tile(found),
        tile(
            "Orders failed in 24 h",
            &grouped(found.failed),
            &failed_note,
            failed_tone,
            &failed_list,
        ),
    ]
}

fn valid_tile(found: &Dashboard) -> Tile {
    let (mut note, tone) = match (found.valid, found.expiring) {
        (Length::Exact(0), _) if !found.has_certificate => {
            ("none issued yet".to_owned(), Tone::Idle)
        }
        (_, Length::Exact(0)) => ("none overdue for renewal".to_owned(), Tone::Idle),
        (_, some) => {
            let some = length::number(some);
            (format!("{some} overdue for renewal"), Tone::Warn)
        }
    };
    if let Some(as_of) = length::as_of(found.valid, found.now) {
        note = format!("{note}, {as_of}");
    }
    let number = length::number(found.valid);
    tile(
        "Certificates valid now",
        &number,
        &note,
        tone,
        "/certificates",
    )
}

fn tile(label: &str, value: &str, note: &str, note_tone: Tone, href: &str) -> Tile {
    Tile {
        label: label.to_owned(),
        value: value.to_owned(),
        note: note.to_owned(),
        note_tone,
        href: href.to_owned(),
    }
}

/// Within a week only a person can help; before that the client may still come.
fn ends(certificate: &CertificateRow, now: Timestamp) -> Attention {
    const DAYS_LEFT: u64 = 7;
    let is_urgent = certificate.not_after.since(now).as_secs() < DAYS_LEFT * 86_400;
    Attention {
        title: certificate
            .names
            .first()
            .map(ToString::to_string)
            .unwrap_or_default(),
        detail: format!(
            "ends {}, on {}; no renewal seen",
            distance(certificate.not_after, now),
            day(certificate.not_after)
        ),
        chip: Chip::new(if is_urgent { Tone::Bad } else { Tone::Warn }, "Expiring"),
        href: links::certificate(certificate.id),
    }
}

fn is_missing(row: &RefusalRow) -> Attention {
    let times = times(&row.request);
    let again = if times.is_empty() { "once" } else { &times };
    Attention {
        title: row.request.name.clone(),
        detail: format!(
            "asked for {again}; not in ACME account {}",
            label_or_stand_in(&row.label)
        ),
        chip: Chip::new(Tone::Warn, "Refused"),
        href: links::refusal(row.request.id),
    }
}

fn fails(row: &Row, times: usize) -> Attention {
    let order = table::row(row, row.created_at);
    let again = match times {
        1 => String::new(),
        many => format!(", {many} times in 24 hours"),
    };
    Attention {
        title: order.name,
        detail: format!("{}{again}", order.stage),
        chip: Chip::new(Tone::Bad, "Failed"),
        href: order.href,
    }
}

/// One figure; it equals the length of the list it links to.
#[derive(Clone, Debug)]
pub struct Tile {
    /// What is counted.
    pub label: String,
    /// The figure, with thousands separated.
    pub value: String,
    /// A few words more, such as "41 free companions".
    pub note: String,
    /// Colour of the note.
    pub note_tone: Tone,
    /// The list behind the figure.
    pub href: String,
}

/// One thing somebody should look at.
#[derive(Clone, Debug)]
pub struct Attention {
    /// The name or object concerned.
    pub title: String,
    /// What is the matter, in a few words.
    pub detail: String,
    /// How urgent.
    pub chip: Chip,
    /// Where it is put right.
    pub href: String,
}

/// Figures and lists of a tenant that has ACME accounts.
#[derive(Clone, Debug)]
pub struct Overview {
    /// Four tiles.
    pub tiles: Vec<Tile>,
    /// Certificates by the week in which they end.
    pub expiry: Expiry,
    /// Most urgent first.
    pub attention: Vec<Attention>,
    /// The last ten orders.
    pub orders: Vec<OrderRow>,
}

/// `GET /`.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/overview/dashboard/show.html")]
pub struct DashboardPage {
    /// The frame.
    pub shell: Shell,
    /// Whom to ask, where nothing may be bought; empty elsewhere.
    pub ask: String,
    /// First steps, until all are done.
    pub onboarding: Option<Onboarding>,
    /// Whether the person does not want to see them.
    pub is_hidden: bool,
    /// Whether tenants of this level have ACME accounts.
    pub enrols: bool,
    /// Whether the person may open one.
    pub may_open_accounts: bool,
    /// None before there is an ACME account.
    pub overview: Option<Overview>,
}
