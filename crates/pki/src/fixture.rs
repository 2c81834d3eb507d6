//! What several tests of this crate need: a moment, a generator, authorities and hand-made requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use base::{Random, Timestamp};
use const_oid::ObjectIdentifier;
use const_oid::db::rfc4519::CN;
use const_oid::db::rfc5280::ID_CE_SUBJECT_ALT_NAME;

use crate::encode::{Writer, tag};
use crate::{
    CaName, CaUrls, Certificate, IssuanceRequest, Issuer, KeyAlgorithm, Profile, PublicKey,
    RequestedValidity, SerialNumber, Signer, SoftwareSigner, extension, issuing_ca,
    self_signed_root,
};

pub(crate) const CA_ISSUERS_URL: &str = "http://pki.example.com/issuing.crt";
pub(crate) const CRL_URL: &str = "http://pki.example.com/crl/7.crl";

/// 2026-11-23T12:00:00Z.
pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_795_435_200);

/// A different octet each time.
pub(crate) struct Counter(AtomicU8);

impl Random for Counter {
    fn fill(&self, bytes: &mut [u8]) {
        for byte in bytes {
            *byte = self.0.fetch_add(37, Ordering::Relaxed);
        }
    }
}

pub(crate) fn serial() -> SerialNumber {
    SerialNumber::generate(&Counter(AtomicU8::new(5)))
}

pub(crate) fn signer(algorithm: KeyAlgorithm) -> SoftwareSigner {
    SoftwareSigner::generate(algorithm).unwrap()
}

pub(crate) fn root(algorithm: KeyAlgorithm) -> Issuer {
    let signer = signer(algorithm);
    let name = CaName::new("DE", "Example Trust", "Example Root R1").unwrap();
    let der = self_signed_root(&name, &signer, serial(), NOW).unwrap();
    let certificate = Certificate::from_der(&der).unwrap();
    Issuer::new(
        certificate,
        Arc::new(signer),
        "http://pki.example.com/root.crt",
    )
    .unwrap()
}

pub(crate) fn issuing(root: &Issuer, algorithm: KeyAlgorithm) -> Issuer {
    let signer = signer(algorithm);
    let name = CaName::new("DE", "Example Trust", "Example DV E1").unwrap();
    let urls = CaUrls {
        crl: "http://pki.example.com/root.crl",
        ca_issuers: "http://pki.example.com/root.crt",
    };
    let der = issuing_ca(root, &name, signer.public_key(), urls, serial(), NOW).unwrap();
    let certificate = Certificate::from_der(&der).unwrap();
    Issuer::new(certificate, Arc::new(signer), CA_ISSUERS_URL).unwrap()
}

pub(crate) fn request(key: &PublicKey, names: &[&str]) -> IssuanceRequest {
    let validity = Profile::dv().validity(RequestedValidity::default(), NOW);
    IssuanceRequest {
        serial: serial(),
        names: names.iter().map(|name| name.parse().unwrap()).collect(),
        subject: None,
        key: key.clone(),
        validity: validity.unwrap(),
        must_staple: false,
        crl_url: CRL_URL.to_owned(),
    }
}

/// What another parser, which shares no code with our writer, reads; written again by it, the octets are the same.
#[track_caller]
pub(crate) fn read_back<T>(document: &[u8]) -> T
where
    T: for<'d> der::Decode<'d, Error = der::Error> + der::Encode,
{
    let read = T::from_der(document).unwrap();
    assert_eq!(read.to_der().unwrap(), document);
    read
}

/// What a TLS client that trusts `root` says to a certificate for `example.com`: rustls-webpki shares no code with us.
#[track_caller]
pub(crate) fn relying_party(leaf: &[u8], between: &[&Certificate], root: &Certificate) {
    use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
    let leaf = CertificateDer::from(leaf);
    let leaf = webpki::EndEntityCert::try_from(&leaf).unwrap();
    let root = CertificateDer::from(root.der());
    let anchor = webpki::anchor_from_trusted_cert(&root).unwrap();
    let between = between.iter().map(|one| CertificateDer::from(one.der()));
    let now = Duration::from_secs(u64::try_from(NOW.as_seconds()).unwrap());
    leaf.verify_for_usage(
        webpki::ALL_VERIFICATION_ALGS,
        &[anchor],
        &between.collect::<Vec<_>>(),
        UnixTime::since_unix_epoch(now),
        webpki::KeyUsage::server_auth(),
        None,
        None,
    )
    .unwrap();
    let name = ServerName::try_from("example.com").unwrap();
    leaf.verify_is_valid_for_subject_name(&name).unwrap();
}

/// A request as a client would write it, or should not.
pub(crate) struct CsrDraft<'a> {
    pub(crate) signer: &'a SoftwareSigner,
    pub(crate) version: u8,
    pub(crate) common_name: Option<&'a str>,
    /// As which string the common name is written.
    pub(crate) common_name_tag: u8,
    /// GeneralNames: tag and content.
    pub(crate) names: Vec<(u8, Vec<u8>)>,
    /// Other extensions: OID and value.
    pub(crate) extensions: Vec<(ObjectIdentifier, Vec<u8>)>,
    pub(crate) algorithm: Option<Vec<u8>>,
    /// The value of an attribute that nobody reads: tag and content.
    pub(crate) unread: (u8, Vec<u8>),
}

impl<'a> CsrDraft<'a> {
    pub(crate) fn new(signer: &'a SoftwareSigner, names: &[&str]) -> Self {
        Self {
            signer,
            version: 0,
            common_name: None,
            common_name_tag: tag::UTF8_STRING,
            names: names
                .iter()
                .map(|name| (tag::primitive(2), name.as_bytes().to_vec()))
                .collect(),
            extensions: Vec::new(),
            algorithm: None,
            unread: (tag::UTF8_STRING, b"secret".to_vec()),
        }
    }

    pub(crate) fn der(&self) -> Vec<u8> {
        let mut writer = Writer::with_capacity(512);
        writer.sequence(|writer| {
            writer.unsigned(&[self.version]);
            writer.sequence(|writer| self.write_subject(writer));
            writer.raw(self.signer.public_key().spki());
            writer.nested(tag::constructed(0), |writer| self.write_attributes(writer));
        });
        let information = writer.finish();
        let signature = self.signer.sign(&information).unwrap();
        let algorithm = self.signer.algorithm().identifier().to_vec();
        let algorithm = self.algorithm.clone().unwrap_or(algorithm);
        crate::certificate::tbs::assemble(&information, &algorithm, &signature)
    }

    fn write_subject(&self, writer: &mut Writer) {
        let Some(name) = self.common_name else { return };
        writer.nested(tag::SET, |writer| {
            writer.sequence(|writer| {
                writer.oid(CN);
                let octets = match self.common_name_tag {
                    0x1e => name.encode_utf16().flat_map(u16::to_be_bytes).collect(),
                    _ => name.as_bytes().to_vec(),
                };
                writer.value(self.common_name_tag, &octets);
            });
        });
    }

    fn write_attributes(&self, writer: &mut Writer) {
        let challenge_password = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.7");
        writer.sequence(|writer| {
            writer.oid(challenge_password);
            let (tag, content) = &self.unread;
            writer.nested(tag::SET, |writer| writer.value(*tag, content));
        });
        if self.names.is_empty() && self.extensions.is_empty() {
            return;
        }
        writer.sequence(|writer| {
            writer.oid(ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.14"));
            writer.nested(tag::SET, |writer| {
                writer.sequence(|writer| self.write_extensions(writer));
            });
        });
    }

    fn write_extensions(&self, writer: &mut Writer) {
        if !self.names.is_empty() {
            extension::write(writer, ID_CE_SUBJECT_ALT_NAME, false, |writer| {
                writer.sequence(|writer| {
                    for (tag, content) in &self.names {
                        writer.value(*tag, content);
                    }
                });
            });
        }
        for (oid, value) in &self.extensions {
            extension::write(writer, *oid, false, |writer| writer.raw(value));
        }
    }
}
