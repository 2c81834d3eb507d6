//! The door for programs of resellers and their customers: JSON, by a token of a person who may do what is asked
//! (`docs/api.md`). It stands beside the portal, on its listener.
//!
//! A handler takes `gate::Authorized` first, which proves who asks and that they may, then its input, calls one use case
//! and answers in JSON. What goes wrong is a problem document of RFC 9457, made in `problem`. Nothing here reads a cookie,
//! and no browser of another origin is let in.

mod finish;
mod gate;
mod me;
mod problem;
mod route;
mod table;

use axum::extract::State;
use axum::routing::any;
use axum::{Router, middleware};
use flow::App;
use flow::memory::measures::DoorName;
use flow::operations::rates::count_unsigned;

use gate::{AnyToken, Sender};
use problem::Refusal;
use table::Table;

use crate::request::measure::Measure;

pub use route::{ApiRoute, MayCallApi};
pub use table::api_routes;

/// The routes, and an answer for whatever else begins with `/api`. The paths of others are the caller's to add.
pub fn router(app: App) -> Router {
    let (routes, handlers) = table().into_parts();
    let paths = routes.iter().map(|route| route.path);
    let measure = Measure::by_patterns(&app, DoorName::Api, paths);
    handlers
        .route("/api", any(not_found))
        .route("/api/", any(not_found))
        .route("/api/{*path}", any(not_found))
        .method_not_allowed_fallback(not_allowed)
        .layer(middleware::from_fn_with_state(app.clone(), finish::finish))
        .layer(measure)
        .with_state(app)
}

/// Every route.
fn table() -> Table {
    Table::default().get("/api/v1/me", AnyToken, me::show)
}

async fn not_found(State(app): State<App>, Sender(client): Sender) -> Refusal {
    match count_unsigned(&app, &client) {
        Ok(()) => Refusal::no_route(),
        Err(limited) => limited.into(),
    }
}

async fn not_allowed(State(app): State<App>, Sender(client): Sender) -> Refusal {
    match count_unsigned(&app, &client) {
        Ok(()) => Refusal::no_method(),
        Err(limited) => limited.into(),
    }
}
