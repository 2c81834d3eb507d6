//! What relying parties fetch over plain HTTP: CRLs and CA certificates (RFC 5280 §4.2.1.13, §4.2.2.1).

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base::CaId;
use flow::App;
use flow::issuance::publish_crl::newest;
use flow::memory::measures::DoorName;

use crate::request::measure::Measure;

const CRL: &str = "/crl/{file}";
const ISSUER: &str = "/issuer/{file}";

/// CRLs at `/crl/ISSUER.crl`, CA certificates at `/issuer/ISSUER.der`.
pub fn router(app: App) -> Router {
    let measure = Measure::by_patterns(&app, DoorName::Pki, [CRL, ISSUER]);
    Router::new()
        .route(CRL, get(crl))
        .route(ISSUER, get(issuer))
        .layer(measure)
        .with_state(app)
}

async fn crl(State(app): State<App>, Path(file): Path<String>) -> Response {
    let Some(id) = issuer_in(&file, ".crl") else {
        return StatusCode::NOT_FOUND.into_response();
    };
    match newest(&app, id).await {
        Ok(Some(crl)) => {
            let wait = crl.next_update.since(app.now()).as_secs().min(3600);
            let cache = format!("public, max-age={wait}");
            let headers = [
                (
                    header::CONTENT_TYPE,
                    HeaderValue::from_static("application/pkix-crl"),
                ),
                (
                    header::CACHE_CONTROL,
                    HeaderValue::from_str(&cache)
                        .unwrap_or_else(|_| HeaderValue::from_static("no-cache")),
                ),
            ];
            (headers, crl.der).into_response()
        }
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => {
            tracing::error!(error = %error, "could not read a CRL");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

async fn issuer(State(app): State<App>, Path(file): Path<String>) -> Response {
    let catalog = app.catalog();
    let Some(certificate) = issuer_in(&file, ".der").and_then(|id| catalog.certificate(id)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let content_type = HeaderValue::from_static("application/pkix-cert");
    let der = certificate.der().to_vec();
    ([(header::CONTENT_TYPE, content_type)], der).into_response()
}

fn issuer_in(file: &str, ending: &str) -> Option<CaId> {
    CaId::from_suffix(file.strip_suffix(ending)?).ok()
}
