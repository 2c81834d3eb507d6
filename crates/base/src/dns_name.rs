use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A DNS name in its one canonical form: lower-case A-labels, no trailing dot, at least two
/// labels, at most one wildcard and that leftmost (RFC 1123 §2.1, RFC 5890, RFC 6125 §6.4.3).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DnsName(String);

/// Why a text is not a DNS name that a certificate can carry.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
pub enum DnsNameError {
    /// A character that host names do not have.
    #[error("\"{0}\" contains a character that is not allowed in a domain name")]
    Character(String),
    /// Somebody's address at a name.
    #[error("\"{0}\" is an e-mail address; enter only the domain name")]
    Email(String),
    /// Nothing was given.
    #[error("the domain name is empty")]
    Empty,
    /// An address rather than a name.
    #[error("\"{0}\" is an IP address; enter a domain name")]
    IpAddress(String),
    /// An empty label, or one over 63 octets.
    #[error("\"{0}\" has an empty label or one longer than 63 characters")]
    Label(String),
    /// Over 253 octets.
    #[error("the domain name is longer than 253 characters")]
    Length,
    /// Only one label.
    #[error("\"{0}\" has only one label; enter a full name such as example.com")]
    SingleLabel(String),
    /// Several names, or one that was torn apart.
    #[error("\"{0}\" has a space in it; enter each name on a line of its own")]
    Space(String),
    /// A URL or a name with a port.
    #[error("\"{0}\" looks like a URL; enter only the domain name")]
    Url(String),
    /// An asterisk anywhere but as the whole leftmost label.
    #[error("\"{0}\" has an asterisk that is not the whole first label; write *.example.com")]
    Wildcard(String),
}

impl DnsName {
    /// Normalises what a person typed: space around it, case, one trailing dot, Unicode.
    pub fn parse(text: &str) -> Result<Self, DnsNameError> {
        let trimmed = text.trim();
        let trimmed = trimmed.strip_suffix('.').unwrap_or(trimmed);
        if trimmed.is_empty() {
            return Err(DnsNameError::Empty);
        }
        refuse_addresses_and_urls(trimmed)?;
        let (wildcard, base) = match trimmed.strip_prefix("*.") {
            Some(base) => ("*.", base),
            None => ("", trimmed),
        };
        if base.contains('*') {
            return Err(DnsNameError::Wildcard(trimmed.to_owned()));
        }
        let ascii = to_ascii(base)?;
        check_labels(&ascii, trimmed)?;
        let name = format!("{wildcard}{ascii}");
        if name.len() > 253 {
            return Err(DnsNameError::Length);
        }
        Ok(Self(name))
    }

    /// The whole name, with its `*.` if it has one.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the first label is an asterisk.
    pub fn is_wildcard(&self) -> bool {
        self.0.starts_with("*.")
    }

    /// The name below the asterisk; the name itself when there is none. Control is proven for it.
    #[must_use]
    pub fn base(&self) -> Self {
        Self(self.0.strip_prefix("*.").unwrap_or(&self.0).to_owned())
    }

    /// The wildcard that covers this name's siblings: `*.example.com` for `www.example.com`.
    pub fn covering_wildcard(&self) -> Option<Self> {
        let (_, parent) = self.0.split_once('.')?;
        (!self.is_wildcard() && parent.contains('.')).then(|| Self(format!("*.{parent}")))
    }

    /// The name without its asterisk, then each name above it that has at least two labels: what a proof for everything
    /// below a domain can stand on.
    pub fn domains(&self) -> impl Iterator<Item = Self> {
        let above = |name: &Self| {
            let (_, parent) = name.0.split_once('.')?;
            parent.contains('.').then(|| Self(parent.to_owned()))
        };
        std::iter::successors(Some(self.base()), above)
    }

    /// The labels from the top down, `com.example.www` or `com.example.*`: all names below one are a range.
    pub fn reversed(&self) -> String {
        reverse(&self.0)
    }

    /// Reads what [`reversed`](Self::reversed) wrote.
    pub fn from_reversed(text: &str) -> Result<Self, DnsNameError> {
        Self::parse(&reverse(text))
    }

    /// The name in Unicode, for people, who also want to see the A-labels: two names can look alike. `None` when there is
    /// nothing else to show, or an A-label stands for something that no name has.
    pub fn to_unicode(&self) -> Option<String> {
        if !self.0.contains("xn--") {
            return None;
        }
        let (text, outcome) = idna::domain_to_unicode(&self.0);
        (outcome.is_ok() && text != self.0).then_some(text)
    }

    /// A part of a name that a person typed, as it stands in [`to_unicode`](Self::to_unicode): small, and composed.
    pub fn part_in_unicode(text: &str) -> String {
        idna::domain_to_unicode(text).0
    }

    /// The same as it stands in [`as_str`](Self::as_str). That finds whole labels only: what a label begins with says nothing
    /// about its A-label.
    pub fn part_in_ascii(text: &str) -> String {
        if text.is_ascii() {
            return text.to_owned();
        }
        let ascii = |label: &str| idna::domain_to_ascii(label).unwrap_or_else(|_| label.to_owned());
        let labels: Vec<String> = text.split('.').map(ascii).collect();
        labels.join(".")
    }
}

fn reverse(text: &str) -> String {
    let mut reversed = String::with_capacity(text.len());
    for label in text.rsplit('.') {
        if !reversed.is_empty() {
            reversed.push('.');
        }
        reversed.push_str(label);
    }
    reversed
}

fn refuse_addresses_and_urls(text: &str) -> Result<(), DnsNameError> {
    let host = text.trim_start_matches('[').trim_end_matches(']');
    if host.parse::<IpAddr>().is_ok() {
        return Err(DnsNameError::IpAddress(text.to_owned()));
    }
    if text.contains(['/', ':', '?', '#']) {
        return Err(DnsNameError::Url(text.to_owned()));
    }
    if text.contains('@') {
        return Err(DnsNameError::Email(text.to_owned()));
    }
    if text.contains(char::is_whitespace) {
        return Err(DnsNameError::Space(text.to_owned()));
    }
    Ok(())
}

fn to_ascii(base: &str) -> Result<String, DnsNameError> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'.';
    // Most names arrive in their canonical form; a hyphen may start an A-label, which idna checks.
    if base.bytes().all(plain) {
        return Ok(base.to_owned());
    }
    idna::domain_to_ascii_strict(base).map_err(|_| DnsNameError::Character(base.to_owned()))
}

fn check_labels(ascii: &str, shown: &str) -> Result<(), DnsNameError> {
    let mut labels = 0_usize;
    for label in ascii.split('.') {
        if label.is_empty() || label.len() > 63 {
            return Err(DnsNameError::Label(shown.to_owned()));
        }
        let edge_hyphen = label.starts_with('-') || label.ends_with('-');
        if edge_hyphen
            || !label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        {
            return Err(DnsNameError::Character(shown.to_owned()));
        }
        labels += 1;
    }
    if labels < 2 {
        return Err(DnsNameError::SingleLabel(shown.to_owned()));
    }
    let all_digits = |label: &str| label.bytes().all(|byte| byte.is_ascii_digit());
    if ascii.rsplit('.').next().is_some_and(all_digits) {
        return Err(DnsNameError::IpAddress(shown.to_owned()));
    }
    Ok(())
}

impl fmt::Display for DnsName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for DnsName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for DnsName {
    type Err = DnsNameError;

    fn from_str(text: &str) -> Result<Self, DnsNameError> {
        Self::parse(text)
    }
}

impl AsRef<str> for DnsName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Serialize for DnsName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for DnsName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(input: &str, expected: &str) {
        assert_eq!(
            DnsName::parse(input).map(|name| name.to_string()),
            Ok(expected.to_owned())
        );
    }

    #[test]
    fn f072_names_are_normalised() {
        check(" Example.COM. ", "example.com");
        check("*.Example.com", "*.example.com");
        check("b\u{fc}cher.example", "xn--bcher-kva.example");
        check("a-b.example", "a-b.example");
        check("1.example", "1.example");
    }

    #[test]
    fn the_domains_of_a_name_are_itself_and_what_is_above_it() {
        let domains = |text: &str| {
            let all = DnsName::parse(text).unwrap();
            let all: Vec<_> = all.domains().map(|name| name.to_string()).collect();
            all.join(" ")
        };
        assert_eq!(
            domains("a.b.example.com"),
            "a.b.example.com b.example.com example.com"
        );
        assert_eq!(domains("*.b.example.com"), "b.example.com example.com");
        assert_eq!(domains("example.com"), "example.com");
    }

    #[test]
    fn f072_what_is_no_name_is_refused_with_its_reason() {
        let refused = |text: &str| DnsName::parse(text).err();
        assert_eq!(refused("  "), Some(DnsNameError::Empty));
        assert_eq!(
            refused("192.0.2.1"),
            Some(DnsNameError::IpAddress("192.0.2.1".into()))
        );
        assert_eq!(
            refused("[::1]"),
            Some(DnsNameError::IpAddress("[::1]".into()))
        );
        assert!(matches!(
            refused("https://example.com/"),
            Some(DnsNameError::Url(_))
        ));
        assert!(matches!(
            refused("example.com:443"),
            Some(DnsNameError::Url(_))
        ));
        assert!(matches!(
            refused("admin@example.com"),
            Some(DnsNameError::Email(_))
        ));
        assert!(matches!(
            refused("a.example b.example"),
            Some(DnsNameError::Space(_))
        ));
        assert!(matches!(
            refused("localhost"),
            Some(DnsNameError::SingleLabel(_))
        ));
        assert!(matches!(
            refused("a.*.example.com"),
            Some(DnsNameError::Wildcard(_))
        ));
        assert!(matches!(
            refused("a*.example.com"),
            Some(DnsNameError::Wildcard(_))
        ));
        assert!(matches!(
            refused("a..example.com"),
            Some(DnsNameError::Label(_))
        ));
        assert!(matches!(
            refused("a_b.example.com"),
            Some(DnsNameError::Character(_))
        ));
        assert!(matches!(
            refused("-a.example.com"),
            Some(DnsNameError::Character(_))
        ));
        assert!(matches!(
            refused("example.com%00"),
            Some(DnsNameError::Character(_))
        ));
        assert!(refused(&format!("{}.com", "a".repeat(64))).is_some());
        assert!(refused(&format!("{}com", "a.".repeat(130))).is_some());
    }

    #[test]
    fn wildcards_know_what_they_cover() {
        let name: DnsName = "www.example.com".parse().unwrap();
        assert_eq!(name.covering_wildcard().unwrap().as_str(), "*.example.com");
        assert_eq!(
            name.covering_wildcard().unwrap().base().as_str(),
            "example.com"
        );
        assert_eq!(
            DnsName::parse("example.com").unwrap().covering_wildcard(),
            None
        );
        assert_eq!(
            DnsName::parse("*.example.com").unwrap().covering_wildcard(),
            None
        );
    }

    #[test]
    fn finding_4_a_name_has_two_forms_for_people() {
        let unicode = |text: &str| DnsName::parse(text).unwrap().to_unicode();
        assert_eq!(unicode("B\u{fc}cher.de").as_deref(), Some("b\u{fc}cher.de"));
        assert_eq!(
            unicode("*.shop.xn--bcher-kva.de").as_deref(),
            Some("*.shop.b\u{fc}cher.de")
        );
        assert_eq!(unicode("example.com"), None);
        // An A-label of the letter a, which has none: whoever wrote it means to mislead.
        assert_eq!(DnsName("xn--a-.de".to_owned()).to_unicode(), None);
        for (typed, ascii) in [
            ("b\u{fc}cher", "xn--bcher-kva"),
            (".b\u{fc}cher.de", ".xn--bcher-kva.de"),
            ("shop.exam", "shop.exam"),
        ] {
            assert_eq!(DnsName::part_in_ascii(typed), ascii);
        }
        // Decomposed, as some systems type it.
        assert_eq!(DnsName::part_in_unicode("bu\u{308}C"), "b\u{fc}c");
    }

    #[test]
    fn reversed_names_sort_by_what_they_are_below() {
        let reversed = |text: &str| DnsName::parse(text).unwrap().reversed();
        assert_eq!(reversed("www.example.com"), "com.example.www");
        assert_eq!(reversed("*.example.com"), "com.example.*");
        let below = "com.example.".."com.example/";
        assert!(below.contains(&reversed("a.b.example.com").as_str()));
        assert!(!below.contains(&reversed("example-b.com").as_str()));
        assert_eq!(
            DnsName::from_reversed("example"),
            Err(DnsNameError::SingleLabel("example".into()))
        );
    }

    proptest! {
        #[test]
        fn a_name_is_read_back_from_its_labels_in_reverse(text in "(\\*\\.)?[a-z0-9]{1,4}(\\.[a-z]{1,4}){1,4}") {
            let name = DnsName::parse(&text).unwrap();
            prop_assert_eq!(DnsName::from_reversed(&name.reversed()).unwrap(), name);
        }

        #[test]
        fn s48_parsing_is_idempotent_and_never_panics(text in "\\PC{0,80}") {
            if let Ok(name) = DnsName::parse(&text) {
                prop_assert_eq!(DnsName::parse(name.as_str()).unwrap(), name);
            }
        }
    }
}
