//! The subject of a new CA, as its operator writes it.

use std::fmt;

use const_oid::ObjectIdentifier;
use const_oid::db::rfc4519::{C, CN, L, O, OU, SERIAL_NUMBER, ST};

use crate::encode::{Writer, tag};

/// The subject of a CA certificate: a common name, and whatever else its operator says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaName {
    /// In the order of the certificate, each at most once; by their place in [`ATTRIBUTES`].
    attributes: Vec<(usize, String)>,
}

/// What a name may have, in the order of the certificate: how people write it, its OID, and the most characters
/// (RFC 5280 §A.1).
const ATTRIBUTES: [(&str, ObjectIdentifier, usize); 7] = [
    ("C", C, 2),
    ("ST", ST, 128),
    ("L", L, 128),
    ("O", O, 64),
    ("OU", OU, 64),
    ("serialNumber", SERIAL_NUMBER, 64),
    ("CN", CN, 64),
];

/// A CA cannot be called this.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
pub enum NameError {
    /// A part without a name.
    #[error("\"{0}\" is no attribute; write the name as \"CN=Example CA, O=Example, C=FI\"")]
    Attribute(String),
    /// Two letters.
    #[error("the country (C) must be a code of two capital letters")]
    Country,
    /// The one thing that every CA has.
    #[error("the name needs a common name, such as \"CN=Example CA\"")]
    NoCommonName,
    /// Too long or empty.
    #[error("{0} must have 1 to {1} characters")]
    Length(&'static str, usize),
    /// The same one again.
    #[error("{0} is there twice")]
    Twice(&'static str),
    /// None of ours.
    #[error("\"{0}\" is not known in a CA's name; there are CN, O, OU, L, ST, C and serialNumber")]
    Unknown(String),
}

impl CaName {
    /// Reads what people write: attributes with commas between them, in any order; a backslash before a comma that
    /// belongs to a value (RFC 4514).
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let mut attributes = Vec::new();
        for part in parts(text) {
            let pair = part.split_once('=');
            let (key, value) = pair.ok_or_else(|| NameError::Attribute(part.trim().to_owned()))?;
            let (key, value) = (key.trim(), value.trim());
            let known = |(name, _, _): &(&str, _, _)| name.eq_ignore_ascii_case(key);
            let place = ATTRIBUTES.iter().position(known);
            let place = place.ok_or_else(|| NameError::Unknown(key.to_owned()))?;
            attributes.push((place, value.to_owned()));
        }
        Self::new(attributes)
    }

    /// Of a CA that is known by its common name alone.
    pub fn private(common_name: &str) -> Result<Self, NameError> {
        let place = ATTRIBUTES.len() - 1;
        Self::new(vec![(place, common_name.to_owned())])
    }

    fn new(mut attributes: Vec<(usize, String)>) -> Result<Self, NameError> {
        attributes.sort_by_key(|(place, _)| *place);
        let mut last = None;
        for (place, value) in &attributes {
            let Some((name, _, most)) = ATTRIBUTES.get(*place) else {
                continue;
            };
            if last == Some(place) {
                return Err(NameError::Twice(name));
            }
            if value.is_empty() || value.chars().count() > *most {
                return Err(NameError::Length(name, *most));
            }
            if *name == "C"
                && !(value.len() == 2 && value.bytes().all(|byte| byte.is_ascii_uppercase()))
            {
                return Err(NameError::Country);
            }
            last = Some(place);
        }
        if last != Some(&(ATTRIBUTES.len() - 1)) {
            return Err(NameError::NoCommonName);
        }
        Ok(Self { attributes })
    }

    /// The DER `Name`.
    pub(super) fn to_der(&self) -> Vec<u8> {
        let mut writer = Writer::with_capacity(128);
        writer.sequence(|writer| {
            for (place, value) in &self.attributes {
                if let Some((name, oid, _)) = ATTRIBUTES.get(*place) {
                    let is_printable = matches!(*name, "C" | "serialNumber");
                    let string = if is_printable {
                        tag::PRINTABLE_STRING
                    } else {
                        tag::UTF8_STRING
                    };
                    attribute(writer, *oid, string, value);
                }
            }
        });
        writer.finish()
    }
}

impl fmt::Display for CaName {
    /// As [`parse`](CaName::parse) reads it, the common name first.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, (place, value)) in self.attributes.iter().rev().enumerate() {
            let name = ATTRIBUTES.get(*place).map_or("", |(name, _, _)| name);
            let comma = if number == 0 { "" } else { "," };
            let value = value.replace('\\', "\\\\").replace(',', "\\,");
            write!(f, "{comma}{name}={value}")?;
        }
        Ok(())
    }
}

/// What stands between commas that no backslash takes.
fn parts(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        let taken = match character {
            '\\' => characters.next(),
            ',' => None,
            other => Some(other),
        };
        match (taken, parts.last_mut()) {
            (Some(character), Some(part)) => part.push(character),
            _ => parts.push(String::new()),
        }
    }
    parts
}

fn attribute(writer: &mut Writer, oid: ObjectIdentifier, string: u8, text: &str) {
    writer.nested(tag::SET, |writer| {
        writer.sequence(|writer| {
            writer.oid(oid);
            writer.value(string, text.as_bytes());
        });
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_what_its_operator_writes() {
        let name = CaName::parse("CN=Example Issuing CA 1, O=Example\\, Oy,C=FI").unwrap();
        assert_eq!(
            name.to_string(),
            "CN=Example Issuing CA 1,O=Example\\, Oy,C=FI"
        );
        assert_eq!(CaName::parse(&name.to_string()), Ok(name));
        let alone = CaName::private("Example CA").unwrap();
        assert_eq!(CaName::parse("cn=Example CA"), Ok(alone));
    }

    #[test]
    fn what_is_no_name_is_told() {
        let long = format!("CN={}", "a".repeat(65));
        for (text, expected) in [
            ("", NameError::Attribute(String::new())),
            ("O=Example", NameError::NoCommonName),
            ("CN=A,C=fi", NameError::Country),
            ("CN=A,C=FIN", NameError::Length("C", 2)),
            ("CN=A,CN=B", NameError::Twice("CN")),
            ("CN=", NameError::Length("CN", 64)),
            (long.as_str(), NameError::Length("CN", 64)),
            ("CN=A,DC=x", NameError::Unknown("DC".to_owned())),
        ] {
            assert_eq!(CaName::parse(text), Err(expected), "{text}");
        }
    }
}
