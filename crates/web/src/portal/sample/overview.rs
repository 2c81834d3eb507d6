//! The dashboard: new, half done, calm, busy.

use tenancy::tenant::TenantKind;

use super::{Error, Nav, Pages, Tone, chip, order, shell, with_flash};
use crate::portal::overview::dashboard::chart::Expiry;
use crate::portal::overview::dashboard::onboarding::{Facts, Onboarding};
use crate::portal::overview::dashboard::show::{Attention, DashboardPage, Overview, Tile};
use crate::portal::overview::design::show::DesignPage;

fn tile(label: &str, value: &str, note: &str, note_tone: Tone, href: &str) -> Tile {
    Tile {
        label: label.to_owned(),
        value: value.to_owned(),
        note: note.to_owned(),
        note_tone,
        href: href.to_owned(),
    }
}

fn attention(title: &str, detail: &str, tone: Tone, text: &str) -> Attention {
    Attention {
        title: title.to_owned(),
        detail: detail.to_owned(),
        chip: chip(tone, text),
        href: "/domains/x".to_owned(),
    }
}

fn expiry(counts: [u32; 13]) -> Expiry {
    let labels = [
        "23 Nov", "30 Nov", "7 Dec", "14 Dec", "21 Dec", "28 Dec", "4 Jan", "11 Jan", "18 Jan",
        "25 Jan", "1 Feb", "8 Feb", "15 Feb",
    ];
    let weeks: Vec<_> = labels
        .iter()
        .map(|label| (*label).to_owned())
        .zip(counts)
        .collect();
    Expiry::new(&weeks, 1)
}

fn busy() -> Overview {
    Overview {
        tiles: vec![
            tile(
                "Active domains",
                "128",
                "41 free companions",
                Tone::Idle,
                "/domains",
            ),
            tile(
                "ACME accounts",
                "6",
                "5 registered by a client",
                Tone::Idle,
                "/accounts",
            ),
            tile(
                "Certificates valid now",
                "119",
                "3 overdue for renewal",
                Tone::Warn,
                "/certificates",
            ),
            tile(
                "Orders failed in 24 h",
                "2",
                "of 31 orders",
                Tone::Bad,
                "/activity?result=failed",
            ),
        ],
        expiry: expiry([3, 4, 9, 11, 7, 14, 12, 8, 10, 15, 9, 11, 6]),
        attention: vec![
            attention(
                "shop.lakeside.example",
                "ends in 6 days, on 29 November 2026; no renewal seen",
                Tone::Bad,
                "Expiring",
            ),
            attention(
                "*.harbor.example",
                "No TXT record found, 2 times in 24 hours",
                Tone::Bad,
                "Failed",
            ),
            attention("Staging", "term ends in 12 days", Tone::Warn, "Expiring"),
        ],
        orders: order::rows(),
    }
}

fn calm() -> Overview {
    Overview {
        tiles: vec![
            tile(
                "Active domains",
                "1",
                "1 free companion",
                Tone::Idle,
                "/domains",
            ),
            tile(
                "ACME accounts",
                "1",
                "none registered yet",
                Tone::Idle,
                "/accounts",
            ),
            tile(
                "Certificates valid now",
                "0",
                "none issued yet",
                Tone::Idle,
                "/certificates",
            ),
            tile(
                "Orders failed in 24 h",
                "0",
                "of 0 orders",
                Tone::Idle,
                "/activity?result=failed",
            ),
        ],
        expiry: expiry([0; 13]),
        attention: Vec::new(),
        orders: Vec::new(),
    }
}

pub(super) fn add(pages: &mut Pages) -> Result<(), Error> {
    let sheet = DesignPage::new(shell(Nav::None, "Components"));
    pages.add("design", &sheet)?;
    let page = |onboarding, overview| DashboardPage {
        shell: shell(Nav::Dashboard, "Dashboard"),
        ask: String::new(),
        onboarding,
        is_hidden: false,
        enrols: true,
        may_open_accounts: true,
        overview,
    };
    let mut facts = Facts::fresh(TenantKind::Reseller);
    pages.add(
        "dashboard-hidden-steps",
        &DashboardPage {
            is_hidden: true,
            ..page(Some(Onboarding::from_facts(&facts)), None)
        },
    )?;
    pages.add(
        "dashboard-operator",
        &DashboardPage {
            enrols: false,
            ..page(None, None)
        },
    )?;
    pages.add(
        "dashboard-new",
        &page(Some(Onboarding::from_facts(&facts)), None),
    )?;
    facts.account_href = Some("/accounts/x".to_owned());
    facts.has_domain = true;
    pages.add(
        "dashboard-first-steps",
        &page(Some(Onboarding::from_facts(&facts)), Some(calm())),
    )?;
    pages.add("dashboard", &page(None, Some(busy())))?;
    let flash = with_flash(
        shell(Nav::Dashboard, "Dashboard"),
        Tone::Good,
        "You are signed in. Last sign-in: yesterday, 17:40.",
    );
    pages.add(
        "dashboard-calm",
        &DashboardPage {
            shell: flash,
            ..page(None, Some(calm()))
        },
    )?;
    let closed = DashboardPage {
        ask: "Example Certificates".to_owned(),
        ..page(None, None)
    };
    pages.add("dashboard-nothing-to-buy", &closed)
}
