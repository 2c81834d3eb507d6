//! A certificate as a file.

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::IntoResponse;
use base::CertificateId;
use flow::issuance::list_certificates::{Format, download};

use crate::portal::gate::permitted::{Permitted, ViewCertificates};
use crate::portal::page::frame::Answer;
use crate::portal::page::refused::Refusal;
use crate::portal::state::Portal;

pub(super) async fn fetch(
    who: Permitted<ViewCertificates>,
    State(portal): State<Portal>,
    Path((id, file)): Path<(String, String)>,
) -> Answer {
    let id = CertificateId::from_suffix(&id).map_err(|_| Refusal::NotFound)?;
    let (format, kind) = match file.as_str() {
        "chain.pem" => (Format::ChainPem, "application/pem-certificate-chain"),
        "leaf.der" => (Format::LeafDer, "application/pkix-cert"),
        "leaf.pem" => (Format::LeafPem, "application/pem-certificate-chain"),
        "root.pem" => (Format::RootPem, "application/pem-certificate-chain"),
        _ => return Err(Refusal::NotFound),
    };
    let found = download(&portal.app, &who.caller, id, format).await?;
    let found = found.ok_or(Refusal::NotFound)?;
    // An asterisk is no good in a file name.
    let name = found.name.replace('*', "wildcard");
    let disposition = format!("attachment; filename=\"{name}-{file}\"");
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, disposition),
    ];
    Ok((headers, found.bytes).into_response())
}
