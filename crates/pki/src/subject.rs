//! The organization that a certificate names: its fields, held to their limits, and the Name that is made of them.
//!
//! Whether the values are true is decided before, by people; here is what may stand in a subject at all, and which fields
//! each kind of certificate needs (BR §7.1.4.2, EVG §9.2, EN 319 412-1 §5.1.4). No other values reach a subject.

use std::fmt;

use icu_normalizer::ComposingNormalizerBorrowed;
use serde::{Deserialize, Serialize};

use crate::encode::Writer;
use crate::profile::{Country, Level, Profile};
use attribute::{Attribute, is_printable_string};

pub(crate) mod attribute;
mod error;
mod organization_identifier;

pub use error::{OrganizationError, SubjectError};
pub use organization_identifier::{
    OrganizationIdentifier, OrganizationIdentifierError, RegistrationScheme,
};

base::words! {
    /// A field of an organization, by the name that it has in forms and documents.
    pub enum SubjectField {
        /// The name in the register.
        LegalName = "legal_name",
        /// The name that it does business under; stands before the legal name.
        AssumedName = "assumed_name",
        /// Street and number of its place of business.
        Street = "street",
        /// The postal code of that place.
        PostalCode = "postal_code",
        /// City or town.
        Locality = "locality",
        /// State or province.
        State = "state",
        /// The country of that place.
        Country = "country",
        /// Which of the four kinds of EVG §9.2.3 it is.
        BusinessCategory = "business_category",
        /// The country of its register.
        JurisdictionCountry = "jurisdiction_country",
        /// The state or province, if the register is not the country's.
        JurisdictionState = "jurisdiction_state",
        /// The city or town, if the register is not the state's.
        JurisdictionLocality = "jurisdiction_locality",
        /// Its number in the register, or what stands for it.
        RegistrationNumber = "registration_number",
        /// The number with its scheme, such as `VATFI-12345678`.
        OrganizationIdentifier = "organization_identifier",
    }
}

/// The fields of an organization as they are typed, stored and reviewed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SubjectFields {
    /// See [`SubjectField::LegalName`]; so the others.
    pub legal_name: String,
    /// Two capital letters.
    pub country: String,
    /// The name that it does business under.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assumed_name: Option<String>,
    /// Street and number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub street: Option<String>,
    /// Postal code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    /// City or town; this or the state is needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locality: Option<String>,
    /// State or province.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// One of the four of EVG §9.2.3.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub business_category: Option<String>,
    /// The country of the register, two capital letters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jurisdiction_country: Option<String>,
    /// Only for a register of a state or below.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jurisdiction_state: Option<String>,
    /// Only for a register below a state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jurisdiction_locality: Option<String>,
    /// The number in the register; the date of the registration where there are no numbers; for a government entity
    /// without either the words for that (EVG §9.2.5).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registration_number: Option<String>,
    /// With its scheme, such as `VATFI-12345678`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization_identifier: Option<String>,
}

/// What a certificate may say about an organization: trimmed, composed (NFC) and within all limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    fields: SubjectFields,
    identifier: Option<OrganizationIdentifier>,
}

impl Subject {
    /// Takes the fields as they are, but trimmed and composed. What is left blank is not there.
    pub fn new(mut fields: SubjectFields) -> Result<Self, SubjectError> {
        for field in SubjectField::ALL {
            tidy(&mut fields, *field)?;
        }
        let subject = Self {
            identifier: match &fields.organization_identifier {
                Some(text) => Some(OrganizationIdentifier::parse(text)?),
                None => None,
            },
            fields,
        };
        subject.check()?;
        Ok(subject)
    }

    /// The fields as they go into certificates.
    pub fn fields(&self) -> &SubjectFields {
        &self.fields
    }

    /// The organizationIdentifier, if it has one.
    pub fn organization_identifier(&self) -> Option<&OrganizationIdentifier> {
        self.identifier.as_ref()
    }

    /// The organizationName: the legal name, behind an assumed name in brackets (EVG §9.2.1).
    pub fn organization_name(&self) -> String {
        let legal = &self.fields.legal_name;
        match &self.fields.assumed_name {
            Some(assumed) => format!("{assumed} ({legal})"),
            None => legal.clone(),
        }
    }

    /// The subject of a certificate by this profile, of the organization that was validated for it: none where the
    /// profile names nobody, and an error where it needs an organization, or more of it.
    pub fn for_profile(
        organization: Option<&Self>,
        profile: &Profile,
    ) -> Result<Option<Self>, OrganizationError> {
        if !profile.level.names_organization() {
            return Ok(None);
        }
        let organization = organization.ok_or(OrganizationError::Missing)?;
        organization.check_for(profile)?;
        Ok(Some(organization.clone()))
    }

    /// Whether certificates by this profile can name the organization.
    pub fn check_for(&self, profile: &Profile) -> Result<(), SubjectError> {
        let level = profile.level;
        let demanded =
            |field: &&SubjectField| needs(profile, **field) && self.value(**field).is_none();
        if let Some(field) = SubjectField::ALL.iter().find(demanded) {
            return Err(SubjectError::Missing {
                field: *field,
                level,
            });
        }
        match &self.identifier {
            Some(identifier) if may_have(profile, SubjectField::OrganizationIdentifier) => {
                self.check_scheme(identifier, profile)
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Which schemes there are for it, and that it is about the register of the jurisdiction (EVG §9.2.8, Appendix H).
    fn check_scheme(
        &self,
        identifier: &OrganizationIdentifier,
        profile: &Profile,
    ) -> Result<(), SubjectError> {
        let scheme = identifier.scheme();
        match scheme {
            // It states a role that only the statement of TS 119 495 gives.
            RegistrationScheme::Psd => return Err(SubjectError::PaymentServices),
            RegistrationScheme::Lei if profile.is_extended() => {
                return Err(SubjectError::Scheme(scheme));
            }
            RegistrationScheme::Lei | RegistrationScheme::Vat => return Ok(()),
            RegistrationScheme::Ntr => {}
        }
        let is_elsewhere =
            self.fields.jurisdiction_country.as_deref() != Some(identifier.country());
        let has_state = self.fields.jurisdiction_state.is_some();
        if profile.is_extended()
            && (is_elsewhere || has_state != identifier.subdivision().is_some())
        {
            return Err(SubjectError::Register);
        }
        Ok(())
    }

    /// What holds of every organization.
    fn check(&self) -> Result<(), SubjectError> {
        let fields = &self.fields;
        for (field, is_given) in [
            (SubjectField::LegalName, !fields.legal_name.is_empty()),
            (SubjectField::Country, !fields.country.is_empty()),
        ] {
            if !is_given {
                let level = Level::Organization;
                return Err(SubjectError::Missing { field, level });
            }
        }
        if self.organization_name().chars().count() > Attribute::OrganizationName.most() {
            return Err(SubjectError::Names);
        }
        if fields.locality.is_none() && fields.state.is_none() {
            return Err(SubjectError::Place);
        }
        let depth = [
            fields.jurisdiction_country.is_some(),
            fields.jurisdiction_state.is_some(),
            fields.jurisdiction_locality.is_some(),
        ];
        if !depth.is_sorted_by(|above, below| above >= below) {
            return Err(SubjectError::Jurisdiction);
        }
        let is_government = fields.business_category.as_deref() == Some(GOVERNMENT);
        let number = fields.registration_number.as_deref();
        if number.is_some_and(|number| number.eq_ignore_ascii_case(GOVERNMENT)) && !is_government {
            return Err(SubjectError::Government);
        }
        Ok(())
    }

    /// A field's value.
    pub fn value(&self, field: SubjectField) -> Option<&str> {
        self.fields.value(field)
    }

    /// DER of the Name, in the order of BR §7.1.4.2.
    pub(crate) fn to_der(&self, profile: &Profile) -> Vec<u8> {
        let mut writer = Writer::with_capacity(256);
        writer.sequence(|writer| {
            for attribute in Attribute::ALL {
                if !may_have(profile, attribute.field()) {
                    continue;
                }
                let name = self.organization_name();
                let is_name = attribute == Attribute::OrganizationName;
                let value = is_name.then_some(name.as_str());
                let value = value.or_else(|| self.value(attribute.field()));
                if let Some(value) = value {
                    attribute.write(writer, value);
                }
            }
        });
        writer.finish()
    }
}

/// The organization's name and place.
impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.organization_name())?;
        for field in [
            SubjectField::Locality,
            SubjectField::State,
            SubjectField::Country,
        ] {
            if let Some(value) = self.value(field) {
                write!(f, ", {value}")?;
            }
        }
        Ok(())
    }
}

impl SubjectFields {
    /// A field's value; none when it is blank.
    pub fn value(&self, field: SubjectField) -> Option<&str> {
        let value = match field {
            SubjectField::LegalName => Some(&self.legal_name),
            SubjectField::AssumedName => self.assumed_name.as_ref(),
            SubjectField::Street => self.street.as_ref(),
            SubjectField::PostalCode => self.postal_code.as_ref(),
            SubjectField::Locality => self.locality.as_ref(),
            SubjectField::State => self.state.as_ref(),
            SubjectField::Country => Some(&self.country),
            SubjectField::BusinessCategory => self.business_category.as_ref(),
            SubjectField::JurisdictionCountry => self.jurisdiction_country.as_ref(),
            SubjectField::JurisdictionState => self.jurisdiction_state.as_ref(),
            SubjectField::JurisdictionLocality => self.jurisdiction_locality.as_ref(),
            SubjectField::RegistrationNumber => self.registration_number.as_ref(),
            SubjectField::OrganizationIdentifier => self.organization_identifier.as_ref(),
        };
        value.map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Sets a field; nothing takes it back.
    pub fn set(&mut self, field: SubjectField, value: Option<String>) {
        let place = match field {
            SubjectField::LegalName => return self.legal_name = value.unwrap_or_default(),
            SubjectField::Country => return self.country = value.unwrap_or_default(),
            SubjectField::AssumedName => &mut self.assumed_name,
            SubjectField::Street => &mut self.street,
            SubjectField::PostalCode => &mut self.postal_code,
            SubjectField::Locality => &mut self.locality,
            SubjectField::State => &mut self.state,
            SubjectField::BusinessCategory => &mut self.business_category,
            SubjectField::JurisdictionCountry => &mut self.jurisdiction_country,
            SubjectField::JurisdictionState => &mut self.jurisdiction_state,
            SubjectField::JurisdictionLocality => &mut self.jurisdiction_locality,
            SubjectField::RegistrationNumber => &mut self.registration_number,
            SubjectField::OrganizationIdentifier => &mut self.organization_identifier,
        };
        *place = value;
    }
}

/// Whether a certificate by this profile has to have the field.
fn needs(profile: &Profile, field: SubjectField) -> bool {
    match field {
        SubjectField::LegalName | SubjectField::Country => profile.level.names_organization(),
        SubjectField::BusinessCategory
        | SubjectField::JurisdictionCountry
        | SubjectField::RegistrationNumber => profile.is_extended(),
        SubjectField::OrganizationIdentifier => profile.level == Level::Qualified,
        SubjectField::AssumedName
        | SubjectField::Street
        | SubjectField::PostalCode
        | SubjectField::Locality
        | SubjectField::State
        | SubjectField::JurisdictionState
        | SubjectField::JurisdictionLocality => false,
    }
}

/// Whether it says the field if the organization has it. Streets and postal codes are not recommended outside of EV
/// certificates, nor is any attribute of EVG §9.2 there (BR §7.1.2.7.4).
fn may_have(profile: &Profile, field: SubjectField) -> bool {
    match field {
        SubjectField::LegalName
        | SubjectField::AssumedName
        | SubjectField::Locality
        | SubjectField::State
        | SubjectField::Country => profile.level.names_organization(),
        SubjectField::Street
        | SubjectField::PostalCode
        | SubjectField::BusinessCategory
        | SubjectField::JurisdictionCountry
        | SubjectField::JurisdictionState
        | SubjectField::JurisdictionLocality
        | SubjectField::RegistrationNumber => profile.is_extended(),
        SubjectField::OrganizationIdentifier => {
            profile.is_extended() || profile.level == Level::Qualified
        }
    }
}

/// Trims and composes a field and holds it to its limits.
fn tidy(fields: &mut SubjectFields, field: SubjectField) -> Result<(), SubjectError> {
    let Some(value) = fields.value(field) else {
        fields.set(field, None);
        return Ok(());
    };
    let composed = ComposingNormalizerBorrowed::new_nfc().normalize(value.trim());
    if composed.is_empty() {
        fields.set(field, None);
        return Ok(());
    }
    check_value(field, &composed)?;
    let composed = composed.into_owned();
    fields.set(field, Some(composed));
    Ok(())
}

fn check_value(field: SubjectField, value: &str) -> Result<(), SubjectError> {
    let most = Attribute::of(field).most();
    let length = value.chars().count();
    if length > most {
        return Err(SubjectError::Length {
            field,
            length,
            most,
        });
    }
    let is_narrow = field == SubjectField::RegistrationNumber;
    let is_wrong =
        |letter: &char| is_hidden(*letter) || (is_narrow && !is_printable_string(*letter));
    if let Some(character) = value.chars().find(is_wrong) {
        return Err(SubjectError::Character { field, character });
    }
    // A dot or a hyphen alone says nothing (BR §7.1.4.2).
    if !value.chars().any(char::is_alphanumeric) {
        return Err(SubjectError::Blank(field));
    }
    let is_country = matches!(
        field,
        SubjectField::Country | SubjectField::JurisdictionCountry
    );
    if let Some(error) = Country::parse(value).err().filter(|_| is_country) {
        return Err(SubjectError::Country { field, error });
    }
    if field == SubjectField::BusinessCategory && !BUSINESS_CATEGORIES.contains(&value) {
        return Err(SubjectError::BusinessCategory(value.to_owned()));
    }
    Ok(())
}

/// Whether it cannot be seen, or changes how what stands around it is seen.
pub(crate) fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff0}'..='\u{fffd}' | '\u{e000}'..='\u{f8ff}')
}

/// The kinds of organizations of EVG §9.2.3.
pub const BUSINESS_CATEGORIES: [&str; 4] = [
    "Private Organization",
    GOVERNMENT,
    "Business Entity",
    "Non-Commercial Entity",
];

/// The kind that need not have a number; the same words may stand for one (EVG §9.2.5).
const GOVERNMENT: &str = "Government Entity";

#[cfg(test)]
pub(crate) mod tests;
