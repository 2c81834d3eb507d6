use x509_cert::certificate::Rfc5280;
use x509_cert::crl::CertificateList;

use super::*;
use crate::KeyAlgorithm;
use crate::fixture::{CRL_URL, NOW, issuing, read_back, root, serial};

fn entry(reason: RevocationReason) -> RevokedCertificate {
    RevokedCertificate {
        serial: serial(),
        revoked_at: NOW,
        reason,
    }
}

#[track_caller]
fn check(algorithm: KeyAlgorithm, revoked: &[RevokedCertificate]) {
    let issuer = issuing(&root(KeyAlgorithm::EcdsaP256), algorithm);
    let request = CrlRequest::new(0x80, NOW, CRL_URL);
    let der = issuer.sign_crl(&request, revoked.iter().copied()).unwrap();
    let read: CertificateList<Rfc5280> = read_back(&der);
    let entries = read.tbs_cert_list.revoked_certificates.unwrap_or_default();
    assert_eq!(entries.len(), revoked.len());
    let crl = Crl::parse(&der, &issuer.certificate().key).unwrap();
    assert_eq!(
        crl,
        Crl {
            number: 0x80,
            this_update: NOW,
            next_update: NOW.plus(LIFETIME),
            url: Some(CRL_URL.to_owned()),
            revoked: revoked.to_vec(),
        }
    );
}

#[test]
fn entries_read_back_with_their_reasons() {
    check(KeyAlgorithm::EcdsaP256, &[]);
    check(
        KeyAlgorithm::EcdsaP256,
        &[entry(RevocationReason::Unspecified)],
    );
    check(KeyAlgorithm::EcdsaP384, &RevocationReason::ALL.map(entry));
    check(
        KeyAlgorithm::Rsa { bits: 2048 },
        &[entry(RevocationReason::KeyCompromise)],
    );
}

/// OpenSSL's `-crl_check_all` also looks for the root on the root's list, and the root names no distribution point.
#[test]
fn finding_s6_10_a_roots_list_is_complete_and_an_issuing_cas_names_its_point() {
    let root = root(KeyAlgorithm::EcdsaP256);
    let issuing = issuing(&root, KeyAlgorithm::EcdsaP256);
    for (issuer, scope, expected) in [
        (&root, CrlScope::CaCertificates, None),
        (&issuing, CrlScope::UserCertificates, Some(CRL_URL)),
    ] {
        let request = CrlRequest {
            scope,
            ..CrlRequest::new(1, NOW, CRL_URL)
        };
        let der = issuer.sign_crl(&request, []).unwrap();
        let crl = Crl::parse(&der, &issuer.certificate().key).unwrap();
        assert_eq!(crl.url.as_deref(), expected);
        let point = b"\x55\x1d\x1c";
        let has_point = der.windows(3).any(|window| window == point);
        assert_eq!(has_point, expected.is_some());
    }
}

#[test]
fn an_unspecified_reason_leaves_no_extension() {
    let issuer = root(KeyAlgorithm::EcdsaP256);
    let request = CrlRequest::new(1, NOW, CRL_URL);
    let count = |reason| {
        let der = issuer.sign_crl(&request, [entry(reason)]).unwrap();
        der.windows(3)
            .filter(|window| *window == b"\x55\x1d\x15")
            .count()
    };
    assert_eq!(count(RevocationReason::Unspecified), 0);
    assert_eq!(count(RevocationReason::Superseded), 1);
}

#[test]
fn another_issuers_crl_is_refused() {
    let (one, other) = (root(KeyAlgorithm::EcdsaP256), root(KeyAlgorithm::EcdsaP256));
    let der = one.sign_crl(&CrlRequest::new(1, NOW, CRL_URL), []).unwrap();
    let result = Crl::parse(&der, &other.certificate().key);
    assert_eq!(result, Err(CrlError::Signature(SignatureError)));
}

#[test]
fn ten_thousand_entries_are_written_and_read() {
    let issuer = root(KeyAlgorithm::EcdsaP256);
    let revoked = std::iter::repeat_n(entry(RevocationReason::Superseded), 10_000);
    let der = issuer
        .sign_crl(&CrlRequest::new(1, NOW, CRL_URL), revoked)
        .unwrap();
    let crl = Crl::parse(&der, &issuer.certificate().key).unwrap();
    assert_eq!(crl.revoked.len(), 10_000);
}
