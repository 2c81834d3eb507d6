//! The ACME door (RFC 8555): one directory, its resources, and what every answer carries.

mod account;
mod authorization;
mod certificate;
mod directory;
mod order;
mod problem;
mod respond;
mod revocation;
mod signed;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderValue, Method, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post};
use flow::App;

use self::respond::REPLAY_NONCE;
use crate::request::counter;

/// No ACME request is larger: an order of 100 names is under 10 KiB, a CSR under 60.
const MAX_BODY: usize = 128 * 1024;

/// The resources of the directory at the paths that the settings name.
pub fn router(app: App) -> Router {
    let paths = app.settings.paths.clone();
    let with_id = |path: &str| format!("{path}{{id}}");
    Router::new()
        .route(
            &paths.directory,
            get(directory::directory).post(directory::directory_as_post),
        )
        .route(
            &paths.new_nonce,
            get(directory::new_nonce).post(directory::new_nonce_as_post),
        )
        .route(&paths.new_account, post(account::new_account))
        .route(&with_id(&paths.account), post(account::account))
        .route(&paths.key_change, post(account::key_change))
        .route(&with_id(&paths.orders), post(order::orders))
        .route(&paths.new_order, post(order::new_order))
        .route(&with_id(&paths.order), post(order::order))
        .route(&with_id(&paths.finalize), post(order::finalize))
        .route(
            &with_id(&paths.authorization),
            post(authorization::authorization),
        )
        .route(
            &format!("{}/{{type}}", with_id(&paths.challenge)),
            post(authorization::challenge),
        )
        .route(&with_id(&paths.certificate), post(certificate::certificate))
        .route(
            &format!("{}/{{number}}", with_id(&paths.certificate)),
            post(certificate::alternate),
        )
        .route(
            &paths.revoke_certificate,
            post(revocation::revoke_certificate),
        )
        .fallback(directory::not_found)
        .method_not_allowed_fallback(directory::method_not_allowed)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(middleware::from_fn_with_state(Finish::new(&app), finish))
        .with_state(app)
}

/// What every answer needs, made once.
#[derive(Clone)]
struct Finish {
    app: App,
    index: Option<HeaderValue>,
}

impl Finish {
    fn new(app: &App) -> Self {
        let index = format!("<{}>;rel=\"index\"", app.urls().directory());
        Self {
            app: app.clone(),
            index: HeaderValue::from_str(&index).ok(),
        }
    }
}

/// Gives every answer its `Link: rel="index"`, keeps it out of caches, and gives the answers to POST
/// requests, good or bad, a nonce for the next one (RFC 8555 §6.5, §7.1).
async fn finish(State(finish): State<Finish>, request: Request, next: Next) -> Response {
    counter::count_acme();
    let wants_nonce = request.method() == Method::POST;
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    if wants_nonce && let Ok(nonce) = HeaderValue::from_str(&finish.app.nonces.issue()) {
        headers.insert(REPLAY_NONCE, nonce);
    }
    if let Some(index) = finish.index {
        headers.append(header::LINK, index);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
