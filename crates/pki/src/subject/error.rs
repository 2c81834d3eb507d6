//! Why an organization cannot stand in a certificate, with the field and what to do about it.

use base::{Class, Refusal, Refuse};

use super::{BUSINESS_CATEGORIES, OrganizationIdentifierError, RegistrationScheme, SubjectField};
use crate::profile::{CountryError, Level};

/// Why an organization cannot stand in a certificate.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
pub enum SubjectError {
    /// No letter and no digit.
    #[error(
        "{0} has no letter and no digit; leave it out if there is nothing to say (BR §7.1.4.2)"
    )]
    Blank(SubjectField),
    /// Not one of the four words.
    #[error("business_category is \"{0}\"; it is one of {words}", words = BUSINESS_CATEGORIES.join(", "))]
    BusinessCategory(String),
    /// A character that the attribute cannot hold, or that nobody sees.
    #[error(
        "{field} must not contain {character:?}; write it as the register does, in visible characters"
    )]
    Character {
        /// Where it stands.
        field: SubjectField,
        /// The character.
        character: char,
    },
    /// No country of ISO 3166-1.
    #[error("{field}: {error}")]
    Country {
        /// Which country.
        field: SubjectField,
        /// What it is.
        error: CountryError,
    },
    /// The words for a government entity as the number of another one.
    #[error(
        "registration_number says that it is a government entity and business_category does not; give the number in the \
         register, or the date of the registration (EVG §9.2.5)"
    )]
    Government,
    /// The organizationIdentifier.
    #[error("organization_identifier: {0}")]
    Identifier(#[from] OrganizationIdentifierError),
    /// A locality without its state, or either without its country.
    #[error(
        "jurisdiction_state needs jurisdiction_country, and jurisdiction_locality needs both; say as much as the register \
         is for and no more (EVG §9.2.4)"
    )]
    Jurisdiction,
    /// Too many characters.
    #[error("{field} has {length} characters; at most {most} fit (BR §7.1.4.2)")]
    Length {
        /// Which field.
        field: SubjectField,
        /// How many it has.
        length: usize,
        /// How many fit.
        most: usize,
    },
    /// A field that certificates of this level need.
    #[error("{field} is missing; certificates of the level {level} need it")]
    Missing {
        /// Which field.
        field: SubjectField,
        /// The level.
        level: Level,
    },
    /// Both names together are too long.
    #[error(
        "assumed_name and, in brackets, legal_name have more than 64 characters together; abbreviate, or leave the assumed \
         name out (EVG §9.2.1)"
    )]
    Names,
    /// The scheme of payment service providers.
    #[error(
        "organization_identifier: PSD is for payment services, whose certificates carry the statement of TS 119 495, which \
         is not issued here; give the number in the trade register (NTR) or for the value added tax (VAT)"
    )]
    PaymentServices,
    /// Neither locality nor state.
    #[error("locality and state are both missing; one of them is needed (BR §7.1.2.7.4)")]
    Place,
    /// The trade register of another jurisdiction.
    #[error(
        "organization_identifier names another register than the jurisdiction: NTR has its country, and a subdivision \
         (NTRUS+CA-...) exactly when there is a jurisdiction_state (EVG §9.2.8)"
    )]
    Register,
    /// A scheme that EV certificates do not know.
    #[error(
        "organization_identifier: EV certificates do not know the scheme {0}; give the number in the trade register (NTR) or \
         for the value added tax (VAT) (EVG Appendix H)"
    )]
    Scheme(RegistrationScheme),
}

impl SubjectError {
    /// The field to change.
    pub fn field(&self) -> SubjectField {
        match self {
            Self::Blank(field)
            | Self::Character { field, .. }
            | Self::Country { field, .. }
            | Self::Length { field, .. }
            | Self::Missing { field, .. } => *field,
            Self::BusinessCategory(_) => SubjectField::BusinessCategory,
            Self::Government => SubjectField::RegistrationNumber,
            Self::Identifier(_) | Self::PaymentServices | Self::Register | Self::Scheme(_) => {
                SubjectField::OrganizationIdentifier
            }
            Self::Jurisdiction => SubjectField::JurisdictionState,
            Self::Names => SubjectField::AssumedName,
            Self::Place => SubjectField::Locality,
        }
    }
}

impl Refuse for SubjectError {
    fn refusal(&self) -> Refusal {
        let refusal = match self {
            Self::Blank(_) => Class::Invalid.because("subject_field_blank", self),
            Self::BusinessCategory(_) => Class::Invalid.because("business_category_unknown", self),
            Self::Character { .. } => Class::Invalid.because("subject_field_character", self),
            Self::Country { .. } => Class::Invalid.because("subject_country", self),
            Self::Government => Class::Invalid.because("registration_number_government", self),
            Self::Identifier(_) => {
                Class::Invalid.because("organization_identifier_malformed", self)
            }
            Self::Jurisdiction => Class::Invalid.because("jurisdiction_incomplete", self),
            Self::Length { .. } => Class::Invalid.because("subject_field_long", self),
            Self::Missing { .. } => Class::Invalid.because("subject_field_missing", self),
            Self::Names => Class::Invalid.because("organization_names_long", self),
            Self::PaymentServices => {
                Class::Invalid.because("organization_identifier_payment_services", self)
            }
            Self::Place => Class::Invalid.because("subject_place_missing", self),
            Self::Register => Class::Invalid.because("organization_identifier_register", self),
            Self::Scheme(_) => Class::Invalid.because("organization_identifier_scheme", self),
        };
        refusal.at(self.field().as_str())
    }
}

/// Why a certificate that has to name an organization cannot.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
pub enum OrganizationError {
    /// What is known of it is not enough for this kind of certificate.
    #[error("the validated organization cannot stand in certificates of this directory: {0}")]
    Incomplete(#[from] SubjectError),
    /// Nobody was validated.
    #[error(
        "this directory issues for validated organizations only, and this ACME account has none; have the organization \
         validated first, or order in a directory for domain-validated certificates"
    )]
    Missing,
}

impl Refuse for OrganizationError {
    fn refusal(&self) -> Refusal {
        let code = match self {
            Self::Incomplete(_) => "organization_incomplete",
            Self::Missing => "organization_missing",
        };
        Class::Forbidden.because(code, self)
    }
}
