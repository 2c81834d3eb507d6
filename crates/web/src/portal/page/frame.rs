//! How answers are made: pages, redirects with a message, cookies.

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use base::Class;

use super::cookie;
use super::part::Tone;
use super::refused::Refusal;
use super::shell::Flash;
use crate::request::measure::RefusedFor;

/// What handlers give.
pub(crate) type Answer = Result<Response, Refusal>;

/// A page.
pub(crate) fn page(view: &impl Template) -> Answer {
    let text = view.render().map_err(Refusal::internal)?;
    Ok(Html(text).into_response())
}

/// A page that shows a secret or stands at an address that is one: no other page is told where it was left from (security
/// S-25).
pub(crate) fn secret_page(view: &impl Template) -> Answer {
    let mut response = page(view)?;
    let no_referrer = HeaderValue::from_static("no-referrer");
    let headers = response.headers_mut();
    headers.insert(header::REFERRER_POLICY, no_referrer);
    Ok(response)
}

/// A form again, with its values and what is wrong with them.
pub(crate) fn refused_form(view: &impl Template) -> Answer {
    let mut response = page(view)?;
    *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    let code = RefusedFor(Class::Invalid.as_str());
    response.extensions_mut().insert(code);
    Ok(response)
}

/// To another page, after something was done there.
pub(crate) fn done(to: &str, message: &str) -> Response {
    with_flash(to, Tone::Good, message)
}

/// To another page, which tells why something was not done.
pub(crate) fn not_done(to: &str, message: &str) -> Response {
    with_flash(to, Tone::Bad, message)
}

pub(crate) fn add_cookie(response: &mut Response, cookie: &str) {
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
