//! The certificate resource: PEM chains, the preferred one and those that lead to other roots (RFC 8555 §7.4.2,
//! §9.1).

use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use base::CertificateId;
use flow::App;
use flow::issuance::download::download;
use serde::Deserialize;

use super::door::ById;
use super::problem::Refusal;
use super::signed::Signed;

pub(crate) async fn certificate(
    State(app): State<App>,
    Path(ById { id }): Path<ById>,
    signed: Signed,
) -> Result<Response, Refusal> {
    chain(&app, &signed, &id, 0).await
}

/// A chain in a path.
#[derive(Deserialize)]
pub(crate) struct Numbered {
    id: String,
    number: String,
}

pub(crate) async fn alternate(
    State(app): State<App>,
    Path(Numbered { id, number }): Path<Numbered>,
    signed: Signed,
) -> Result<Response, Refusal> {
    // Number 0 has a URL without it, and no chain has two.
    let parsed = number.parse::<usize>().ok();
    let number = parsed.filter(|parsed| *parsed > 0 && parsed.to_string() == number);
    let number = number.ok_or_else(Refusal::not_found)?;
    chain(&app, &signed, &id, number).await
}

async fn chain(app: &App, signed: &Signed, id: &str, number: usize) -> Result<Response, Refusal> {
    signed.payload.expect_post_as_get()?;
    let id = CertificateId::from_suffix(id).map_err(|_| Refusal::not_found())?;
    let found = download(app, &signed.caller, &signed.account, id, number)
        .await?
        .ok_or_else(Refusal::not_found)?;
    let content_type = HeaderValue::from_static("application/pem-certificate-chain");
    let mut response = ([(header::CONTENT_TYPE, content_type)], found.chain).into_response();
    for other in (0..found.chains).filter(|other| *other != number) {
        let url = signed.at.urls().certificate_chain(id, other);
        if let Ok(link) = HeaderValue::from_str(&format!("<{url}>;rel=\"alternate\"")) {
            response.headers_mut().append(header::LINK, link);
        }
    }
    Ok(response)
}
