use std::net::IpAddr;
use std::num::NonZeroU16;
use std::time::Duration;

use super::*;
use crate::fixture::{
    CA_ISSUERS_URL, NOW, issuing, read_back, relying_party, request, root, serial, signer,
};
use crate::generate_pkcs8;
use crate::profile::{ProfileTrust, RequestedValidity};

const P256: KeyAlgorithm = KeyAlgorithm::EcdsaP256;

fn issue(issuer: &Issuer, key: KeyAlgorithm, names: &[&str]) -> IssuedCertificate {
    let profile = Profile::dv();
    let tbs = issuer.prepare(&profile, &request(signer(key).public_key(), names));
    let linted = issuer.lint(tbs, &profile, NOW).unwrap();
    issuer.issue(linted).unwrap()
}

#[track_caller]
fn check(root_key: KeyAlgorithm, issuer_key: KeyAlgorithm, subscriber_key: KeyAlgorithm) {
    let root = root(root_key);
    let issuer = issuing(&root, issuer_key);
    issuer.verify_chain(root.certificate(), NOW).unwrap();
    let leaf = issue(&issuer, subscriber_key, &["example.com", "*.example.com"]);
    relying_party(&leaf.der, &[issuer.certificate()], root.certificate());
    read_back::<x509_cert::Certificate>(&leaf.der);
    for certificate in [root.certificate(), issuer.certificate()] {
        let read = read_back::<x509_cert::Certificate>(certificate.der());
        let subject = read.tbs_certificate().subject().to_string();
        assert_eq!(subject, certificate.subject);
    }
    assert!(root.certificate().is_self_signed());
    let certificate = Certificate::from_der(&leaf.der).unwrap();
    certificate
        .verify_signature(&issuer.certificate().key)
        .unwrap();
    assert!(
        certificate
            .verify_signature(&root.certificate().key)
            .is_err()
    );
    assert_eq!(certificate.serial, leaf.serial.to_string());
    assert_eq!(certificate.names, ["example.com", "*.example.com"]);
    assert_eq!(certificate.key.algorithm(), subscriber_key);
    assert_eq!(certificate.sha256, crate::serial::hex(&leaf.fingerprint));
    assert_eq!(certificate.not_before, NOW.minus(Duration::from_secs(3600)));
    let lifetime = Duration::from_secs(90 * 86_400 - 1);
    assert_eq!(
        certificate.not_after.since(certificate.not_before),
        lifetime
    );
    assert!(!certificate.is_ca && certificate.subject.is_empty());
    assert_eq!(certificate.issuer, issuer.certificate().subject);
}

#[test]
fn every_key_kind_issues_to_every_other() {
    let (p384, rsa) = (KeyAlgorithm::EcdsaP384, KeyAlgorithm::Rsa { bits: 2048 });
    check(P256, P256, P256);
    check(p384, P256, p384);
    check(p384, p384, rsa);
    check(rsa, rsa, P256);
}

#[test]
fn a_private_certificate_verifies_without_a_policy() {
    let profile = Profile {
        validity_seconds: 1000 * 86_400,
        policies: Vec::new(),
        trust: ProfileTrust::Private,
        ..Profile::dv()
    };
    for algorithm in [P256, KeyAlgorithm::Rsa { bits: 2048 }] {
        let root = root(algorithm);
        let issuer = issuing(&root, algorithm);
        let validity = profile.validity(RequestedValidity::default(), NOW).unwrap();
        let request = IssuanceRequest {
            validity,
            ..request(signer(P256).public_key(), &["example.com"])
        };
        let tbs = issuer.prepare(&profile, &request);
        let leaf = issuer.issue(issuer.lint(tbs, &profile, NOW).unwrap());
        let leaf = leaf.unwrap().der;
        relying_party(&leaf, &[issuer.certificate()], root.certificate());
        read_back::<x509_cert::Certificate>(&leaf);
        let certificate = Certificate::from_der(&leaf).unwrap();
        let mut names = certificate.extensions.iter().map(|one| &one.name);
        assert!(names.all(|name| name != "Certificate policies"));
        let lifetime = certificate.not_after.since(certificate.not_before);
        assert_eq!(lifetime, Duration::from_secs(1000 * 86_400 - 1));
    }
}

#[test]
fn longer_rsa_keys_sign_too() {
    let rsa = |bits| KeyAlgorithm::Rsa { bits };
    check(rsa(4096), rsa(3072), P256);
}

#[test]
fn an_operator_chooses_lifetimes_and_policy() {
    let days = |days| NonZeroU16::new(days).unwrap();
    let root_signer = signer(P256);
    let name = CaName::private("Root").unwrap();
    let der = self_signed_root_for(&name, &root_signer, serial(), NOW, days(3650)).unwrap();
    let certificate = Certificate::from_der(&der).unwrap();
    let whole = |days: u64| Duration::from_secs(days * 86_400 - 1);
    assert_eq!(certificate.not_after, NOW.plus(whole(3650)));
    let root = Issuer::new(certificate, Arc::new(root_signer), CA_ISSUERS_URL).unwrap();

    let signer = signer(P256);
    let make = |options| {
        let urls = CaUrls {
            crl: "http://pki.example.com/root.crl",
            ca_issuers: CA_ISSUERS_URL,
        };
        let name = CaName::private("Issuing").unwrap();
        let der = issuing_ca_with(
            &root,
            &name,
            signer.public_key(),
            urls,
            serial(),
            NOW,
            &options,
        );
        Certificate::from_der(&der.unwrap()).unwrap()
    };
    let has_policy = |certificate: &Certificate| {
        let mut names = certificate.extensions.iter().map(|one| &one.name);
        names.any(|name| name == "Certificate policies")
    };
    let (dv, ov) = (crate::DOMAIN_VALIDATED, crate::ORGANIZATION_VALIDATED);
    let plain = make(IssuingCaOptions {
        lifetime_days: days(30),
        policies: Vec::new(),
    });
    assert_eq!(plain.not_after, NOW.plus(whole(30)));
    assert!(!has_policy(&plain));
    assert!(plain.allows_policies(&[dv]) && plain.allows_policies(&[]));
    let default = make(IssuingCaOptions::default());
    assert_eq!(default.not_after, root.certificate().not_after);
    assert!(has_policy(&default));
    assert!(default.allows_policies(&[dv]) && !default.allows_policies(&[ov]));
    assert!(!default.allows_policies(&[dv, ov]));
    let any = make(IssuingCaOptions {
        policies: vec![crate::profile::policy::ANY_POLICY],
        ..IssuingCaOptions::default()
    });
    assert!(any.allows_policies(&[ov]));
}

#[test]
fn a_token_of_another_issuer_is_refused() {
    let root = root(P256);
    let (one, other) = (issuing(&root, P256), issuing(&root, P256));
    let profile = Profile::dv();
    let tbs = one.prepare(
        &profile,
        &request(signer(P256).public_key(), &["example.com"]),
    );
    let linted = one.lint(tbs, &profile, NOW).unwrap();
    assert!(matches!(
        other.issue(linted),
        Err(IssuerError::ForeignToken)
    ));
}

#[test]
fn stored_content_is_issued_after_an_interruption() {
    let issuer = issuing(&root(P256), P256);
    let profile = Profile::dv();
    let tbs = issuer.prepare(
        &profile,
        &request(signer(P256).public_key(), &["example.com"]),
    );
    let stored = TbsCertificate::from_der(tbs.der()).unwrap();
    assert_eq!(stored, tbs);
    let leaf = issuer
        .issue(issuer.lint(stored, &profile, NOW).unwrap())
        .unwrap();
    assert!(
        leaf.der
            .windows(tbs.der().len())
            .any(|window| window == tbs.der())
    );
}

#[test]
fn an_issuer_is_imported_from_pem_when_key_and_certificate_fit() {
    let private_key = generate_pkcs8(P256).unwrap();
    let signer = SoftwareSigner::from_pkcs8(&private_key).unwrap();
    let name = CaName::new("DE", "Example Trust", "Imported Root").unwrap();
    let der = self_signed_root(&name, &signer, serial(), NOW).unwrap();
    let certificate = pem::encode_chain([der.as_slice()]);
    let load = |key: &str| Issuer::from_pem(&certificate, key, CA_ISSUERS_URL);
    let imported = load(&pem::encode_private_key(&private_key)).unwrap();
    assert_eq!(
        imported.certificate().subject,
        "CN=Imported Root,O=Example Trust,C=DE"
    );
    let other = pem::encode_private_key(&generate_pkcs8(P256).unwrap());
    assert!(matches!(load(&other), Err(IssuerError::KeyMismatch)));
    assert!(matches!(load(&certificate), Err(IssuerError::Pem(_))));
}

#[test]
fn a_subscriber_certificate_is_no_issuer() {
    let issuer = issuing(&root(P256), P256);
    let leaf = issue(&issuer, P256, &["example.com"]);
    let certificate = Certificate::from_der(&leaf.der).unwrap();
    let result = Issuer::new(certificate, Arc::new(signer(P256)), CA_ISSUERS_URL);
    assert!(matches!(result, Err(IssuerError::NotACa(_))));
}

#[test]
fn a_foreign_or_expired_chain_is_refused() {
    let (one, other) = (root(P256), root(P256));
    let issuer = issuing(&one, P256);
    // Both roots have one name, so only the signature tells them apart.
    let foreign = issuer.verify_chain(other.certificate(), NOW);
    assert!(matches!(foreign, Err(IssuerError::Chain { .. })));
    let later = NOW.plus(Duration::from_secs(4000 * 86_400));
    let expired = issuer.verify_chain(one.certificate(), later);
    assert!(matches!(expired, Err(IssuerError::Expired(_))));
    let upside_down = one.verify_chain(issuer.certificate(), NOW);
    assert!(matches!(upside_down, Err(IssuerError::ChainName { .. })));
}

#[test]
fn the_servers_own_certificate_has_hosts_and_addresses() {
    let issuer = issuing(&root(P256), P256);
    let addresses = ["127.0.0.1", "::1"].map(|text| text.parse::<IpAddr>().unwrap());
    let lifetime = Duration::from_secs(30 * 86_400);
    let profile =
        InternalProfile::new(vec!["localhost".to_owned()], addresses.to_vec(), lifetime).unwrap();
    let key = signer(P256);
    let leaf = issuer
        .issue_server_certificate(&profile, key.public_key(), serial(), NOW)
        .unwrap();
    read_back::<x509_cert::Certificate>(&leaf.der);
    let certificate = Certificate::from_der(&leaf.der).unwrap();
    assert_eq!(certificate.names, ["localhost", "127.0.0.1", "::1"]);
    certificate
        .verify_signature(&issuer.certificate().key)
        .unwrap();
    assert!(InternalProfile::new(vec!["a b".to_owned()], Vec::new(), lifetime).is_err());
    assert!(InternalProfile::new(Vec::new(), Vec::new(), lifetime).is_err());
}

#[test]
fn names_of_authorities_are_checked() {
    assert!(CaName::new("de", "Example", "Root").is_err());
    assert!(CaName::new("DE", " ", "Root").is_err());
    assert!(CaName::new("DE", "Example", &"x".repeat(65)).is_err());
    assert!(CaName::private("").is_err());
    assert!(CaName::private(&"x".repeat(65)).is_err());
    assert!(CaName::private(&"x".repeat(64)).is_ok());
}

/// What the portal shows, without what is different each time.
fn as_text(certificate: &Certificate) -> String {
    use std::fmt::Write as _;
    let mut text = String::new();
    let Certificate {
        subject,
        issuer,
        not_before,
        not_after,
        names,
        ..
    } = certificate;
    let key = certificate.key.algorithm();
    writeln!(text, "subject: {subject}\nissuer: {issuer}\nkey: {key}").unwrap();
    writeln!(text, "valid: {not_before} to {not_after}\nnames: {names:?}").unwrap();
    for extension in &certificate.extensions {
        let critical = if extension.is_critical {
            " (critical)"
        } else {
            ""
        };
        let is_identifier = extension.name.ends_with("key identifier");
        let shown = if is_identifier {
            "..."
        } else {
            &extension.text
        };
        writeln!(text, "{}{critical}: {shown}", extension.name).unwrap();
    }
    text
}

#[test]
fn certificates_as_text() {
    let root = root(P256);
    let issuer = issuing(&root, P256);
    let leaf = issue(
        &issuer,
        KeyAlgorithm::EcdsaP384,
        &["example.com", "*.example.com"],
    );
    let subscriber = Certificate::from_der(&leaf.der).unwrap();
    let texts = [root.certificate(), issuer.certificate(), &subscriber].map(as_text);
    insta::assert_snapshot!(texts.join("\n"));
}

#[test]
fn certificates_of_organizations_as_text() {
    use crate::profile::Level;
    use crate::subject::{Subject, tests::organization};
    let issuer = issuing(&root(P256), P256);
    let mut texts = Vec::new();
    for level in [Level::Organization, Level::Extended, Level::Qualified] {
        let mut profile = Profile::of_level(level);
        if let Some(qualified) = &mut profile.qualified {
            qualified.legislation = vec![crate::Country::parse("CH").unwrap()];
        }
        let subject = Subject::new(organization()).unwrap();
        let request = IssuanceRequest {
            subject: Subject::for_profile(Some(&subject), &profile).unwrap(),
            ..request(signer(P256).public_key(), &["example.com"])
        };
        let tbs = issuer.prepare(&profile, &request);
        let leaf = issuer.issue(issuer.lint(tbs, &profile, NOW).unwrap());
        let leaf = leaf.unwrap().der;
        read_back::<x509_cert::Certificate>(&leaf);
        texts.push(as_text(&Certificate::from_der(&leaf).unwrap()));
    }
    insta::assert_snapshot!(texts.join("\n"));
}

#[test]
fn the_subject_as_text_names_the_same_again() {
    for text in [
        r"CN=A\, B, organizationIdentifier=VATFI-1\+2, O=Example Oy, C=FI",
        r"CN=\#1, organizationIdentifier=\#\ \;\ , serialNumber=1",
    ] {
        let name = CaName::parse(text).unwrap();
        let der = self_signed_root(&name, &signer(P256), serial(), NOW).unwrap();
        let subject = Certificate::from_der(&der).unwrap().subject;
        assert_eq!(CaName::parse(&subject).as_ref(), Ok(&name), "{subject}");
    }
}
