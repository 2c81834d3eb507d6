//! For operators and other nodes, on a listener of its own that the public cannot reach: health, figures,
//! and the redemption of nonces that this node gave out (security S-70).

use std::fmt::Write as _;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use flow::App;
use flow::issuance::redeem_nonce::redeem_own_nonce;
use flow::operations::health;

use crate::request::counter;

/// `/healthz`, `/metrics` and `/nonce`.
pub fn router(app: App) -> Router {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/metrics", get(metrics))
        .route("/nonce", post(redeem))
        .with_state(app)
}

/// Healthy is a node whose database answers.
async fn healthz(State(app): State<App>) -> Response {
    match health::ping(&app).await {
        Ok(()) => (StatusCode::OK, "ok\n").into_response(),
        Err(error) => {
            tracing::warn!(error = %error, "health check failed");
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "the database does not answer\n",
            )
                .into_response()
        }
    }
}

/// Prometheus text format, version 0.0.4.
async fn metrics(State(app): State<App>) -> Response {
    let counters = health::counters(&app);
    let mut text = String::with_capacity(1024);
    for (name, help, value) in [
        (
            "chancery_store_statements_total",
            "SQL statements run.",
            counters.statements,
        ),
        (
            "chancery_store_commits_total",
            "Commits of the database.",
            counters.commits,
        ),
        (
            "chancery_store_rows_total",
            "Rows changed and committed; SQLite only.",
            counters.rows,
        ),
        (
            "chancery_store_transactions_total",
            "Write transactions.",
            counters.transactions,
        ),
        (
            "chancery_store_undone_total",
            "Shared transactions that were undone because of one of their parts.",
            counters.undone,
        ),
        (
            "chancery_acme_requests_total",
            "Requests to ACME resources.",
            counter::acme(),
        ),
    ] {
        // Writing to a String cannot fail.
        let _written = writeln!(
            text,
            "# HELP {name} {help}\n# TYPE {name} counter\n{name} {value}"
        );
    }
    let content_type = HeaderValue::from_static("text/plain; version=0.0.4");
    ([(header::CONTENT_TYPE, content_type)], text).into_response()
}

/// A nonce is a bearer secret that its holder may use up; another node asks for that and no more.
async fn redeem(State(app): State<App>, nonce: String) -> StatusCode {
    if redeem_own_nonce(&app, nonce.trim()) {
        StatusCode::OK
    } else {
        StatusCode::GONE
    }
}
