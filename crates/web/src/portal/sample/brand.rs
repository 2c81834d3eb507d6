//! How a tenant shows itself: with host names, before it said anything, of the operator, refused.

use super::{Error, Nav, Pages, shell};
use crate::portal::page::form::Problems;
use crate::portal::tenancy::brand::show::{BrandPage, HostRow};

fn host(host: &str, readable: &str) -> HostRow {
    HostRow {
        host: host.to_owned(),
        readable: readable.to_owned(),
    }
}

fn page() -> BrandPage {
    BrandPage {
        shell: shell(Nav::Settings, "Brand"),
        is_set: true,
        name: "Northwind Certificates".to_owned(),
        contact: "help@northwind.example\n+358 9 555 0100, weekdays 9 to 17".to_owned(),
        has_hosts: true,
        hosts: vec![
            host("certificates.northwind.example", ""),
            host(
                "zertifikate.xn--nordwind-mnchen-7vb.example",
                "zertifikate.nordwind-münchen.example",
            ),
        ],
        main: "https://portal.chancery.example".to_owned(),
        problems: Problems::none(),
    }
}

pub(super) fn add(pages: &mut Pages) -> Result<(), Error> {
    pages.add("brand", &page())?;
    pages.add(
        "brand-new",
        &BrandPage {
            is_set: false,
            name: String::new(),
            contact: String::new(),
            hosts: Vec::new(),
            ..page()
        },
    )?;
    pages.add(
        "brand-operator",
        &BrandPage {
            has_hosts: false,
            hosts: Vec::new(),
            ..page()
        },
    )?;
    pages.add(
        "brand-refused",
        &BrandPage {
            hosts: Vec::new(),
            name: " ".to_owned(),
            problems: Problems::one("name", "Enter a name of 1 to 60 characters."),
            ..page()
        },
    )
}
