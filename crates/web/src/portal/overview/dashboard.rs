//! The start page.

pub mod chart;
pub mod onboarding;
pub mod show;

use axum::Router;
use axum::routing::get;

use crate::portal::state::Portal;

pub(super) fn routes() -> Router<Portal> {
    Router::new().route("/", get(show::show))
}
