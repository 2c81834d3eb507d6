//! The reseller's portal: server-rendered pages that work without scripts.

pub mod view;

use axum::Router;
use flow::App;

/// The pages at their paths; `origin` is where browsers reach them.
pub fn router(_app: App, _origin: &str) -> Router {
    Router::new()
}
