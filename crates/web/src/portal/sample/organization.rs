//! Organizations, and their reviews.

use tenancy::certificate_type::CertificateType;

use super::{Chip, Error, Nav, Pages, Shell, Tone, chip, date, paging, search, shell, strings};
use crate::portal::page::form::{Choice, Problems};
use crate::portal::page::listing::Paging;
use crate::portal::page::menu::menu;
use crate::portal::tenancy::fields::SubjectInput;
use crate::portal::tenancy::organizations::edit::{ContactInput, EditOrganizationPage};
use crate::portal::tenancy::organizations::list::{OrganizationLine, OrganizationListPage};
use crate::portal::tenancy::organizations::show::{
    CheckAction, CheckLine, ContactLine, OrganizationDomainLine, OrganizationPage,
};
use crate::portal::tenancy::reviews::list::{ReviewLine, ReviewListPage};
use crate::portal::tenancy::reviews::show::{CheckInput, EarlierLine, ReviewPage, check_help};
use crate::portal::tenancy::standing::StandingAnswer;

const HREF: &str = "/organizations/01m8cate7kjfah4t539c4mjdf4";
const DOMAIN: &str = "/delegated-domains/01m8cate7kjfah4t539c4mjdf4";
const REVIEW: &str = "/reviews/01m8cate7kjfah4t539c4mjdf4";
const LONG: &str =
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft Example AG";

/// The frame as the operator's people see it.
fn operator(title: &str) -> Shell {
    Shell {
        menu: menu(tenancy::tenant::TenantKind::Operator, |_| true),
        tenant: "Operator".to_owned(),
        ..shell(Nav::Reviews, title)
    }
}

fn line(name: &str, country: &str, chips: [Option<Chip>; 3]) -> OrganizationLine {
    let [ov, ev, qwac] = chips;
    OrganizationLine {
        href: HREF.to_owned(),
        name: name.to_owned(),
        country: country.to_owned(),
        ov,
        ev,
        qwac,
    }
}

fn list(rows: Vec<OrganizationLine>, is_filtered: bool) -> OrganizationListPage {
    OrganizationListPage {
        shell: shell(Nav::Organizations, "Organizations"),
        search: search(
            "/organizations",
            "",
            "Search names",
            "4 organizations shown",
        ),
        rows,
        paging: Paging {
            text: "4 organizations".to_owned(),
            ..paging("")
        },
        is_filtered,
        is_renewed: true,
        may_manage: true,
    }
}

fn lines() -> Vec<OrganizationLine> {
    let until = |tone, text: &str| Some(chip(tone, text));
    vec![
        line(
            "Example Museum",
            "AT",
            [until(Tone::Busy, "In review"), None, None],
        ),
        line(
            "Specimen Clinic",
            "FI",
            [
                until(Tone::Warn, "Until 19 Dec 2026"),
                until(Tone::Good, "Until 2 Nov 2027"),
                None,
            ],
        ),
        line(LONG, "DE", [until(Tone::Bad, "Rejected"), None, None]),
        line(
            "Testbed Museum",
            "EE",
            [until(Tone::Idle, "Expired"), None, None],
        ),
    ]
}

fn input(at: &'static str, label: &'static str, value: &str, help: &'static str) -> SubjectInput {
    SubjectInput {
        at,
        label,
        value: value.to_owned(),
        help,
        choices: Vec::new(),
    }
}

fn inputs(name: &str) -> Vec<SubjectInput> {
    let categories = ["Not said", "Private Organization", "Government Entity"];
    let choices = categories.map(|word| Choice {
        value: word.to_owned(),
        label: word.to_owned(),
        ..Choice::default()
    });
    vec![
        input(
            "legal_name",
            "Legal name",
            name,
            "All types. As it stands in the register.",
        ),
        input(
            "assumed_name",
            "Assumed name",
            "",
            "Optional. The name that it does business under.",
        ),
        input(
            "locality",
            "Locality",
            "Helsinki",
            "City or town. All types need this or the state.",
        ),
        input(
            "country",
            "Country",
            "FI",
            "All types. Two capital letters, such as FI.",
        ),
        SubjectInput {
            choices: choices.to_vec(),
            ..input(
                "business_category",
                "Business category",
                "",
                "EV, and QWAC where its directory asks for it.",
            )
        },
        input(
            "registration_number",
            "Registration number",
            "0000000-0",
            "EV. The number in the register.",
        ),
    ]
}

fn contact(role: &str, label: &'static str, name: &str) -> ContactInput {
    ContactInput {
        name_at: format!("{role}_name"),
        email_at: format!("{role}_email"),
        label,
        help: "OV. Is called back and confirms that the organization asks.",
        name: name.to_owned(),
        email: if name.is_empty() {
            ""
        } else {
            "kim@clinic.example"
        }
        .to_owned(),
    }
}

fn edit(name: &str, problems: Problems) -> EditOrganizationPage {
    EditOrganizationPage {
        shell: shell(Nav::Organizations, "New organization"),
        back: ("Organizations".to_owned(), "/organizations".to_owned()),
        action_href: "/organizations/new".to_owned(),
        action: "Add organization",
        fields: inputs(name),
        contacts: vec![
            contact("approver", "Approver", ""),
            contact("confirms", "Confirms", "Kim Example"),
            contact("signer", "Signer", ""),
        ],
        problems,
    }
}

fn check(kind: CertificateType, dates: &str, status: Chip, action: CheckAction) -> CheckLine {
    let is_none = dates == "never asked for";
    let reason = if status.text == "Rejected" {
        "The register says \"Specimen Clinic\" without \"Testville\"; send the name as it stands there."
    } else {
        ""
    };
    CheckLine {
        kind: kind.as_str(),
        title: kind.title(),
        anchor: if is_none { "" } else { "OV-2026-4F7K2M9C" }.to_owned(),
        dates: dates.to_owned(),
        reason: reason.to_owned(),
        status,
        action,
    }
}

fn contacts() -> Vec<ContactLine> {
    vec![ContactLine {
        role: "Confirms",
        name: "Kim Example".to_owned(),
        email: "kim.example.with.a.rather.long.address@clinic.example".to_owned(),
    }]
}

fn domains() -> Vec<OrganizationDomainLine> {
    let line = |name: &str, part: &str, types: &str| OrganizationDomainLine {
        href: DOMAIN.to_owned(),
        name: name.to_owned(),
        part: part.to_owned(),
        types: types.to_owned(),
    };
    vec![
        line("clinic.example", "whole organization", "DV, OV, EV"),
        line(
            "a-rather-long-host-name-that-somebody-chose-in-1998.imaging.clinic.example",
            "Imaging",
            "OV",
        ),
    ]
}

fn facts(name: &str) -> Vec<(&'static str, String)> {
    vec![
        ("Legal name", name.to_owned()),
        ("Locality", "Helsinki".to_owned()),
        ("Country", "FI".to_owned()),
    ]
}

fn one(name: &str, answer: (Tone, &str, &str, &str), checks: Vec<CheckLine>) -> OrganizationPage {
    let (tone, lead, text, next) = answer;
    OrganizationPage {
        shell: shell(Nav::Organizations, name),
        href: HREF.to_owned(),
        answer: StandingAnswer {
            tone,
            lead: lead.to_owned(),
            text: text.to_owned(),
            next: next.to_owned(),
        },
        facts: facts(name),
        is_changed: tone == Tone::Warn,
        checks,
        departments: strings(&["Imaging", "Patient portal", LONG]),
        contacts: contacts(),
        domains: domains(),
        department: String::new(),
        may_manage: true,
        problems: Problems::none(),
    }
}

fn ending() -> OrganizationPage {
    use CertificateType::{Ev, Ov, Qwac};
    let answer = (
        Tone::Warn,
        "Its OV pre-validation ends on 19 December 2026, in 23 days.",
        "After that, orders for OV certificates are refused. Certificates that exist stay valid.",
        "ask for its renewal now.",
    );
    let checks = vec![
        check(
            Ov,
            "19 November 2025 to 19 December 2026",
            chip(Tone::Warn, "Until 19 Dec 2026"),
            CheckAction::Ask("Renew"),
        ),
        check(
            Ev,
            "asked for on 23 November 2026",
            chip(Tone::Busy, "In review"),
            CheckAction::TakeBack,
        ),
        check(
            Qwac,
            "never asked for",
            chip(Tone::Idle, "None"),
            CheckAction::Ask("Ask for it"),
        ),
    ];
    one("Specimen Clinic", answer, checks)
}

fn rejected() -> OrganizationPage {
    let answer = (
        Tone::Bad,
        "Its OV pre-validation was rejected.",
        "The reviewer says: The register says \"Specimen Clinic\" without \"Testville\".",
        "correct what is wrong, then ask again.",
    );
    let checks = vec![check(
        CertificateType::Ov,
        "asked for on 20 November 2026",
        chip(Tone::Bad, "Rejected"),
        CheckAction::Ask("Ask for it"),
    )];
    OrganizationPage {
        department: "Imaging".to_owned(),
        problems: Problems::one(
            "name",
            "The organization has a department \"Imaging\" already; choose another name.",
        ),
        ..one(LONG, answer, checks)
    }
}

fn waiting() -> Vec<ReviewLine> {
    let line = |name: &str, kind, status| ReviewLine {
        href: REVIEW.to_owned(),
        name: name.to_owned(),
        kind,
        tenant: "Northwind Hosting".to_owned(),
        asked: date("20 Nov 2026", "3 days ago"),
        status,
    };
    vec![
        line("Example Museum", "OV", chip(Tone::Busy, "Requested")),
        line(LONG, "EV", chip(Tone::Busy, "In review")),
    ]
}

fn review(known: &str, blocked: &str, problems: Problems) -> ReviewPage {
    let checks = CertificateType::Ov.checks().iter().map(|check| CheckInput {
        at: check.as_str(),
        title: check.title(),
        known: known.to_owned(),
        source: String::new(),
        help: check_help(known),
        seen_at: format!("{check}_seen"),
        seen: String::new(),
    });
    let name = "Specimen Clinic";
    ReviewPage {
        shell: operator("Specimen Clinic, EV"),
        href: REVIEW.to_owned(),
        title: "EV",
        status: chip(Tone::Busy, if known.is_empty() { "Requested" } else { "In review" }),
        sub: "Asked for by Northwind Hosting on 20 November 2026. Two reviewers have to say yes to the same.".to_owned(),
        blocked: blocked.to_owned(),
        fields: if known.is_empty() { inputs(name) } else { Vec::new() },
        confirmed: facts(name),
        checks: checks.collect(),
        contacts: contacts(),
        said: vec![
            ("Anchor", "EV-2026-4F7K2M9C".to_owned()),
            ("First yes", "Robin Sample, 22 November 2026".to_owned()),
        ],
        others: vec![EarlierLine {
            anchor: "OV-2025-7K2M9C4F".to_owned(),
            asked: "3 March 2025".to_owned(),
            status: chip(Tone::Bad, "Rejected"),
            reason: "No such number in the register".to_owned(),
        }],
        reason: String::new(),
        problems,
    }
}

pub(super) fn add(pages: &mut Pages) -> Result<(), Error> {
    pages.add("organizations", &list(lines(), false))?;
    pages.add("organizations-empty", &list(Vec::new(), false))?;
    pages.add("organizations-filtered-empty", &list(Vec::new(), true))?;
    pages.add("organization-new", &edit("", Problems::none()))?;
    let wrong = Problems::one(
        "country",
        "Country: two capital letters of ISO 3166-1 are needed.",
    )
    .and("confirms_email", "The address has no @.");
    pages.add("organization-new-error", &edit("Specimen Clinic", wrong))?;
    pages.add("organization", &ending())?;
    pages.add("organization-rejected", &rejected())?;
    let looking = OrganizationPage {
        may_manage: false,
        departments: Vec::new(),
        contacts: Vec::new(),
        ..ending()
    };
    pages.add("organization-looking", &looking)?;
    let queue = |rows| ReviewListPage {
        shell: operator("Review"),
        rows,
        paging: Paging {
            text: "2 reviews".to_owned(),
            ..Paging::default()
        },
    };
    pages.add("reviews", &queue(waiting()))?;
    pages.add("reviews-empty", &queue(Vec::new()))?;
    pages.add("review", &review("", "", Problems::none()))?;
    let wrong = Problems::one(
        "existence",
        "Nothing shows \"The organization exists\"; say which register entry or document you saw.",
    )
    .and("reason", "Write 1 to 500 characters.");
    pages.add("review-error", &review("", "", wrong))?;
    let known = "Trade register FI 0000000-0, seen 22 November 2026";
    pages.add("review-second", &review(known, "", Problems::none()))?;
    let own = "You have said yes already; somebody else has to agree.";
    pages.add("review-own", &review(known, own, Problems::none()))
}
