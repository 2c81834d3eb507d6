//! The certificate resource: a PEM chain (RFC 8555 §7.4.2, §9.1).

use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use base::CertificateId;
use flow::App;
use flow::issuance::download::download;

use super::problem::Refusal;
use super::signed::Signed;

pub(crate) async fn certificate(
    State(app): State<App>,
    Path(id): Path<String>,
    signed: Signed,
) -> Result<Response, Refusal> {
    signed.payload.expect_post_as_get()?;
    let id = CertificateId::from_suffix(&id).map_err(|_| Refusal::not_found())?;
    let chain = download(&app, &signed.account, id)
        .await?
        .ok_or_else(Refusal::not_found)?;
    let content_type = HeaderValue::from_static("application/pem-certificate-chain");
    Ok(([(header::CONTENT_TYPE, content_type)], chain).into_response())
}
