//! Forms that change something. The anti-forgery token and the origin are proved before a handler
//! sees a field (security S-24).

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Uri, header};
use flow::caller::Client;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tenancy::session::{self, is_csrf_token};
use tenancy::token::Token;

use crate::portal::page::cookie;
use crate::portal::page::refused::Refusal;
use crate::portal::state::Portal;

/// The largest form: a thousand names of the greatest length, percent-encoded.
const MAX_BODY: usize = 512 * 1024;
/// The largest form of a visitor: an address and a password.
const MAX_VISITOR_BODY: usize = 4 * 1024;

/// The fields of a form of a signed-in person; after `Permitted` in a handler's arguments.
pub(crate) struct Form<T>(pub(crate) T);

/// The fields of the sign-in form, which is proved by the visitor's own cookie.
pub(crate) struct VisitorForm<T>(pub(crate) T);

/// A form without fields of its own.
#[derive(Deserialize)]
pub(crate) struct Nothing {}

#[derive(Deserialize)]
struct Proof {
    #[serde(default)]
    csrf: String,
}

impl<T: DeserializeOwned> FromRequest<Portal> for Form<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, portal: &Portal) -> Result<Self, Refusal> {
        let token = cookie::read(request.headers(), session::COOKIE_NAME).and_then(Token::parse);
        proved(request, portal, token, MAX_BODY).await.map(Self)
    }
}

impl<T: DeserializeOwned> FromRequest<Portal> for VisitorForm<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, portal: &Portal) -> Result<Self, Refusal> {
        let token = cookie::visitor(request.headers());
        let limit = MAX_VISITOR_BODY;
        proved(request, portal, token, limit).await.map(Self)
    }
}

async fn proved<T: DeserializeOwned>(
    request: Request,
    portal: &Portal,
    token: Option<Token>,
    limit: usize,
) -> Result<T, Refusal> {
    if !is_same_origin(request.headers(), &portal.origin) {
        return Err(Refusal::StaleForm);
    }
    let token = token.ok_or(Refusal::StaleForm)?;
    let (parts, body) = request.into_parts();
    let client = parts.extensions.get::<Client>().and_then(Client::network);
    let body = portal.bodies.read(body, limit, client);
    let body = body.await.map_err(Refusal::Unread)?;
    let proof: Proof = fields(body.clone()).await?;
    if !is_csrf_token(&token, &proof.csrf) {
        return Err(Refusal::StaleForm);
    }
    fields(body).await
}

async fn fields<T: DeserializeOwned>(body: Bytes) -> Result<T, Refusal> {
    let request = http::Request::post("/")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(body))
        .map_err(Refusal::internal)?;
    let form = axum::Form::<T>::from_request(request, &()).await;
    form.map(|form| form.0).map_err(|_| Refusal::StaleForm)
}

/// Browsers say where a request came from; what says nothing has the token to convince with.
///
/// A page without referrer sends `Origin: null`; then only `Sec-Fetch-Site` tells.
fn is_same_origin(headers: &HeaderMap, origin: &str) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    match (text("sec-fetch-site"), text("origin")) {
        (Some("same-origin" | "none"), Some("null"))
        | (None | Some("same-origin" | "none"), None) => true,
        (None | Some("same-origin" | "none"), Some(claimed)) => {
            claimed == origin || is_host(claimed, origin, text("host"))
        }
        (Some(_), _) => false,
    }
}

/// A portal may be reached by names that its settings do not know, as through a tunnel, but not by
/// another scheme.
fn is_host(claimed: &str, origin: &str, host: Option<&str>) -> bool {
    let scheme = |url: &str| url.split_once("://").map(|(scheme, _)| scheme.to_owned());
    let parsed = claimed.parse::<Uri>().ok();
    let authority = parsed.as_ref().and_then(Uri::authority);
    scheme(claimed) == scheme(origin)
        && authority
            .map(Authority::as_str)
            .is_some_and(|claimed| Some(claimed) == host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(given: &[(&'static str, &str)], expected: bool) {
        let mut headers = HeaderMap::new();
        for (name, value) in given {
            headers.insert(*name, value.parse().unwrap());
        }
        let found = is_same_origin(&headers, "https://portal.example");
        assert_eq!(found, expected, "{given:?}");
    }

    #[test]
    fn s24_another_name_is_good_by_the_same_scheme_only() {
        let from = |origin: &'static str| [("host", "tunnel.example"), ("origin", origin)];
        check(&from("https://tunnel.example"), true);
        check(&from("http://tunnel.example"), false);
        check(&from("https://other.example"), false);
    }

    #[test]
    fn s24_forms_of_other_sites_are_refused() {
        check(&[], true);
        check(&[("origin", "https://portal.example")], true);
        check(&[("origin", "https://evil.example")], false);
        check(&[("origin", "null")], false);
        check(
            &[("origin", "null"), ("sec-fetch-site", "same-origin")],
            true,
        );
        check(&[("sec-fetch-site", "cross-site")], false);
        check(&[("sec-fetch-site", "same-site")], false);
        check(
            &[
                ("origin", "https://portal.example"),
                ("sec-fetch-site", "same-site"),
            ],
            false,
        );
        check(
            &[
                ("origin", "https://127.0.0.1:8443"),
                ("host", "127.0.0.1:8443"),
            ],
            true,
        );
        check(
            &[
                ("origin", "https://evil.example"),
                ("host", "127.0.0.1:8443"),
            ],
            false,
        );
    }
}
