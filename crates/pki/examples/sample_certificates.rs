//! Writes one of everything this crate makes into a directory, for other linters to judge:
//! `cargo run -p pki --example sample_certificates -- DIRECTORY`.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base::{Random, Timestamp};
use pki::{
    CaName, CaUrls, Certificate, CrlRequest, CrlScope, IssuanceRequest, Issuer, KeyAlgorithm,
    Profile, RequestedValidity, RevocationReason, RevokedCertificate, SerialNumber, Signer as _,
    SoftwareSigner, issuing_ca, pem, self_signed_root,
};

const ROOT_URL: &str = "http://pki.example.com/root.crt";
const ROOT_CRL_URL: &str = "http://pki.example.com/root.crl";
const ISSUING_URL: &str = "http://pki.example.com/issuing.crt";
const CRL_URL: &str = "http://pki.example.com/crl/7.crl";
/// 2026-11-23T12:00:00Z.
const NOW: Timestamp = Timestamp::from_seconds(1_795_435_200);

struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, bytes: &mut [u8]) {
        if aws_lc_rs::rand::fill(bytes).is_err() {
            std::process::abort();
        }
    }
}

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let directory = std::env::args_os().nth(1).map(PathBuf::from);
    let directory = directory.ok_or("give the directory to write to")?;
    let kinds = [
        ("p256", KeyAlgorithm::EcdsaP256),
        ("p384", KeyAlgorithm::EcdsaP384),
        ("rsa", KeyAlgorithm::Rsa { bits: 2048 }),
    ];
    for (issuer_kind, algorithm) in kinds {
        let directory = directory.join(issuer_kind);
        fs::create_dir_all(&directory)?;
        let root = root(algorithm)?;
        let issuing = issuing(&root, algorithm)?;
        issuing.verify_chain(root.certificate(), NOW)?;
        write(&directory, "root.pem", root.certificate().der())?;
        write(&directory, "issuing.pem", issuing.certificate().der())?;
        for (kind, key) in kinds {
            let single = subscriber(&issuing, key, &["example.com"])?;
            write(&directory, &format!("leaf-{kind}-single.pem"), &single)?;
            let several = ["example.com", "*.example.com", "www.example.org"];
            let several = subscriber(&issuing, key, &several)?;
            write(&directory, &format!("leaf-{kind}-several.pem"), &several)?;
        }
        write_crls(&directory, &root, &issuing)?;
    }
    Ok(())
}

fn root(algorithm: KeyAlgorithm) -> Outcome<Issuer> {
    let signer = SoftwareSigner::generate(algorithm)?;
    let name = CaName::new("DE", "Example Trust Services GmbH", "Example Root R1")?;
    let der = self_signed_root(&name, &signer, SerialNumber::generate(&SystemRandom), NOW)?;
    let certificate = Certificate::from_der(&der)?;
    Ok(Issuer::new(certificate, Arc::new(signer), ROOT_URL)?)
}

fn issuing(root: &Issuer, algorithm: KeyAlgorithm) -> Outcome<Issuer> {
    let signer = SoftwareSigner::generate(algorithm)?;
    let name = CaName::new("DE", "Example Trust Services GmbH", "Example DV E1")?;
    let urls = CaUrls {
        crl: ROOT_CRL_URL,
        ca_issuers: ROOT_URL,
    };
    let serial = SerialNumber::generate(&SystemRandom);
    let der = issuing_ca(root, &name, signer.public_key(), urls, serial, NOW)?;
    let certificate = Certificate::from_der(&der)?;
    Ok(Issuer::new(certificate, Arc::new(signer), ISSUING_URL)?)
}

fn subscriber(issuer: &Issuer, key: KeyAlgorithm, names: &[&str]) -> Outcome<Vec<u8>> {
    let profile = profile()?;
    let names = names.iter().map(|name| name.parse());
    let request = IssuanceRequest {
        serial: SerialNumber::generate(&SystemRandom),
        names: names.collect::<Result<_, _>>()?,
        subject: None,
        key: SoftwareSigner::generate(key)?.public_key().clone(),
        validity: profile.validity(RequestedValidity::default(), NOW)?,
        must_staple: false,
        crl_url: CRL_URL.to_owned(),
    };
    let linted = issuer.lint(issuer.prepare(&profile, &request), &profile, NOW)?;
    Ok(issuer.issue(linted)?.der)
}

fn write_crls(directory: &Path, root: &Issuer, issuing: &Issuer) -> Outcome<()> {
    let reasons = [
        RevocationReason::Unspecified,
        RevocationReason::KeyCompromise,
        RevocationReason::AffiliationChanged,
        RevocationReason::Superseded,
        RevocationReason::CessationOfOperation,
        RevocationReason::PrivilegeWithdrawn,
    ];
    let revoked = reasons.map(|reason| RevokedCertificate {
        serial: SerialNumber::generate(&SystemRandom),
        revoked_at: NOW,
        reason,
    });
    let request = CrlRequest::new(1, NOW, CRL_URL);
    write_crl(directory, "empty.crl.pem", &issuing.sign_crl(&request, [])?)?;
    let several = issuing.sign_crl(&request, revoked)?;
    write_crl(directory, "several.crl.pem", &several)?;
    let mut request = CrlRequest::new(1, NOW, ROOT_CRL_URL);
    request.scope = CrlScope::CaCertificates;
    write_crl(directory, "root.crl.pem", &root.sign_crl(&request, [])?)
}

fn write(directory: &Path, name: &str, der: &[u8]) -> Outcome<()> {
    Ok(fs::write(directory.join(name), pem::encode_chain([der]))?)
}

fn write_crl(directory: &Path, name: &str, der: &[u8]) -> Outcome<()> {
    Ok(fs::write(directory.join(name), pem::encode_crl(der))?)
}

/// Certificates of 90 days, as the public web has them.
fn profile() -> Result<Profile, pki::ProfileError> {
    let text = r#"{ "validity_seconds": 7776000, "backdate_seconds": 3600, "policy": "2.23.140.1.2.1",
        "has_rsa_key_encipherment": false, "honours_must_staple": false, "max_names": 100 }"#;
    Profile::from_json("example", text)
}
