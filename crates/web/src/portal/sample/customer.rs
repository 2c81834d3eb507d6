//! The customers of a reseller, and one of them.

use super::{Error, Nav, Pages, chip, date, paging, search, shell};
use crate::portal::page::form::Problems;
use crate::portal::page::part::Tone;
use crate::portal::tenancy::customers::add::AddCustomerPage;
use crate::portal::tenancy::customers::list::{CustomerLine, CustomerListPage};
use crate::portal::tenancy::customers::show::{CustomerPage, CustomerPerson};

fn line(name: &str, names: &str, tone: Tone, status: &str) -> CustomerLine {
    CustomerLine {
        href: "/customers/01m8cate7kjfah4t539c4mjdf4".to_owned(),
        name: name.to_owned(),
        people: "2".to_owned(),
        accounts: "1".to_owned(),
        names: names.to_owned(),
        since: date("3 Mar 2026", "9 months ago"),
        status: chip(tone, status),
    }
}

fn list(rows: Vec<CustomerLine>, is_filtered: bool) -> CustomerListPage {
    CustomerListPage {
        shell: shell(Nav::Customers, "Customers"),
        search: search("/customers", "", "Search names", "2 customers shown"),
        paging: paging("2 customers"),
        rows,
        is_filtered,
        may_manage: true,
    }
}

fn one(is_suspended: bool, problems: Problems) -> CustomerPage {
    let person = CustomerPerson {
        name: "Maria Example".to_owned(),
        email: "maria@bakery.example".to_owned(),
        roles: "Administrator".to_owned(),
        last_seen: Some(date("27 Nov 2026", "3 minutes ago")),
        status: chip(Tone::Good, "Active"),
    };
    CustomerPage {
        shell: shell(Nav::Customers, "Example Bakery"),
        href: "/customers/01m8cate7kjfah4t539c4mjdf4".to_owned(),
        name: "Example Bakery".to_owned(),
        status: if is_suspended {
            chip(Tone::Idle, "Suspended")
        } else {
            chip(Tone::Good, "Active")
        },
        is_suspended,
        since: date("3 Mar 2026", "9 months ago"),
        accounts: "1".to_owned(),
        names: "12".to_owned(),
        people: if is_suspended {
            Vec::new()
        } else {
            vec![person]
        },
        may_manage: true,
        email: if problems.is_empty() { "" } else { "maria" }.to_owned(),
        problems,
    }
}

pub(super) fn add(pages: &mut Pages) -> Result<(), Error> {
    let rows = vec![
        line("Example Bakery", "12", Tone::Good, "Active"),
        line(
            "Lakeside Retail with a rather long name",
            "1,204",
            Tone::Idle,
            "Suspended",
        ),
    ];
    pages.add("customers", &list(rows, false))?;
    pages.add("customers-empty", &list(Vec::new(), false))?;
    pages.add("customers-filtered-empty", &list(Vec::new(), true))?;
    let adding = |problems| AddCustomerPage {
        shell: shell(Nav::Customers, "Add a customer"),
        name: String::new(),
        problems,
    };
    pages.add("customer-new", &adding(Problems::none()))?;
    let wrong = Problems::one("name", "The name is empty.");
    pages.add("customer-new-error", &adding(wrong))?;
    pages.add("customer", &one(false, Problems::none()))?;
    let wrong = Problems::one("email", "The address has no @.");
    pages.add("customer-suspended", &one(true, wrong))
}
