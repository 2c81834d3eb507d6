//! The door: signing in and out.

pub mod sign_in;
pub mod sign_out;

use axum::Router;
use axum::routing::{get, post};

use crate::portal::state::Portal;

pub(super) fn routes() -> Router<Portal> {
    Router::new()
        .route("/sign-in", get(sign_in::form).post(sign_in::submit))
        .route("/sign-out", post(sign_out::sign_out))
        .route("/signed-out", get(sign_out::signed_out))
}
