//! Forms that change something. The anti-forgery token and the origin are proved before a handler
//! sees a field (security S-24).

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
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
    let place = request.extensions().get::<Client>();
    let place = place.and_then(|client| client.place.clone());
    let is_own = match &place {
        // Only from pages of the same host name, be it of the same reseller.
        Some(place) => is_same_origin(request.headers(), std::slice::from_ref(&place.origin)),
        None => is_same_origin(request.headers(), &portal.own_origins),
    };
    if !is_own {
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

/// The origins of the portal's own pages: its URL as the settings have it, whatever a request says in Host. A portal of this
/// machine alone is reached by each of its names.
pub(crate) fn own_origins(url: &str) -> Vec<String> {
    let Some((scheme, host, port)) = parts(url) else {
        return vec![url.to_owned()];
    };
    let hosts = names(host);
    let port = match (scheme.as_str(), port) {
        ("https", Some(443)) | ("http", Some(80)) | (_, None) => String::new(),
        (_, Some(port)) => format!(":{port}"),
    };
    let origins = hosts.iter().map(|host| format!("{scheme}://{host}{port}"));
    origins.collect()
}

/// The host names of the portal's own URL.
pub(crate) fn own_hosts(url: &str) -> Vec<String> {
    parts(url).map_or_else(Vec::new, |(_, host, _)| names(host))
}

fn names(host: String) -> Vec<String> {
    let is_local = LOOPBACK.contains(&host.as_str());
    if is_local {
        LOOPBACK.map(str::to_owned).to_vec()
    } else {
        vec![host]
    }
}

/// The names by which a machine reaches itself.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

fn parts(url: &str) -> Option<(String, String, Option<u16>)> {
    let url: Uri = url.parse().ok()?;
    let host = url.host()?.to_ascii_lowercase();
    Some((url.scheme_str()?.to_owned(), host, url.port_u16()))
}

/// Browsers say where a request came from; what says nothing has the token to convince with.
///
/// A page without referrer sends `Origin: null`; then only `Sec-Fetch-Site` tells.
fn is_same_origin(headers: &HeaderMap, own: &[String]) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    match (text("sec-fetch-site"), text("origin")) {
        (Some("same-origin" | "none"), Some("null"))
        | (None | Some("same-origin" | "none"), None) => true,
        (None | Some("same-origin" | "none"), Some(claimed)) => {
            own.iter().any(|own| own == claimed)
        }
        (Some(_), _) => false,
    }
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
        let found = is_same_origin(&headers, &own_origins("https://portal.example"));
        assert_eq!(found, expected, "{given:?}");
    }

    #[test]
    fn l3_an_origin_is_good_by_the_url_of_the_portal_and_not_by_host() {
        let from = |origin: &'static str| [("host", "evil.example"), ("origin", origin)];
        check(&from("https://evil.example"), false);
        check(&from("https://portal.example"), true);
        check(&from("http://portal.example"), false);
        check(&from("https://portal.example:8443"), false);
    }

    #[test]
    fn l3_a_portal_of_this_machine_has_each_of_its_names() {
        let local = [
            "https://localhost:8443",
            "https://127.0.0.1:8443",
            "https://[::1]:8443",
        ];
        assert_eq!(own_origins("https://127.0.0.1:8443"), local);
        assert_eq!(own_origins("https://localhost:8443"), local);
        let usual = ["https://portal.example"];
        assert_eq!(own_origins("https://Portal.example:443"), usual);
        assert_eq!(
            own_origins("http://a.example:8080"),
            ["http://a.example:8080"]
        );
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
    }
}
