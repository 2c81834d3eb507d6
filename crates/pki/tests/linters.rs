//! What others say to one of everything: pkilint (serverauth, ETSI, CRL) and `openssl verify`, for each kind of
//! certificate and each key of a CA.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that cannot go on has failed"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use base::{Random, Timestamp};
use pki::{
    CaName, CaUrls, Certificate, CrlRequest, CrlScope, Disclosure, EXTENDED_VALIDATION,
    IssuanceRequest, Issuer, IssuingCaOptions, KeyAlgorithm, Level, ORGANIZATION_VALIDATED,
    ObjectIdentifier, Profile, QUALIFIED_EXTENDED, QUALIFIED_NORMALIZED, Qualified,
    RequestedValidity, RevocationReason, RevokedCertificate, SerialNumber, Signer as _,
    SoftwareSigner, Subject, SubjectFields, issuing_ca_with, pem, self_signed_root,
};

const ROOT_URL: &str = "http://pki.example.com/root.crt";
const ROOT_CRL_URL: &str = "http://pki.example.com/root.crl";
const ISSUING_URL: &str = "http://pki.example.com/issuing.crt";
const CRL_URL: &str = "http://pki.example.com/issuing.crl";
/// 2026-11-23T12:00:00Z.
const NOW: Timestamp = Timestamp::from_seconds(1_795_435_200);
const KEYS: [(&str, KeyAlgorithm); 3] = [
    ("p256", KeyAlgorithm::EcdsaP256),
    ("p384", KeyAlgorithm::EcdsaP384),
    ("rsa", KeyAlgorithm::Rsa { bits: 2048 }),
];

/// What pkilint warns of because BR §7.1.2.7.4 and §7.1.2.7.6 do not recommend it, where another document asks for it.
const ARGUED: [(&str, &str); 3] = [
    // EVG §9.8.2: the extension MUST be there beside the organizationIdentifier.
    (
        "subscriber.unknown_extension_present (WARNING)",
        ": 2.23.140.3.1",
    ),
    // EN 319 412-5 §5.1, QCS-5-01: qualified certificates shall include QCStatements.
    (
        "subscriber.unknown_extension_present (WARNING)",
        ": 1.3.6.1.5.5.7.1.3",
    ),
    // Regulation (EU) 910/2014 Annex IV (c): the registration number of the legal person, by EN 319 412-1 §5.1.4.
    ("ov.unknown_attribute_present (WARNING)", ": 2.5.4.97"),
];

struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, bytes: &mut [u8]) {
        aws_lc_rs::rand::fill(bytes).unwrap();
    }
}

/// A kind of certificate.
struct Kind {
    name: &'static str,
    profile: Profile,
    names: &'static [&'static str],
    subject: Option<Subject>,
    is_qualified: bool,
}

const PLAIN: &[&str] = &["example.com", "www.example.com"];
const WILDCARD: &[&str] = &["example.com", "*.example.com"];

fn kinds() -> Vec<Kind> {
    let dv = profile(Level::Domain, "2.23.140.1.2.1");
    let own: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.99999.1.1");
    let ov = Profile {
        policies: vec![ORGANIZATION_VALIDATED],
        ..profile(Level::Organization, "")
    };
    let with_own = |first| Profile {
        policies: vec![first, own],
        ..profile(Level::Extended, "")
    };
    let qualified = |first, statement| Profile {
        policies: vec![first, statement],
        qualified: Some(statements()),
        ..profile(Level::Qualified, "")
    };
    let kind = |name, profile: &Profile, names, subject: Option<SubjectFields>| Kind {
        name,
        is_qualified: profile.level == Level::Qualified,
        profile: profile.clone(),
        names,
        subject: subject.map(|fields| Subject::new(fields).unwrap()),
    };
    let (ev, normalized) = (
        with_own(EXTENDED_VALIDATION),
        qualified(ORGANIZATION_VALIDATED, QUALIFIED_NORMALIZED),
    );
    let extended = qualified(EXTENDED_VALIDATION, QUALIFIED_EXTENDED);
    vec![
        kind("dv", &dv, PLAIN, None),
        kind("dv-wildcard", &dv, WILDCARD, None),
        kind("ov", &ov, PLAIN, Some(finnish())),
        kind("ov-wildcard", &ov, WILDCARD, Some(finnish())),
        kind("ev", &ev, PLAIN, Some(finnish())),
        kind("ev-unidentified", &ev, PLAIN, Some(unidentified())),
        kind("ev-of-state", &ev, PLAIN, Some(californian())),
        kind("qwac-ev", &extended, PLAIN, Some(finnish())),
        kind("qwac-ov", &normalized, PLAIN, Some(finnish())),
    ]
}

fn profile(level: Level, policy: &str) -> Profile {
    let text = r#"{ "validity_seconds": 7776000, "backdate_seconds": 3600, "has_rsa_key_encipherment": false,
        "honours_must_staple": false, "max_names": 100 }"#;
    Profile {
        level,
        policies: ObjectIdentifier::new(policy).into_iter().collect(),
        has_wildcards: level.may_have_wildcards(),
        ..Profile::from_json("example", text).unwrap()
    }
}

fn statements() -> Qualified {
    let in_language = |language: &str| Disclosure {
        language: language.to_owned(),
        url: format!("https://www.example.com/pds/{language}.pdf"),
    };
    Qualified {
        disclosures: vec![in_language("en"), in_language("fi")],
        legislation: Vec::new(),
    }
}

fn finnish() -> SubjectFields {
    let some = |text: &str| Some(text.to_owned());
    SubjectFields {
        legal_name: "Esimerkki & \u{c4}itee Oy".to_owned(),
        country: "FI".to_owned(),
        assumed_name: some("Example"),
        street: some("Mannerheimintie 1"),
        postal_code: some("00100"),
        locality: some("Helsinki"),
        state: None,
        business_category: some("Private Organization"),
        jurisdiction_country: some("FI"),
        jurisdiction_state: None,
        jurisdiction_locality: None,
        registration_number: some("1234567-8"),
        organization_identifier: some("NTRFI-1234567-8"),
    }
}

fn unidentified() -> SubjectFields {
    SubjectFields {
        organization_identifier: None,
        ..finnish()
    }
}

fn californian() -> SubjectFields {
    let some = |text: &str| Some(text.to_owned());
    SubjectFields {
        legal_name: "Example, Inc.".to_owned(),
        country: "US".to_owned(),
        assumed_name: None,
        locality: some("San Francisco"),
        state: some("California"),
        street: some("1 Market Street"),
        postal_code: some("94105"),
        jurisdiction_country: some("US"),
        jurisdiction_state: some("California"),
        registration_number: some("C1234567"),
        organization_identifier: some("NTRUS+CA-C1234567"),
        ..finnish()
    }
}

fn root(key: KeyAlgorithm) -> Issuer {
    let signer = SoftwareSigner::generate(key).unwrap();
    let name = CaName::new("FI", "Example Trust Oy", "Example Root R1").unwrap();
    let serial = SerialNumber::generate(&SystemRandom);
    let der = self_signed_root(&name, &signer, serial, NOW).unwrap();
    let certificate = Certificate::from_der(&der).unwrap();
    Issuer::new(certificate, Arc::new(signer), ROOT_URL).unwrap()
}

/// A CA for the policies of a profile.
fn issuing(root: &Issuer, key: KeyAlgorithm, kind: &Kind) -> Issuer {
    let signer = SoftwareSigner::generate(key).unwrap();
    let common_name = format!("Example {} Issuing CA 1", kind.profile.level);
    let name = CaName::new("FI", "Example Trust Oy", &common_name).unwrap();
    let urls = CaUrls {
        crl: ROOT_CRL_URL,
        ca_issuers: ROOT_URL,
    };
    let options = IssuingCaOptions {
        policies: kind.profile.policies.clone(),
        ..IssuingCaOptions::default()
    };
    let serial = SerialNumber::generate(&SystemRandom);
    let key = signer.public_key();
    let der = issuing_ca_with(root, &name, key, urls, serial, NOW, &options).unwrap();
    let certificate = Certificate::from_der(&der).unwrap();
    Issuer::new(certificate, Arc::new(signer), ISSUING_URL).unwrap()
}

fn leaf(issuer: &Issuer, kind: &Kind, key: KeyAlgorithm) -> Vec<u8> {
    let profile = &kind.profile;
    profile.check().unwrap();
    let names: Vec<_> = kind
        .names
        .iter()
        .map(|name| name.parse().unwrap())
        .collect();
    profile.check_wildcards(&names).unwrap();
    let validity = profile.validity(RequestedValidity::default(), NOW);
    let request = IssuanceRequest {
        serial: SerialNumber::generate(&SystemRandom),
        names,
        subject: Subject::for_profile(kind.subject.as_ref(), profile).unwrap(),
        key: SoftwareSigner::generate(key).unwrap().public_key().clone(),
        validity: validity.unwrap(),
        must_staple: false,
        crl_url: CRL_URL.to_owned(),
    };
    let linted = issuer.lint(issuer.prepare(profile, &request), profile, NOW);
    issuer.issue(linted.unwrap()).unwrap().der
}

fn crls(root: &Issuer, issuing: &Issuer) -> [Vec<u8>; 2] {
    let revoked = RevokedCertificate {
        serial: SerialNumber::generate(&SystemRandom),
        revoked_at: NOW,
        reason: RevocationReason::KeyCompromise,
    };
    let of_issuing = issuing.sign_crl(&CrlRequest::new(1, NOW, CRL_URL), [revoked]);
    let mut request = CrlRequest::new(1, NOW, ROOT_CRL_URL);
    request.scope = CrlScope::CaCertificates;
    [of_issuing.unwrap(), root.sign_crl(&request, []).unwrap()]
}

/// What the environment says; nothing where the test is to be skipped.
#[expect(
    clippy::disallowed_methods,
    reason = "tests are told by the environment, not by settings"
)]
fn told(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|text| !text.is_empty())
}

/// Says that something was not tested; in CI everything has to be.
fn skip(what: &str) {
    assert!(
        told("CI").is_none_or(|ci| ci != "true"),
        "CI must run everything: {what}"
    );
    eprintln!("NOT TESTED: {what}, as script/test does");
}

/// A program of the set that others made.
fn linter(program: &str) -> Option<PathBuf> {
    let Some(found) = told("CHANCERY_TEST_PKILINT") else {
        skip("set CHANCERY_TEST_PKILINT");
        return None;
    };
    let found = PathBuf::from(found);
    let folder = if found.is_dir() {
        Some(found.as_path())
    } else {
        found.parent()
    };
    Some(folder.unwrap_or(Path::new(".")).join(program))
}

/// What is asked of certificates for subscribers and of lists.
const ALL: &[&str] = &["-s", "INFO"];
/// Of CAs it is noticed that they sign no OCSP responses (no digitalSignature) and how their key identifier is made
/// (RFC 7093 method 1): both are as they shall be.
const WARNINGS: &[&str] = &["-s", "WARNING"];

/// Every finding that nothing is said against. The programs end with the number of their findings.
fn findings(program: &Path, words: [&[&str]; 2], file: &Path) -> Vec<String> {
    let mut command = Command::new(program);
    command.arg("lint").args(words.concat()).arg(file);
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.trim().is_empty(), "{}: {errors}", file.display());
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let found: Vec<_> = text.lines().filter(|line| line.starts_with("  ")).collect();
    let count = output
        .status
        .code()
        .and_then(|code| usize::try_from(code).ok());
    assert_eq!(count, Some(found.len()), "{text}");
    let is_argued = |line: &str| {
        let mut all = ARGUED.iter();
        all.any(|(code, detail)| line.contains(code) && line.ends_with(detail))
    };
    let file = file.file_name().unwrap().to_string_lossy().into_owned();
    let left = found.into_iter().filter(|line| !is_argued(line));
    left.map(|line| format!("{file}: {}", line.trim()))
        .collect()
}

/// The programs of the set.
struct Linters {
    serverauth: PathBuf,
    etsi: PathBuf,
    crl: PathBuf,
}

/// What they find in all that CAs with this key make, written to a folder.
fn judge(linters: &Linters, folder: &Path, place: usize) -> Vec<String> {
    let Linters {
        serverauth,
        etsi,
        crl,
    } = linters;
    let (ca_key, algorithm) = KEYS[place];
    let write = |name: &str, text: String| {
        let file = folder.join(format!("{ca_key}-{name}"));
        fs::write(&file, text).unwrap();
        file
    };
    let root = root(algorithm);
    let file = write("root.pem", root.certificate().to_pem());
    let mut left = findings(serverauth, [&["-d"], WARNINGS], &file);
    let mut judged = Vec::new();
    for (number, kind) in kinds().iter().enumerate() {
        let issuing = issuing(&root, algorithm, kind);
        let (_, subscriber) = KEYS[(place + number) % KEYS.len()];
        let der = leaf(&issuing, kind, subscriber);
        let file = write(
            &format!("{}.pem", kind.name),
            pem::encode_chain([der.as_slice()]),
        );
        let judge = if kind.is_qualified { etsi } else { serverauth };
        left.extend(findings(judge, [&["-d"], ALL], &file));
        if judged.contains(&kind.profile.policies) {
            continue;
        }
        judged.push(kind.profile.policies.clone());
        let file = write(
            &format!("{}-ca.pem", kind.name),
            issuing.certificate().to_pem(),
        );
        left.extend(findings(serverauth, [&["-d"], WARNINGS], &file));
        if number == 0 {
            for (of, der) in ["issuing", "root"].into_iter().zip(crls(&root, &issuing)) {
                let file = write(&format!("{of}.crl"), pem::encode_crl(&der));
                left.extend(findings(crl, [&["-t", "CRL", "-p", "BR"], ALL], &file));
            }
        }
    }
    left
}

#[test]
fn f037_pkilint_finds_nothing_in_any_kind_of_certificate_ca_and_crl() {
    let (Some(serverauth), Some(etsi), Some(crl)) = (
        linter("lint_cabf_serverauth_cert"),
        linter("lint_etsi_cert"),
        linter("lint_crl"),
    ) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let linters = Linters {
        serverauth,
        etsi,
        crl,
    };
    let left: Vec<_> = std::thread::scope(|scope| {
        let (linters, folder) = (&linters, folder.path());
        let work = |place| scope.spawn(move || judge(linters, folder, place));
        let begun: Vec<_> = (0..KEYS.len()).map(work).collect();
        let ended = begun.into_iter().map(|work| work.join().unwrap());
        ended.flatten().collect()
    });
    assert!(left.is_empty(), "{}", left.join("\n"));
}

#[test]
fn f037_openssl_verifies_every_kind_of_certificate_strictly() {
    if Command::new("openssl").arg("version").output().is_err() {
        return skip("install openssl");
    }
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: String| {
        let file = folder.path().join(name);
        fs::write(&file, text).unwrap();
        file
    };
    for (place, (ca_key, algorithm)) in KEYS.into_iter().enumerate() {
        let root = root(algorithm);
        for (number, kind) in kinds().iter().enumerate() {
            let issuing = issuing(&root, algorithm, kind);
            let (_, subscriber) = KEYS[(place + number) % KEYS.len()];
            let der = leaf(&issuing, kind, subscriber);
            let [of_issuing, of_root] = crls(&root, &issuing);
            let lists = pem::encode_crl(&of_issuing) + &pem::encode_crl(&of_root);
            let root_file = write("root.pem", root.certificate().to_pem());
            let issuing_file = write("issuing.pem", issuing.certificate().to_pem());
            let crl_file = write("lists.pem", lists);
            let leaf_file = write("leaf.pem", pem::encode_chain([der.as_slice()]));
            for check in ["-crl_check", "-crl_check_all"] {
                let mut command = Command::new("openssl");
                command.args(["verify", "-x509_strict", check, "-purpose", "sslserver"]);
                command.args(["-attime", &NOW.as_seconds().to_string()]);
                for policy in &kind.profile.policies {
                    command.args(["-policy", &policy.to_string()]);
                }
                command.args(["-explicit_policy", "-verify_hostname", "www.example.com"]);
                command.arg("-CAfile").arg(&root_file);
                command.arg("-untrusted").arg(&issuing_file);
                command.arg("-CRLfile").arg(&crl_file).arg(&leaf_file);
                let output = command.output().unwrap();
                let said = String::from_utf8_lossy(&output.stderr);
                let name = kind.name;
                assert!(output.status.success(), "{ca_key} {name} {check}: {said}");
            }
        }
    }
}
