//! What was bought: subscriptions, and the domains in them.

pub mod domains;
pub mod subscriptions;

use axum::Router;

use crate::portal::state::Portal;

/// All routes of the wing.
pub(super) fn routes() -> Router<Portal> {
    Router::new()
        .merge(domains::routes())
        .merge(subscriptions::routes())
}
