//! A part of a name that somebody searches for, and what it looks like in a name with its labels reversed.

use base::DnsName;

use crate::issuance::names::{escape_like, longest_label};

/// A part of a name, as somebody typed it.
pub(super) struct Part<'t> {
    pub(super) text: &'t str,
    /// What a reversed name holds if it contains the part, and perhaps others too.
    pub(super) label: &'t str,
    /// Whether the pattern fits more than it should.
    pub(super) is_loose: bool,
    /// What is searched for in the name for people. Its A-labels tell no part of a label, so that every name with one is
    /// looked at.
    unicode: Option<String>,
}

impl<'t> Part<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        if !text.is_ascii() {
            return Self {
                text: "",
                label: "xn--",
                is_loose: true,
                unicode: Some(DnsName::part_in_unicode(text)),
            };
        }
        Self {
            text,
            label: longest_label(text),
            is_loose: text.contains('.'),
            unicode: None,
        }
    }

    /// Whether names are looked at in their form for people.
    pub(super) fn is_unicode(&self) -> bool {
        self.unicode.is_some()
    }

    /// Whether a name with its labels reversed contains the part, given that the pattern fits.
    pub(super) fn is_in(&self, rname: &str) -> bool {
        if !self.is_loose {
            return true;
        }
        if let Some(text) = &self.unicode {
            let name = DnsName::from_reversed(rname).ok();
            let name = name.and_then(|name| name.to_unicode());
            return name.is_some_and(|name| name.contains(text));
        }
        let labels: Vec<&str> = rname.rsplit('.').collect();
        labels.join(".").contains(self.text)
    }
}

/// For the same with a dot on both sides: a label that begins with the last one of the part, then those between
/// from right to left, then a label that ends with the first one.
pub(super) fn pattern(text: &str) -> String {
    let labels: Vec<String> = text.split('.').map(escape_like).collect();
    let [first, between @ .., last] = labels.as_slice() else {
        return String::from("%");
    };
    let mut pieces = vec![format!("%.{last}%")];
    pieces.extend(between.iter().rev().cloned());
    pieces.push(format!("%{first}.%"));
    pieces.join(".")
}

/// What a reversed name with a dot on both sides fits if it contains the part: a label that begins with the last one of
/// the part, then those between from right to left, then a label that ends with the first one.
pub(super) fn exactly(text: &str) -> String {
    let labels: Vec<String> = text.split('.').map(escape).collect();
    let [first, between @ .., last] = labels.as_slice() else {
        return String::new();
    };
    let mut pieces = vec![format!(r"\.{last}[^.]*")];
    pieces.extend(between.iter().rev().cloned());
    pieces.push(format!(r"[^.]*{first}\."));
    pieces.join(r"\.")
}

/// The text with what regular expressions have of their own taken literally.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for each in text.chars() {
        if !each.is_ascii_alphanumeric() {
            escaped.push('\\');
        }
        escaped.push(each);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, label: &str, expected: &str) {
        assert_eq!(
            (longest_label(text), pattern(text)),
            (label, expected.to_owned())
        );
    }

    #[test]
    fn labels_of_a_part_stand_the_other_way_round() {
        check("shop", "shop", "%");
        check("shop.example", "example", "%.example%.%shop.%");
        check("www.shop.example", "example", "%.example%.shop.%www.%");
        check(".", "", "%.%.%.%");
        check("a_.b%", "b%", "%.b\\%%.%a\\_.%");
    }

    #[test]
    fn a_part_with_dots_is_found_exactly() {
        assert_eq!(exactly("shop"), "");
        assert_eq!(exactly("shop.example"), r"\.example[^.]*\.[^.]*shop\.");
        assert_eq!(exactly("w.b-c.a*"), r"\.a\*[^.]*\.b\-c\.[^.]*w\.");
    }

    /// What LIKE does, as far as these patterns go.
    fn fits(text: &str, pattern: &str) -> bool {
        let pieces: Vec<&str> = pattern.split('%').collect();
        let [first, middle @ .., last] = pieces.as_slice() else {
            return text == pattern;
        };
        let Some(mut rest) = text.strip_prefix(first) else {
            return false;
        };
        for piece in middle {
            let Some((_, after)) = rest.split_once(piece) else {
                return false;
            };
            rest = after;
        }
        rest.ends_with(last)
    }

    proptest! {
        #[test]
        fn it_finds_what_contains_finds(
            name in "(\\*\\.)?[ab]{1,3}(\\.[ab]{1,3}){1,4}", text in "[ab*.]{1,7}",
        ) {
            let labels: Vec<&str> = name.rsplit('.').collect();
            let rname = labels.join(".");
            let part = Part::new(&text);
            let found = rname.contains(longest_label(&text))
                && (!part.is_loose || fits(&format!(".{rname}."), &pattern(&text)))
                && part.is_in(&rname);
            prop_assert_eq!(found, name.contains(&text), "{} in {}", text, name);
        }
    }
}
