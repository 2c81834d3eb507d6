//! What is read across all wings.

pub mod dashboard;

use axum::Router;

use crate::portal::state::Portal;

/// All routes of the wing.
pub(super) fn routes() -> Router<Portal> {
    dashboard::routes()
}
