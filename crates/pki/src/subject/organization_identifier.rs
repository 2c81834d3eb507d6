//! The identifier of an organization in a register, with the scheme of the register (EN 319 412-1 §5.1.4, EVG §9.2.8).
//!
//! National schemes (two letters and a colon) and those of S/MIME certificates (GOV, INT) are not issued.

use std::fmt;

use super::is_hidden;
use crate::profile::Country;

base::words! {
    /// What kind of register it is.
    pub enum RegistrationScheme {
        /// Legal Entity Identifier (ISO 17442), worldwide.
        Lei = "LEI",
        /// National trade register.
        Ntr = "NTR",
        /// The authority for payment services (TS 119 495).
        Psd = "PSD",
        /// National value added tax.
        Vat = "VAT",
    }
}

/// Such as `NTRUS+CA-12345678`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrganizationIdentifier {
    scheme: RegistrationScheme,
    /// ISO 3166-1, or one of the codes that the scheme has besides.
    country: String,
    subdivision: Option<String>,
    reference: String,
}

/// Why a text is not an organizationIdentifier.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
pub enum OrganizationIdentifierError {
    /// The check digits of a LEI.
    #[error(
        "\"{0}\" is not a legal entity identifier (ISO 17442): 18 letters and digits and 2 check digits"
    )]
    CheckDigits(String),
    /// Not a country, or not one of the scheme.
    #[error("\"{country}\" is no country of the scheme {scheme}; a LEI has XG")]
    Country {
        /// The scheme.
        scheme: RegistrationScheme,
        /// Two letters.
        country: String,
    },
    /// The number in the register.
    #[error("the number after the hyphen is missing, or contains spaces or invisible characters")]
    Reference,
    /// None of ours.
    #[error("\"{0}\" is not a known scheme; known are LEI, NTR, PSD and VAT")]
    Scheme(String),
    /// A state or province where there is none.
    #[error("\"+{0}\" is not two letters of a state or province in the scheme NTR")]
    Subdivision(String),
    /// Not its form.
    #[error(
        "\"{0}\" is not a scheme, a country, a hyphen and a number, as in NTRGB-12345678 or VATDE-123456789"
    )]
    Syntax(String),
}

impl OrganizationIdentifier {
    /// Reads its written form. The first hyphen ends the scheme, the reference may contain others.
    pub fn parse(text: &str) -> Result<Self, OrganizationIdentifierError> {
        use OrganizationIdentifierError as Wrong;
        let syntax = || Wrong::Syntax(text.to_owned());
        let (register, reference) = text.split_once('-').ok_or_else(syntax)?;
        let (register, subdivision) = match register.split_once('+') {
            Some((register, subdivision)) => (register, Some(subdivision)),
            None => (register, None),
        };
        let (word, country) = register.split_at_checked(3).ok_or_else(syntax)?;
        let scheme =
            RegistrationScheme::parse(word).ok_or_else(|| Wrong::Scheme(word.to_owned()))?;
        if !has_country(scheme, country) {
            let country = country.to_owned();
            return Err(Wrong::Country { scheme, country });
        }
        if let Some(text) = subdivision {
            let is_code = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase());
            if scheme != RegistrationScheme::Ntr || !is_code {
                return Err(Wrong::Subdivision(text.to_owned()));
            }
        }
        let is_hole = |letter: char| letter.is_whitespace() || is_hidden(letter);
        if !reference.chars().any(char::is_alphanumeric) || reference.contains(is_hole) {
            return Err(Wrong::Reference);
        }
        match scheme {
            RegistrationScheme::Lei if !is_lei(reference) => {
                return Err(Wrong::CheckDigits(reference.to_owned()));
            }
            // The authority and its number for the provider (TS 119 495 §5.2.1).
            RegistrationScheme::Psd if !is_of_authority(reference) => return Err(syntax()),
            RegistrationScheme::Lei
            | RegistrationScheme::Ntr
            | RegistrationScheme::Psd
            | RegistrationScheme::Vat => {}
        }
        Ok(Self {
            scheme,
            country: country.to_owned(),
            subdivision: subdivision.map(str::to_owned),
            reference: reference.to_owned(),
        })
    }

    /// What kind of register it is.
    pub fn scheme(&self) -> RegistrationScheme {
        self.scheme
    }

    /// Two letters.
    pub fn country(&self) -> &str {
        &self.country
    }

    /// The state or province of the register, two letters of ISO 3166-2.
    pub fn subdivision(&self) -> Option<&str> {
        self.subdivision.as_deref()
    }

    /// The number in the register.
    pub fn reference(&self) -> &str {
        &self.reference
    }
}

impl fmt::Display for OrganizationIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.scheme, self.country)?;
        if let Some(subdivision) = &self.subdivision {
            write!(f, "+{subdivision}")?;
        }
        write!(f, "-{}", self.reference)
    }
}

/// A LEI is worldwide; the tax of Greece and Northern Ireland has codes of its own.
fn has_country(scheme: RegistrationScheme, country: &str) -> bool {
    let is_own = match scheme {
        RegistrationScheme::Lei => return country == WORLD,
        RegistrationScheme::Vat => OF_TAX.split_ascii_whitespace().any(|code| code == country),
        RegistrationScheme::Ntr | RegistrationScheme::Psd => false,
    };
    is_own || Country::parse(country).is_ok()
}

/// ISO 7064 MOD 97-10 over letters as numbers from 10 (ISO 17442 §4).
fn is_lei(text: &str) -> bool {
    let is_shape = text.len() == 20
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
        && text.bytes().skip(18).all(|byte| byte.is_ascii_digit());
    let digits = text.chars().filter_map(|letter| letter.to_digit(36));
    let remainder = digits.fold(0, |sum, digit| {
        let scale = if digit < 10 { 10 } else { 100 };
        (sum * scale + digit) % 97
    });
    is_shape && remainder == 1
}

/// Two to eight capital letters, a hyphen and something behind it.
fn is_of_authority(reference: &str) -> bool {
    reference
        .split_once('-')
        .is_some_and(|(authority, number)| {
            let is_name = authority.bytes().all(|byte| byte.is_ascii_uppercase());
            (2..=8).contains(&authority.len()) && is_name && !number.is_empty()
        })
}

const WORLD: &str = "XG";
const OF_TAX: &str = "EL XI";
