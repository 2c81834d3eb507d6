//! The cookies of the portal. All have the `__Host-` prefix: bound to this host and to TLS
//! (security S-20). Only the session's own carries authority.

use axum::http::{HeaderMap, header};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use tenancy::token::Token;

use super::part::Tone;
use super::shell::{Flash, Theme};

/// Holds the token from which the sign-in form's anti-forgery token derives.
const VISITOR: &str = "__Host-chancery-visitor";
/// Holds the theme, so that pages without a session have it too.
const THEME: &str = "__Host-chancery-theme";
/// Holds one message for the next page.
const FLASH: &str = "__Host-chancery-flash";
/// Holds the token of a sign-in whose second factor is still to come, and where it leads.
const STEP: &str = "__Host-chancery-step";
/// Present when somebody switched the single-key shortcuts off.
const SHORTCUTS: &str = "__Host-chancery-shortcuts";

/// Holds what tells the browser that was sent to an identity provider.
const PROVIDER: &str = "__Host-chancery-provider";

const YEAR: &str = "Max-Age=31536000";
const HIDDEN: &str = "Path=/; Secure; HttpOnly; SameSite=Lax";

/// The value of a cookie of the request.
pub(crate) fn read<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

pub(crate) fn theme(headers: &HeaderMap) -> Theme {
    Theme::from_text(read(headers, THEME).unwrap_or_default())
}

pub(crate) fn set_theme(theme: Theme) -> String {
    format!("{THEME}={}; {HIDDEN}; {YEAR}", theme.as_str())
}

pub(crate) fn has_shortcuts(headers: &HeaderMap) -> bool {
    read(headers, SHORTCUTS) != Some("off")
}

pub(crate) fn set_shortcuts(are_on: bool) -> String {
    if are_on {
        format!("{SHORTCUTS}=; {HIDDEN}; Max-Age=0")
    } else {
        format!("{SHORTCUTS}=off; {HIDDEN}; {YEAR}")
    }
}

pub(crate) fn visitor(headers: &HeaderMap) -> Option<Token> {
    Token::parse(read(headers, VISITOR)?)
}

pub(crate) fn set_visitor(token: &Token) -> String {
    format!("{VISITOR}={}; {HIDDEN}", token.reveal())
}

/// The token of a sign-in whose second factor is still to come, and where it leads.
pub(crate) fn step(headers: &HeaderMap) -> Option<(String, String)> {
    let (token, next) = read(headers, STEP)?.split_once('.')?;
    let next = percent_decode_str(next).decode_utf8().ok()?;
    Some((token.to_owned(), next.into_owned()))
}

pub(crate) fn set_step(token: &Token, next: &str) -> String {
    let next = utf8_percent_encode(next, NON_ALPHANUMERIC);
    format!("{STEP}={}.{next}; {HIDDEN}; Max-Age=600", token.reveal())
}

pub(crate) fn clear_step() -> String {
    format!("{STEP}=; {HIDDEN}; Max-Age=0")
}

/// What tells the browser that was sent to an identity provider.
pub(crate) fn provider(headers: &HeaderMap) -> Option<Token> {
    Token::parse(read(headers, PROVIDER)?)
}

pub(crate) fn set_provider(token: &Token) -> String {
    format!("{PROVIDER}={}; {HIDDEN}; Max-Age=600", token.reveal())
}

pub(crate) fn clear_provider() -> String {
    format!("{PROVIDER}=; {HIDDEN}; Max-Age=0")
}

pub(crate) fn flash(headers: &HeaderMap) -> Option<Flash> {
    let (tone, text) = read(headers, FLASH)?.split_once('.')?;
    let text = percent_decode_str(text).decode_utf8().ok()?;
    let tone = match tone {
        "ok" => Tone::Good,
        _ => Tone::Bad,
    };
    Some(Flash {
        tone,
        text: text.into_owned(),
    })
}

pub(crate) fn set_flash(flash: &Flash) -> String {
    let tone = match flash.tone {
        Tone::Good => "ok",
        Tone::Bad | Tone::Busy | Tone::Idle | Tone::Warn => "bad",
    };
    let text = utf8_percent_encode(&flash.text, NON_ALPHANUMERIC);
    format!("{FLASH}={tone}.{text}; {HIDDEN}; Max-Age=60")
}

pub(crate) fn clear_flash() -> String {
    format!("{FLASH}=; {HIDDEN}; Max-Age=0")
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_flash_survives_its_cookie() {
        let flash = Flash {
            tone: Tone::Good,
            text: "“münchen.example; x=1” was added.".to_owned(),
        };
        let cookie = set_flash(&flash);
        let pair = cookie.split(';').next().unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, format!("a=b; {pair}").parse().unwrap());
        let found = super::flash(&headers).unwrap();
        assert_eq!((found.tone, found.text), (flash.tone, flash.text));
    }

    #[test]
    fn s20_every_cookie_is_bound_to_the_host_and_hidden_from_scripts() {
        for cookie in [
            set_theme(Theme::Dark),
            set_shortcuts(false),
            set_shortcuts(true),
            clear_flash(),
            clear_step(),
            clear_provider(),
        ] {
            assert!(cookie.starts_with("__Host-"), "{cookie}");
            assert!(cookie.contains("; Path=/; Secure; HttpOnly; SameSite=Lax"));
        }
    }

    proptest! {
        #[test]
        fn whatever_a_browser_sends_is_read(line in "(__Host-chancery-(flash|step|theme|visitor)|[a-z]{1,3}|[ -~]{0,9})[=;]?\\PC{0,40}(; [ -~]{0,40})?") {
            let mut headers = HeaderMap::new();
            if let Ok(value) = HeaderValue::from_str(&line) {
                headers.append(header::COOKIE, value);
            }
            theme(&headers);
            visitor(&headers);
            has_shortcuts(&headers);
            provider(&headers);
            step(&headers);
            if let Some(found) = flash(&headers) {
                prop_assert!(found.text.len() <= line.len());
            }
            let value = read(&headers, FLASH).unwrap_or_default();
            prop_assert!(line.contains(value) && !value.contains(';'));
        }
    }
}
