//! Issued certificates.

mod download;
pub mod list;
pub mod revoke;
pub mod show;
pub mod table;

use axum::Router;
use axum::routing::get;

use crate::portal::state::Portal;

pub(super) fn routes() -> Router<Portal> {
    Router::new()
        .route("/certificates", get(list::list))
        .route("/certificates/{id}", get(show::show))
        .route("/certificates/{id}/{file}", get(download::fetch))
        .route(
            "/certificates/{id}/revoke",
            get(revoke::form).post(revoke::submit),
        )
}
