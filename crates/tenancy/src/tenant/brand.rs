//! How a tenant shows itself to its people: a name, whom they ask, and the host names at which they reach the portal (features
//! F-002, F-036; security S-26).
//!
//! A brand counts for its tenant and all below it that have none of their own. Colours and a logo are not part of it.

use std::fmt;

use base::{Class, DnsName, DnsNameError, Refusal, Refuse};

use super::TenantKind;
use crate::line;
pub use crate::line::NameError;

/// How many host names a brand has.
pub const MAX_BRAND_HOSTS: u32 = 10;
/// How many lines a contact has.
pub const MAX_CONTACT_LINES: usize = 4;
/// How many characters a contact has.
pub const MAX_CONTACT: usize = 400;

/// What people call whoever serves them: 1 to 100 characters on one line.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct BrandName(String);

impl BrandName {
    /// Reads what a person typed.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        line::parse(text).map(Self)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BrandName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whom people ask for help: a few lines of plain text, such as a mail address, a page or a number; empty for nobody.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct BrandContact(String);

/// Why a text is no contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BrandContactError {
    /// A character that hides or reorders what is around it.
    #[error(
        "the contact contains a control character; use letters, digits, spaces and punctuation"
    )]
    Control,
    /// Too many lines.
    #[error("the contact has {0} lines; at most {MAX_CONTACT_LINES} fit")]
    Lines(usize),
    /// Too many characters.
    #[error("the contact has {0} characters; at most {MAX_CONTACT} fit")]
    TooLong(usize),
}

impl BrandContact {
    /// Reads what a person typed; lines are trimmed, and empty ones left out.
    pub fn parse(text: &str) -> Result<Self, BrandContactError> {
        let lines: Vec<&str> = text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .collect();
        if lines.iter().any(|line| line.chars().any(line::is_control)) {
            return Err(BrandContactError::Control);
        }
        if lines.len() > MAX_CONTACT_LINES {
            return Err(BrandContactError::Lines(lines.len()));
        }
        let text = lines.join("\n");
        match text.chars().count() {
            0..=MAX_CONTACT => Ok(Self(text)),
            length => Err(BrandContactError::TooLong(length)),
        }
    }

    /// The text, its lines set apart by line feeds.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its lines.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.0.lines()
    }

    /// All of it on one line.
    pub fn on_one_line(&self) -> String {
        self.0.replace('\n', ", ")
    }
}

impl fmt::Display for BrandContact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How a tenant shows itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Brand {
    /// What people call it.
    pub name: BrandName,
    /// Whom they ask.
    pub contact: BrandContact,
}

/// A host name at which people reach the portal: one full name, without an asterisk.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct BrandHost(DnsName);

/// Why a text is no host name of a portal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BrandHostError {
    /// It is no name at all.
    #[error(transparent)]
    Name(#[from] DnsNameError),
    /// A certificate may have an asterisk; an address has none.
    #[error("{0} stands for many names; enter the one that people open")]
    Wildcard(DnsName),
}

impl Refuse for BrandHostError {
    fn refusal(&self) -> Refusal {
        let code = match self {
            Self::Name(_) => "brand_host_no_name",
            Self::Wildcard(_) => "brand_host_wildcard",
        };
        Class::Invalid.because(code, self).at("host")
    }
}

impl BrandHost {
    /// Reads what a person typed.
    pub fn parse(text: &str) -> Result<Self, BrandHostError> {
        let name = DnsName::parse(text)?;
        if name.is_wildcard() {
            return Err(BrandHostError::Wildcard(name));
        }
        Ok(Self(name))
    }

    /// The name.
    pub fn name(&self) -> &DnsName {
        &self.0
    }
}

/// Whether a tenant of a level has a brand: a customer is served by its reseller.
pub const fn has_brand(level: TenantKind) -> bool {
    !matches!(level, TenantKind::Customer)
}

/// Whether a tenant of a level has host names: the operator is at the URL of the settings.
pub const fn has_hosts(level: TenantKind) -> bool {
    matches!(level, TenantKind::Distributor | TenantKind::Reseller)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn contact(text: &str, expected: Result<&str, BrandContactError>) {
        let found = BrandContact::parse(text).map(|contact| contact.0);
        assert_eq!(found, expected.map(str::to_owned));
    }

    #[test]
    fn f036_a_contact_is_a_few_lines_of_plain_text() {
        contact("", Ok(""));
        contact(
            " help@a.example \r\n\n+358 9 1234\n",
            Ok("help@a.example\n+358 9 1234"),
        );
        contact("a\nb\nc\nd\ne", Err(BrandContactError::Lines(5)));
        contact("a\u{202e}b", Err(BrandContactError::Control));
        contact("a\tb", Err(BrandContactError::Control));
        contact(&"é".repeat(400), Ok(&"é".repeat(400)));
        contact(&"é".repeat(401), Err(BrandContactError::TooLong(401)));
        let two = BrandContact::parse("a\nb").unwrap();
        assert_eq!(two.on_one_line(), "a, b");
    }

    #[track_caller]
    fn host(text: &str, expected: Option<&str>) {
        let found = BrandHost::parse(text);
        let found = found.as_ref().map(|host| host.name().as_str()).ok();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn f002_host_names_have_one_form() {
        host(
            " Certificates.Northwind.Example. ",
            Some("certificates.northwind.example"),
        );
        host(
            "zertifikate.müller.example",
            Some("zertifikate.xn--mller-kva.example"),
        );
        for wrong in [
            "",
            "localhost",
            "*.northwind.example",
            "192.0.2.7",
            "https://northwind.example",
            "northwind.example:8443",
            "a b.example",
        ] {
            host(wrong, None);
        }
    }

    #[test]
    fn f002_who_sells_has_hosts_and_customers_have_no_brand() {
        use TenantKind::{Customer, Distributor, Operator, Reseller};
        for (level, brand, hosts) in [
            (Operator, true, false),
            (Distributor, true, true),
            (Reseller, true, true),
            (Customer, false, false),
        ] {
            assert_eq!((has_brand(level), has_hosts(level)), (brand, hosts));
        }
    }
}
