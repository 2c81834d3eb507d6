use base::Refuse as _;
use der::Decode as _;
use proptest::prelude::*;
use x509_cert::name::Name;

use super::*;

/// An organization that has everything, with a register of its country.
pub(crate) fn organization() -> SubjectFields {
    let some = |text: &str| Some(text.to_owned());
    SubjectFields {
        legal_name: "Example Oy".to_owned(),
        country: "FI".to_owned(),
        assumed_name: None,
        street: some("Mannerheimintie 1"),
        postal_code: some("00100"),
        locality: some("Helsinki"),
        state: some("Uusimaa"),
        business_category: some("Private Organization"),
        jurisdiction_country: some("FI"),
        jurisdiction_state: None,
        jurisdiction_locality: None,
        registration_number: some("1234567-8"),
        organization_identifier: some("NTRFI-1234567-8"),
    }
}

/// The same with a field in another way.
fn with(field: SubjectField, value: &str) -> SubjectFields {
    let mut fields = organization();
    fields.set(field, Some(value.to_owned()));
    fields
}

fn subject() -> Subject {
    Subject::new(organization()).unwrap()
}

#[test]
fn values_are_trimmed_and_composed_and_nothing_else() {
    let subject =
        Subject::new(with(SubjectField::LegalName, " A\u{308}kta  Bolag & Co. ")).unwrap();
    assert_eq!(subject.fields().legal_name, "\u{c4}kta  Bolag & Co.");
    let again = Subject::new(subject.fields().clone()).unwrap();
    assert_eq!(again, subject);
    let blank = Subject::new(with(SubjectField::Street, "  ")).unwrap();
    assert_eq!(blank.value(SubjectField::Street), None);
    let both = Subject::new(with(SubjectField::AssumedName, "Esimerkki")).unwrap();
    assert_eq!(both.organization_name(), "Esimerkki (Example Oy)");
    assert_eq!(
        both.to_string(),
        "Esimerkki (Example Oy), Helsinki, Uusimaa, FI"
    );
}

#[track_caller]
fn check_refused(fields: SubjectFields, field: SubjectField, expected: &str) {
    let error = Subject::new(fields).unwrap_err();
    assert_eq!(error.field(), field);
    assert!(error.to_string().contains(expected), "{error}");
    let refusal = error.refusal();
    assert_eq!(refusal.about.len(), 1);
}

#[track_caller]
fn check_value(field: SubjectField, value: &str, expected: &str) {
    check_refused(with(field, value), field, expected);
}

#[test]
fn limits_are_characters_and_not_octets() {
    use SubjectField as F;
    for (field, most) in [
        (F::LegalName, 64),
        (F::Street, 128),
        (F::PostalCode, 40),
        (F::Locality, 128),
        (F::State, 128),
    ] {
        assert!(Subject::new(with(field, &"\u{e4}".repeat(most))).is_ok());
        let sentence = format!("{field} has {} characters; at most {most} fit", most + 1);
        check_value(field, &"\u{e4}".repeat(most + 1), &sentence);
    }
    assert!(Subject::new(with(F::RegistrationNumber, &"1".repeat(64))).is_ok());
    check_value(F::RegistrationNumber, &"1".repeat(65), "at most 64 fit");
    // `x (Example Oy)` has 13 characters more.
    assert!(Subject::new(with(F::AssumedName, &"x".repeat(51))).is_ok());
    check_value(
        F::AssumedName,
        &"x".repeat(52),
        "more than 64 characters together",
    );
}

#[test]
fn what_cannot_be_seen_or_says_nothing_is_refused() {
    use SubjectField as F;
    for hidden in [
        "a\nb",
        "a\u{202e}b",
        "a\u{200b}b",
        "a\u{feff}b",
        "a\u{e000}b",
    ] {
        check_value(F::LegalName, hidden, "legal_name must not contain");
        check_value(F::Locality, hidden, "locality must not contain");
    }
    check_value(F::State, "-", "state has no letter and no digit");
    check_value(F::LegalName, ".", "legal_name has no letter");
    check_value(
        F::RegistrationNumber,
        "Nr\u{ba} 1",
        "registration_number must not contain",
    );
    check_value(F::Country, "fi", "\"fi\" is not the code of a country");
    check_value(
        F::JurisdictionCountry,
        "EU",
        "\"EU\" is not the code of a country",
    );
    check_value(
        F::BusinessCategory,
        "private organization",
        "it is one of Private Organization, ",
    );
    check_value(
        F::RegistrationNumber,
        "Government entity",
        "business_category does not",
    );
    let mut state = with(F::BusinessCategory, "Government Entity");
    state.registration_number = Some("Government Entity".to_owned());
    assert!(Subject::new(state).is_ok());
}

#[test]
fn fields_that_belong_together_come_together() {
    use SubjectField as F;
    check_value(F::LegalName, " ", "legal_name is missing");
    check_value(F::Country, "", "country is missing");
    let mut nowhere = organization();
    (nowhere.locality, nowhere.state) = (None, None);
    check_refused(nowhere, F::Locality, "one of them is needed");
    for one in [F::Locality, F::State] {
        let mut fields = organization();
        fields.set(one, None);
        assert!(Subject::new(fields).is_ok());
    }
    let local = with(F::JurisdictionLocality, "Helsinki");
    check_refused(local, F::JurisdictionState, "needs both");
    let mut state = with(F::JurisdictionState, "Uusimaa");
    state.jurisdiction_country = None;
    check_refused(state, F::JurisdictionState, "needs jurisdiction_country");
}

#[track_caller]
fn check_for(level: Level, fields: SubjectFields, expected: Option<&str>) {
    let profile = Profile::of_level(level);
    let error = Subject::new(fields).unwrap().check_for(&profile).err();
    let sentence = error.map(|error| error.to_string());
    match expected {
        Some(part) => assert!(
            sentence.as_ref().is_some_and(|text| text.contains(part)),
            "{sentence:?}"
        ),
        None => assert_eq!(sentence, None),
    }
}

fn without(field: SubjectField) -> SubjectFields {
    let mut fields = organization();
    fields.set(field, None);
    fields
}

#[test]
fn each_level_needs_its_fields() {
    use SubjectField as F;
    for level in Level::ALL {
        check_for(*level, organization(), None);
    }
    let of_ev = [
        F::BusinessCategory,
        F::JurisdictionCountry,
        F::RegistrationNumber,
    ];
    for field in of_ev {
        check_for(Level::Organization, without(field), None);
        let sentence = format!("{field} is missing; certificates of the level");
        check_for(Level::Extended, without(field), Some(&sentence));
        check_for(Level::Qualified, without(field), Some(&sentence));
    }
    let anonymous = without(F::OrganizationIdentifier);
    check_for(Level::Extended, anonymous.clone(), None);
    check_for(
        Level::Qualified,
        anonymous,
        Some("organization_identifier is missing"),
    );
    let mut normalized = organization();
    for field in of_ev {
        normalized.set(field, None);
    }
    let profile = Profile::qualified_normalized();
    Subject::new(normalized)
        .unwrap()
        .check_for(&profile)
        .unwrap();
}

#[test]
fn schemes_are_those_of_the_level() {
    use SubjectField as F;
    let of = |text: &str| with(F::OrganizationIdentifier, text);
    let lei = "LEIXG-529900T8BM49AURSDO55";
    check_for(Level::Extended, of("VATFI-12345678"), None);
    check_for(Level::Extended, of(lei), Some("do not know the scheme LEI"));
    check_for(
        Level::Qualified,
        of(lei),
        Some("do not know the scheme LEI"),
    );
    let normalized = Profile::qualified_normalized();
    Subject::new(of(lei))
        .unwrap()
        .check_for(&normalized)
        .unwrap();
    let psd = of("PSDFI-FINFSA-1234567-8");
    check_for(Level::Extended, psd.clone(), Some("TS 119 495"));
    check_for(Level::Qualified, psd.clone(), Some("TS 119 495"));
    // Not in the certificate, so nobody minds.
    check_for(Level::Organization, psd, None);
    check_for(
        Level::Extended,
        of("NTRSE-1234567"),
        Some("another register"),
    );
    check_for(
        Level::Extended,
        of("NTRFI+UU-1234567"),
        Some("another register"),
    );
    let mut state = of("NTRFI+UU-1234567");
    state.jurisdiction_state = Some("Uusimaa".to_owned());
    check_for(Level::Extended, state, None);
}

#[test]
fn who_names_nobody_needs_nobody() {
    let subject = subject();
    let for_profile =
        |organization, level| Subject::for_profile(organization, &Profile::of_level(level));
    assert_eq!(for_profile(None, Level::Domain), Ok(None));
    assert_eq!(for_profile(Some(&subject), Level::Domain), Ok(None));
    for level in [Level::Organization, Level::Extended, Level::Qualified] {
        assert_eq!(for_profile(None, level), Err(OrganizationError::Missing));
        assert_eq!(
            for_profile(Some(&subject), level),
            Ok(Some(subject.clone()))
        );
    }
}

#[track_caller]
fn check_name(profile: &Profile, fields: SubjectFields, expected: &str) {
    let der = Subject::new(fields).unwrap().to_der(profile);
    let name = Name::from_der(&der).unwrap();
    let mut text = Vec::new();
    for rdn in name.iter_rdn() {
        for pair in rdn.iter() {
            let value = String::from_utf8_lossy(pair.value.value()).into_owned();
            let is_narrow = der::Tagged::tag(&pair.value) == der::Tag::PrintableString;
            let kind = if is_narrow { "p" } else { "u" };
            text.push(format!("{} {kind} {value}", pair.oid));
        }
    }
    assert_eq!(text.join("\n"), expected);
}

#[test]
fn names_have_the_attributes_of_their_level_in_order() {
    let mut fields = organization();
    fields.assumed_name = Some("Esimerkki".to_owned());
    let place = "2.5.4.6 p FI\n2.5.4.8 u Uusimaa\n2.5.4.7 u Helsinki";
    let name = "2.5.4.10 u Esimerkki (Example Oy)";
    let identifier = "2.5.4.97 u NTRFI-1234567-8";
    let ov = Profile::of_level(Level::Organization);
    check_name(&ov, fields.clone(), &format!("{place}\n{name}"));
    let normalized = Profile::qualified_normalized();
    check_name(
        &normalized,
        fields.clone(),
        &format!("{place}\n{name}\n{identifier}"),
    );
    let ev = format!(
        "{place}\n2.5.4.17 u 00100\n2.5.4.9 u Mannerheimintie 1\n{name}\n2.5.4.15 u Private Organization\n\
         1.3.6.1.4.1.311.60.2.1.3 p FI\n2.5.4.5 p 1234567-8\n{identifier}"
    );
    check_name(&Profile::of_level(Level::Extended), fields.clone(), &ev);
    check_name(&Profile::of_level(Level::Qualified), fields, &ev);
}

#[track_caller]
fn check_identifier(text: &str, expected: Option<(&str, &str, Option<&str>, &str)>) {
    let read = OrganizationIdentifier::parse(text);
    let parts = read.as_ref().ok().map(|it| {
        assert_eq!(it.to_string(), text);
        (
            it.scheme().as_str(),
            it.country(),
            it.subdivision(),
            it.reference(),
        )
    });
    assert_eq!(parts, expected, "{text}: {read:?}");
}

#[test]
fn identifiers_of_the_guidelines_are_read() {
    check_identifier("NTRGB-12345678", Some(("NTR", "GB", None, "12345678")));
    check_identifier(
        "NTRUS+CA-12345678",
        Some(("NTR", "US", Some("CA"), "12345678")),
    );
    check_identifier("VATDE-123456789", Some(("VAT", "DE", None, "123456789")));
    check_identifier("VATEL-123456789", Some(("VAT", "EL", None, "123456789")));
    let psd = "NBB-1234.567.890";
    check_identifier("PSDBE-NBB-1234.567.890", Some(("PSD", "BE", None, psd)));
    let lei = "529900T8BM49AURSDO55";
    check_identifier("LEIXG-529900T8BM49AURSDO55", Some(("LEI", "XG", None, lei)));
}

#[test]
fn identifiers_of_another_form_are_refused() {
    for text in [
        "",
        "NTRGB",
        "NTRGB-",
        "NTRGB--",
        "NTRGB-12 34",
        "NTRGB-12\u{202e}34",
        "NTREL-1",
        "NTRXG-1",
        "NTRgb-1",
        "NTR-1",
        "VATDE+BY-1",
        "NTRUS+-1",
        "NTRUS+ca-1",
        "NTRUS+CAL-1",
        "GOVUS-1",
        "SI:DE-1",
        "LEIDE-529900T8BM49AURSDO55",
        "LEIXG-529900T8BM49AURSDO54",
        "LEIXG-529900T8BM49AURSDO5",
        "LEIXG-529900t8bm49aursdo55",
        "PSDBE-1234",
        "PSDBE-N-1234",
        "\u{e4}\u{e4}-1",
        "NT\u{e4}GB-1",
    ] {
        check_identifier(text, None);
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic_and_what_is_read_is_written_the_same(text in ".{0,40}") {
        for text in [text.clone(), format!("NTRGB-{text}"), format!("LEIXG{text}")] {
            if let Ok(read) = OrganizationIdentifier::parse(&text) {
                prop_assert_eq!(read.to_string(), text);
            }
        }
    }

    #[test]
    fn no_value_makes_it_panic_and_what_is_taken_stays_the_same(value in ".{0,80}") {
        for field in SubjectField::ALL {
            if let Ok(subject) = Subject::new(with(*field, &value)) {
                let again = Subject::new(subject.fields().clone());
                prop_assert_eq!(again, Ok(subject.clone()));
                for level in Level::ALL {
                    let der = subject.to_der(&Profile::of_level(*level));
                    prop_assert!(Name::from_der(&der).is_ok());
                }
            }
        }
    }
}
