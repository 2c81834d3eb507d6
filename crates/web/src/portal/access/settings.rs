//! The person's own settings: profile, appearance, password, sessions (`ux.md` R25).

mod appearance;
pub mod browsers;
mod password;
mod profile;
pub mod show;

use axum::Router;
use axum::routing::{get, post};

use crate::portal::state::Portal;

pub(super) fn routes() -> Router<Portal> {
    Router::new()
        .route("/settings", get(show::show))
        .route("/settings/profile", post(profile::submit))
        .route("/settings/appearance", post(appearance::submit))
        .route("/settings/password", post(password::change))
        .route("/settings/sessions/{id}/end", post(browsers::end_session))
        .route("/settings/sessions/end-others", post(browsers::end_others))
}
