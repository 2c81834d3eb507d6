//! What every answer carries: the headers that the pages are written for (security S-25, S-27), a
//! page for every refusal, and the end of a message that was shown.

use askama::Template as _;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use base::RequestId;
use flow::access::session;
use flow::caller::Client;
use tenancy::session::{COOKIE_NAME, csrf_token, set_cookie};
use tenancy::token::Token;

use super::cookie;
use super::face::{Face, place_of};
use super::frame::{add_cookie, not_done};
use super::refused::{ErrorKind, ErrorPage, Refusal};
use super::shell::{ActingBand, Shell, Theme};
use crate::portal::state::Portal;
use crate::request::client::{REQUEST_ID, client_of};
use crate::request::measure::RefusedFor;

/// Runs around every request.
pub(crate) async fn finish(
    State(portal): State<Portal>,
    mut request: Request,
    next: Next,
) -> Response {
    let id = RequestId::generate(portal.app.now(), portal.app.random());
    let (place, face) = place_of(&portal, &request);
    let client = Client {
        place,
        ..client_of(&request, id)
    };
    let is_get = request.method() == Method::GET;
    let asked = Asked {
        theme: cookie::theme(request.headers()),
        has_flash: cookie::flash(request.headers()).is_some(),
        path: if is_get {
            request.uri().to_string()
        } else {
            "/".to_owned()
        },
        request_id: id.to_string(),
        session: cookie::read(request.headers(), COOKIE_NAME).map(str::to_owned),
        client: client.clone(),
        face: face.clone(),
    };
    request.extensions_mut().insert(client);
    request.extensions_mut().insert(face);
    let mut response = next.run(request).await;
    let refusal = response.extensions_mut().remove::<Refusal>();
    // An address or query that is no text names nothing of ours.
    let is_unreadable = response.status() == StatusCode::BAD_REQUEST;
    if let Some(refusal) = refusal.or(is_unreadable.then_some(Refusal::NotFound)) {
        refusal.log(&asked.request_id);
        response = page(&portal, &refusal, &asked).await.unwrap_or(response);
        let code = RefusedFor(refusal.code());
        response.extensions_mut().insert(code);
    } else if asked.has_flash && is_page(response.headers()) {
        add_cookie(&mut response, &cookie::clear_flash());
    }
    if let Ok(id) = HeaderValue::from_str(&asked.request_id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    add_headers(response.headers_mut(), portal.origin.starts_with("https:"));
    response
}

/// What of a request its error page needs.
struct Asked {
    theme: Theme,
    has_flash: bool,
    path: String,
    request_id: String,
    /// What the cookie of a session holds.
    session: Option<String>,
    client: Client,
    face: Face,
}

async fn page(portal: &Portal, refusal: &Refusal, asked: &Asked) -> Option<Response> {
    if let Refusal::ActingOver { tenant, token } = refusal {
        return Some(acting_over(tenant, token.as_deref()));
    }
    let kind = refusal.kind()?;
    let mut shell = Shell::signed_out(&asked.face.name, kind.heading(), "", asked.theme);
    shell.contact.clone_from(&asked.face.contact);
    shell.path.clone_from(&asked.path);
    shell.acting = acting(portal, &mut shell.csrf, kind, asked).await;
    let page = ErrorPage {
        shell,
        kind,
        said: refusal.said(),
        request_id: if kind.status() >= 500 {
            asked.request_id.clone()
        } else {
            String::new()
        },
    };
    let status = StatusCode::from_u16(kind.status()).ok()?;
    let mut response = (status, Html(page.render().ok()?)).into_response();
    if let Some(seconds) = refusal.retry_after() {
        let headers = response.headers_mut();
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    Some(response)
}

/// Away from the tenant for which somebody's time is over.
fn acting_over(tenant: &str, token: Option<&Token>) -> Response {
    let message = format!("Your time to act as {tenant} is over. What you sent last was not done.");
    let mut response = not_done("/", &message);
    if let Some(token) = token {
        add_cookie(&mut response, &set_cookie(token));
    }
    response
}

/// As whom the person acts who gets an error page: it says so too, but where nothing can be looked up.
async fn acting(
    portal: &Portal,
    csrf: &mut String,
    kind: ErrorKind,
    asked: &Asked,
) -> Option<ActingBand> {
    let token = asked.session.as_deref().filter(|_| !kind.is_outage())?;
    let found = session::look_up(&portal.app, &asked.client, token).await;
    let found = found.ok().flatten()?;
    let band = ActingBand::of(&found)?;
    *csrf = csrf_token(&found.token);
    Some(band)
}

fn is_page(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
}

/// Adds what is missing: an answer may bring a stricter value of its own.
fn add_headers(headers: &mut HeaderMap, is_https: bool) {
    for (name, value) in PAGE_HEADERS {
        let name = HeaderName::from_static(name);
        if name == header::STRICT_TRANSPORT_SECURITY && !is_https {
            continue;
        }
        headers
            .entry(name)
            .or_insert_with(|| HeaderValue::from_static(value));
    }
}

/// Only our own files, no inline script or style, no framing, forms only to ourselves.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; \
     style-src 'self'; font-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; \
     base-uri 'none'; frame-ancestors 'none'; object-src 'none'";

/// Everything a page answer carries besides its type; name and value.
const PAGE_HEADERS: [(&str, &str); 6] = [
    ("content-security-policy", CONTENT_SECURITY_POLICY),
    ("cache-control", "no-store"),
    ("cross-origin-opener-policy", "same-origin"),
    ("referrer-policy", "same-origin"),
    (
        "strict-transport-security",
        "max-age=31536000; includeSubDomains",
    ),
    ("x-content-type-options", "nosniff"),
];
