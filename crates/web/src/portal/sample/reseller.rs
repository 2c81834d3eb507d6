//! The resellers of the installation, one of them, and a page of somebody who acts as it.

use tenancy::tenant::TenantKind;

use super::{Error, Nav, Pages, Shell, chip, date, paging, search, shell};
use crate::portal::access::team::acting::{SupportLine, SupportPage};
use crate::portal::page::form::{Choice, Problems};
use crate::portal::page::menu::menu;
use crate::portal::page::part::Tone;
use crate::portal::page::refused::{ErrorKind, ErrorPage};
use crate::portal::page::shell::{ActingBand, Theme};
use crate::portal::tenancy::resellers::change::hold_page;
use crate::portal::tenancy::resellers::list::{ResellerLine, ResellerListPage};
use crate::portal::tenancy::resellers::show::{ResellerPage, ResellerPerson};
use crate::portal::tenancy::stopping::{Stopping, suspend_page};

fn operator(title: &str) -> Shell {
    Shell {
        menu: menu(TenantKind::Operator, |_| true),
        tenant: "Chancery".to_owned(),
        email: "kim@chancery.example".to_owned(),
        ..shell(Nav::Resellers, title)
    }
}

fn band() -> Option<ActingBand> {
    Some(ActingBand {
        tenant: "Northwind Hosting".to_owned(),
        reason: "Ticket 4711: orders for www.harbor.example fail".to_owned(),
        until: "10:42 UTC".to_owned(),
    })
}

fn line(name: &str, (names, people): (&str, &str), tone: Tone, status: &str) -> ResellerLine {
    ResellerLine {
        href: "/resellers/01m8cate7kjfah4t539c4mjdf4".to_owned(),
        name: name.to_owned(),
        people: people.to_owned(),
        customers: "3".to_owned(),
        accounts: "6".to_owned(),
        names: names.to_owned(),
        since: date("3 Mar 2026", "9 months ago"),
        status: chip(tone, status),
    }
}

fn list(rows: Vec<ResellerLine>) -> ResellerListPage {
    ResellerListPage {
        shell: operator("Resellers"),
        search: search("/resellers", "", "Search names", "3 resellers shown"),
        paging: paging("3 resellers"),
        rows,
    }
}

fn person(name: &str, is_active: bool) -> ResellerPerson {
    ResellerPerson {
        id: "01m8cate7kjfah4t539c4mjdf4".to_owned(),
        name: name.to_owned(),
        email: "robin@northwind.example".to_owned(),
        roles: "Administrator".to_owned(),
        has_second_factor: is_active,
        last_seen: is_active.then(|| date("27 Nov 2026", "3 minutes ago")),
        status: if is_active {
            chip(Tone::Good, "Active")
        } else {
            chip(Tone::Busy, "Invited")
        },
        is_active,
    }
}

fn one(is_stopped: bool, problems: Problems) -> ResellerPage {
    ResellerPage {
        shell: operator("Northwind Hosting"),
        href: "/resellers/01m8cate7kjfah4t539c4mjdf4".to_owned(),
        name: "Northwind Hosting".to_owned(),
        status: if is_stopped {
            chip(Tone::Idle, "Suspended")
        } else {
            chip(Tone::Good, "Active")
        },
        is_suspended: is_stopped,
        is_held: is_stopped,
        since: date("3 Mar 2026", "9 months ago"),
        customers: "3".to_owned(),
        accounts: "6".to_owned(),
        names: "128".to_owned(),
        factor: "required",
        people: if is_stopped {
            Vec::new()
        } else {
            vec![person("Robin Sample", true), person("Noor", false)]
        },
        buys_all: !is_stopped,
        products: ["dv", "ov"]
            .map(|code| Choice {
                value: format!("product-{code}"),
                label: code.to_uppercase(),
                hint: String::new(),
                is_chosen: is_stopped && code == "dv",
            })
            .to_vec(),
        may_act: true,
        may_manage: true,
        may_unlock: true,
        minutes: 30,
        reason: String::new(),
        asks_password: !problems.is_empty(),
        problems,
    }
}

fn stopping() -> Stopping {
    Stopping {
        name: "Northwind Hosting".to_owned(),
        href: "/resellers/01m8cate7kjfah4t539c4mjdf4".to_owned(),
        people: 5,
        accounts: 6,
        names: 128,
        below: 3,
    }
}

fn support(rows: Vec<SupportLine>, looks: Vec<SupportLine>) -> SupportPage {
    SupportPage {
        shell: shell(Nav::Team, "Support access"),
        rows,
        looks,
    }
}

fn done(what: &str, about: &str) -> SupportLine {
    SupportLine {
        at: date("27 Nov 2026", "3 minutes ago"),
        who: "Kim Support".to_owned(),
        what: what.to_owned(),
        about: about.to_owned(),
    }
}

pub(super) fn add(pages: &mut Pages) -> Result<(), Error> {
    let rows = vec![
        line("Northwind Hosting", ("128", "5"), Tone::Good, "Active"),
        line(
            "Specimen Datacenter with a rather long name",
            ("14,902", "9"),
            Tone::Warn,
            "On hold",
        ),
        line("Obsolete Pages", ("88", "2"), Tone::Idle, "Suspended"),
    ];
    pages.add("resellers", &list(rows))?;
    pages.add("resellers-filtered-empty", &list(Vec::new()))?;
    pages.add("reseller", &one(false, Problems::none()))?;
    pages.add("reseller-suspended", &one(true, Problems::none()))?;
    let wrong = Problems::one(
        "reason",
        "Say why, on one line of 3 to 200 characters; they read it.",
    );
    pages.add("reseller-error", &one(false, wrong))?;
    let title = "Suspend Northwind Hosting";
    pages.add(
        "reseller-suspend",
        &suspend_page(operator(title), &stopping()),
    )?;
    let title = "Put Northwind Hosting on hold";
    pages.add("reseller-hold", &hold_page(operator(title), &stopping()))?;
    let rows = vec![
        done("Stopped acting for support", ""),
        done("Added a domain", "www.harbor.example"),
        done(
            "Began to act for support",
            "Ticket 4711: orders for www.harbor.example fail",
        ),
    ];
    let looks = [
        "/accounts/01m8cate7kjfah4t539c4mjdf4/domains",
        "/accounts",
        "/",
    ];
    let looks = looks.map(|page| done("Looked at a page", page)).to_vec();
    pages.add("support", &support(rows, looks))?;
    let mut acting = support(Vec::new(), Vec::new());
    acting.shell.acting = band();
    pages.add("support-acting", &acting)?;
    let kind = ErrorKind::Forbidden;
    let mut refused = Shell::signed_out("Chancery", kind.heading(), "sample-token", Theme::System);
    refused.acting = band();
    pages.add(
        "error-acting",
        &ErrorPage {
            shell: refused,
            kind,
            said: String::new(),
            request_id: String::new(),
        },
    )
}
