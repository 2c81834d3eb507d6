//! The reseller's portal: server-rendered pages that work without scripts.
//!
//! A handler takes `permitted::Permitted` first, which proves who asks and that they may, then
//! its input, calls one use case for the tenant of that person, and renders a view or redirects.
//! What goes wrong becomes a page in `error`; what every answer carries is added in `finish`.

mod accounts;
mod accounts_menu;
mod activity;
mod certificates;
mod cookie;
mod dashboard;
mod domains;
mod error;
mod files;
mod finish;
mod form;
mod frame;
mod listing;
mod moment;
mod permitted;
#[cfg(test)]
mod sample;
mod settings;
mod sign_in;
pub mod view;

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::routing::get;
use axum::{Router, middleware};
use flow::App;

use error::Refusal;
use view::command::Facts;

/// The largest form: a thousand names of the greatest length, percent-encoded.
const MAX_BODY: usize = 512 * 1024;

/// Name of the product in titles.
const BRAND: &str = "Chancery";

/// What handlers are given.
#[derive(Clone)]
struct Portal {
    app: App,
    /// Where browsers reach us, such as `https://portal.example.com`.
    origin: Arc<str>,
    hints: Arc<Hints>,
}

/// What client commands must say where this installation is no public one.
#[derive(Clone, Debug, Default)]
pub struct Hints {
    /// File with the root certificate, when clients do not trust the ACME server by themselves.
    pub ca_file: Option<String>,
    /// Port on which http-01 is answered, when it is not 80.
    pub http_port: Option<u16>,
}

impl Hints {
    fn facts(&self) -> Facts {
        Facts {
            ca_file: self.ca_file.clone(),
            http_port: self.http_port,
            ..Facts::default()
        }
    }
}

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
        .merge(sign_in::routes())
        .merge(settings::routes())
        .merge(dashboard::routes())
        .merge(accounts::routes())
        .merge(domains::routes())
        .merge(certificates::routes())
        .merge(activity::routes())
        .route("/assets/{file}", get(files::asset))
        .fallback(not_found)
        .method_not_allowed_fallback(not_found)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(middleware::from_fn_with_state(
            portal.clone(),
            finish::finish,
        ))
        .with_state(portal)
}

async fn not_found(_: permitted::Public) -> Refusal {
    Refusal::NotFound
}
