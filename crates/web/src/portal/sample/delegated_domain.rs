//! Domains that are proven outside of orders, and their delegations.

use super::{Error, Nav, Pages, Shell, Theme, Tone, chip, paging, search, shell, strings};
use crate::portal::page::form::{Choice, Problems};
use crate::portal::page::listing::Paging;
use crate::portal::page::part::Chip;
use crate::portal::tenancy::delegated_domains::add::AddDomainPage;
use crate::portal::tenancy::delegated_domains::confirm::{
    DomainConfirmedPage, DomainLinkGonePage, DomainProofPage,
};
use crate::portal::tenancy::delegated_domains::list::{
    DelegatedDomainLine, DelegatedDomainListPage,
};
use crate::portal::tenancy::delegated_domains::release::release_page;
use crate::portal::tenancy::delegated_domains::show::{
    ChallengeView, DelegatedDomainPage, DelegationLine, MailView,
};
use crate::portal::tenancy::standing::StandingAnswer;

const HREF: &str = "/delegated-domains/01m8cate7kjfah4t539c4mjdf4";
const LONG: &str = "a-rather-long-host-name-that-somebody-chose-in-1998.imaging.clinic.example";

fn line(name: &str, reach: &'static str, status: Chip) -> DelegatedDomainLine {
    DelegatedDomainLine {
        href: HREF.to_owned(),
        name: name.to_owned(),
        reach,
        status,
    }
}

fn list(rows: Vec<DelegatedDomainLine>, is_filtered: bool) -> DelegatedDomainListPage {
    DelegatedDomainListPage {
        shell: shell(Nav::Organizations, "Delegated domains"),
        search: search("/delegated-domains", "", "Search names", "4 domains shown"),
        rows,
        paging: Paging {
            text: "4 domains".to_owned(),
            ..paging("")
        },
        is_filtered,
        may_manage: true,
    }
}

fn lines() -> Vec<DelegatedDomainLine> {
    let all = "all names below it, wildcards too";
    vec![
        line("clinic.example", all, chip(Tone::Good, "Until 12 Jun 2027")),
        line(
            LONG,
            "this name alone",
            chip(Tone::Warn, "Until 19 Dec 2026"),
        ),
        line("museum.example", "", chip(Tone::Warn, "Action needed")),
        line("xn--mnchen-3ya.example", all, chip(Tone::Bad, "Expired")),
    ]
}

fn delegations() -> Vec<DelegationLine> {
    let line = |organization: &str, part: &str, types: &str| DelegationLine {
        id: "01m8cate7kjfah4t539c4mjdf4".to_owned(),
        href: "/organizations/01m8cate7kjfah4t539c4mjdf4".to_owned(),
        organization: organization.to_owned(),
        part: part.to_owned(),
        types: types.to_owned(),
    };
    vec![
        line("Specimen Clinic", "whole organization", "DV, OV, EV"),
        line("Example Museum", "Imaging", "OV"),
    ]
}

fn choice(value: &str, label: &str, is_chosen: bool) -> Choice {
    Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        is_chosen,
        ..Choice::default()
    }
}

fn one(
    name: &str,
    status: Chip,
    (tone, lead, text, next): (Tone, &str, &str, &str),
) -> DelegatedDomainPage {
    let titles = strings(&["DV", "OV", "EV", "QWAC"]);
    DelegatedDomainPage {
        shell: shell(Nav::Organizations, name),
        href: HREF.to_owned(),
        status,
        answer: StandingAnswer {
            tone,
            lead: lead.to_owned(),
            text: text.to_owned(),
            next: next.to_owned(),
        },
        missed: None,
        challenge: None,
        mail: None,
        delegations: delegations(),
        organizations: vec![
            choice("", "None", true),
            choice("a", "Specimen Clinic", false),
            choice("a.b", "Specimen Clinic, Imaging", false),
        ],
        types: titles
            .iter()
            .map(|title| choice(&title.to_lowercase(), title, true))
            .collect(),
        may_manage: true,
        problems: Problems::none(),
    }
}

fn valid() -> DelegatedDomainPage {
    let answer = (
        Tone::Good,
        "Control is proven until 12 June 2027.",
        "The DNS has proven it: it counts for all names below it, wildcards among them.",
        "",
    );
    one(
        "clinic.example",
        chip(Tone::Good, "Until 12 Jun 2027"),
        answer,
    )
}

fn waiting() -> DelegatedDomainPage {
    let answer = (
        Tone::Warn,
        "Control is not proven yet.",
        "Orders for names in this domain are refused until it is.",
        "put one of the values below in place, then have it looked for. We recommend the DNS.",
    );
    let missed = "no TXT record was found at _pki-validation.museum.example. Add it at the provider of the domain's DNS; it can \
                  take some minutes until it is seen.";
    let value = "LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0";
    DelegatedDomainPage {
        missed: Some(missed.to_owned()),
        challenge: Some(ChallengeView {
            record: "_pki-validation.museum.example".to_owned(),
            value: value.to_owned(),
            url: format!("http://museum.example/.well-known/acme-challenge/{value}"),
            content: format!("{value}.{value}"),
            until: "26 December 2026".to_owned(),
        }),
        mail: Some(mail()),
        delegations: Vec::new(),
        problems: Problems::one("organization", "Choose an organization of the list.")
            .and("types", "Tick at least one type of certificates."),
        ..one("museum.example", chip(Tone::Warn, "Action needed"), answer)
    }
}

fn mail() -> MailView {
    let names = ["admin", "administrator", "hostmaster", "postmaster"];
    let at = |name: &&str| choice(name, &format!("{name}@museum.example"), false);
    let mut choices: Vec<_> = names.iter().map(at).collect();
    choices.insert(2, choice("dns", "The contacts that the DNS names", false));
    MailView {
        choices,
        sent: Some("hostmaster@museum.example, until 3 December 2026".to_owned()),
    }
}

fn looked_at() -> DelegatedDomainPage {
    DelegatedDomainPage {
        organizations: Vec::new(),
        types: Vec::new(),
        may_manage: false,
        ..valid()
    }
}

fn add_page(name: &str, problems: Problems) -> AddDomainPage {
    AddDomainPage {
        shell: shell(Nav::Organizations, "Add a domain"),
        name: name.to_owned(),
        problems,
    }
}

pub(super) fn add(all: &mut Pages) -> Result<(), Error> {
    all.add("delegated-domains", &list(lines(), false))?;
    all.add("delegated-domains-empty", &list(Vec::new(), false))?;
    all.add("delegated-domains-none-found", &list(Vec::new(), true))?;
    all.add("delegated-domain", &valid())?;
    all.add("delegated-domain-waiting", &waiting())?;
    all.add("delegated-domain-looked-at", &looked_at())?;
    all.add("delegated-domain-new", &add_page("", Problems::none()))?;
    let wrong = Problems::one(
        "name",
        "co.uk is a public suffix, below which anybody can register names; add the domain that is yours.",
    );
    all.add("delegated-domain-new-problem", &add_page("co.uk", wrong))?;
    let door = |title: &str| Shell::signed_out("Chancery", title, "sample-token", Theme::System);
    all.add(
        "domain-proof",
        &DomainProofPage {
            shell: door("Confirm a domain"),
            domain: LONG.to_owned(),
            tenant: "Northwind & Sons".to_owned(),
            until: "3 December 2026".to_owned(),
            href: "/domain-proof/TOKEN".to_owned(),
        },
    )?;
    all.add(
        "domain-proof-confirmed",
        &DomainConfirmedPage {
            shell: door("Confirmed"),
            domain: "clinic.example".to_owned(),
            tenant: "Northwind & Sons".to_owned(),
        },
    )?;
    let why = "It was used, has ended, or another one was sent since; whoever asked for it can send another.";
    all.add(
        "domain-proof-gone",
        &DomainLinkGonePage {
            shell: door("Link"),
            why: why.to_owned(),
        },
    )?;
    let remove = release_page(
        shell(Nav::Organizations, "Remove clinic.example"),
        "clinic.example",
        HREF,
        strings(&["Specimen Clinic", "Example Museum, Imaging"]),
    );
    all.add("delegated-domain-remove", &remove)
}
