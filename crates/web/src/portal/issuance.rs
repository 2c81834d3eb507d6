//! What clients ordered, and the certificates that were issued.

pub mod certificates;
pub mod orders;

use axum::Router;

use crate::portal::state::Portal;

/// All routes of the wing.
pub(super) fn routes() -> Router<Portal> {
    Router::new()
        .merge(certificates::routes())
        .merge(orders::routes())
}
