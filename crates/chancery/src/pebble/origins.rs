//! URLs as Pebble makes them: at whatever host the request was sent to.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::Request;
use axum::http::header;
use axum::response::Response;
use flow::App;
use tower::{ServiceExt as _, service_fn};

/// Hosts that are remembered; there are as many names as a test suite has for this machine.
const HOSTS: usize = 64;

#[derive(Clone)]
struct Origins {
    app: App,
    routers: Arc<Mutex<HashMap<String, Router>>>,
}

/// The ACME server at the origin of each request.
pub(super) fn router(app: App) -> Router {
    let origins = Origins {
        app,
        routers: Arc::default(),
    };
    Router::new().fallback_service(service_fn(move |request: Request| {
        let router = origins.of(&request);
        async move { answer(router, request).await }
    }))
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
        let app = match host {
            "" => self.app.clone(),
            host => self.app.under_origin(&format!("https://{host}")),
        };
        let router = web::acme::router(app);
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
