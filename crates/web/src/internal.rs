//! For operators and other nodes, on a listener of its own that the public cannot reach: health, figures,
//! and the redemption of nonces that this node gave out (security S-70).

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use flow::App;
use flow::issuance::redeem_nonce::redeem_own_nonce;
use flow::memory::measures::{DoorName, Measures};
use flow::operations::health;

use crate::request::measure::{Measure, RefusedFor};

const HEALTH: &str = "/healthz";
const METRICS: &str = "/metrics";
const NONCE: &str = "/nonce";

/// `/healthz`, `/metrics` and `/nonce`.
pub fn router(app: App) -> Router {
    let measure = Measure::by_patterns(&app, DoorName::Internal, [HEALTH, METRICS, NONCE]);
    Router::new()
        .route(HEALTH, get(healthz))
        .route(METRICS, get(metrics))
        .route(NONCE, post(redeem))
        .layer(measure)
        .with_state(app)
}

/// Healthy is a node whose database answers and takes changes.
async fn healthz(State(app): State<App>) -> Response {
    match health::check(&app).await {
        Ok(()) => (StatusCode::OK, "ok\n").into_response(),
        Err(error) => {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            tracing::warn!(error = %error, cause, "health check failed");
            (StatusCode::SERVICE_UNAVAILABLE, format!("{error}\n")).into_response()
        }
    }
}

/// What this node counts and times; docs/metrics.md says what each figure means.
async fn metrics(State(app): State<App>) -> Response {
    let content_type = HeaderValue::from_static(Measures::CONTENT_TYPE);
    let text = health::measures(&app).text();
    ([(header::CONTENT_TYPE, content_type)], text).into_response()
}

/// A nonce is a bearer secret that its holder may use up; another node asks for that and no more.
async fn redeem(State(app): State<App>, nonce: String) -> Response {
    if redeem_own_nonce(&app, nonce.trim()) {
        StatusCode::OK.into_response()
    } else {
        (StatusCode::GONE, Extension(RefusedFor("bad_nonce"))).into_response()
    }
}
