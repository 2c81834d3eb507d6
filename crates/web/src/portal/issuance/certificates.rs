//! Issued certificates.

mod download;
pub(crate) mod length;
pub mod list;
pub mod revoke;
pub mod show;
pub mod table;

use crate::portal::gate::permitted::{RevokeCertificates, ViewCertificates};
use crate::portal::table::Table;

pub(super) fn routes() -> Table {
    Table::default()
        .get("/certificates", ViewCertificates, list::list)
        .get("/certificates/{id}", ViewCertificates, show::show)
        .get(
            "/certificates/{id}/{file}",
            ViewCertificates,
            download::fetch,
        )
        .get(
            "/certificates/{id}/revoke",
            RevokeCertificates,
            revoke::form,
        )
        .post(
            "/certificates/{id}/revoke",
            RevokeCertificates,
            revoke::submit,
        )
}
