//! The subject of a CA that is made here: parsed from the text that people type (RFC 4514), written as DER.
//!
//! It says nothing about CAs that were made elsewhere. What BR §7.1.2.10.2 wants of a public CA, a country, an
//! organization and a common name, is the operator's to give.

use std::fmt::{self, Write as _};

use base::{Class, Refusal, Refuse};
use const_oid::ObjectIdentifier;
use const_oid::db::rfc4519::{C, CN, L, O, OU, SERIAL_NUMBER, ST};

use crate::encode::{Writer, tag};

/// The subject of a CA certificate: a common name, and what else the operator wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaName {
    /// In the order of the DER, each kind once.
    attributes: Vec<(Kind, String)>,
}

/// Why a text is not the name of a CA.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
pub enum NameError {
    /// A character that the attribute cannot hold.
    #[error("{attribute} must not contain {character:?}")]
    Character {
        /// The attribute as it is written.
        attribute: &'static str,
        /// What it contains.
        character: char,
    },
    /// No CN.
    #[error("a CA needs a common name, as in CN=Example CA")]
    CommonName,
    /// C is not two capital letters.
    #[error("C must be the code of a country in two capital letters, as in C=FI")]
    Country,
    /// A backslash before something that needs none.
    #[error("after a backslash in {0} must stand a special character or two hexadecimal digits")]
    Escape(&'static str),
    /// Empty, or too long.
    #[error("{attribute} must have 1 to {most} characters")]
    Length {
        /// The attribute as it is written.
        attribute: &'static str,
        /// How many characters it may have.
        most: usize,
    },
    /// The same attribute twice.
    #[error("{0} occurs more than once")]
    Repeated(&'static str),
    /// A special character without a backslash.
    #[error("{attribute} needs a backslash before {character:?}")]
    Special {
        /// The attribute as it is written.
        attribute: &'static str,
        /// The special character.
        character: char,
    },
    /// No equals sign.
    #[error("\"{0}\" is not an attribute and its value, as in O=Example")]
    Syntax(String),
    /// Not one of the known attributes.
    #[error(
        "\"{0}\" is not a known attribute; known are CN, O, OU, C, L, ST, serialNumber and \
         organizationIdentifier"
    )]
    Unknown(String),
}

impl Refuse for NameError {
    fn refusal(&self) -> Refusal {
        Class::Invalid.because("ca_name_malformed", self)
    }
}

/// What an attribute means; the order is that of the DER, from the country to the common name (BR §7.1.4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Country,
    State,
    Locality,
    Organization,
    OrganizationIdentifier,
    OrganizationalUnit,
    SerialNumber,
    CommonName,
}

impl CaName {
    /// Reads `CN=Example Issuing CA 1, O=Example Oy, C=FI`: attributes in any order, each at most once, separated by
    /// commas. A backslash takes its meaning from a special character, or writes an octet in hexadecimal (RFC 4514 §2.4).
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let attributes = split(text).into_iter().map(parse_attribute);
        Self::from_attributes(attributes.collect::<Result<_, _>>()?)
    }

    /// `country` is an ISO 3166-1 code of two capital letters; the others have up to 64 characters (RFC 5280 §A.1).
    pub fn new(country: &str, organization: &str, common_name: &str) -> Result<Self, NameError> {
        Self::from_attributes(vec![
            (Kind::Country, country.to_owned()),
            (Kind::Organization, organization.to_owned()),
            (Kind::CommonName, common_name.to_owned()),
        ])
    }

    /// Of a private CA, which is known by its common name alone; up to 64 characters.
    pub fn private(common_name: &str) -> Result<Self, NameError> {
        Self::from_attributes(vec![(Kind::CommonName, common_name.to_owned())])
    }

    fn from_attributes(mut attributes: Vec<(Kind, String)>) -> Result<Self, NameError> {
        for (kind, value) in &attributes {
            kind.check(value)?;
        }
        attributes.sort_by_key(|(kind, _)| *kind);
        let twice = attributes.iter().zip(attributes.iter().skip(1));
        if let Some(((kind, _), _)) = twice.into_iter().find(|(one, next)| one.0 == next.0) {
            return Err(NameError::Repeated(kind.keyword()));
        }
        if !attributes.iter().any(|(kind, _)| *kind == Kind::CommonName) {
            return Err(NameError::CommonName);
        }
        Ok(Self { attributes })
    }

    pub(super) fn to_der(&self) -> Vec<u8> {
        let mut writer = Writer::with_capacity(128);
        writer.sequence(|writer| {
            for (kind, value) in &self.attributes {
                writer.nested(tag::SET, |writer| {
                    writer.sequence(|writer| {
                        writer.oid(kind.oid());
                        writer.value(kind.string_tag(), value.as_bytes());
                    });
                });
            }
        });
        writer.finish()
    }
}

/// The text that [`CaName::parse`] reads, most specific attribute first.
impl fmt::Display for CaName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (kind, value)) in self.attributes.iter().rev().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(f, "{separator}{}=", kind.keyword())?;
            let last = value.chars().count().saturating_sub(1);
            for (place, character) in value.chars().enumerate() {
                let is_at_edge = place == 0 || place == last;
                let is_special = SPECIAL.contains(&character) || character == '\\';
                if is_special
                    || (is_at_edge && character == ' ')
                    || (place == 0 && character == '#')
                {
                    f.write_char('\\')?;
                }
                f.write_char(character)?;
            }
        }
        Ok(())
    }
}

impl Kind {
    const ALL: [Self; 8] = [
        Self::Country,
        Self::State,
        Self::Locality,
        Self::Organization,
        Self::OrganizationIdentifier,
        Self::OrganizationalUnit,
        Self::SerialNumber,
        Self::CommonName,
    ];

    const fn keyword(self) -> &'static str {
        match self {
            Self::Country => "C",
            Self::State => "ST",
            Self::Locality => "L",
            Self::Organization => "O",
            Self::OrganizationIdentifier => "organizationIdentifier",
            Self::OrganizationalUnit => "OU",
            Self::SerialNumber => "serialNumber",
            Self::CommonName => "CN",
        }
    }

    const fn oid(self) -> ObjectIdentifier {
        match self {
            Self::Country => C,
            Self::State => ST,
            Self::Locality => L,
            Self::Organization => O,
            Self::OrganizationIdentifier => ORGANIZATION_IDENTIFIER,
            Self::OrganizationalUnit => OU,
            Self::SerialNumber => SERIAL_NUMBER,
            Self::CommonName => CN,
        }
    }

    /// The two that X.520 gives no choice have the narrow alphabet.
    const fn string_tag(self) -> u8 {
        match self {
            Self::Country | Self::SerialNumber => tag::PRINTABLE_STRING,
            Self::State
            | Self::Locality
            | Self::Organization
            | Self::OrganizationIdentifier
            | Self::OrganizationalUnit
            | Self::CommonName => tag::UTF8_STRING,
        }
    }

    /// The upper bounds of RFC 5280 §A.1; X.520 has none for the organizationIdentifier.
    const fn most(self) -> usize {
        match self {
            Self::Country => 2,
            Self::State | Self::Locality | Self::OrganizationIdentifier => 128,
            Self::Organization
            | Self::OrganizationalUnit
            | Self::SerialNumber
            | Self::CommonName => 64,
        }
    }

    fn check(self, value: &str) -> Result<(), NameError> {
        let (attribute, most) = (self.keyword(), self.most());
        if self == Self::Country {
            let is_code = value.len() == 2 && value.bytes().all(|byte| byte.is_ascii_uppercase());
            return is_code.then_some(()).ok_or(NameError::Country);
        }
        if value.trim().is_empty() || value.chars().count() > most {
            return Err(NameError::Length { attribute, most });
        }
        let is_narrow = self.string_tag() == tag::PRINTABLE_STRING;
        let is_wrong = |character: &char| {
            character.is_control() || (is_narrow && !is_printable_string(*character))
        };
        match value.chars().find(is_wrong) {
            Some(character) => Err(NameError::Character {
                attribute,
                character,
            }),
            None => Ok(()),
        }
    }
}

/// At the commas that no backslash stands before.
fn split(text: &str) -> Vec<&str> {
    let mut is_escaped = false;
    text.split(|character| {
        let is_separator = character == ',' && !is_escaped;
        is_escaped = character == '\\' && !is_escaped;
        is_separator
    })
    .collect()
}

fn parse_attribute(text: &str) -> Result<(Kind, String), NameError> {
    let syntax = || NameError::Syntax(text.trim().to_owned());
    let (keyword, value) = text.split_once('=').ok_or_else(syntax)?;
    let keyword = keyword.trim();
    let kind = Kind::ALL
        .into_iter()
        .find(|kind| kind.keyword().eq_ignore_ascii_case(keyword))
        .ok_or_else(|| NameError::Unknown(keyword.to_owned()))?;
    Ok((
        kind,
        unescape(kind.keyword(), value.trim_start_matches(' '))?,
    ))
}

/// Spaces at the end go, unless a backslash stands before the last.
fn unescape(attribute: &'static str, text: &str) -> Result<String, NameError> {
    let mut octets = Vec::with_capacity(text.len());
    let mut kept = 0;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        let is_first = octets.is_empty() && kept == 0;
        if character == '\\' {
            octets.extend(escaped(&mut characters).ok_or(NameError::Escape(attribute))?);
            kept = octets.len();
        } else if SPECIAL.contains(&character) || (is_first && character == '#') {
            return Err(NameError::Special {
                attribute,
                character,
            });
        } else {
            octets.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            if character != ' ' {
                kept = octets.len();
            }
        }
    }
    octets.truncate(kept);
    String::from_utf8(octets).map_err(|_| NameError::Escape(attribute))
}

/// What follows a backslash: itself, or the octet that two digits write.
fn escaped(characters: &mut std::str::Chars<'_>) -> Option<Vec<u8>> {
    let first = characters.next()?;
    if SPECIAL.contains(&first) || "\\ #=".contains(first) {
        return Some(vec![u8::try_from(first).ok()?]);
    }
    let octet = first.to_digit(16)? * 16 + characters.next()?.to_digit(16)?;
    Some(vec![u8::try_from(octet).ok()?])
}

/// X.680 §41.4.
fn is_printable_string(character: char) -> bool {
    character.is_ascii_alphanumeric() || " '()+,-./:=?".contains(character)
}

/// What must not stand in a value without a backslash (RFC 4514 §2.4), besides the backslash.
const SPECIAL: [char; 6] = [',', '+', '"', ';', '<', '>'];

/// id-at-organizationIdentifier (X.520 §6.4.4).
const ORGANIZATION_IDENTIFIER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.97");

#[cfg(test)]
mod tests {
    use der::Decode as _;
    use proptest::prelude::*;
    use x509_cert::name::Name;

    use super::*;

    /// The text as it comes back, and what RustCrypto reads from the DER.
    #[track_caller]
    fn check(text: &str, shown: &str, read: &str) {
        let name = CaName::parse(text).unwrap();
        assert_eq!(name.to_string(), shown);
        assert_eq!(CaName::parse(shown).unwrap(), name);
        let der = Name::from_der(&name.to_der()).unwrap();
        assert_eq!(der.to_string(), read);
    }

    #[test]
    fn what_people_type_becomes_a_name_in_the_usual_order() {
        check(
            "CN=Example Issuing CA 1, O=Example Oy, C=FI",
            "CN=Example Issuing CA 1, O=Example Oy, C=FI",
            "CN=Example Issuing CA 1,O=Example Oy,C=FI",
        );
        check(
            " c=FI ,st=Uusimaa,L=Helsinki,o=Example Oy,ou=PKI,CN = Ääkköset ",
            "CN=Ääkköset, OU=PKI, O=Example Oy, L=Helsinki, ST=Uusimaa, C=FI",
            "CN=Ääkköset,OU=PKI,O=Example Oy,L=Helsinki,ST=Uusimaa,C=FI",
        );
        check(
            r"CN=A\, B \2B \C3\84=\ ,serialNumber=12,organizationIdentifier=VATFI-1",
            r"CN=A\, B \+ Ä=\ , serialNumber=12, organizationIdentifier=VATFI-1",
            r"CN=A\, B \+ Ä=\ ,SERIALNUMBER=12,2.5.4.97=#0c0756415446492d31",
        );
    }

    #[test]
    fn the_country_is_a_printable_string_and_first() {
        let der = CaName::parse("CN=a, C=FI").unwrap().to_der();
        let start = b"\x30\x19\x31\x0b\x30\x09\x06\x03\x55\x04\x06\x13\x02FI\x31\x0a";
        assert!(der.starts_with(start), "{der:02x?}");
    }

    #[track_caller]
    fn check_refused(text: &str, expected: &NameError) {
        assert_eq!(CaName::parse(text).as_ref(), Err(expected), "{text}");
    }

    #[test]
    fn what_is_no_name_is_refused_with_its_reason() {
        let long = |attribute, most| NameError::Length { attribute, most };
        let special = |character| NameError::Special {
            attribute: "CN",
            character,
        };
        check_refused("O=Example", &NameError::CommonName);
        check_refused("", &NameError::Syntax(String::new()));
        check_refused("CN=a,", &NameError::Syntax(String::new()));
        check_refused("Example CA", &NameError::Syntax("Example CA".to_owned()));
        check_refused("CN=a, E=b", &NameError::Unknown("E".to_owned()));
        check_refused("CN=a, CN=b", &NameError::Repeated("CN"));
        check_refused("CN=a, C=fi", &NameError::Country);
        check_refused("CN=a, C=FIN", &NameError::Country);
        check_refused("CN= ", &long("CN", 64));
        check_refused(&format!("CN={}", "ä".repeat(65)), &long("CN", 64));
        check_refused(&format!("CN=a, O={}", "x".repeat(65)), &long("O", 64));
        check_refused(&format!("CN=a, OU={}", "x".repeat(65)), &long("OU", 64));
        check_refused("CN=a+O=b", &special('+'));
        check_refused("CN=\"a\"", &special('"'));
        check_refused("CN=#0c0161", &special('#'));
        check_refused(r"CN=a\x", &NameError::Escape("CN"));
        check_refused(r"CN=a\C3", &NameError::Escape("CN"));
        check_refused(r"CN=a\", &NameError::Escape("CN"));
        let wrong = |attribute, character| NameError::Character {
            attribute,
            character,
        };
        check_refused(r"CN=a\00b", &wrong("CN", '\0'));
        check_refused("CN=a, serialNumber=ä", &wrong("serialNumber", 'ä'));
        let known = NameError::Unknown("E".to_owned()).to_string();
        assert!(known.contains("CN, O, OU, C, L, ST, serialNumber and organizationIdentifier"));
        assert_eq!(NameError::CommonName.refusal().class, Class::Invalid);
    }

    proptest! {
        #[test]
        fn a_name_reads_back_from_its_text(common in "\\PC{1,64}", organization in "[ -~]{1,64}") {
            let Ok(name) = CaName::new("FI", &organization, &common) else {
                return Ok(());
            };
            prop_assert_eq!(CaName::parse(&name.to_string()), Ok(name));
        }

        #[test]
        fn no_text_makes_it_panic(text in "([CNO=,+#\\\\ ]|\\PC){0,40}") {
            let _ = CaName::parse(&text);
        }
    }
}
