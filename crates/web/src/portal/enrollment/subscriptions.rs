//! Subscriptions with their credentials (`ux.md` R8, R9). People know them as ACME accounts; what
//! RFC 8555 calls an account is a client of a subscription.

pub mod activity;
pub mod certificates;
pub mod clients;
pub mod command;
pub mod credentials;
pub mod domains;
pub mod head;
pub mod list;
pub mod new;
pub mod revoke;
pub mod rotate;
mod show;
pub mod state;

use axum::Router;
use axum::routing::{get, post};

use crate::portal::state::Portal;

pub(super) fn routes() -> Router<Portal> {
    Router::new()
        .route("/accounts", get(list::list).post(new::create))
        .route("/accounts/new", get(new::form))
        .route("/accounts/{id}", get(show::redirect))
        .route("/accounts/{id}/credentials", get(credentials::show))
        .route(
            "/accounts/{id}/reveal",
            post(credentials::reveal).get(show::redirect),
        )
        .route("/accounts/{id}/domains", get(domains::show))
        .route("/accounts/{id}/certificates", get(certificates::show))
        .route("/accounts/{id}/activity", get(activity::show))
        .route("/accounts/{id}/clients", get(clients::show))
        .route(
            "/accounts/{id}/rotate",
            get(rotate::form).post(rotate::rotate),
        )
        .route(
            "/credentials/{id}/revoke",
            get(revoke::credential_form).post(revoke::credential),
        )
        .route(
            "/clients/{id}/revoke",
            get(revoke::client_form).post(revoke::client),
        )
        .route(
            "/clients/{id}/release",
            get(revoke::release_form).post(revoke::release),
        )
        .route(
            "/accounts/{id}/suspend",
            get(state::suspend_form).post(state::suspend),
        )
        .route(
            "/accounts/{id}/resume",
            get(state::resume_form).post(state::resume),
        )
        .route(
            "/accounts/{id}/deactivate",
            get(state::deactivate_form).post(state::deactivate),
        )
}
