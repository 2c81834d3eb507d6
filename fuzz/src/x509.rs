//! Requests, certificates and lists in DER and PEM, each also read by another parser that knows nothing of ours.

use der::{Decode, Encode};
use pki::{Certificate, Crl, Csr, Issuer, PublicKey, Signer, SoftwareSigner, TbsCertificate, pem};
use x509_cert::crl::CertificateList;
use x509_cert::request::CertReq;

use crate::seed::{SIGNER, sealed};

/// A request as it is, and as the content of one that is signed.
pub(crate) fn csr(bytes: &[u8]) {
    request(bytes);
    if bytes.len() < 16_384 {
        request(&sealed(bytes));
    }
}

fn request(der: &[u8]) {
    let Ok(request) = Csr::parse(der) else {
        return;
    };
    let _ = request.wants_must_staple();
    assert!(!request.names().is_empty());
    // It also wants sets to be sorted, which many clients' are not.
    if let Ok(other) = CertReq::from_der(der) {
        let key = other.info.public_key.to_der().unwrap();
        assert_eq!(request.key().spki(), key);
    }
}

/// A certificate, its content, a public or private key; in DER or PEM.
pub(crate) fn certificate(bytes: &[u8]) {
    let _ = PublicKey::from_spki(bytes);
    let _ = SoftwareSigner::from_pkcs8(bytes);
    if let Ok(content) = TbsCertificate::from_der(bytes) {
        assert_eq!(content.der(), bytes);
    }
    if let Ok(read) = Certificate::from_der(bytes) {
        if let Ok(other) = x509_cert::Certificate::from_der(bytes) {
            let key = other.tbs_certificate().subject_public_key_info();
            assert_eq!(read.key.spki(), key.to_der().unwrap());
        }
        let again = Certificate::from_pem(&read.to_pem()).unwrap();
        assert_eq!(again, read);
        let _ = read.verify_signature(SIGNER.public_key());
        let _ = read.allows_policies(&[pki::DOMAIN_VALIDATED]);
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let _ = pem::decode_private_key(text);
    let _ = Issuer::from_pem(text, text, "");
    let _ = Issuer::from_chain_pem(text, text, "");
    let _ = pem::decode_certificate(text);
    if let Ok(chain) = pem::decode_chain(text) {
        let written = pem::encode_chain(chain.iter().map(Vec::as_slice));
        assert_eq!(pem::decode_chain(&written).unwrap(), chain);
    }
    let _ = Certificate::chain_from_pem(text);
}

/// A list as it is, and as the content of one that is signed.
pub(crate) fn crl(bytes: &[u8]) {
    list(bytes);
    if bytes.len() < 16_384 {
        list(&sealed(bytes));
    }
}

fn list(der: &[u8]) {
    if let Ok(read) = Crl::parse(der, SIGNER.public_key()) {
        let other = CertificateList::<x509_cert::certificate::Rfc5280>::from_der(der);
        let Ok(other) = other else { return };
        let entries = other.tbs_cert_list.revoked_certificates.unwrap_or_default();
        assert_eq!(read.revoked.len(), entries.len());
    }
}
