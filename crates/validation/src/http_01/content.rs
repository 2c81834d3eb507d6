//! Tells what kind of thing was served in place of a key authorization, without repeating it.

use crate::failure::Content;

/// How far into a body we look for markup.
const SNIFFED: usize = 512;
/// base64url of a SHA-256 thumbprint (RFC 7638).
const THUMBPRINT_LENGTH: usize = 43;

pub(super) fn classify(body: &[u8], is_whole: bool, token: &str) -> Content {
    let trimmed = body.trim_ascii();
    if trimmed.is_empty() {
        return if is_whole {
            Content::Empty
        } else {
            Content::TooLarge
        };
    }
    if is_markup(trimmed) {
        return Content::HtmlPage;
    }
    if !is_whole {
        return Content::TooLarge;
    }
    match std::str::from_utf8(trimmed) {
        Ok(text) if !text.contains(is_control) => classify_text(text, token),
        Ok(_) | Err(_) => Content::Binary,
    }
}

fn classify_text(text: &str, token: &str) -> Content {
    if text == token {
        return Content::TokenOnly;
    }
    match text.split_once('.') {
        Some((first, _)) if first == token => Content::OtherAccount,
        Some((first, last)) if is_base64url(first) && is_thumbprint(last) => Content::OtherToken,
        Some(_) | None => Content::Text,
    }
}

fn is_markup(body: &[u8]) -> bool {
    let start = body.get(..SNIFFED).unwrap_or(body).to_ascii_lowercase();
    let holds = |tag: &[u8]| start.windows(tag.len()).any(|window| window == tag);
    start.starts_with(b"<") || holds(b"<html") || holds(b"<!doctype") || holds(b"<body")
}

fn is_control(letter: char) -> bool {
    letter.is_control() && !letter.is_whitespace()
}

pub(super) fn is_base64url(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    !text.is_empty() && text.bytes().all(allowed)
}

fn is_thumbprint(text: &str) -> bool {
    text.len() == THUMBPRINT_LENGTH && is_base64url(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OTHER: &str = "abcdefghijklmnopqrstuvwxyz0123456789-_ABCDE";

    #[track_caller]
    fn check(body: &[u8], expected: Content) {
        assert_eq!(classify(body, true, "token"), expected);
    }

    #[test]
    fn bodies_are_told_apart() {
        check(b"", Content::Empty);
        check(b" \r\n", Content::Empty);
        check(b"<!DOCTYPE html><title>Hi</title>", Content::HtmlPage);
        check(b"\n  <HTML>", Content::HtmlPage);
        check(b"oops <html lang=en>", Content::HtmlPage);
        check(b"token\n", Content::TokenOnly);
        check(b"token.something", Content::OtherAccount);
        check(format!("other.{OTHER}").as_bytes(), Content::OtherToken);
        check(b"other.short", Content::Text);
        check(b"It works!", Content::Text);
        check(b"\x1f\x8b\x08\x00", Content::Binary);
        check(b"\xff\xfe", Content::Binary);
    }

    #[test]
    fn what_was_cut_off_is_too_large() {
        assert_eq!(classify(b"aaaa", false, "token"), Content::TooLarge);
        assert_eq!(classify(b"    ", false, "token"), Content::TooLarge);
        assert_eq!(classify(b"<html>", false, "token"), Content::HtmlPage);
    }
}
