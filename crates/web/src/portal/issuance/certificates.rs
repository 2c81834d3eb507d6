//! Issued certificates.

mod download;
pub mod list;
pub mod revoke;
pub mod show;
pub mod table;

use axum::Router;
use axum::routing::get;
use flow::issuance::list_certificates::CertificateError;

use crate::portal::page::refused::Refusal;
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

impl From<CertificateError> for Refusal {
    fn from(error: CertificateError) -> Self {
        match error {
            CertificateError::Certificate(..) => Self::internal(error),
            CertificateError::Store(error) => Self::Store(error),
        }
    }
}
