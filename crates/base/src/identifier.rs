use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use crate::{DnsName, DnsNameError};

/// What a certificate can be about, ordered, proven and certified as one thing (RFC 8555 §9.7.7).
///
/// An address (RFC 8738) would be a second kind. Wherever only a name makes sense the one kind is taken out by a
/// pattern that cannot fail, so that the compiler lists those places when there is another.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Identifier {
    /// A DNS name, with `*.` in orders and certificates.
    Dns(DnsName),
}

/// The kind of an [`Identifier`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IdentifierKind {
    /// A DNS name.
    Dns,
}

impl IdentifierKind {
    /// Every kind.
    pub const ALL: [Self; 1] = [Self::Dns];

    /// The word that ACME registers for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dns => "dns",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == text)
    }
}

impl Identifier {
    /// Its kind.
    pub const fn kind(&self) -> IdentifierKind {
        match self {
            Self::Dns(_) => IdentifierKind::Dns,
        }
    }

    /// Its text in the one canonical form, which tells the kind too: no name looks like an address.
    pub fn as_text(&self) -> Cow<'_, str> {
        match self {
            Self::Dns(name) => Cow::Borrowed(name.as_str()),
        }
    }

    /// Whether it stands for all names one label below.
    pub fn is_wildcard(&self) -> bool {
        match self {
            Self::Dns(name) => name.is_wildcard(),
        }
    }

    /// What control is proven for: the name below the asterisk; itself when there is none.
    #[must_use]
    pub fn base(&self) -> Self {
        match self {
            Self::Dns(name) => Self::Dns(name.base()),
        }
    }
}

impl From<DnsName> for Identifier {
    fn from(name: DnsName) -> Self {
        Self::Dns(name)
    }
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) => fmt::Display::fmt(name, f),
        }
    }
}

impl fmt::Debug for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Reads the canonical form; what a person or a client wrote is read where it arrives.
impl FromStr for Identifier {
    type Err = DnsNameError;

    fn from_str(text: &str) -> Result<Self, DnsNameError> {
        DnsName::parse(text).map(Self::Dns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, kind: IdentifierKind, is_wildcard: bool, base: &str) {
        let identifier: Identifier = text.parse().unwrap();
        assert_eq!(identifier.kind(), kind);
        assert_eq!(identifier.is_wildcard(), is_wildcard);
        assert_eq!(identifier.base().to_string(), base);
        assert_eq!(identifier.as_text(), text);
        assert_eq!(identifier.to_string(), text);
    }

    #[test]
    fn an_identifier_is_read_back_from_its_text() {
        check("example.com", IdentifierKind::Dns, false, "example.com");
        check("*.example.com", IdentifierKind::Dns, true, "example.com");
    }

    #[test]
    fn addresses_are_no_identifiers() {
        for address in ["192.0.2.1", "2001:db8::1"] {
            let refused = address.parse::<Identifier>();
            assert_eq!(refused, Err(DnsNameError::IpAddress(address.to_owned())));
        }
    }

    #[test]
    fn kinds_are_read_back_from_their_words() {
        for kind in IdentifierKind::ALL {
            assert_eq!(IdentifierKind::parse(kind.as_str()), Some(kind));
        }
        assert_eq!(IdentifierKind::parse("ip"), None);
    }
}
