use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::certificate::tbs::Frame;
use crate::fixture::{CA_ISSUERS_URL, NOW, issuing, relying_party, request, root, serial, signer};
use crate::issuer::ceremony::write_tbs;
use crate::profile::Validity;
use crate::{
    CaName, KeyAlgorithm, Profile, Signer as _, extension, generate_pkcs8, pem,
    subject_key_identifier,
};

const P256: KeyAlgorithm = KeyAlgorithm::EcdsaP256;

/// A CA below `parent`, with this path length constraint.
fn intermediate(parent: &Issuer, name: &str, path_length: Option<u8>) -> Issuer {
    let signer = signer(P256);
    let frame = Frame {
        serial: serial(),
        issuer: parent.identity(),
        validity: Validity {
            not_before: NOW,
            not_after: NOW.plus(Duration::from_secs(1000 * 86_400)),
        },
        subject: &CaName::private(name).unwrap().to_der(),
        key: signer.public_key(),
    };
    let tbs = write_tbs(&frame, |writer| {
        extension::write_ca(writer, path_length);
        extension::write_key_usage(writer, 0x06);
        extension::write_subject_key_identifier(
            writer,
            &subject_key_identifier(signer.public_key()),
        );
        let key_identifier = &parent.identity().key_identifier;
        extension::write_authority_key_identifier(writer, key_identifier);
    });
    let certificate = Certificate::from_der(&parent.sign(&tbs).unwrap()).unwrap();
    Issuer::new(certificate, Arc::new(signer), CA_ISSUERS_URL).unwrap()
}

fn certificates(issuers: &[&Issuer]) -> Vec<Certificate> {
    let certificates = issuers.iter().map(|issuer| issuer.certificate().clone());
    certificates.collect()
}

#[test]
fn a_path_of_any_length_leads_to_its_root() {
    let root = root(KeyAlgorithm::EcdsaP384);
    let policy = intermediate(&root, "Policy CA", Some(1));
    let issuer = issuing(&policy, P256);
    let parents = certificates(&[&policy, &root]);
    issuer.verify_path(&parents, NOW).unwrap();
    root.verify_path(&[], NOW).unwrap();
    root.verify_chain(root.certificate(), NOW).unwrap();

    let profile = Profile::dv();
    let tbs = issuer.prepare(
        &profile,
        &request(signer(P256).public_key(), &["example.com"]),
    );
    let leaf = issuer.issue(issuer.lint(tbs, &profile, NOW).unwrap());
    let between = [issuer.certificate(), policy.certificate()];
    relying_party(&leaf.unwrap().der, &between, root.certificate());
}

#[track_caller]
fn check(issuer: &Issuer, parents: &[&Issuer], expected: &str) {
    let error = issuer.verify_path(&certificates(parents), NOW).unwrap_err();
    let text = base::chain(&error);
    assert!(text.contains(expected), "{text}");
}

#[test]
fn an_error_of_a_path_says_which_certificate() {
    let root = root(P256);
    let policy = intermediate(&root, "Policy CA", None);
    let issuer = issuing(&policy, P256);
    check(
        &issuer,
        &[&root],
        "\"CN=Example DV E1,O=Example Trust,C=DE\" names \"CN=Policy CA\" as its issuer and the next one is \
         \"CN=Example Root R1,",
    );
    check(
        &issuer,
        &[&policy],
        "the chain ends with \"CN=Policy CA\", which is not self-signed",
    );
    check(&issuer, &[], "the chain ends with \"CN=Example DV E1,");
    check(
        &issuer,
        &[&intermediate(&root, "Policy CA", None), &root],
        "\"CN=Example DV E1,O=Example Trust,C=DE\" is not signed by \"CN=Policy CA\"",
    );
    let narrow = intermediate(&root, "Narrow CA", Some(0));
    let policy = intermediate(&narrow, "Policy CA", None);
    check(
        &issuing(&policy, P256),
        &[&policy, &narrow, &root],
        "\"CN=Narrow CA\" allows 0 CA certificates below it and there are 2",
    );
    let later = NOW.plus(Duration::from_secs(1001 * 86_400));
    let expired = issuer.verify_path(&certificates(&[&policy, &root]), later);
    assert!(
        matches!(expired, Err(IssuerError::Expired(subject)) if subject == "CN=Example DV E1,O=Example Trust,C=DE")
    );
}

#[test]
fn an_issuer_and_its_path_are_imported_from_one_pem() {
    let root = root(P256);
    let private_key = generate_pkcs8(P256).unwrap();
    let signer = crate::SoftwareSigner::from_pkcs8(&private_key).unwrap();
    let urls = crate::CaUrls {
        crl: "http://pki.example.com/root.crl",
        ca_issuers: "http://pki.example.com/root.crt",
    };
    let name = CaName::parse("CN=Imported, O=Example, C=DE").unwrap();
    let der = crate::issuing_ca(&root, &name, signer.public_key(), urls, serial(), NOW).unwrap();
    let chain = pem::encode_chain([der.as_slice(), root.certificate().der()]);
    let key = pem::encode_private_key(&private_key);
    let (issuer, parents) = Issuer::from_chain_pem(&chain, &key, CA_ISSUERS_URL).unwrap();
    issuer.verify_path(&parents, NOW).unwrap();
    assert_eq!(parents, [root.certificate().clone()]);
    assert!(Issuer::from_chain_pem("", &key, CA_ISSUERS_URL).is_err());
}

#[test]
fn a_certificate_says_whether_it_may_sign() {
    let root = root(P256);
    let issuer = issuing(&root, P256);
    let (top, below) = (root.certificate(), issuer.certificate());
    assert!(top.is_self_signed() && top.may_sign_certificates);
    assert!(!below.is_self_signed() && below.may_sign_certificates);
    assert_eq!((top.path_length, below.path_length), (None, Some(0)));

    // keyUsage with cRLSign alone.
    let mut der = top.der().to_vec();
    let usage = [0x03, 0x02, 0x01, 0x06];
    let place = der.windows(4).position(|window| window == usage).unwrap();
    der[place + 3] = 0x02;
    let changed = Certificate::from_der(&der).unwrap();
    assert!(!changed.may_sign_certificates && !changed.is_self_signed());
    let refused = check_ca(&changed).unwrap_err().to_string();
    assert!(refused.contains("its key usage lacks keyCertSign"));
    let refused = Issuer::new(changed, Arc::new(signer(P256)), CA_ISSUERS_URL);
    assert!(matches!(refused, Err(IssuerError::NotForSigning(_))));
}
