//! Addresses of pages that other pages lead to, and which of them a form may name.

use base::{AccountId, CertificateId, EnrolledDomainId, OrderId, SubscriptionId};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// The path of an ACME account's pages.
pub(crate) fn account(id: SubscriptionId) -> String {
    format!("/accounts/{}", id.suffix())
}

/// The path of a certificate's page.
pub(crate) fn certificate(id: CertificateId) -> String {
    format!("/certificates/{}", id.suffix())
}

/// The path of what is done to a client.
pub(crate) fn client(id: AccountId) -> String {
    format!("/clients/{}", id.suffix())
}

/// The path of what is done to a credential.
pub(crate) fn credential(key_id: &str) -> String {
    // One that was imported may have any letter.
    let key_id = utf8_percent_encode(key_id, NON_ALPHANUMERIC);
    format!("/credentials/{key_id}")
}

/// The path of a domain's pages.
pub(crate) fn domain(id: EnrolledDomainId) -> String {
    format!("/domains/{}", id.suffix())
}

/// The path of an order's page.
pub(crate) fn order(id: OrderId) -> String {
    format!("/activity/{}", id.suffix())
}

/// A path of this portal that a form or an address named, or the dashboard (security S-28).
pub(crate) fn local_path(text: &str) -> &str {
    let first = text
        .strip_prefix('/')
        .and_then(|rest| rest.split(['/', '?', '#']).next());
    let is_known = matches!(
        first,
        Some(
            "" | "accounts"
                | "activity"
                | "certificates"
                | "clients"
                | "credentials"
                | "domains"
                | "settings"
        )
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
}
