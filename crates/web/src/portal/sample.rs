//! Every page in every state, with made-up data: for the preview and for the tests of the markup.

use askama::{Error, Template};
use tenancy::tenant::TenantKind;

use crate::portal::page::contact::HelpLine;
use crate::portal::page::listing::{FilterChip, FilterGroup, Paging, Search};
use crate::portal::page::menu::{Nav, menu};
use crate::portal::page::part::{Chip, Lifetime, Tone, When};
use crate::portal::page::shell::{Flash, Shell, Theme};

#[path = "sample/account.rs"]
mod account;
#[path = "sample/brand.rs"]
mod brand;
#[path = "sample/certificate.rs"]
mod certificate;
#[path = "sample/customer.rs"]
mod customer;
#[path = "sample/delegated_domain.rs"]
mod delegated_domain;
#[path = "sample/domain.rs"]
mod domain;
#[path = "sample/door.rs"]
mod door;
#[path = "sample/offer.rs"]
mod offer;
#[path = "sample/order.rs"]
mod order;
#[path = "sample/organization.rs"]
mod organization;
#[path = "sample/overview.rs"]
mod overview;
#[path = "sample/provider.rs"]
mod provider;
#[path = "sample/reseller.rs"]
mod reseller;
#[path = "sample/second_factor.rs"]
mod second_factor;
#[path = "sample/settings.rs"]
mod settings;
#[path = "sample/team.rs"]
mod team;
#[path = "sample/token.rs"]
mod token;

#[cfg(test)]
#[path = "sample/looks/accessible.rs"]
mod accessible;
#[cfg(test)]
#[path = "sample/looks/classes.rs"]
mod classes;
#[cfg(test)]
#[path = "sample/looks/contrast.rs"]
mod contrast;
#[cfg(test)]
#[path = "sample/tests.rs"]
mod tests;

/// One rendered page: name of its file without ending, and its text.
pub(crate) type Rendered = (String, String);

/// Renders all of them.
pub(crate) fn render_all() -> Result<Vec<Rendered>, Error> {
    let mut all = Pages::default();
    door::add(&mut all)?;
    overview::add(&mut all)?;
    account::add(&mut all)?;
    domain::add(&mut all)?;
    certificate::add(&mut all)?;
    order::add(&mut all)?;
    settings::add(&mut all)?;
    brand::add(&mut all)?;
    second_factor::add(&mut all)?;
    provider::add(&mut all)?;
    token::add(&mut all)?;
    team::add(&mut all)?;
    organization::add(&mut all)?;
    delegated_domain::add(&mut all)?;
    reseller::add(&mut all)?;
    customer::add(&mut all)?;
    offer::add(&mut all)?;
    Ok(all.0)
}

#[derive(Default)]
struct Pages(Vec<Rendered>);

impl Pages {
    fn add(&mut self, name: &str, page: &impl Template) -> Result<(), Error> {
        self.0.push((name.to_owned(), page.render()?));
        Ok(())
    }
}

fn shell(nav: Nav, title: &str) -> Shell {
    Shell {
        acting: None,
        brand: "Northwind Certificates".to_owned(),
        contact: contact(),
        csrf: "sample-token".to_owned(),
        email: "ops@northwind.example".to_owned(),
        flashes: Vec::new(),
        has_shortcuts: true,
        menu: menu(TenantKind::Reseller, |_| true),
        nav,
        path: "/".to_owned(),
        tenant: "Northwind Hosting".to_owned(),
        theme: Theme::System,
        title: title.to_owned(),
    }
}

/// Whom the people of the sample ask.
fn contact() -> Vec<HelpLine> {
    let lines = [
        "help@northwind.example",
        "+358 9 555 0100, weekdays 9 to 17",
    ];
    lines.map(HelpLine::new).to_vec()
}

fn with_flash(mut shell: Shell, tone: Tone, text: &str) -> Shell {
    shell.flashes.push(Flash {
        tone,
        text: text.to_owned(),
    });
    shell
}

fn when(iso: &str, text: &str, hint: &str) -> When {
    When {
        iso: iso.to_owned(),
        text: text.to_owned(),
        hint: hint.to_owned(),
        day: text.split(',').next().unwrap_or(text).to_owned(),
        is_near: hint.contains("minute") || hint.contains("now"),
    }
}

fn date(text: &str, hint: &str) -> When {
    when("2026-11-20", text, hint)
}

fn chip(tone: Tone, text: &str) -> Chip {
    Chip::new(tone, text)
}

fn life(percent: u8, tone: Tone) -> Lifetime {
    Lifetime {
        percent,
        tone,
        text: format!("{percent} % of 90 days have passed"),
    }
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// The list of the page with a field of its query set.
fn leads(field: &str, value: &str) -> String {
    format!("?{field}={}", value.replace(' ', "%20"))
}

fn filter(label: &str, is_menu: bool, chips: &[(&str, &str)], current: usize) -> FilterGroup {
    let field = label.to_lowercase();
    let chips = chips
        .iter()
        .enumerate()
        .map(|(place, (label, count))| FilterChip {
            label: (*label).to_owned(),
            count: (*count).to_owned(),
            href: leads(&field, label),
            is_current: place == current,
        });
    FilterGroup {
        label: label.to_owned(),
        chips: chips.collect(),
        is_menu,
    }
}

fn accounts_filter() -> FilterGroup {
    let accounts = [
        ("All", ""),
        ("Production", "38"),
        ("Lakeside retail, web servers", "64"),
        ("Harbor", "12"),
        ("Staging", "14"),
    ];
    filter("Account", true, &accounts, 0)
}

fn search(href: &str, value: &str, placeholder: &str, outcome: &str) -> Search {
    Search {
        href: href.to_owned(),
        value: value.to_owned(),
        placeholder: placeholder.to_owned(),
        kept: vec![("status".to_owned(), "active".to_owned())],
        outcome: outcome.to_owned(),
    }
}

fn paging(text: &str) -> Paging {
    let size = |label: &str, is_current| FilterChip {
        label: label.to_owned(),
        count: String::new(),
        href: leads("size", label),
        is_current,
    };
    Paging {
        previous: Some(leads("before", "01m8cate7kjfah4t539c4mjdf4")),
        next: Some(leads("after", "01m8cate7kjfah4t539c4mjdf4")),
        text: text.to_owned(),
        sizes: vec![size("25", false), size("50", true), size("100", false)],
    }
}
