//! Pebble's management listener: CA certificates and keys, and the status of certificates.

use axum::body::Bytes;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use flow::App;
use flow::caller::system;
use serde_json::json;
use store::issuance::certificate::{self, Status};

use super::authorities::{Authorities, Shown};
use super::origins::host;

#[derive(Clone)]
struct Known {
    app: App,
    authorities: Authorities,
}

/// What is numbered: where it stands, what it lists, which part of it, of what type.
#[derive(Clone, Copy)]
struct Collection {
    path: &'static str,
    list: fn(&Authorities) -> &[Shown],
    part: fn(&Shown) -> &str,
    content_type: &'static str,
}

const CERTIFICATE: &str = "application/pem-certificate-chain; charset=utf-8";
const PRIVATE_KEY: &str = "application/x-pem-file; charset=utf-8";
const COLLECTIONS: [Collection; 4] = [
    Collection {
        path: "/roots/",
        list: roots,
        part: Shown::certificate,
        content_type: CERTIFICATE,
    },
    Collection {
        path: "/root-keys/",
        list: roots,
        part: Shown::private_key,
        content_type: PRIVATE_KEY,
    },
    Collection {
        path: "/intermediates/",
        list: intermediates,
        part: Shown::certificate,
        content_type: CERTIFICATE,
    },
    Collection {
        path: "/intermediate-keys/",
        list: intermediates,
        part: Shown::private_key,
        content_type: PRIVATE_KEY,
    },
];

/// `/roots/N`, `/root-keys/N`, `/intermediates/N`, `/intermediate-keys/N`, `/cert-status-by-serial/HEX`.
pub(super) fn router(app: App, authorities: Authorities) -> Router {
    let mut router = Router::new();
    for collection in COLLECTIONS {
        let answer = async move |State(known): State<Known>,
                                 Path(number): Path<String>,
                                 request: Request| {
            let origin = format!("https://{}", host(&request).unwrap_or("localhost"));
            collection.answer(&known.authorities, &number, &origin)
        };
        router = router.route(&format!("{}{{number}}", collection.path), get(answer));
    }
    router
        .route("/cert-status-by-serial/{serial}", get(status))
        .route("/set-renewal-info/", post(set_renewal_info))
        .with_state(Known { app, authorities })
}

impl Collection {
    /// One of it, with links to the others.
    fn answer(self, authorities: &Authorities, number: &str, origin: &str) -> Response {
        let list = (self.list)(authorities);
        let number = number.parse().unwrap_or(usize::MAX);
        let Some(shown) = list.get(number) else {
            return StatusCode::NOT_FOUND.into_response();
        };
        let content_type = [(header::CONTENT_TYPE, self.content_type)];
        let mut response = (content_type, (self.part)(shown).to_owned()).into_response();
        for other in (0..list.len()).filter(|other| *other != number) {
            let link = format!("<{origin}{}{other}>;rel=\"alternate\"", self.path);
            if let Ok(link) = HeaderValue::from_str(&link) {
                response.headers_mut().append(header::LINK, link);
            }
        }
        response
    }
}

fn roots(known: &Authorities) -> &[Shown] {
    &known.roots
}

fn intermediates(known: &Authorities) -> &[Shown] {
    &known.intermediates
}

async fn status(State(known): State<Known>, Path(serial): Path<String>) -> Response {
    let serial = serial.to_ascii_lowercase();
    let store = known
        .app
        .store(system("whoever runs a test server may ask"));
    let found = store.read(serial.clone(), certificate::by_serial).await;
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
