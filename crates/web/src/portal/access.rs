//! Who signs in, and what they may set for themselves.

pub mod session;
pub mod settings;

use axum::Router;

use crate::portal::state::Portal;

/// All routes of the wing.
pub(super) fn routes() -> Router<Portal> {
    Router::new()
        .merge(session::routes())
        .merge(settings::routes())
}
