//! The brand of a tenant.

use askama::Template;
use axum::extract::State;
use flow::tenancy::brand::show_brand::show_brand;
use tenancy::tenant::brand::has_hosts;

use crate::portal::gate::permitted::{ManageBrand, Permitted};
use crate::portal::page::form::Problems;
use crate::portal::page::frame::{Answer, page};
use crate::portal::page::menu::Nav;
use crate::portal::page::refused::Refusal;
use crate::portal::page::shell::Shell;
use crate::portal::state::Portal;

/// `GET /settings/brand`.
pub(super) async fn show(State(portal): State<Portal>, who: Permitted<ManageBrand>) -> Answer {
    page(&view(&portal, &who).await?)
}

/// The page as it is, without problems.
pub(super) async fn view(
    portal: &Portal,
    who: &Permitted<ManageBrand>,
) -> Result<BrandPage, Refusal> {
    let own = show_brand(&portal.app, &who.caller).await?;
    let brand = own.brand.as_ref();
    Ok(BrandPage {
        shell: who.shell(Nav::Settings, "Brand"),
        is_set: brand.is_some(),
        name: brand.map_or_else(String::new, |brand| brand.name.as_str().to_owned()),
        contact: brand.map_or_else(String::new, |brand| brand.contact.as_str().to_owned()),
        has_hosts: has_hosts(who.signed_in.tenant.kind),
        hosts: own
            .hosts
            .iter()
            .map(|host| HostRow {
                host: host.as_str().to_owned(),
                readable: host.to_unicode().unwrap_or_default(),
            })
            .collect(),
        main: portal.origin.to_string(),
        problems: Problems::none(),
    })
}

/// A host name.
#[derive(Clone, Debug)]
pub struct HostRow {
    /// As certificates have it.
    pub host: String,
    /// In Unicode, where that differs; else empty.
    pub readable: String,
}

/// `GET /settings/brand`, and answers to its forms that failed.
///
/// Forms: `POST /settings/brand` (`name`, `contact`), `/settings/brand/hosts/remove` (`host`).
#[derive(Clone, Debug, Template)]
#[template(path = "portal/tenancy/brand/show.html")]
pub struct BrandPage {
    /// The frame.
    pub shell: Shell,
    /// Whether the tenant has said how it shows itself.
    pub is_set: bool,
    /// What people call it.
    pub name: String,
    /// Whom people ask.
    pub contact: String,
    /// Whether tenants of this level have host names.
    pub has_hosts: bool,
    /// Its host names.
    pub hosts: Vec<HostRow>,
    /// Where the portal is for everybody.
    pub main: String,
    /// What is wrong; fields `name`, `contact`.
    pub problems: Problems,
}
