//! The reseller's portal: server-rendered pages that work without scripts.
//!
//! A handler takes `gate::permitted::Permitted` first, which proves who asks and that they may, then
//! its input, calls one use case for the tenant of that person, and renders a page or redirects.
//! What goes wrong becomes a page in `page::refused`; what every answer carries is added in
//! `page::finish`. The wings stand in an order, and none names one below it: access, issuance,
//! enrollment, overview. They are public for the preview, which fills their pages with samples.

pub mod access;
pub mod enrollment;
mod files;
mod gate;
pub mod issuance;
pub mod overview;
pub mod page;
#[cfg(test)]
mod sample;
mod state;

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::routing::get;
use axum::{Router, middleware};
use flow::App;

use gate::permitted::Public;
use page::finish::finish;
use page::refused::Refusal;
use state::Portal;

pub use state::Hints;

/// The largest form: a thousand names of the greatest length, percent-encoded.
const MAX_BODY: usize = 512 * 1024;

/// The pages at their paths; `origin` is where browsers reach them.
pub fn router(app: App, origin: &str) -> Router {
    router_with_hints(app, origin, Hints::default())
}

/// The same for an installation whose clients need to be told more.
pub fn router_with_hints(app: App, origin: &str, hints: Hints) -> Router {
    let portal = Portal {
        app,
        origin: Arc::from(origin),
        hints: Arc::new(hints),
    };
    Router::new()
        .merge(access::routes())
        .merge(issuance::routes())
        .merge(enrollment::routes())
        .merge(overview::routes())
        .route("/assets/{file}", get(files::asset))
        .fallback(not_found)
        .method_not_allowed_fallback(not_found)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(middleware::from_fn_with_state(portal.clone(), finish))
        .with_state(portal)
}

async fn not_found(_: Public) -> Refusal {
    Refusal::NotFound
}
