//! Enrolled domains (`ux.md` R10, R11, R13).

pub mod add;
mod form;
pub mod list;
pub mod remove;
pub mod show;
pub mod table;
pub mod verdict;

use axum::Router;
use axum::routing::{get, post};

use crate::portal::state::Portal;

pub(super) fn routes() -> Router<Portal> {
    Router::new()
        .route("/domains", get(list::list).post(add::add))
        .route("/domains/new", get(add::form))
        .route("/domains/preview", post(add::preview))
        .route("/domains/edit", post(add::edit))
        .route("/domains/{id}", get(show::show))
        .route(
            "/domains/{id}/remove",
            get(remove::form).post(remove::remove),
        )
}
