use super::super::qualified::Disclosure;
use super::super::{
    Country, DOMAIN_VALIDATED, EXTENDED_VALIDATION, ORGANIZATION_VALIDATED, QUALIFIED_EXTENDED,
    QUALIFIED_NORMALIZED,
};
use super::*;

/// A policy of an operator's own.
const OWN: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.3");

/// As it stands in databases since there are profiles.
const DV: &str = r#"{"validity_seconds":7776000,"backdate_seconds":3600,"policy":"2.23.140.1.2.1","has_rsa_key_encipherment":false,"honours_must_staple":false,"max_names":100}"#;

fn private() -> Profile {
    Profile {
        name: "machines".to_owned(),
        policies: Vec::new(),
        trust: ProfileTrust::Private,
        ..Profile::dv()
    }
}

#[test]
fn what_is_stored_stays_the_same_to_the_octet() {
    assert_eq!(Profile::dv().to_json(), DV);
    assert_eq!(Profile::from_json("dv", DV).unwrap(), Profile::dv());
    let text = private().to_json();
    assert!(text.ends_with(r#""max_names":100,"trust":"private"}"#));
    assert!(!text.contains("policy"));
    assert_eq!(Profile::from_json("machines", &text).unwrap(), private());
    let newer = DV.replace('}', r#","later":1}"#);
    assert_eq!(Profile::from_json("dv", &newer).unwrap(), Profile::dv());
}

#[test]
fn every_field_is_known_to_the_file() {
    let every = Profile {
        has_wildcards: true,
        trust: ProfileTrust::Private,
        ..Profile::of_level(Level::Qualified)
    };
    let one = Profile {
        policies: vec![DOMAIN_VALIDATED],
        ..every.clone()
    };
    let mut known = FIELDS.to_vec();
    known.sort_unstable();
    let mut written: Vec<String> = Vec::new();
    for profile in [every, one] {
        let fields: Map<String, Value> = serde_json::from_str(&profile.to_json()).unwrap();
        written.extend(fields.into_iter().map(|(key, _)| key));
    }
    written.sort_unstable();
    written.dedup();
    assert_eq!(written, known);
}

#[track_caller]
fn check(text: &str, expected: &str) {
    let error = Profile::from_file_json("dv", text).unwrap_err();
    let sentence = error.refusal().sentence;
    assert!(sentence.contains(expected), "{sentence}");
}

#[test]
fn what_a_person_writes_is_held_to_the_fields() {
    assert_eq!(Profile::from_file_json("dv", DV).unwrap(), Profile::dv());
    let public = DV.replace('}', r#","trust":"public"}"#);
    assert_eq!(
        Profile::from_file_json("dv", &public).unwrap(),
        Profile::dv()
    );
    check(
        &DV.replace('}', r#","validity_days":90,"turst":"private"}"#),
        "\"turst\", \"validity_days\" are no field of a profile; its fields are validity_seconds, ",
    );
    check(
        &DV.replace('}', r#","trust":"friends"}"#),
        "unknown variant `friends`, expected `public` or `private`",
    );
    check(
        &DV.replace("max_names", "trust"),
        "the profile cannot be read",
    );
    check(&DV.replace('}', r#","max_names":7}"#), "duplicate field");
    check(
        &DV.replace(r#","max_names":100"#, ""),
        "missing field `max_names`",
    );
    check(&DV.replace("2.23.140.1.2.1", "dv"), "policy is \"dv\"");
    check(&DV.replace("7776000", "60"), "validity_seconds is 60");
    check("[]", "the profile cannot be read");
}

#[track_caller]
fn check_limits(profile: Profile, change: impl FnOnce(&mut Profile), expected: Option<&str>) {
    let mut changed = profile;
    change(&mut changed);
    let error = changed.check().err().map(|error| error.to_string());
    assert_eq!(error.as_deref(), expected);
}

#[test]
fn a_public_profile_keeps_the_limits_of_the_law() {
    let check = |change: fn(&mut Profile), expected| {
        check_limits(Profile::dv(), change, expected);
    };
    check(|_| {}, None);
    check(|p| p.validity_seconds = 398 * DAY, None);
    check(
        |p| p.validity_seconds = 398 * DAY + 1,
        Some("validity_seconds is 34387201; it must be from 3600 to 34387200 in a public profile"),
    );
    check(
        |p| p.backdate_seconds = 48 * HOUR,
        Some("backdate_seconds is 172800; it must be from 0 to 169200 in a public profile"),
    );
    check(
        |p| p.max_names = 0,
        Some("max_names is 0; it must be from 1 to 1000"),
    );
    check(
        |p| p.max_names = 1001,
        Some("max_names is 1001; it must be from 1 to 1000"),
    );
    check(
        |p| p.policies.clear(),
        Some(
            "policy is missing; a public profile of the level domain has 2.23.140.1.2.1 (domain validated)",
        ),
    );
    check(
        |p| p.policies = vec![OWN],
        Some(
            "policy is 1.2.3; a public profile of the level domain has 2.23.140.1.2.1 (domain validated), or \"trust\" is \"private\"",
        ),
    );
}

#[test]
fn a_private_profile_has_wider_limits() {
    let check = |change: fn(&mut Profile), expected| {
        check_limits(private(), change, expected);
    };
    check(|_| {}, None);
    check(|p| p.policies = vec![OWN], None);
    check(|p| p.validity_seconds = 3650 * DAY, None);
    check(|p| p.backdate_seconds = 48 * HOUR, None);
    check(
        |p| p.validity_seconds = 3650 * DAY + 1,
        Some("validity_seconds is 315360001; it must be from 3600 to 315360000"),
    );
    check(
        |p| p.validity_seconds = 3599,
        Some("validity_seconds is 3599; it must be from 3600 to 315360000"),
    );
    check(
        |p| p.backdate_seconds = -1,
        Some("backdate_seconds is -1; it must be from 0 to 172800"),
    );
    check(
        |p| p.validity_seconds = 2 * HOUR - 1,
        Some(
            "backdate_seconds is 3600; it must be from 0 to 3599, an hour less than validity_seconds",
        ),
    );
}

#[test]
fn the_shortest_profile_makes_certificates() {
    let shortest = Profile {
        validity_seconds: HOUR,
        backdate_seconds: 0,
        ..Profile::dv()
    };
    shortest.check().unwrap();
    let now = base::Timestamp::from_seconds(1_795_435_200);
    let validity = shortest.validity(super::super::RequestedValidity::default(), now);
    assert_eq!(validity.unwrap().seconds(), HOUR);
}

/// Whether a public profile of the level can have these policies.
#[track_caller]
fn check_policies(level: Level, policies: &[ObjectIdentifier], expected: bool) {
    let profile = Profile {
        policies: policies.to_vec(),
        ..Profile::of_level(level)
    };
    assert_eq!(profile.check().is_ok(), expected, "{level}: {policies:?}");
}

#[test]
fn f037_each_level_has_its_own_policies() {
    let (ov, ev) = (ORGANIZATION_VALIDATED, EXTENDED_VALIDATION);
    let (qev, qn) = (QUALIFIED_EXTENDED, QUALIFIED_NORMALIZED);
    for level in Level::ALL {
        Profile::of_level(*level).check().unwrap();
        check_policies(*level, &[], false);
        check_policies(*level, &[OWN], false);
    }
    check_policies(Level::Domain, &[DOMAIN_VALIDATED, OWN], false);
    check_policies(Level::Organization, &[ov, OWN], true);
    check_policies(Level::Organization, &[OWN, ov], false);
    check_policies(Level::Organization, &[ov, DOMAIN_VALIDATED], false);
    check_policies(Level::Organization, &[ov, qn], false);
    check_policies(Level::Extended, &[ev, OWN], true);
    check_policies(Level::Extended, &[ev, ev], false);
    check_policies(
        Level::Extended,
        &[ev, super::super::policy::ANY_POLICY],
        false,
    );
    check_policies(Level::Extended, &[ov], false);
    check_policies(Level::Qualified, &[ev, qev, OWN], true);
    check_policies(Level::Qualified, &[ov, qn, OWN], true);
    check_policies(Level::Qualified, &[ev, qn], false);
    check_policies(Level::Qualified, &[ov, qev], false);
    check_policies(Level::Qualified, &[ev, qev, qn], false);
    check_policies(Level::Qualified, &[ev], false);
}

#[test]
fn f038_no_profile_of_an_ev_or_qualified_certificate_has_wildcards() {
    for level in [Level::Extended, Level::Qualified] {
        let mut profile = Profile::of_level(level);
        profile.has_wildcards = true;
        let error = profile.check().unwrap_err().to_string();
        assert!(error.contains("EVG §9.8.1"), "{error}");
    }
    let plain = Profile {
        has_wildcards: false,
        ..Profile::of_level(Level::Organization)
    };
    plain.check().unwrap();
    assert!(plain.to_json().contains(r#""has_wildcards":false"#));
    assert_eq!(
        Profile::from_json("organization", &plain.to_json()).unwrap(),
        plain
    );
}

#[track_caller]
fn check_statements(change: impl FnOnce(&mut Qualified), expected: &str) {
    let mut profile = Profile::of_level(Level::Qualified);
    change(profile.qualified.as_mut().unwrap());
    let error = profile.check().err().map(|error| error.to_string());
    assert_eq!(error.is_none(), expected.is_empty(), "{error:?}");
    assert!(error.unwrap_or_default().contains(expected));
}

#[test]
fn statements_of_qualified_certificates_are_held_to_their_standard() {
    let other = |language: &str| Disclosure {
        language: language.to_owned(),
        url: "https://www.example.com/pds".to_owned(),
    };
    check_statements(|q| q.disclosures.push(other("fi")), "");
    check_statements(|q| q.disclosures.clear(), "must begin with");
    check_statements(|q| q.disclosures.insert(0, other("fi")), "must begin with");
    check_statements(
        |q| q.disclosures.push(other("en")),
        "\"en\" occurs more than once",
    );
    check_statements(
        |q| q.disclosures.push(other("FI")),
        "\"FI\" is not the code of a language",
    );
    for url in [
        "http://example.com/",
        "https://",
        "https:///pds",
        "https://example.com/a b",
    ] {
        check_statements(
            |q| url.clone_into(&mut q.disclosures[0].url),
            "is not an https URL",
        );
    }
    let country = |text| Country::parse(text).unwrap();
    check_statements(|q| q.legislation.push(country("CH")), "");
    check_statements(
        |q| q.legislation.push(country("FI")),
        "is in the European Union",
    );
    check_statements(
        |q| q.legislation = vec![country("CH"); 2],
        "occurs more than once",
    );
    check_statements(|q| q.legislation = vec![country("CH"); 11], "at most 10");
}

#[test]
fn statements_belong_to_qualified_profiles_of_the_public_web() {
    let with = |change: fn(&mut Profile)| {
        let mut profile = Profile::of_level(Level::Qualified);
        change(&mut profile);
        profile.check().unwrap_err().to_string()
    };
    assert!(with(|p| p.qualified = None).starts_with("level is qualified"));
    assert!(with(|p| p.level = Level::Extended).starts_with("level is extended"));
    assert!(with(|p| p.trust = ProfileTrust::Private).contains("leave \"trust\" out"));
}

#[test]
fn profiles_of_every_level_are_read_as_they_were_written() {
    for level in Level::ALL {
        let profile = Profile::of_level(*level);
        let text = profile.to_json();
        assert_eq!(
            Profile::from_file_json(&profile.name, &text).unwrap(),
            profile
        );
    }
    let both = DV.replace('}', r#","policies":["1.2.3"]}"#);
    check(&both, "give either policy or policies");
    let unknown = DV.replace('}', r#","level":"best"}"#);
    check(&unknown, "level is \"best\"; it is one of");
}
