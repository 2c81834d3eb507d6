//! Domains: list, form, preview, result, detail, removal.

use super::{
    Chip, Error, Nav, Pages, Tone, accounts_filter, certificate, chip, date, filter, order, paging,
    search, shell, strings,
};
use crate::portal::enrollment::domains::add::AddDomainsPage;
use crate::portal::enrollment::domains::list::DomainListPage;
use crate::portal::enrollment::domains::remove::remove_page;
use crate::portal::enrollment::domains::show::DomainPage;
use crate::portal::enrollment::domains::table::DomainRow;
use crate::portal::enrollment::domains::verdict::{Verdict, VerdictsPage};
use crate::portal::page::form::{Choice, Problems};

fn row(name: &str, kind: &str, main: Option<&str>, status: Chip) -> DomainRow {
    DomainRow {
        href: "/domains/x".to_owned(),
        name: name.to_owned(),
        kind: kind.to_owned(),
        companion_of: main.map(str::to_owned),
        account: "Production".to_owned(),
        account_href: "/accounts/x".to_owned(),
        added: date("2 Feb 2026", "10 months ago"),
        last_issued: (status.text != "Pending").then(|| date("1 Nov 2026", "22 days ago")),
        status,
    }
}

pub(super) fn rows() -> Vec<DomainRow> {
    vec![
        row("example.com", "Single", None, chip(Tone::Good, "Active")),
        row(
            "www.example.com",
            "Included",
            Some("example.com"),
            chip(Tone::Good, "Active"),
        ),
        row(
            "*.harbor.example",
            "Wildcard",
            None,
            chip(Tone::Bad, "Action needed"),
        ),
        row(
            "harbor.example",
            "Included",
            Some("*.harbor.example"),
            chip(Tone::Good, "Active"),
        ),
        row(
            "shop.lakeside.example",
            "Single",
            None,
            chip(Tone::Warn, "Expiring"),
        ),
        row(
            "xn--mnchen-3ya.example",
            "Single",
            None,
            chip(Tone::Busy, "Pending"),
        ),
        row(
            "a-rather-long-host-name-that-somebody-chose-in-1998.department.subsidiary.northwind-hosting.example",
            "Single",
            None,
            chip(Tone::Good, "Active"),
        ),
        row(
            "legacy.northwind.example",
            "Single",
            None,
            chip(Tone::Warn, "On hold"),
        ),
    ]
}

fn list(domains: Vec<DomainRow>, query: &str, is_filtered: bool) -> DomainListPage {
    let states = [
        ("All", "12,408"),
        ("Active", "12,371"),
        ("Pending", "14"),
        ("Action needed", "23"),
    ];
    let outcome = format!("{} domains match", domains.len());
    DomainListPage {
        shell: shell(Nav::Domains, "Domains"),
        search: search("/domains", query, "Search 12,408 domains", &outcome),
        filters: vec![filter("Status", false, &states, 0), accounts_filter()],
        domains,
        paging: paging("50 of 12,408 domains"),
        is_filtered,
    }
}

fn form(names: &str, problems: Problems) -> AddDomainsPage {
    let account = |value: &str, label: &str, hint: &str, is_chosen| Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        hint: hint.to_owned(),
        is_chosen,
    };
    AddDomainsPage {
        shell: shell(Nav::Domains, "Add domains"),
        accounts: vec![
            account("x", "Production", "DV, ends 14 March 2028", true),
            account("y", "Harbor", "DV, ends 2 May 2027", false),
        ],
        names: names.to_owned(),
        anchor: Some(String::new()),
        is_only_this_name: false,
        problems,
    }
}

fn verdict(name: &str, tone: Tone, result: &str, detail: &str, is_companion: bool) -> Verdict {
    Verdict {
        name: name.to_owned(),
        result: chip(tone, result),
        detail: detail.to_owned(),
        is_companion,
    }
}

fn verdicts(is_preview: bool) -> VerdictsPage {
    let title = if is_preview {
        "Preview"
    } else {
        "Domains added"
    };
    let new = if is_preview {
        "Would be added."
    } else {
        "Added."
    };
    VerdictsPage {
        shell: shell(Nav::Domains, title),
        account: "Production".to_owned(),
        account_href: "/accounts/x".to_owned(),
        account_id: "x".to_owned(),
        names: "northwind.example\n*.harbor.example".to_owned(),
        anchor: String::new(),
        is_only_this_name: false,
        is_preview,
        can_add: true,
        outcome: "2 new names, 1 free companion, 1 already there, 1 invalid line".to_owned(),
        verdicts: vec![
            verdict("northwind.example", Tone::Good, "New", new, false),
            verdict(
                "www.northwind.example",
                Tone::Good,
                "Included",
                "Comes with northwind.example, free.",
                true,
            ),
            verdict(
                "*.fjord.example",
                Tone::Good,
                "New",
                &format!("{new} A wildcard is proved by a DNS record."),
                false,
            ),
            verdict(
                "example.com",
                Tone::Idle,
                "Already there",
                "It is in this account already; nothing is charged twice.",
                false,
            ),
            verdict(
                "https://shop.example/",
                Tone::Bad,
                "Invalid",
                "This is an address of a page. Type only the name: shop.example.",
                false,
            ),
        ],
    }
}

fn detail(domain: DomainRow, headline: &str, tone: Tone, text: &str, is_used: bool) -> DomainPage {
    DomainPage {
        shell: shell(Nav::Domains, &domain.name),
        companions: strings(&["www.example.com"]),
        coverage: vec![domain.name.clone()],
        domain,
        headline: headline.to_owned(),
        headline_tone: tone,
        detail: text.to_owned(),
        orders: if is_used {
            order::rows().into_iter().take(3).collect()
        } else {
            Vec::new()
        },
        certificates: if is_used {
            certificate::rows().into_iter().take(3).collect()
        } else {
            Vec::new()
        },
        can_remove: true,
        anchor: None,
        certificates_left: "498 of 500 left".to_owned(),
    }
}

pub(super) fn add(pages: &mut Pages) -> Result<(), Error> {
    pages.add("domains", &list(rows(), "", false))?;
    pages.add(
        "domains-search",
        &list(rows().into_iter().take(2).collect(), "example.com", true),
    )?;
    pages.add("domains-empty", &list(Vec::new(), "", false))?;
    pages.add("domains-filtered-empty", &list(Vec::new(), "exmaple", true))?;
    pages.add("domain-new", &form("", Problems::none()))?;
    pages.add(
        "domain-new-error",
        &form(
            "",
            Problems::one("names", "Type at least one name, such as example.com."),
        ),
    )?;
    let none = AddDomainsPage {
        accounts: Vec::new(),
        ..form("", Problems::none())
    };
    pages.add("domain-new-no-account", &none)?;
    pages.add("domain-preview", &verdicts(true))?;
    pages.add("domain-added", &verdicts(false))?;
    details(pages)
}

fn details(pages: &mut Pages) -> Result<(), Error> {
    let good = row("example.com", "Single", None, chip(Tone::Good, "Active"));
    let text = "The last certificate was issued 22 days ago and is due for renewal around 31 December 2026.";
    pages.add(
        "domain",
        &detail(
            good,
            "Covered and renewing normally.",
            Tone::Good,
            text,
            true,
        ),
    )?;
    let bad = row(
        "*.harbor.example",
        "Wildcard",
        None,
        chip(Tone::Bad, "Action needed"),
    );
    let text = "The last two orders found no TXT record at _acme-challenge.harbor.example. Create the record your client prints, then run it again.";
    pages.add(
        "domain-failing",
        &detail(bad, "Issuing fails.", Tone::Bad, text, true),
    )?;
    let fresh = row("new.example", "Single", None, chip(Tone::Busy, "Pending"));
    pages.add(
        "domain-fresh",
        &detail(
            fresh,
            "Ready: no certificate asked for yet.",
            Tone::Idle,
            "",
            false,
        ),
    )?;
    let title = shell(Nav::Domains, "Remove domain");
    let companions = strings(&["www.example.com"]);
    pages.add(
        "domain-remove",
        &remove_page(title, ("example.com", "/domains/x"), companions, (2, true)),
    )
}
