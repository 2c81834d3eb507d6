//! ACME orders: what clients asked for, as it happens. People know them as the activity.

mod explain;
pub mod list;
pub mod show;
pub mod table;
pub mod timeline;

use axum::Router;
use axum::routing::get;

use crate::portal::state::Portal;

pub(super) fn routes() -> Router<Portal> {
    Router::new()
        .route("/activity", get(list::list))
        .route("/activity/{id}", get(show::show))
}
