//! How answers are made: pages, redirects with a message, cookies.

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};

use super::cookie;
use super::error::Refusal;
use super::view::{Flash, Tone};

/// What handlers give.
pub(super) type Answer = Result<Response, Refusal>;

/// A page.
pub(super) fn page(view: &impl Template) -> Answer {
    let text = view.render().map_err(Refusal::internal)?;
    Ok(Html(text).into_response())
}

/// A form again, with its values and what is wrong with them.
pub(super) fn refused_form(view: &impl Template) -> Answer {
    let mut response = page(view)?;
    *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    Ok(response)
}

/// To another page, after something was done there.
pub(super) fn done(to: &str, message: &str) -> Response {
    with_flash(to, Tone::Good, message)
}

/// To another page, which tells why something was not done.
pub(super) fn not_done(to: &str, message: &str) -> Response {
    with_flash(to, Tone::Bad, message)
}

pub(super) fn add_cookie(response: &mut Response, cookie: &str) {
    // All our cookies are ASCII.
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}

fn with_flash(to: &str, tone: Tone, message: &str) -> Response {
    let mut response = Redirect::to(to).into_response();
    let flash = Flash {
        tone,
        text: message.to_owned(),
    };
    add_cookie(&mut response, &cookie::set_flash(&flash));
    response
}

/// The first letter in upper case and a full stop at the end: an error's message as a sentence.
pub(super) fn sentence(error: &impl std::fmt::Display) -> String {
    let text = error.to_string();
    let mut letters = text.chars();
    let first: String = letters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .collect();
    let end = if text.ends_with(['.', '!', '?']) {
        ""
    } else {
        "."
    };
    format!("{first}{}{end}", letters.as_str())
}

/// A path of this portal that a form or an address named, or the dashboard (security S-28).
pub(super) fn local_path(text: &str) -> &str {
    let first = text
        .strip_prefix('/')
        .and_then(|rest| rest.split(['/', '?', '#']).next());
    let is_known = matches!(
        first,
        Some("" | "accounts" | "activity" | "certificates" | "domains" | "settings")
    );
    let is_plain = text
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if is_known && is_plain && !text.starts_with("//") {
        text
    } else {
        "/"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(local_path(text), expected, "{text}");
    }

    #[test]
    fn s28_redirects_stay_in_the_portal() {
        check("/domains?q=a&after=b", "/domains?q=a&after=b");
        check("/accounts/0abc/credentials", "/accounts/0abc/credentials");
        check("/", "/");
        check("/?x", "/?x");
        for foreign in [
            "",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example/",
            "/sign-out",
            "/domains\r\nx: y",
            "/../x",
            "domains",
        ] {
            check(foreign, "/");
        }
    }

    #[test]
    fn messages_become_sentences() {
        assert_eq!(sentence(&"the label is long"), "The label is long.");
        assert_eq!(sentence(&""), ".");
    }
}
