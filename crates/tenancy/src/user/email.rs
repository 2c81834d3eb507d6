//! E-mail addresses as names to sign in with: one form for each address (RFC 5321 §4.1.2).
//!
//! Stricter than mail itself: no quoted local parts, no address literals, ASCII before the at
//! sign, so that two addresses that look alike are alike. Case never tells two people apart.

use std::fmt;
use std::str::FromStr;

use base::{DnsName, DnsNameError};
use serde::{Serialize, Serializer};

/// An address in lower case, its domain as A-labels.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Email {
    text: String,
    at: usize,
}

/// Why a text is not an address that can be used here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// No at sign, or nothing before it.
    #[error("\"{0}\" is not an e-mail address; write it as name@example.com")]
    Form(String),
    /// What is after the at sign is no domain.
    #[error("the e-mail address has a domain that cannot be used")]
    Domain(#[from] DnsNameError),
    /// What is before the at sign has characters that we do not take.
    #[error("\"{0}\" has a character before the @ that is not supported")]
    LocalPart(String),
    /// Over 64 octets before the at sign, or over 254 in all.
    #[error("the e-mail address is too long")]
    TooLong,
}

impl Email {
    /// Normalises what a person typed.
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        let text = text.trim();
        let (local, domain) = text
            .rsplit_once('@')
            .filter(|(local, _)| !local.is_empty())
            .ok_or_else(|| EmailError::Form(text.to_owned()))?;
        let is_dotted_wrong = local.split('.').any(str::is_empty);
        if is_dotted_wrong || !local.bytes().all(is_local) {
            return Err(EmailError::LocalPart(text.to_owned()));
        }
        let domain = DnsName::parse(domain)?;
        if domain.is_wildcard() {
            return Err(EmailError::Form(text.to_owned()));
        }
        let local = local.to_ascii_lowercase();
        let email = Self {
            at: local.len(),
            text: format!("{local}@{domain}"),
        };
        if email.at > 64 || email.text.len() > 254 {
            return Err(EmailError::TooLong);
        }
        Ok(email)
    }

    /// The whole address.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What is before the at sign.
    pub fn local_part(&self) -> &str {
        self.text.get(..self.at).unwrap_or_default()
    }

    /// What is after the at sign.
    pub fn domain(&self) -> &str {
        self.text
            .get(self.at..)
            .unwrap_or_default()
            .trim_start_matches('@')
    }
}

/// `atext` of RFC 5322 §3.2.3, and the dot between atoms.
fn is_local(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&byte)
}

impl FromStr for Email {
    type Err = EmailError;

    fn from_str(text: &str) -> Result<Self, EmailError> {
        Self::parse(text)
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Email {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(Email::parse(text).unwrap().as_str(), expected);
    }

    #[test]
    fn addresses_are_normalised() {
        check(" Ann.Example@Example.COM ", "ann.example@example.com");
        check("a+tag@b\u{fc}cher.example", "a+tag@xn--bcher-kva.example");
        let email = Email::parse("a.b@example.com").unwrap();
        assert_eq!((email.local_part(), email.domain()), ("a.b", "example.com"));
    }

    #[track_caller]
    fn check_refused(text: &str) {
        assert!(Email::parse(text).is_err(), "{text}");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "ann",
            "@example.com",
            "ann@",
            "ann@localhost",
            "ann@192.0.2.1",
            "a b@example.com",
            "a@b@example.com",
            ".a@example.com",
            "a..b@example.com",
            "\"a b\"@example.com",
            "a@*.example.com",
            "\u{e4}@example.com",
            "a\n@example.com",
            "a@example.com\nbcc:x@y.z",
        ] {
            check_refused(text);
        }
        check_refused(&format!("{}@example.com", "a".repeat(65)));
        check_refused(&format!("{}@{}com", "a".repeat(64), "abcdefg.".repeat(31)));
    }

    proptest! {
        #[test]
        fn parsing_is_idempotent(text in "[a-zA-Z.+@ -]{0,20}@[a-zA-Z.-]{0,12}") {
            if let Ok(email) = Email::parse(&text) {
                prop_assert_eq!(Email::parse(email.as_str()).unwrap(), email);
            }
        }
    }
}
