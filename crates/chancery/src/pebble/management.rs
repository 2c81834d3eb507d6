//! Pebble's management listener: CA certificates and keys, and the status of certificates.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use flow::App;
use serde_json::json;
use store::certificate::Status;

use super::authorities::{Authorities, Shown};

#[derive(Clone)]
struct Known {
    app: App,
    authorities: Authorities,
}

/// What is numbered, and which part of it a resource shows.
type Show = (fn(&Authorities) -> &[Shown], fn(&Shown) -> &str);

/// `/roots/N`, `/root-keys/N`, `/intermediates/N`, `/intermediate-keys/N`, `/cert-status-by-serial/HEX`.
pub(super) fn router(app: App, authorities: Authorities) -> Router {
    let shown: [(&str, Show); 4] = [
        ("/roots/{number}", (roots, Shown::certificate)),
        ("/root-keys/{number}", (roots, Shown::private_key)),
        (
            "/intermediates/{number}",
            (intermediates, Shown::certificate),
        ),
        (
            "/intermediate-keys/{number}",
            (intermediates, Shown::private_key),
        ),
    ];
    let mut router = Router::new();
    for (path, (list, part)) in shown {
        let answer = async move |State(known): State<Known>, Path(number): Path<String>| {
            let number = number.parse().unwrap_or(usize::MAX);
            pem(list(&known.authorities).get(number).map(part))
        };
        router = router.route(path, get(answer));
    }
    router
        .route("/cert-status-by-serial/{serial}", get(status))
        .route("/set-renewal-info/", post(set_renewal_info))
        .with_state(Known { app, authorities })
}

fn roots(known: &Authorities) -> &[Shown] {
    &known.roots
}

fn intermediates(known: &Authorities) -> &[Shown] {
    &known.intermediates
}

fn pem(text: Option<&str>) -> Response {
    let Some(text) = text else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let content_type = "application/pem-certificate-chain; charset=utf-8";
    ([(header::CONTENT_TYPE, content_type)], text.to_owned()).into_response()
}

async fn status(State(known): State<Known>, Path(serial): Path<String>) -> Response {
    let serial = serial.to_ascii_lowercase();
    let found = known
        .app
        .store
        .read(serial.clone(), |tx, serial| {
            Box::pin(store::certificate::by_serial(tx, serial))
        })
        .await;
    let certificate = match found {
        Ok(Some(certificate)) => certificate,
        Ok(None) => return StatusCode::NOT_FOUND.into_response(),
        Err(error) => {
            tracing::error!(error = %error, "could not read a certificate");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    let pem = pki::pem::encode_chain([certificate.der.as_slice()]);
    match certificate.status {
        Status::Intended => StatusCode::NOT_FOUND.into_response(),
        Status::Issued => {
            Json(json!({ "Certificate": pem, "Serial": serial, "Status": "Valid" })).into_response()
        }
        Status::Revoked => Json(json!({
            "Certificate": pem,
            "Reason": certificate.revocation_reason.unwrap_or(0),
            "RevokedAt": certificate.revoked_at.map(|time| time.to_string()),
            "Serial": serial,
            "Status": "Revoked",
        }))
        .into_response(),
    }
}

/// Renewal information (RFC 9773) is not served yet, so that it cannot be set either. The body is read so that
/// the client is not cut off while it sends.
async fn set_renewal_info(_body: Bytes) -> (StatusCode, &'static str) {
    (
        StatusCode::NOT_IMPLEMENTED,
        "renewal information is not supported yet\n",
    )
}
