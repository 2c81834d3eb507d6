//! What every answer carries: the name of the request, and that nothing is stored on the way; and a problem document for
//! every refusal.

use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use base::RequestId;
use flow::App;

use super::problem::Refusal;
use crate::request::client::{REQUEST_ID, client_of};
use crate::request::measure::RefusedFor;

/// Runs around every request.
pub(super) async fn finish(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let id = RequestId::generate(app.now(), app.random());
    let client = client_of(&request, id);
    request.extensions_mut().insert(client);
    let id = id.to_string();
    let mut response = next.run(request).await;
    if let Some(refusal) = response.extensions_mut().remove::<Refusal>() {
        let code = response.extensions_mut().remove::<RefusedFor>();
        let allow = response.headers_mut().remove(header::ALLOW);
        response = refusal.answer(&id);
        if let Some(code) = code {
            response.extensions_mut().insert(code);
        }
        if let Some(allow) = allow {
            response.headers_mut().insert(header::ALLOW, allow);
        }
    }
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::try_from(id) {
        headers.insert(REQUEST_ID, id);
    }
    let no_store = HeaderValue::from_static("no-store");
    headers.insert(header::CACHE_CONTROL, no_store);
    let no_sniff = HeaderValue::from_static("nosniff");
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, no_sniff);
    response
}
