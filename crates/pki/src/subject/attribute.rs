//! The attributes of a subject with their encodings and limits (BR §7.1.4.2, EVG §9.2).

use const_oid::ObjectIdentifier;
use const_oid::db::rfc4519::{BUSINESS_CATEGORY, C, L, O, POSTAL_CODE, SERIAL_NUMBER, ST, STREET};

use super::SubjectField;
use crate::encode::{Writer, tag};

/// id-at-organizationIdentifier (X.520 §6.4.4).
pub(crate) const ORGANIZATION_IDENTIFIER: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("2.5.4.97");
/// EVG §9.2.4; so the next two.
pub(crate) const JURISDICTION_LOCALITY: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.60.2.1.1");
pub(crate) const JURISDICTION_STATE: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.60.2.1.2");
pub(crate) const JURISDICTION_COUNTRY: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.60.2.1.3");

/// An attribute; the order is that of the DER. For those behind the organizationName there is no rule but that of each
/// table of BR §7.1.4.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attribute {
    CountryName,
    StateOrProvinceName,
    LocalityName,
    PostalCode,
    StreetAddress,
    OrganizationName,
    BusinessCategory,
    JurisdictionCountry,
    JurisdictionState,
    JurisdictionLocality,
    SerialNumber,
    OrganizationIdentifier,
}

impl Attribute {
    pub(super) const ALL: [Self; 12] = [
        Self::CountryName,
        Self::StateOrProvinceName,
        Self::LocalityName,
        Self::PostalCode,
        Self::StreetAddress,
        Self::OrganizationName,
        Self::BusinessCategory,
        Self::JurisdictionCountry,
        Self::JurisdictionState,
        Self::JurisdictionLocality,
        Self::SerialNumber,
        Self::OrganizationIdentifier,
    ];

    /// Where a field stands.
    pub(super) const fn of(field: SubjectField) -> Self {
        match field {
            SubjectField::LegalName | SubjectField::AssumedName => Self::OrganizationName,
            SubjectField::Street => Self::StreetAddress,
            SubjectField::PostalCode => Self::PostalCode,
            SubjectField::Locality => Self::LocalityName,
            SubjectField::State => Self::StateOrProvinceName,
            SubjectField::Country => Self::CountryName,
            SubjectField::BusinessCategory => Self::BusinessCategory,
            SubjectField::JurisdictionCountry => Self::JurisdictionCountry,
            SubjectField::JurisdictionState => Self::JurisdictionState,
            SubjectField::JurisdictionLocality => Self::JurisdictionLocality,
            SubjectField::RegistrationNumber => Self::SerialNumber,
            SubjectField::OrganizationIdentifier => Self::OrganizationIdentifier,
        }
    }

    /// The field that it needs.
    pub(super) const fn field(self) -> SubjectField {
        match self {
            Self::CountryName => SubjectField::Country,
            Self::StateOrProvinceName => SubjectField::State,
            Self::LocalityName => SubjectField::Locality,
            Self::PostalCode => SubjectField::PostalCode,
            Self::StreetAddress => SubjectField::Street,
            Self::OrganizationName => SubjectField::LegalName,
            Self::BusinessCategory => SubjectField::BusinessCategory,
            Self::JurisdictionCountry => SubjectField::JurisdictionCountry,
            Self::JurisdictionState => SubjectField::JurisdictionState,
            Self::JurisdictionLocality => SubjectField::JurisdictionLocality,
            Self::SerialNumber => SubjectField::RegistrationNumber,
            Self::OrganizationIdentifier => SubjectField::OrganizationIdentifier,
        }
    }

    /// The most characters (BR §7.1.4.2); there is no limit for the last, ours is that of its neighbours.
    pub(super) const fn most(self) -> usize {
        match self {
            Self::CountryName | Self::JurisdictionCountry => 2,
            Self::PostalCode => 40,
            Self::OrganizationName | Self::SerialNumber => 64,
            Self::StateOrProvinceName
            | Self::LocalityName
            | Self::StreetAddress
            | Self::BusinessCategory
            | Self::JurisdictionState
            | Self::JurisdictionLocality
            | Self::OrganizationIdentifier => 128,
        }
    }

    const fn oid(self) -> ObjectIdentifier {
        match self {
            Self::CountryName => C,
            Self::StateOrProvinceName => ST,
            Self::LocalityName => L,
            Self::PostalCode => POSTAL_CODE,
            Self::StreetAddress => STREET,
            Self::OrganizationName => O,
            Self::BusinessCategory => BUSINESS_CATEGORY,
            Self::JurisdictionCountry => JURISDICTION_COUNTRY,
            Self::JurisdictionState => JURISDICTION_STATE,
            Self::JurisdictionLocality => JURISDICTION_LOCALITY,
            Self::SerialNumber => SERIAL_NUMBER,
            Self::OrganizationIdentifier => ORGANIZATION_IDENTIFIER,
        }
    }

    const fn string_tag(self) -> u8 {
        match self {
            Self::CountryName | Self::JurisdictionCountry | Self::SerialNumber => {
                tag::PRINTABLE_STRING
            }
            Self::StateOrProvinceName
            | Self::LocalityName
            | Self::PostalCode
            | Self::StreetAddress
            | Self::OrganizationName
            | Self::BusinessCategory
            | Self::JurisdictionState
            | Self::JurisdictionLocality
            | Self::OrganizationIdentifier => tag::UTF8_STRING,
        }
    }

    /// One RelativeDistinguishedName with this attribute alone.
    pub(super) fn write(self, writer: &mut Writer, value: &str) {
        writer.nested(tag::SET, |writer| {
            writer.sequence(|writer| {
                writer.oid(self.oid());
                writer.value(self.string_tag(), value.as_bytes());
            });
        });
    }
}

/// X.680 §41.4.
pub(crate) fn is_printable_string(character: char) -> bool {
    character.is_ascii_alphanumeric() || " '()+,-./:=?".contains(character)
}
