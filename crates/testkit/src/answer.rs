//! What the server answered, taken apart for assertions.

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::Value;

/// A whole response.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Answer {
    /// Reads a response to its end.
    pub async fn read(response: Response<Body>) -> Self {
        let (head, body) = response.into_parts();
        let body = body.collect().await.expect("a body").to_bytes();
        Self {
            status: head.status,
            headers: head.headers,
            body,
        }
    }

    /// The first header of this name, or nothing.
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default()
    }

    /// The target of the `Link` header with this relation.
    pub fn link(&self, relation: &str) -> Option<String> {
        let ending = format!(">;rel=\"{relation}\"");
        let links = self.headers.get_all("link").iter();
        links
            .filter_map(|value| value.to_str().ok())
            .find_map(|link| {
                link.strip_suffix(&ending)?
                    .strip_prefix('<')
                    .map(str::to_owned)
            })
    }

    /// The body as text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("a text")
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error} in {}: {}", self.status, self.text()))
    }

    /// One member of the body, which is text.
    #[track_caller]
    pub fn member(&self, name: &str) -> String {
        let json = self.json();
        let value = json.get(name).and_then(Value::as_str);
        value
            .unwrap_or_else(|| panic!("no \"{name}\" in {json}"))
            .to_owned()
    }

    /// The answer, if it has this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        self
    }

    /// The problem document as it was sent, with identifiers replaced by their kind.
    #[track_caller]
    pub fn problem(&self) -> String {
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{}",
            self.text()
        );
        let json = self.json();
        assert_eq!(
            json.get("status"),
            Some(&Value::from(self.status.as_u16())),
            "{json}"
        );
        without_identifiers(self.text())
    }

    /// The problem document in the member "error" of an order or challenge.
    #[track_caller]
    pub fn error(&self) -> String {
        let error = self.json().get("error").cloned().unwrap_or_default();
        let problem: acme::Problem = serde_json::from_value(error).expect("a problem document");
        without_identifiers(&problem.to_json())
    }

    /// The last part of the problem's type.
    #[track_caller]
    pub fn problem_type(&self) -> String {
        let urn = self.member("type");
        urn.rsplit(':').next().unwrap_or_default().to_owned()
    }
}

/// Identifiers differ from run to run: 26 characters of ours, 22 of an EAB key ID.
fn without_identifiers(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut word = String::new();
    for c in text.chars().chain([' ']) {
        if c.is_ascii_alphanumeric() || c == '_' || c == '-' {
            word.push(c);
            continue;
        }
        out.push_str(match word.len() {
            22 => "KEY-ID",
            26 => "ID",
            30 if word.starts_with("acc_") => "ACCOUNT",
            _ => &word,
        });
        word.clear();
        out.push(c);
    }
    out.pop();
    out
}
