//! Prints the processor time of each step of an issuance, on Linux:
//! `cargo run --release -p pki --example issuance_cost`.
#![expect(clippy::print_stdout, reason = "this program prints its measurements")]

use std::collections::HashSet;
use std::error::Error;
use std::hint::black_box;
use std::sync::Arc;

use base::{Random, Timestamp};
use pki::{
    CaName, Certificate, Csr, IssuanceRequest, Issuer, KeyAlgorithm, KeyPolicy, Profile,
    RequestedValidity, SerialNumber, SoftwareSigner, self_signed_root,
};

const ROUNDS: u64 = 5000;
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
    let signer = SoftwareSigner::generate(KeyAlgorithm::EcdsaP256)?;
    let name = CaName::new("DE", "Example Trust", "Example CA")?;
    let der = self_signed_root(&name, &signer, SerialNumber::generate(&SystemRandom), NOW)?;
    let url = "http://pki.example.com/ca.crt";
    let issuer = Issuer::new(Certificate::from_der(&der)?, Arc::new(signer), url)?;
    measure_kind(&issuer, "P-256", &rcgen::PKCS_ECDSA_P256_SHA256)?;
    measure_kind(&issuer, "P-384", &rcgen::PKCS_ECDSA_P384_SHA384)?;
    measure_kind(&issuer, "RSA 2048", &rcgen::PKCS_RSA_SHA256)
}

fn measure_kind(
    issuer: &Issuer,
    kind: &str,
    algorithm: &'static rcgen::SignatureAlgorithm,
) -> Outcome<()> {
    println!("subscriber key {kind}, issuer key P-256");
    let key = rcgen::KeyPair::generate_for(algorithm)?;
    let mut wanted = rcgen::CertificateParams::new(vec!["www.example.com".to_owned()])?;
    wanted.distinguished_name = rcgen::DistinguishedName::new();
    let csr_der = wanted.serialize_request(&key)?.der().to_vec();
    let (policy, profile, blocked) = (KeyPolicy::public(), profile()?, HashSet::new());

    let csr = Csr::parse(&csr_der)?;
    measure("parse and verify request", || {
        black_box(Csr::parse(&csr_der)?);
        Ok(())
    })?;
    measure("key policy", || Ok(policy.check(csr.key(), &blocked)?))?;
    let request = request(&csr, &profile)?;
    measure("content", || {
        black_box(issuer.prepare(&profile, &request));
        Ok(())
    })?;
    let tbs = issuer.prepare(&profile, &request);
    measure("content and lint on the twin", || {
        black_box(issuer.lint(tbs.clone(), &profile, NOW)?);
        Ok(())
    })?;
    let leaf = issuer.issue(issuer.lint(tbs, &profile, NOW)?)?;
    measure("reading a certificate for display", || {
        black_box(Certificate::from_der(&leaf.der)?);
        Ok(())
    })?;
    measure("all of an issuance", || {
        let csr = Csr::parse(&csr_der)?;
        policy.check(csr.key(), &blocked)?;
        let request = self::request(&csr, &profile)?;
        let tbs = issuer.prepare(&profile, &request);
        let linted = issuer.lint(tbs, &profile, NOW)?;
        black_box(issuer.issue(linted)?);
        Ok(())
    })
}

fn request(csr: &Csr, profile: &Profile) -> Outcome<IssuanceRequest> {
    Ok(IssuanceRequest {
        serial: SerialNumber::generate(&SystemRandom),
        names: csr.names().to_vec(),
        subject: None,
        key: csr.key().clone(),
        validity: profile.validity(RequestedValidity::default(), NOW)?,
        must_staple: false,
        crl_url: "http://pki.example.com/crl/7.crl".to_owned(),
    })
}

fn measure(label: &str, mut step: impl FnMut() -> Outcome<()>) -> Outcome<()> {
    let started = processor_nanoseconds()?;
    for _ in 0..ROUNDS {
        step()?;
    }
    let each = (processor_nanoseconds()? - started) / ROUNDS;
    println!("{label:>36}: {:>5}.{} µs", each / 1000, each % 1000 / 100);
    Ok(())
}

/// What this thread has used: other programs on the machine do not count.
fn processor_nanoseconds() -> Outcome<u64> {
    let line = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let used = line.split_whitespace().next().ok_or("no figures")?;
    Ok(used.parse()?)
}

/// Certificates of 90 days, as the public web has them.
fn profile() -> Result<Profile, pki::ProfileError> {
    let text = r#"{ "validity_seconds": 7776000, "backdate_seconds": 3600, "policy": "2.23.140.1.2.1",
        "has_rsa_key_encipherment": false, "honours_must_staple": false, "max_names": 100 }"#;
    Profile::from_json("example", text)
}
