//! Certificates that name an organization: every lint on them finds what is wrong, and only that.

use const_oid::ObjectIdentifier;
use const_oid::db::rfc4519::{
    BUSINESS_CATEGORY, C, CN, L, O, OU, POSTAL_CODE, SERIAL_NUMBER, ST, STREET,
};
use const_oid::db::rfc5280::ID_CE_CERTIFICATE_POLICIES;

use super::*;
use crate::decode::Element;
use crate::encode::{Writer, tag};
use crate::extension::{
    CABF_ORGANIZATION_IDENTIFIER, QC_COMPLIANCE, QC_DISCLOSURES, QC_LEGISLATION, QC_STATEMENTS,
    QC_TYPE, QC_TYPE_WEB,
};
use crate::profile::{Country, Level};
use crate::subject::Subject;
use crate::subject::attribute::{
    JURISDICTION_COUNTRY, JURISDICTION_LOCALITY, JURISDICTION_STATE, ORGANIZATION_IDENTIFIER,
};
use crate::subject::tests::organization;

/// An attribute: its type, the tag of its string, its value.
type Pair = (ObjectIdentifier, u8, &'static str);

const P: u8 = tag::PRINTABLE_STRING;
const U: u8 = tag::UTF8_STRING;

/// What the builder writes for the fixture's organization.
const OV: [Pair; 4] = [
    (C, P, "FI"),
    (ST, U, "Uusimaa"),
    (L, U, "Helsinki"),
    (O, U, "Example Oy"),
];
const EV: [Pair; 10] = [
    (C, P, "FI"),
    (ST, U, "Uusimaa"),
    (L, U, "Helsinki"),
    (POSTAL_CODE, U, "00100"),
    (STREET, U, "Mannerheimintie 1"),
    (O, U, "Example Oy"),
    (BUSINESS_CATEGORY, U, "Private Organization"),
    (JURISDICTION_COUNTRY, P, "FI"),
    (SERIAL_NUMBER, P, "1234567-8"),
    (ORGANIZATION_IDENTIFIER, U, "NTRFI-1234567-8"),
];

/// The certificate in parts that a test may exchange.
struct Parts {
    /// RDNs with their attributes.
    subject: Vec<Vec<Pair>>,
    /// Extensions: type, whether critical, value.
    extensions: Vec<(ObjectIdentifier, bool, Vec<u8>)>,
}

impl Parts {
    fn extension(&mut self, oid: ObjectIdentifier) -> &mut Vec<u8> {
        let found = self.extensions.iter_mut().find(|(each, ..)| *each == oid);
        &mut found.unwrap().2
    }

    fn drop_extension(&mut self, oid: ObjectIdentifier) {
        self.extensions.retain(|(each, ..)| *each != oid);
    }

    fn value(&mut self, oid: ObjectIdentifier, value: &'static str) {
        for (each, _, text) in self.subject.iter_mut().flatten() {
            if *each == oid {
                *text = value;
            }
        }
    }

    fn retag(&mut self, oid: ObjectIdentifier, other: u8) {
        for (each, tag, _) in self.subject.iter_mut().flatten() {
            if *each == oid {
                *tag = other;
            }
        }
    }

    fn drop(&mut self, oid: ObjectIdentifier) {
        self.subject.retain(|rdn| rdn[0].0 != oid);
    }

    fn add(&mut self, pair: Pair) {
        self.subject.push(vec![pair]);
    }
}

fn der(body: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut writer = Writer::with_capacity(256);
    body(&mut writer);
    writer.finish()
}

/// The same content with other parts; everything else stays.
fn rebuilt(tbs: &TbsCertificate, change: impl FnOnce(&mut Parts), written: &[Pair]) -> Vec<u8> {
    let raw = crate::certificate::raw::RawTbs::parse(tbs.der()).unwrap();
    let extensions = raw.extensions.iter();
    let mut parts = Parts {
        subject: written.iter().map(|pair| vec![*pair]).collect(),
        extensions: extensions
            .map(|each| (each.oid, each.is_critical, each.value.to_vec()))
            .collect(),
    };
    let subject = |parts: &Parts| {
        der(|writer| {
            writer.sequence(|writer| {
                for rdn in &parts.subject {
                    writer.nested(tag::SET, |writer| {
                        for (oid, tag, value) in rdn {
                            writer.sequence(|writer| {
                                writer.oid(*oid);
                                writer.value(*tag, value.as_bytes());
                            });
                        }
                    });
                }
            });
        })
    };
    assert_eq!(
        subject(&parts),
        raw.subject,
        "what the builder writes is expected"
    );
    change(&mut parts);
    let mut elements = Element::only(tbs.der(), tag::SEQUENCE)
        .unwrap()
        .elements()
        .unwrap();
    der(|writer| {
        writer.sequence(|writer| {
            let mut place = 0;
            while let Some(element) = elements.next().unwrap() {
                match place {
                    5 => writer.raw(&subject(&parts)),
                    7 => writer.nested(tag::constructed(3), |writer| {
                        writer.sequence(|writer| {
                            for (oid, is_critical, value) in &parts.extensions {
                                crate::extension::write(writer, *oid, *is_critical, |writer| {
                                    writer.raw(value);
                                });
                            }
                        });
                    }),
                    _ => writer.raw(element.whole),
                }
                place += 1;
            }
        });
    })
}

/// Which lints find something when parts are exchanged in a certificate of the profile.
#[track_caller]
fn check_profile(
    profile: &Profile,
    written: &[Pair],
    expected: &[&str],
    change: impl FnOnce(&mut Parts),
) {
    let issuer = authority();
    let mut request = request(signer(P256).public_key(), &["example.com"]);
    request.subject = Some(Subject::new(organization()).unwrap());
    let tbs = issuer.prepare(profile, &request);
    let changed = TbsCertificate::from_der(&rebuilt(&tbs, change, written)).unwrap();
    let found: Vec<_> = match issuer.lint(changed, profile, NOW) {
        Ok(_) => Vec::new(),
        Err(findings) => findings.iter().map(|finding| finding.lint).collect(),
    };
    assert_eq!(found, expected);
}

#[track_caller]
fn check_ov(expected: &[&str], change: impl FnOnce(&mut Parts)) {
    check_profile(
        &Profile::of_level(Level::Organization),
        &OV,
        expected,
        change,
    );
}

#[track_caller]
fn check_ev(expected: &[&str], change: impl FnOnce(&mut Parts)) {
    check_profile(&Profile::of_level(Level::Extended), &EV, expected, change);
}

#[track_caller]
fn check_qwac(expected: &[&str], change: impl FnOnce(&mut Parts)) {
    check_profile(&Profile::of_level(Level::Qualified), &EV, expected, change);
}

#[test]
fn f037_what_the_builder_writes_passes_at_every_level() {
    check_profile(&Profile::dv(), &[], &[], |_| {});
    check_ov(&[], |_| {});
    check_ev(&[], |_| {});
    check_qwac(&[], |_| {});
    let mut identified = OV.to_vec();
    identified.push((ORGANIZATION_IDENTIFIER, U, "NTRFI-1234567-8"));
    check_profile(&Profile::qualified_normalized(), &identified, &[], |_| {});
}

#[test]
fn f037_a_domain_validated_certificate_names_nobody() {
    let named = [
        "subject_empty",
        "subject_of_level",
        "san_present_and_critical",
    ];
    check_profile(&Profile::dv(), &[], &named, |parts| {
        parts.subject = OV.iter().map(|pair| vec![*pair]).collect();
    });
    let nameless = [
        "subject_empty",
        "subject_of_level",
        "subject_place",
        "san_present_and_critical",
    ];
    check_ov(&nameless, |parts| parts.subject.clear());
}

#[test]
fn f037_a_certificate_has_the_attributes_of_its_level_and_no_others() {
    let of_level = ["subject_of_level"];
    check_ov(&of_level, |parts| parts.add((OU, U, "Sales")));
    check_ov(&of_level, |parts| parts.add((CN, U, "example.com")));
    check_ov(&of_level, |parts| {
        parts.add((BUSINESS_CATEGORY, U, "Private Organization"));
    });
    check_ov(&["subject_of_level", "subject_order"], |parts| {
        parts.add((STREET, U, "Street 1"));
    });
    check_ov(&of_level, |parts| parts.drop(C));
    check_ov(&of_level, |parts| parts.drop(O));
    check_ev(&of_level, |parts| parts.add((OU, U, "Sales")));
    for oid in [C, O, BUSINESS_CATEGORY, JURISDICTION_COUNTRY, SERIAL_NUMBER] {
        check_ev(&of_level, |parts| parts.drop(oid));
    }
    check_ev(&[], |parts| {
        parts.drop(ORGANIZATION_IDENTIFIER);
        parts.drop_extension(CABF_ORGANIZATION_IDENTIFIER);
    });
    check_qwac(&of_level, |parts| {
        parts.drop(ORGANIZATION_IDENTIFIER);
        parts.drop_extension(CABF_ORGANIZATION_IDENTIFIER);
    });
    check_ov(&["subject_place"], |parts| {
        parts.drop(L);
        parts.drop(ST);
    });
    check_ov(&[], |parts| parts.drop(L));
}

#[test]
fn subjects_are_held_to_their_encoding() {
    check_ov(&["subject_single_values"], |parts| {
        let place = parts.subject.remove(2);
        parts.subject[1].extend(place);
    });
    check_ov(&["subject_single_values"], |parts| {
        parts.add((O, U, "Another Oy"));
    });
    check_ov(&["subject_order"], |parts| parts.subject.swap(0, 3));
    check_ev(&["subject_order"], |parts| parts.subject.swap(6, 8));
    check_ov(&["subject_encoding"], |parts| parts.retag(C, U));
    check_ov(&["subject_encoding"], |parts| parts.retag(O, 0x1e));
    check_ev(&["subject_encoding"], |parts| parts.retag(SERIAL_NUMBER, U));
    let long: &'static str = Box::leak("\u{e4}".repeat(65).into_boxed_str());
    check_ov(&["subject_lengths"], |parts| parts.value(O, long));
    check_ov(&[], |parts| parts.value(L, long));
    check_ev(&["subject_lengths"], |parts| parts.value(POSTAL_CODE, long));
    check_ov(&["subject_lengths", "subject_countries"], |parts| {
        parts.value(C, "FIN");
    });
}

#[test]
fn subjects_are_held_to_what_was_reviewed() {
    let values = ["subject_values"];
    for value in [" Example", "A\u{308}", "a\u{202e}b", "a\nb", "-"] {
        check_ov(&values, |parts| parts.value(O, value));
    }
    check_ov(&["subject_lengths", "subject_values"], |parts| {
        parts.value(O, "");
    });
    check_ov(&["subject_countries"], |parts| parts.value(C, "XX"));
    check_ev(&["subject_countries"], |parts| {
        parts.value(JURISDICTION_COUNTRY, "fi");
    });
    check_ev(&["business_category"], |parts| {
        parts.value(BUSINESS_CATEGORY, "V1.0, Clause 5.(b)");
    });
    check_ev(&["jurisdiction"], |parts| {
        parts
            .subject
            .insert(8, vec![(JURISDICTION_LOCALITY, U, "Helsinki")]);
    });
    check_ev(&[], |parts| {
        parts
            .subject
            .insert(8, vec![(JURISDICTION_STATE, U, "Uusimaa")]);
    });
}

/// The extension for a scheme, a country, a state and a number.
fn extension(parts: (&str, &str, Option<&str>, &str)) -> Vec<u8> {
    der(|writer| {
        writer.sequence(|writer| {
            writer.value(P, parts.0.as_bytes());
            writer.value(P, parts.1.as_bytes());
            if let Some(state) = parts.2 {
                writer.value(tag::primitive(0), state.as_bytes());
            }
            writer.value(U, parts.3.as_bytes());
        });
    })
}

#[test]
fn the_identifier_and_its_extension_say_the_same() {
    let lint = ["organization_identifier_extension"];
    check_ev(&lint, |parts| {
        parts.drop_extension(CABF_ORGANIZATION_IDENTIFIER);
    });
    check_ev(&lint, |parts| parts.drop(ORGANIZATION_IDENTIFIER));
    for other in [
        ("VAT", "FI", None, "1234567-8"),
        ("NTR", "SE", None, "1234567-8"),
        ("NTR", "FI", Some("UU"), "1234567-8"),
        ("NTR", "FI", None, "1234567-9"),
    ] {
        check_ev(&lint, |parts| {
            *parts.extension(CABF_ORGANIZATION_IDENTIFIER) = extension(other);
        });
    }
    check_ev(&lint, |parts| {
        *parts.extension(CABF_ORGANIZATION_IDENTIFIER) = vec![0x30, 0];
    });
    check_ev(&lint, |parts| {
        for (oid, is_critical, _) in &mut parts.extensions {
            *is_critical |= *oid == CABF_ORGANIZATION_IDENTIFIER;
        }
    });
    check_ov(&lint, |parts| {
        let value = extension(("NTR", "FI", None, "1234567-8"));
        parts
            .extensions
            .push((CABF_ORGANIZATION_IDENTIFIER, false, value));
    });
    let both = [
        "organization_identifier",
        "organization_identifier_extension",
    ];
    for text in [
        "NTRFI",
        "GOVFI-1",
        "PSDFI-FINFSA-1",
        "LEIXG-529900T8BM49AURSDO55",
    ] {
        check_ev(&both, |parts| parts.value(ORGANIZATION_IDENTIFIER, text));
    }
    check_ev(&[], |parts| {
        parts.value(ORGANIZATION_IDENTIFIER, "NTRFI+UU-1");
        *parts.extension(CABF_ORGANIZATION_IDENTIFIER) = extension(("NTR", "FI", Some("UU"), "1"));
    });
}

fn policies(oids: &[&str]) -> Vec<u8> {
    der(|writer| {
        writer.sequence(|writer| {
            for oid in oids {
                writer.sequence(|writer| writer.oid(ObjectIdentifier::new_unwrap(oid)));
            }
        });
    })
}

#[test]
fn policies_are_those_of_profile_and_level() {
    const ALL: [&str; 3] = [
        "certificate_policies",
        "policy_reserved",
        "policy_qualified",
    ];
    let check = |level, oids: &[&str], expected: &[&str]| {
        let written: &[Pair] = if level == Level::Organization {
            &OV
        } else {
            &EV
        };
        check_profile(&Profile::of_level(level), written, expected, |parts| {
            *parts.extension(ID_CE_CERTIFICATE_POLICIES) = policies(oids);
        });
    };
    let (dv, ov, ev) = ("2.23.140.1.2.1", "2.23.140.1.2.2", "2.23.140.1.1");
    let (qev, qn) = ("0.4.0.194112.1.4", "0.4.0.194112.1.5");
    check(Level::Organization, &[dv], &ALL[..2]);
    check(Level::Organization, &[ov, ev], &ALL[..2]);
    check(Level::Organization, &["1.2.3", ov], &ALL[..2]);
    check(Level::Organization, &[ov, "1.2.3"], &ALL[..1]);
    check(Level::Organization, &[ov, "2.5.29.32.0"], &ALL[..2]);
    check(
        Level::Organization,
        &[ov, qn],
        &["certificate_policies", "policy_qualified"],
    );
    check(Level::Extended, &[ov], &ALL[..2]);
    check(
        Level::Extended,
        &[ev, qev],
        &["certificate_policies", "policy_qualified"],
    );
    check(
        Level::Qualified,
        &[ev],
        &["certificate_policies", "policy_qualified"],
    );
    check(
        Level::Qualified,
        &[ev, qn],
        &["certificate_policies", "policy_qualified"],
    );
    check(
        Level::Qualified,
        &[ev, qev, qn],
        &["certificate_policies", "policy_qualified"],
    );
    check(Level::Qualified, &[ov, qn], &ALL[..1]);
    check(Level::Qualified, &[dv, qn], &ALL[..2]);
}

#[test]
fn f038_wildcard_names_are_linted() {
    let issuer = authority();
    let mut request = request(signer(P256).public_key(), &["example.com", "*.example.com"]);
    request.subject = Some(Subject::new(organization()).unwrap());
    let without = Profile {
        has_wildcards: false,
        ..Profile::dv()
    };
    let forced = Profile {
        has_wildcards: true,
        ..Profile::of_level(Level::Extended)
    };
    let profiles = [
        without,
        forced,
        Profile::of_level(Level::Extended),
        Profile::of_level(Level::Qualified),
        Profile::qualified_normalized(),
    ];
    for profile in profiles {
        let tbs = issuer.prepare(&profile, &request);
        let findings = issuer.lint(tbs, &profile, NOW).unwrap_err();
        let lints: Vec<_> = findings.iter().map(|finding| finding.lint).collect();
        assert_eq!(lints, ["san_wildcards_of_profile"]);
    }
    let organization = Profile::of_level(Level::Organization);
    let tbs = issuer.prepare(&organization, &request);
    assert!(issuer.lint(tbs, &organization, NOW).is_ok());
}

/// QCStatements of these, each with what it says.
fn statements(all: &[(ObjectIdentifier, Option<Vec<u8>>)]) -> Vec<u8> {
    der(|writer| {
        writer.sequence(|writer| {
            for (oid, information) in all {
                writer.sequence(|writer| {
                    writer.oid(*oid);
                    writer.raw(information.as_deref().unwrap_or_default());
                });
            }
        });
    })
}

fn kinds(oids: &[ObjectIdentifier]) -> Vec<u8> {
    der(|writer| writer.sequence(|writer| oids.iter().for_each(|oid| writer.oid(*oid))))
}

fn locations(all: &[(&str, &str)]) -> Vec<u8> {
    der(|writer| {
        writer.sequence(|writer| {
            for (url, language) in all {
                writer.sequence(|writer| {
                    writer.value(tag::IA5_STRING, url.as_bytes());
                    writer.value(P, language.as_bytes());
                });
            }
        });
    })
}

const PDS: &str = "https://www.example.com/pds/en.pdf";

#[track_caller]
fn check_statements(expected: &[&str], all: &[(ObjectIdentifier, Option<Vec<u8>>)]) {
    check_qwac(expected, |parts| {
        *parts.extension(QC_STATEMENTS) = statements(all);
    });
}

#[test]
fn f037_qualified_certificates_and_no_others_carry_their_statements() {
    let (compliance, web) = (
        (QC_COMPLIANCE, None),
        (QC_TYPE, Some(kinds(&[QC_TYPE_WEB]))),
    );
    let pds = (QC_DISCLOSURES, Some(locations(&[(PDS, "en")])));
    check_statements(&[], &[compliance.clone(), web.clone(), pds.clone()]);
    check_statements(&["qc_compliance"], &[web.clone(), pds.clone()]);
    let more = (QC_COMPLIANCE, Some(kinds(&[])));
    check_statements(&["qc_compliance"], &[more, web.clone(), pds.clone()]);
    check_statements(&["qc_type"], &[compliance.clone(), pds.clone()]);
    let seal = ObjectIdentifier::new_unwrap("0.4.0.1862.1.6.2");
    for wrong in [vec![seal], vec![QC_TYPE_WEB, seal], Vec::new()] {
        let wrong = (QC_TYPE, Some(kinds(&wrong)));
        check_statements(&["qc_type"], &[compliance.clone(), wrong, pds.clone()]);
    }
    check_statements(&["qc_disclosures"], &[compliance.clone(), web.clone()]);
    for wrong in [
        locations(&[("http://www.example.com/pds/en.pdf", "en")]),
        locations(&[(PDS, "fi")]),
        locations(&[(PDS, "en"), (PDS, "fi")]),
        locations(&[("https://www.example.com/other", "en")]),
        locations(&[]),
    ] {
        let wrong = (QC_DISCLOSURES, Some(wrong));
        check_statements(
            &["qc_disclosures"],
            &[compliance.clone(), web.clone(), wrong],
        );
    }
    let all = [compliance.clone(), web, pds, compliance];
    check_statements(&["qc_statements_of_level"], &all);
    let [compliance, web, pds, _] = all;
    let device = (ObjectIdentifier::new_unwrap("0.4.0.1862.1.4"), None);
    check_statements(&["qc_statements_of_level"], &[compliance, web, pds, device]);
    let gone = [
        "qc_statements_of_level",
        "qc_compliance",
        "qc_type",
        "qc_disclosures",
    ];
    check_qwac(&gone, |parts| parts.drop_extension(QC_STATEMENTS));
    check_qwac(&["qc_statements_of_level"], |parts| {
        for (oid, is_critical, _) in &mut parts.extensions {
            *is_critical |= *oid == QC_STATEMENTS;
        }
    });
    check_ev(&["qc_statements_of_level"], |parts| {
        let claim = statements(&[(QC_COMPLIANCE, None)]);
        parts.extensions.push((QC_STATEMENTS, false, claim));
    });
}

#[test]
fn the_law_outside_of_the_european_union_is_named() {
    let mut swiss = Profile::of_level(Level::Qualified);
    let country = Country::parse("CH").unwrap();
    swiss.qualified.as_mut().unwrap().legislation = vec![country];
    check_profile(&swiss, &EV, &[], |_| {});
    let base = [
        (QC_COMPLIANCE, None),
        (QC_TYPE, Some(kinds(&[QC_TYPE_WEB]))),
        (QC_DISCLOSURES, Some(locations(&[(PDS, "en")]))),
    ];
    let named = |code: &str| {
        let countries = der(|writer| writer.sequence(|writer| writer.value(P, code.as_bytes())));
        let mut all = base.to_vec();
        all.push((QC_LEGISLATION, Some(countries)));
        statements(&all)
    };
    check_qwac(&["qc_legislation"], |parts| {
        *parts.extension(QC_STATEMENTS) = named("CH");
    });
    let lint = ["qc_legislation"];
    check_profile(&swiss, &EV, &lint, |parts| {
        *parts.extension(QC_STATEMENTS) = named("NO");
    });
    check_profile(&swiss, &EV, &lint, |parts| {
        *parts.extension(QC_STATEMENTS) = statements(&base);
    });
}
