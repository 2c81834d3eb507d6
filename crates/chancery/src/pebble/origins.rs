//! URLs as Pebble makes them: at whatever host the request was sent to.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};

use acme::problem::{CONTENT_TYPE, Kind, Problem};
use axum::Router;
use axum::extract::Request;
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use flow::App;
use tower::{ServiceExt as _, service_fn};

/// Hosts that are remembered; there are as many names as a test suite has for this machine.
const HOSTS: usize = 64;

#[derive(Clone)]
struct Origins {
    app: App,
    routers: Arc<Mutex<HashMap<String, Router>>>,
}

/// The ACME server at the origin of each request. It refuses so many of 100 good nonces, because every client has to cope
/// with that (RFC 8555 §6.5).
pub(super) fn router(app: App, refused_nonces_percent: u8) -> Router {
    let origins = Origins {
        app,
        routers: Arc::default(),
    };
    Router::new().fallback_service(service_fn(move |request: Request| {
        let router = origins.of(&request);
        let refuses =
            request.method() == Method::POST && happens(&origins.app, refused_nonces_percent);
        let refusal = refuses.then(|| bad_nonce(&origins.app));
        async move {
            match refusal {
                Some(refusal) => Ok(refusal),
                None => answer(router, request).await,
            }
        }
    }))
}

/// Throws a die: answers `true` in `percent` of 100 cases.
fn happens(app: &App, percent: u8) -> bool {
    let mut bytes = [0_u8; 4];
    app.random().fill(&mut bytes);
    u32::from_be_bytes(bytes) % 100 < u32::from(percent)
}

fn bad_nonce(app: &App) -> Response {
    let problem = Problem::new(
        Kind::BadNonce,
        "this nonce is refused for practice; try again",
    );
    let headers = [
        (header::CONTENT_TYPE.as_str(), CONTENT_TYPE.to_owned()),
        ("replay-nonce", app.issue_nonce()),
    ];
    (StatusCode::BAD_REQUEST, headers, problem.to_json()).into_response()
}

async fn answer(router: Router, request: Request) -> Result<Response, Infallible> {
    router.oneshot(request).await
}

impl Origins {
    fn of(&self, request: &Request) -> Router {
        let host = host(request).unwrap_or_default();
        let mut routers = self.routers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(router) = routers.get(host) {
            return router.clone();
        }
        let app = self.app.clone();
        let router = match host {
            "" => web::acme::router(app),
            host => web::acme::router_at(app, &format!("https://{host}")),
        };
        if routers.len() < HOSTS {
            routers.insert(host.to_owned(), router.clone());
        }
        router
    }
}

/// From the `Host` header, in HTTP/2 from `:authority`.
pub(super) fn host(request: &Request) -> Option<&str> {
    let header = request.headers().get(header::HOST);
    let authority = request
        .uri()
        .authority()
        .map(axum::http::uri::Authority::as_str);
    authority.or_else(|| header?.to_str().ok())
}
