//! The reseller's portal: server-rendered pages that work without scripts.
//!
//! A handler takes `gate::permitted::Permitted` first, which proves who asks and that they may, then
//! its input, calls one use case for the tenant of that person, and renders a page or redirects.
//! What goes wrong becomes a page in `page::refused`; what every answer carries is added in
//! `page::finish`. The wings stand in an order, and none names one below it: access, tenancy,
//! catalog, issuance, enrollment, overview. They are public for the preview, which fills their pages with samples.

pub mod access;
pub mod catalog;
pub mod enrollment;
mod files;
mod gate;
pub mod issuance;
pub mod overview;
pub mod page;
mod route;
#[cfg(test)]
mod sample;
mod state;
mod table;
pub mod tenancy;

use std::sync::Arc;

use axum::{Router, middleware};
use flow::App;
use flow::memory::measures::DoorName;

use gate::csrf::{own_hosts, own_origins};
use gate::permitted::{Open, Public};
use page::finish::finish;
use page::refused::Refusal;
use state::Portal;
use table::Table;

use crate::request::body::Bodies;
use crate::request::measure::Measure;

pub use route::{MayCall, PortalRoute};
pub use state::Hints;
pub use table::portal_routes;

/// The pages at their paths; `origin` is where browsers reach them.
pub fn router(app: App, origin: &str) -> Router {
    router_with_hints(app, origin, Hints::default())
}

/// The same for an installation whose clients need to be told more.
pub fn router_with_hints(app: App, origin: &str, hints: Hints) -> Router {
    let (routes, pages) = table().into_parts();
    let measure = Measure::by_patterns(&app, DoorName::Portal, routes.paths());
    let portal = Portal {
        app,
        origin: Arc::from(origin),
        own_origins: Arc::from(own_origins(origin)),
        own_hosts: Arc::from(own_hosts(origin)),
        bodies: Bodies::default(),
        hints: Arc::new(hints),
        routes: Arc::new(routes),
    };
    pages
        .fallback(not_found)
        .method_not_allowed_fallback(not_found)
        .layer(middleware::from_fn_with_state(portal.clone(), finish))
        .layer(measure)
        .with_state(portal)
}

/// Every route.
fn table() -> Table {
    access::routes()
        .and(tenancy::routes())
        .and(catalog::routes())
        .and(issuance::routes())
        .and(enrollment::routes())
        .and(overview::routes())
        .and(Table::default().get("/assets/{file}", Open, files::asset))
}

async fn not_found(_: Public) -> Refusal {
    Refusal::NotFound
}
