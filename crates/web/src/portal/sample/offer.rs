//! What is sold and who signs.

use enrollment::policy::{Policy, Preset};
use tenancy::tenant::TenantKind;

use super::{Error, Nav, Pages, Shell, chip, date, shell};
use crate::portal::catalog::authorities::{
    AuthoritiesPage, CeilingRow, CrlRow, DirectoryRow, IssuerRow,
};
use crate::portal::catalog::offers::Change;
use crate::portal::catalog::offers::list::{OfferLine, OfferListPage};
use crate::portal::catalog::offers::show::{OfferPage, VersionLink};
use crate::portal::page::form::{Choice, Problems};
use crate::portal::page::menu::menu;
use crate::portal::page::part::Tone;

fn operator(nav: Nav, title: &str) -> Shell {
    Shell {
        menu: menu(TenantKind::Operator, |_| true),
        tenant: "Chancery".to_owned(),
        email: "kim@chancery.example".to_owned(),
        ..shell(nav, title)
    }
}

fn line(name: &str, (slug, product): (&str, &str), is_sold: bool) -> OfferLine {
    OfferLine {
        href: format!("/offers/{slug}"),
        name: name.to_owned(),
        slug: slug.to_owned(),
        product: product.to_owned(),
        version: 7,
        published: date("1 Oct 2026", "2 months ago"),
        preset: "000, 3 changes".to_owned(),
        accounts: "2,115".to_owned(),
        status: if is_sold {
            chip(Tone::Good, "Sold")
        } else {
            chip(Tone::Idle, "Not sold")
        },
    }
}

fn list(rows: Vec<OfferLine>) -> OfferListPage {
    OfferListPage {
        shell: operator(Nav::Offers, "Offers and policies"),
        rows,
    }
}

fn version(number: i64, accounts: &str) -> VersionLink {
    VersionLink {
        href: format!("/offers/dv?version={number}"),
        number,
        published: date("1 Oct 2026", "2 months ago"),
        accounts: accounts.to_owned(),
        is_shown: number == 7,
    }
}

fn change(key: &'static str, from: &str, to: &str) -> Change {
    Change {
        key,
        from: from.to_owned(),
        to: to.to_owned(),
    }
}

fn offer() -> OfferPage {
    let policy = Policy::default();
    let lines = policy.describe().into_iter();
    let lines: Vec<_> = lines
        .map(|(key, value)| format!("{key} = {value}"))
        .collect();
    let choice = |value: &str, label: String| Choice {
        value: value.to_owned(),
        label,
        hint: String::new(),
        is_chosen: false,
    };
    let presets = Preset::all().iter();
    let presets = presets.map(|preset| choice(&preset.name, format!("Preset {}", preset.name)));
    let present = choice("", "The present version".to_owned());
    OfferPage {
        shell: operator(Nav::Offers, "DV"),
        href: "/offers/dv".to_owned(),
        name: "DV".to_owned(),
        number: 7,
        status: chip(Tone::Good, "Sold"),
        product: "dv".to_owned(),
        published: date("1 October 2026, 09:12", "2 months ago"),
        publisher: "Dana Operator".to_owned(),
        preset: "000, 3 changes".to_owned(),
        accounts: "211".to_owned(),
        others: "1,904".to_owned(),
        versions: vec![version(7, "211"), version(6, "1,904"), version(5, "0")],
        words: policy.in_words(),
        changes: vec![
            change("revoke_on_removal", "never", "in_refund_window"),
            change("refund_to", "original_method", "wallet"),
            change("refunds_per_name", "unlimited", "1"),
        ],
        before: Some(6),
        keys: lines.join("\n"),
        may_manage: true,
        presets: std::iter::once(present).chain(presets).collect(),
        settings: String::new(),
        asks_password: true,
        next: 8,
        problems: Problems::none(),
    }
}

fn issuer(
    name: &str,
    (place, key_place): (&str, &'static str),
    tone: Tone,
    status: &str,
) -> IssuerRow {
    let has_list = key_place == "sealed here";
    IssuerRow {
        name: name.to_owned(),
        place: place.to_owned(),
        key: "ECDSA P-256".to_owned(),
        key_place,
        ends: Some(date("30 Jun 2031", "in 4 years")),
        crl: has_list.then(|| CrlRow {
            number: "1,182".to_owned(),
            entries: "12".to_owned(),
            age: "40 minutes ago".to_owned(),
            is_late: tone == Tone::Idle,
        }),
        status: chip(tone, status),
    }
}

fn directory(slug: &str, issuer: &str, tone: Tone, status: &str) -> DirectoryRow {
    DirectoryRow {
        slug: slug.to_owned(),
        url: format!("https://acme.chancery.example/v2/{slug}"),
        product: "dv".to_owned(),
        issuer: issuer.to_owned(),
        profile: "dv-90, 3".to_owned(),
        offers: "4".to_owned(),
        status: chip(tone, status),
    }
}

fn authorities() -> AuthoritiesPage {
    let ceiling = |day: &str, days, reuse_days| CeilingRow {
        from: date(day, ""),
        days,
        reuse_days,
    };
    AuthoritiesPage {
        shell: operator(Nav::Authorities, "Authorities"),
        issuers: vec![
            issuer(
                "Chancery Root",
                ("root", "elsewhere"),
                Tone::Idle,
                "Offline",
            ),
            issuer(
                "Chancery DV 2",
                ("issuing, under Chancery Root", "sealed here"),
                Tone::Good,
                "Signing",
            ),
            issuer(
                "Chancery DV 1",
                ("issuing, under Chancery Root", "sealed here"),
                Tone::Idle,
                "CRL only",
            ),
        ],
        directories: vec![
            directory("DV", "Chancery DV 2", Tone::Good, "Open"),
            directory("EV", "nobody", Tone::Idle, "Closed"),
            directory("DV-TEST", "Test 1", Tone::Good, "Test"),
        ],
        ceilings: vec![
            ceiling("15 Mar 2026", 200, 200),
            ceiling("15 Mar 2027", 100, 100),
            ceiling("15 Mar 2029", 47, 10),
        ],
    }
}

pub(super) fn add(pages: &mut Pages) -> Result<(), Error> {
    let rows = vec![
        line("DV", ("dv", "dv"), true),
        line("DV for associations", ("dv-members", "dv"), false),
        line("OV", ("ov", "ov"), true),
    ];
    pages.add("offers", &list(rows))?;
    pages.add("offers-empty", &list(Vec::new()))?;
    pages.add("offer", &offer())?;
    let problem = "Line 2: max_cert_days cannot be \"never\"; choose profile or a whole number of days from 1";
    pages.add(
        "offer-problem",
        &OfferPage {
            settings: "eab_reveal = once\nmax_cert_days = never".to_owned(),
            problems: Problems::one("settings", problem),
            ..offer()
        },
    )?;
    pages.add(
        "offer-old",
        &OfferPage {
            number: 5,
            status: chip(Tone::Idle, "Replaced"),
            may_manage: false,
            changes: Vec::new(),
            before: None,
            ..offer()
        },
    )?;
    pages.add("authorities", &authorities())
}
