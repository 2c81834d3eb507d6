//! The people of a tenant, somebody who was invited, and what they see.

use tenancy::role::{Permission, Role, Roles};
use tenancy::tenant::TenantKind;

use super::{Error, Nav, Pages, Shell, Theme, chip, date, shell};
use crate::portal::access::link::ask::AskPage;
use crate::portal::access::link::show::{LinkGonePage, LinkPage};
use crate::portal::access::password_rules::PasswordRule;
use crate::portal::access::team::invite::InvitedPage;
use crate::portal::access::team::list::{Demand, PersonRow, TeamPage};
use crate::portal::access::team::show::{PersonPage, Standing};
use crate::portal::access::team::words::{matrix, role_choices};
use crate::portal::page::form::{Choice, Problems};
use crate::portal::page::part::{Tone, When};

fn person(name: &str, detail: &str, roles: &str, last_seen: Option<When>) -> PersonRow {
    PersonRow {
        href: "/team/01m8cate7kjfah4t539c4mjdf4".to_owned(),
        name: name.to_owned(),
        detail: detail.to_owned(),
        roles: roles.to_owned(),
        bound: if roles == "Manager, Viewer" {
            "for 2 organizations and departments"
        } else {
            ""
        }
        .to_owned(),
        status: match last_seen {
            Some(_) => chip(Tone::Good, "Active"),
            None => chip(Tone::Busy, "Invited"),
        },
        has_second_factor: name == "Robin Sample",
        is_own: name == "Robin Sample",
        is_invited: last_seen.is_none(),
        last_seen,
    }
}

/// Organizations and departments.
const PARTS: [(&str, &str); 3] = [
    ("a", "Northwind Oy"),
    ("b", "Northwind Oy, Research and Development"),
    ("c", "Example Handels- und Beteiligungsgesellschaft mbH"),
];

fn part(value: &str, label: &str, is_chosen: bool) -> Choice {
    Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        hint: String::new(),
        is_chosen,
    }
}

fn team(may_manage: bool, problems: Problems) -> TeamPage {
    let level = TenantKind::Reseller;
    let (roles, permissions) = matrix(level, |asked| asked != Permission::ManageTenants);
    TeamPage {
        shell: shell(Nav::Team, "Team"),
        people: vec![
            person(
                "Robin Sample",
                "ops@northwind.example",
                "Administrator",
                Some(date("27 Nov 2026", "3 minutes ago")),
            ),
            person(
                "Kim Example with a rather long name",
                "kim.example.with.a.rather.long.address@northwind.example",
                "Manager, Viewer",
                Some(date("20 Nov 2026", "7 days ago")),
            ),
            person(
                "noor",
                "noor@northwind.example, link ends in 2 days",
                "Viewer",
                None,
            ),
        ],
        roles,
        permissions,
        may_manage,
        demand: if problems.is_empty() {
            Demand::Chosen
        } else {
            Demand::None
        },
        email: if problems.is_empty() { "" } else { "noor" }.to_owned(),
        choices: role_choices(level, &Roles::one(Role::Viewer)),
        parts: [("", "The whole organisation")]
            .into_iter()
            .chain(PARTS)
            .map(|(value, label)| part(value, label, false))
            .collect(),
        problems,
    }
}

fn one(locked_for: &str, is_invited: bool, problems: Problems) -> PersonPage {
    let roles: Roles = [Role::Manager, Role::Viewer].into_iter().collect();
    PersonPage {
        shell: shell(Nav::Team, "Kim Example"),
        href: "/team/01m8cate7kjfah4t539c4mjdf4".to_owned(),
        email: "kim@northwind.example".to_owned(),
        status: if is_invited {
            chip(Tone::Busy, "Invited")
        } else {
            chip(Tone::Good, "Active")
        },
        roles: "Manager, Viewer".to_owned(),
        choices: role_choices(TenantKind::Reseller, &roles),
        parts: PARTS
            .iter()
            .map(|(value, label)| part(value, label, !is_invited && *value != "c"))
            .collect(),
        is_bound: !is_invited,
        has_second_factor: !is_invited,
        since: date("3 Mar 2026", "9 months ago"),
        last_seen: (!is_invited).then(|| date("20 Nov 2026", "7 days ago")),
        locked_for: locked_for.to_owned(),
        link_ends: if is_invited { "in 2 days" } else { "" }.to_owned(),
        standing: if is_invited {
            Standing::Invited
        } else {
            Standing::Active
        },
        own_tag: String::new(),
        may_manage: true,
        problems,
    }
}

fn link(is_new: bool, problems: Problems) -> LinkPage {
    let rule = |text: &str, is_met| PasswordRule {
        text: text.to_owned(),
        is_met,
    };
    let title = if is_new { "Welcome" } else { "New password" };
    LinkPage {
        shell: Shell::signed_out("Chancery", title, "sample-token", Theme::System),
        email: "noor@northwind.example".to_owned(),
        tenant: "Northwind Hosting".to_owned(),
        is_new,
        name: String::new(),
        rules: vec![
            rule("At least 8 characters", true),
            rule("A capital letter", false),
        ],
        href: "/link/sample".to_owned(),
        rules_href: "/link/sample/rules".to_owned(),
        problems,
    }
}

pub(super) fn add(pages: &mut Pages) -> Result<(), Error> {
    pages.add("team", &team(true, Problems::none()))?;
    pages.add("team-looking", &team(false, Problems::none()))?;
    let wrong = Problems::one("email", "The address has no @.");
    pages.add("team-error", &team(true, wrong))?;
    pages.add("person", &one("", false, Problems::none()))?;
    pages.add(
        "person-locked",
        &one("in 12 minutes", false, Problems::none()),
    )?;
    let last = Problems::one("roles", "Choose at least one role.");
    pages.add("person-invited", &one("", true, last))?;
    pages.add(
        "person-remove",
        &crate::portal::access::team::change::remove_page(
            shell(Nav::Team, "Remove Kim Example"),
            "Kim Example",
            "/team/01m8cate7kjfah4t539c4mjdf4",
        ),
    )?;
    pages.add(
        "invited",
        &InvitedPage {
            shell: shell(Nav::Team, "Invitation"),
            back: ("Team".to_owned(), "/team".to_owned()),
            email: "noor@northwind.example".to_owned(),
            link:
                "https://portal.northwind.example/link/4f7k9qztm2xwEXAMPLE4f7k9qztm2xwEXAMPLE4f7k9"
                    .to_owned(),
            ends: date("30 Nov 2026", "in 3 days"),
            ends_in: "in 3 days".to_owned(),
        },
    )?;
    let ask = |is_sent| AskPage {
        shell: Shell::signed_out(
            "Chancery",
            "Forgotten password",
            "sample-token",
            Theme::System,
        ),
        email: "noor@northwind.example".to_owned(),
        is_sent,
        problems: Problems::none(),
    };
    pages.add("forgotten", &ask(false))?;
    pages.add("forgotten-sent", &ask(true))?;
    pages.add("link-new", &link(true, Problems::none()))?;
    let wrong = Problems::one("repeat_password", "The two passwords differ.");
    pages.add("link-reset-error", &link(false, wrong))?;
    pages.add(
        "link-gone",
        &LinkGonePage {
            shell: Shell::signed_out("Chancery", "Link", "sample-token", Theme::System),
            why: "The link has expired; ask for a new one.".to_owned(),
        },
    )
}
