use base::Identifier;

use super::*;
use crate::fixture::{NOW, issuing, request, root, signer};
use crate::{IssuanceRequest, Issuer};

mod named;

const P256: KeyAlgorithm = KeyAlgorithm::EcdsaP256;

fn authority() -> Issuer {
    issuing(&root(P256), P256)
}

/// The names of the lints that a request breaks.
fn broken_by(
    profile: &Profile,
    now: Timestamp,
    change: impl FnOnce(&mut IssuanceRequest, &mut Profile),
) -> Vec<&'static str> {
    let issuer = authority();
    let mut request = request(signer(P256).public_key(), &["example.com"]);
    let mut written = profile.clone();
    change(&mut request, &mut written);
    let tbs = issuer.prepare(&written, &request);
    match issuer.lint(tbs, profile, now) {
        Ok(_) => Vec::new(),
        Err(findings) => findings.iter().map(|finding| finding.lint).collect(),
    }
}

#[track_caller]
fn check(expected: &[&str], change: impl FnOnce(&mut IssuanceRequest, &mut Profile)) {
    assert_eq!(broken_by(&Profile::dv(), NOW, change), expected);
}

#[test]
fn what_the_builder_writes_passes() {
    check(&[], |_, _| {});
}

#[test]
fn names_are_linted() {
    let name = |text: &str| -> Identifier { text.parse().unwrap() };
    check(&["san_names"], |request, _| request.names.clear());
    check(&["san_names"], |request, _| {
        request.names = vec![name("example.com"), name("a.example"), name("example.com")];
    });
    check(&["san_no_reverse_zone"], |request, _| {
        request.names = vec![name("2.0.192.in-addr.arpa")];
    });
    check(&["san_count_of_profile"], |request, _| {
        request.names = (0..101)
            .map(|n| name(&format!("n{n}.example.com")))
            .collect();
    });
}

#[test]
fn lifetimes_are_linted_to_the_second() {
    let second = std::time::Duration::from_secs(1);
    check(&["validity_of_profile"], |request, _| {
        request.validity.not_after = request.validity.not_after.plus(second);
    });
    check(
        &["validity_of_profile", "validity_ceiling"],
        |request, _| {
            request.validity.not_after = request.validity.not_before.minus(second);
        },
    );
    let day = |days: u64| std::time::Duration::from_secs(days * 86_400);
    check(
        &[
            "validity_of_profile",
            "validity_within_issuer",
            "validity_ceiling",
        ],
        |request, _| request.validity.not_after = request.validity.not_before.plus(day(4000)),
    );
    check(&["not_before_near_now"], |request, _| {
        request.validity.not_before = NOW.plus(day(3));
    });
    let after_2029 = Timestamp::from_seconds(1_868_227_200);
    let broken = broken_by(&Profile::dv(), after_2029, |request, _| {
        request.validity.not_before = after_2029;
        request.validity.not_after = after_2029.plus(day(47));
    });
    assert_eq!(broken, ["validity_ceiling"]);
}

#[test]
fn extensions_are_held_to_the_profile() {
    let both = ["certificate_policies", "policy_reserved"];
    check(&both, |_, profile| {
        profile.policies = vec![crate::ORGANIZATION_VALIDATED];
    });
    check(&both, |_, profile| profile.policies.clear());
    check(&["crl_distribution_points"], |request, _| {
        "https://example.com/a.crl".clone_into(&mut request.crl_url);
    });
    check(&["crl_distribution_points"], |request, _| {
        request.crl_url.clear();
    });
    check(&["tls_feature"], |request, profile| {
        request.must_staple = true;
        profile.honours_must_staple = true;
    });
    let mut stapling = Profile::dv();
    stapling.honours_must_staple = true;
    assert!(broken_by(&stapling, NOW, |request, _| request.must_staple = true).is_empty());
}

#[test]
fn rsa_keys_get_key_encipherment_only_from_a_profile_that_has_it() {
    let issuer = authority();
    let key = signer(KeyAlgorithm::Rsa { bits: 2048 });
    let request = request(key.public_key(), &["example.com"]);
    let mut enciphering = Profile::dv();
    enciphering.has_rsa_key_encipherment = true;
    let tbs = issuer.prepare(&enciphering, &request);
    assert!(issuer.lint(tbs.clone(), &enciphering, NOW).is_ok());
    let findings = issuer.lint(tbs, &Profile::dv(), NOW).unwrap_err();
    assert_eq!(
        findings.iter().map(|f| f.lint).collect::<Vec<_>>(),
        ["key_usage"]
    );
}

#[test]
fn content_for_another_issuer_is_refused() {
    let (one, other) = (authority(), authority());
    let request = request(signer(P256).public_key(), &["example.com"]);
    let tbs = one.prepare(&Profile::dv(), &request);
    let findings = other.lint(tbs, &Profile::dv(), NOW).unwrap_err();
    let lints: Vec<_> = findings.iter().map(|f| f.lint).collect();
    assert_eq!(lints, ["authority_key_identifier"]);
    let p384 = issuing(&root(P256), KeyAlgorithm::EcdsaP384);
    let tbs = one.prepare(&Profile::dv(), &request);
    let findings = p384.lint(tbs, &Profile::dv(), NOW).unwrap_err();
    let text = findings.to_string();
    assert!(
        text.contains("algorithm_of_issuer (RFC 5280 §4.1.1.2, BR §7.1.3.2)"),
        "{text}"
    );
    assert!(
        text.contains("algorithms_equal (RFC 5280 §4.1.1.2)"),
        "{text}"
    );
}

#[test]
fn a_public_profile_cannot_leave_the_policy_out() {
    let mut without = Profile::dv();
    without.policies.clear();
    let broken = broken_by(&without, NOW, |_, written| written.policies.clear());
    assert_eq!(broken, ["policy_reserved"]);
}

#[test]
fn private_certificates_are_held_to_rfc_5280_and_their_profile() {
    let days = |days: u64| std::time::Duration::from_secs(days * 86_400);
    let private = Profile {
        validity_seconds: 2000 * 86_400,
        policies: Vec::new(),
        trust: ProfileTrust::Private,
        ..Profile::dv()
    };
    let check = |expected: &[&str], change: fn(&mut IssuanceRequest, &mut Profile)| {
        let broken = broken_by(&private, NOW, |request, written| {
            request.validity.not_before = NOW.minus(days(3));
            request.validity.not_after = NOW.plus(days(1900));
            request.names = vec!["2.0.192.in-addr.arpa".parse().unwrap()];
            change(request, written);
        });
        assert_eq!(broken, expected);
    };
    check(&[], |_, _| {});
    check(&["validity_of_profile"], |request, _| {
        request.validity.not_after = request.validity.not_before;
        request.validity.not_before = NOW.plus(std::time::Duration::from_secs(1));
    });
    check(&["certificate_policies"], |_, written| {
        written.policies = Profile::dv().policies;
    });
    check(&["san_names"], |request, _| request.names.clear());
    check(&["tls_feature"], |request, written| {
        request.must_staple = true;
        written.honours_must_staple = true;
    });
}

#[test]
fn lints_follow_the_issuer_whatever_its_kind() {
    let rsa = KeyAlgorithm::Rsa { bits: 2048 };
    let (one, other) = (issuing(&root(rsa), rsa), authority());
    let request = request(signer(P256).public_key(), &["example.com"]);
    for (written_for, linted_for) in [(&one, &other), (&other, &one)] {
        let tbs = written_for.prepare(&Profile::dv(), &request);
        let findings = linted_for.lint(tbs, &Profile::dv(), NOW).unwrap_err();
        let lints: Vec<_> = findings.iter().map(|f| f.lint).collect();
        let expected = [
            "algorithms_equal",
            "algorithm_of_issuer",
            "authority_key_identifier",
        ];
        assert_eq!(lints, expected);
    }
    for issuer in [one, other] {
        let tbs = issuer.prepare(&Profile::dv(), &request);
        assert!(issuer.lint(tbs, &Profile::dv(), NOW).is_ok());
    }
}

/// A module that signs with another digest than the key's own.
struct Sha384(SoftwareSigner);

impl crate::Signer for Sha384 {
    fn algorithm(&self) -> crate::SignatureAlgorithm {
        crate::SignatureAlgorithm::RsaSha384
    }

    fn public_key(&self) -> &PublicKey {
        self.0.public_key()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignerError> {
        self.0.sign(message)
    }
}

#[test]
fn the_algorithm_is_the_one_that_the_issuer_signs_with() {
    let rsa = SoftwareSigner::generate(KeyAlgorithm::Rsa { bits: 2048 }).unwrap();
    let signer = std::sync::Arc::new(Sha384(rsa));
    let name = crate::CaName::private("Module").unwrap();
    let der = crate::self_signed_root(&name, signer.as_ref(), crate::fixture::serial(), NOW);
    let certificate = crate::Certificate::from_der(&der.unwrap()).unwrap();
    let issuer = Issuer::new(certificate, signer, crate::fixture::CA_ISSUERS_URL).unwrap();
    let key = crate::fixture::signer(P256);
    let tbs = issuer.prepare(&Profile::dv(), &request(key.public_key(), &["example.com"]));
    assert!(issuer.lint(tbs, &Profile::dv(), NOW).is_ok());
}

/// Changes octets in a finished content and gives the names of the lints that notice.
#[track_caller]
fn check_patched(from: &[u8], to: &[u8], expected: &[&str]) {
    let issuer = authority();
    let request = request(signer(P256).public_key(), &["example.com"]);
    let mut der = issuer.prepare(&Profile::dv(), &request).der().to_vec();
    let place = der
        .windows(from.len())
        .position(|window| window == from)
        .unwrap();
    der[place..place + to.len()].copy_from_slice(to);
    let tbs = TbsCertificate::from_der(&der).unwrap();
    let findings = issuer.lint(tbs, &Profile::dv(), NOW).unwrap_err();
    assert_eq!(
        findings.iter().map(|f| f.lint).collect::<Vec<_>>(),
        expected
    );
}

#[test]
fn single_octets_that_went_wrong_are_noticed() {
    check_patched(&[0xa0, 3, 2, 1, 2], &[0xa0, 3, 2, 1, 1], &["version"]);
    // keyUsage: digitalSignature becomes keyCertSign.
    check_patched(&[3, 2, 7, 0x80], &[3, 2, 2, 0x04], &["key_usage"]);
    // extKeyUsage: serverAuth becomes clientAuth.
    check_patched(
        b"\x05\x05\x07\x03\x01",
        b"\x05\x05\x07\x03\x02",
        &["extended_key_usage"],
    );
    // basicConstraints loses its criticality by becoming another extension.
    check_patched(
        b"\x55\x1d\x13",
        b"\x55\x1d\x1e",
        &["extensions_known_and_once"],
    );
    check_patched(b"\x82\x0bexample", b"\x82\x0bexa_ple", &["san_names"]);
    check_patched(b"\x82\x0bexample", b"\x82\x0beXample", &["san_names"]);
    check_patched(
        b"\x82\x0bexample",
        b"\x81\x0bexample",
        &["san_names", "san_count_of_profile", "san_no_reverse_zone"],
    );
    check_patched(
        b"http://pki.example.com/i",
        b"ldap://pki.example.com/i",
        &["authority_information_access"],
    );
    check_patched(
        b"\x07\x30\x02\x86",
        b"\x07\x30\x01\x86",
        &["authority_information_access"],
    );
    check_patched(
        b"\x55\x1d\x11\x01\x01\xff",
        b"\x55\x1d\x11\x01\x01\x00",
        &["san_present_and_critical"],
    );
}
