//! The fields of an organization in forms: their names, hints and values, and what is wrong with them.

use std::collections::BTreeMap;

use pki::{BUSINESS_CATEGORIES, SubjectError, SubjectField, SubjectFields};

use crate::portal::page::form::{Choice, Problems};
use crate::portal::page::words::sentence;

/// A form as it was typed, by the names of its fields.
pub(crate) type Typed = BTreeMap<String, String>;

/// A field with its value.
#[derive(Clone, Debug)]
pub struct SubjectInput {
    /// Name and id.
    pub at: &'static str,
    /// What it is called.
    pub label: &'static str,
    /// What stands in it.
    pub value: String,
    /// Who needs it.
    pub help: &'static str,
    /// What there is to choose from; empty where it is typed.
    pub choices: Vec<Choice>,
}

/// What a field is called.
pub(crate) fn label(field: SubjectField) -> &'static str {
    match field {
        SubjectField::LegalName => "Legal name",
        SubjectField::AssumedName => "Assumed name",
        SubjectField::Street => "Street and number",
        SubjectField::PostalCode => "Postal code",
        SubjectField::Locality => "Locality",
        SubjectField::State => "State or province",
        SubjectField::Country => "Country",
        SubjectField::BusinessCategory => "Business category",
        SubjectField::JurisdictionCountry => "Jurisdiction, country",
        SubjectField::JurisdictionState => "Jurisdiction, state",
        SubjectField::JurisdictionLocality => "Jurisdiction, locality",
        SubjectField::RegistrationNumber => "Registration number",
        SubjectField::OrganizationIdentifier => "Organization identifier",
    }
}

fn help(field: SubjectField) -> &'static str {
    match field {
        SubjectField::LegalName => "All types. As it stands in the register.",
        SubjectField::AssumedName => "Optional. The name that it does business under.",
        SubjectField::Street | SubjectField::PostalCode => "Optional.",
        SubjectField::Locality => "City or town. All types need this or the state.",
        SubjectField::State => "All types need this or the locality.",
        SubjectField::Country => "All types. Two capital letters, such as FI.",
        SubjectField::BusinessCategory => "EV, and QWAC where its directory asks for it.",
        SubjectField::JurisdictionCountry => "EV. The country of the register, such as FI.",
        SubjectField::JurisdictionState => "Only for a register of a state or below.",
        SubjectField::JurisdictionLocality => "Only for a register below a state.",
        SubjectField::RegistrationNumber => "EV. The number in the register.",
        SubjectField::OrganizationIdentifier => "QWAC. With its scheme, such as VATFI-12345678.",
    }
}

/// The fields with the values that they have.
pub(crate) fn inputs(fields: &SubjectFields) -> Vec<SubjectInput> {
    inputs_with(|field| fields.value(field).unwrap_or_default().to_owned())
}

/// The fields as they were typed.
pub(crate) fn inputs_typed(typed: &Typed) -> Vec<SubjectInput> {
    inputs_with(|field| text(typed, field.as_str()).to_owned())
}

fn inputs_with(value: impl Fn(SubjectField) -> String) -> Vec<SubjectInput> {
    let input = |field: &SubjectField| {
        let value = value(*field);
        SubjectInput {
            at: field.as_str(),
            label: label(*field),
            help: help(*field),
            choices: if *field == SubjectField::BusinessCategory {
                categories(&value)
            } else {
                Vec::new()
            },
            value,
        }
    };
    SubjectField::ALL.iter().map(input).collect()
}

fn categories(chosen: &str) -> Vec<Choice> {
    let choice = |value: &str, label: &str| Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        hint: String::new(),
        is_chosen: value == chosen,
    };
    let none = choice("", "Not said");
    let words = BUSINESS_CATEGORIES.iter().map(|word| choice(word, word));
    std::iter::once(none).chain(words).collect()
}

/// What was typed in a field; empty when nothing was.
pub(crate) fn text<'t>(typed: &'t Typed, at: &str) -> &'t str {
    typed.get(at).map_or("", |text| text.trim())
}

/// The fields of an organization that were typed.
pub(crate) fn read(typed: &Typed) -> SubjectFields {
    let mut fields = SubjectFields::default();
    for field in SubjectField::ALL {
        let value = text(typed, field.as_str());
        fields.set(*field, Some(value.to_owned()).filter(|_| !value.is_empty()));
    }
    fields
}

/// The fields that say something, by their names.
pub(crate) fn facts(fields: &SubjectFields) -> Vec<(&'static str, String)> {
    let said = |field: &SubjectField| {
        let value = fields.value(*field).filter(|value| !value.is_empty())?;
        Some((label(*field), value.to_owned()))
    };
    SubjectField::ALL.iter().filter_map(said).collect()
}

/// What is wrong, at its field, with the fields called as people read them.
pub(crate) fn problem(error: &SubjectError) -> Problems {
    let mut message = error.to_string();
    for field in SubjectField::ALL {
        let word = field.as_str();
        if word.contains('_') {
            message = message.replace(word, &word.replace('_', " "));
        }
    }
    Problems::one(error.field().as_str(), &sentence(&message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_comes_back_and_blanks_are_nothing() {
        let typed: Typed = [
            ("legal_name", " Example Oy "),
            ("country", "FI"),
            ("street", " "),
        ]
        .into_iter()
        .map(|(at, text)| (at.to_owned(), text.to_owned()))
        .collect();
        let fields = read(&typed);
        assert_eq!(
            (fields.legal_name.as_str(), fields.street.clone()),
            ("Example Oy", None)
        );
        let expected = [
            ("Legal name", "Example Oy".to_owned()),
            ("Country", "FI".to_owned()),
        ];
        assert_eq!(facts(&fields), expected);
        let again = inputs(&fields);
        let values: Vec<_> = again.iter().map(|input| input.value.as_str()).collect();
        assert_eq!(values.iter().filter(|value| !value.is_empty()).count(), 2);
    }

    #[test]
    fn a_problem_calls_fields_as_people_do() {
        let found = problem(&SubjectError::Blank(SubjectField::LegalName));
        assert!(
            found
                .of("legal_name")
                .starts_with("Legal name has no letter")
        );
    }
}
