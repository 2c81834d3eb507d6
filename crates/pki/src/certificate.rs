//! Certificates: building what is signed, and reading what was issued for display and checks (RFC 5280 §4).
//!
//! A [`Certificate`] is what its DER says; that it verifies, or is not revoked, is not implied.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use base::Timestamp;
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280::{
    ID_CE_BASIC_CONSTRAINTS, ID_CE_CERTIFICATE_POLICIES, ID_CE_KEY_USAGE, ID_CE_SUBJECT_ALT_NAME,
    ID_CE_SUBJECT_KEY_IDENTIFIER,
};
use der::{Decode as _, Error};
use x509_cert::name::Name;

use crate::algorithm::SignatureAlgorithm;
use crate::decode::Element;
use crate::encode::tag;
use crate::extension;
use crate::key::{KeyError, PublicKey, SignatureError, sha256};
use crate::pem::{self, PemError};
use crate::profile::policy::ANY_POLICY;
use crate::serial::hex;
use raw::RawCertificate;

pub(crate) mod raw;
pub(crate) mod tbs;
mod text;

pub use tbs::{IssuanceRequest, TbsCertificate, TbsError};

/// Why a certificate cannot be read.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
pub enum CertificateError {
    /// Not DER, or not the structure of a certificate.
    #[error("the certificate is not valid DER")]
    Encoding(#[from] Error),
    /// A key that we do not handle.
    #[error("the key in the certificate cannot be used")]
    Key(#[from] KeyError),
    /// Not PEM, or not a single certificate.
    #[error("the certificate cannot be read from PEM")]
    Pem(#[from] PemError),
    /// An algorithm that we do not verify.
    #[error("the certificate is signed with an algorithm that is not supported")]
    SignatureAlgorithm,
}

/// A certificate with the fields that people and checks ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    der: Vec<u8>,
    subject_der: Vec<u8>,
    subject_key_identifier: Option<Vec<u8>>,
    algorithm: SignatureAlgorithm,
    signature: Vec<u8>,
    tbs: Vec<u8>,
    /// The serial number in lower-case hexadecimal, two digits an octet.
    pub serial: String,
    /// RFC 4514 text, most specific attribute first; empty for our subscriber certificates.
    pub subject: String,
    /// RFC 4514 text.
    pub issuer: String,
    /// DNS names and addresses of the SAN, in their order.
    pub names: Vec<String>,
    /// The first second of its lifetime.
    pub not_before: Timestamp,
    /// The last second of its lifetime.
    pub not_after: Timestamp,
    /// The certified key.
    pub key: PublicKey,
    /// Whether basicConstraints says that it is a CA.
    pub is_ca: bool,
    /// How many CA certificates that are not self-issued may stand between it and a subscriber's; `None` is any number
    /// (RFC 5280 §4.2.1.9).
    pub path_length: Option<u32>,
    /// Whether keyUsage has keyCertSign, or is absent and limits nothing (RFC 5280 §4.2.1.3).
    pub may_sign_certificates: bool,
    /// SHA-1 of the DER in lower-case hexadecimal: a label that old tools show, not a proof.
    pub sha1: String,
    /// SHA-256 of the DER in lower-case hexadecimal.
    pub sha256: String,
    /// Every extension, readable.
    pub extensions: Vec<ExtensionText>,
}

/// One extension as people read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtensionText {
    /// Its usual name, or its OID.
    pub name: String,
    /// Whether software that does not know it must refuse the certificate.
    pub is_critical: bool,
    /// Its content; in hexadecimal when it is not one we know.
    pub text: String,
}

impl Certificate {
    /// Reads DER.
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        let raw = RawCertificate::parse(der)?;
        let fields = &raw.fields;
        let (not_before, not_after) = fields.validity()?;
        let value = |oid| fields.extension(oid).map(|extension| extension.value);
        let (is_ca, path_length) =
            value(ID_CE_BASIC_CONSTRAINTS).map_or(Ok((false, None)), basic_constraints)?;
        Ok(Self {
            der: der.to_vec(),
            subject_der: fields.subject.to_vec(),
            subject_key_identifier: value(ID_CE_SUBJECT_KEY_IDENTIFIER)
                .map(|value| Element::only(value, tag::OCTET_STRING))
                .transpose()?
                .map(|identifier| identifier.content.to_vec()),
            algorithm: SignatureAlgorithm::from_identifier(raw.outer_algorithm)
                .filter(|_| raw.outer_algorithm == fields.algorithm)
                .ok_or(CertificateError::SignatureAlgorithm)?,
            signature: raw.signature.to_vec(),
            tbs: raw.tbs.to_vec(),
            serial: hex(fields.serial),
            subject: text::name(&Name::from_der(fields.subject)?),
            issuer: text::name(&Name::from_der(fields.issuer)?),
            names: value(ID_CE_SUBJECT_ALT_NAME).map_or(Ok(Vec::new()), text::general_names)?,
            not_before,
            not_after,
            key: PublicKey::from_spki(fields.spki)?,
            is_ca,
            path_length,
            may_sign_certificates: value(ID_CE_KEY_USAGE).map_or(Ok(true), has_cert_sign)?,
            sha1: hex(digest(&SHA1_FOR_LEGACY_USE_ONLY, der).as_ref()),
            sha256: hex(&sha256(der)),
            extensions: fields.extensions.iter().map(text::describe).collect(),
        })
    }

    /// Reads the only certificate of a PEM text.
    pub fn from_pem(text: &str) -> Result<Self, CertificateError> {
        Self::from_der(&pem::decode_certificate(text)?)
    }

    /// Reads every certificate of a PEM text, in its order.
    pub fn chain_from_pem(text: &str) -> Result<Vec<Self>, CertificateError> {
        let chain = pem::decode_chain(text)?;
        chain.iter().map(|der| Self::from_der(der)).collect()
    }

    /// The DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// One PEM block.
    pub fn to_pem(&self) -> String {
        pem::encode_chain([self.der()])
    }

    /// Whether `issuer`'s key signed this certificate; names and lifetimes are not compared.
    pub fn verify_signature(&self, issuer: &PublicKey) -> Result<(), SignatureError> {
        issuer.verify(self.algorithm, &self.tbs, &self.signature)
    }

    /// Whether certificates with these policies are valid below this CA for whoever asks for a policy: all that it has,
    /// or any (RFC 5280 §6.1.3 (d)). A root is not asked.
    pub fn allows_policies(&self, policies: &[ObjectIdentifier]) -> bool {
        let Ok(raw) = RawCertificate::parse(&self.der) else {
            return false;
        };
        let found = raw.fields.extension(ID_CE_CERTIFICATE_POLICIES);
        let read = found.map(|extension| extension::read_policies(extension.value));
        match read {
            // Nobody who asks for no policy minds; private CAs have none.
            None => true,
            Some(Ok(own)) => {
                own.contains(&ANY_POLICY) || policies.iter().all(|policy| own.contains(policy))
            }
            Some(Err(_)) => false,
        }
    }

    /// The subject, a DER `Name`: the same octets mean the same CA.
    pub fn subject_der(&self) -> &[u8] {
        &self.subject_der
    }

    /// Whether it names itself as its issuer and its own key signed it: a root.
    pub fn is_self_signed(&self) -> bool {
        self.is_self_issued() && self.verify_signature(&self.key).is_ok()
    }

    /// Whether issuer and subject are the same name (RFC 5280 §3.2).
    pub(crate) fn is_self_issued(&self) -> bool {
        self.issuer_is(&self.subject_der)
    }

    pub(crate) fn issuer_is(&self, subject: &[u8]) -> bool {
        RawCertificate::parse(&self.der).is_ok_and(|raw| raw.fields.issuer == subject)
    }

    /// What its own certificates name it by: its subjectKeyIdentifier, or one made by RFC 7093 §2 method 1.
    pub(crate) fn key_identifier(&self) -> Vec<u8> {
        self.subject_key_identifier
            .clone()
            .unwrap_or_else(|| subject_key_identifier(&self.key))
    }
}

/// The leftmost 160 bits of the SHA-256 of the key's BIT STRING (RFC 7093 §2 method 1).
pub fn subject_key_identifier(key: &PublicKey) -> Vec<u8> {
    sha256(key.key_bits()).into_iter().take(20).collect()
}

/// Whether it is a CA, and its path length constraint; one that no chain can reach is the longest.
fn basic_constraints(value: &[u8]) -> Result<(bool, Option<u32>), Error> {
    let mut fields = Element::only(value, tag::SEQUENCE)?.elements()?;
    let is_ca = match fields.optional(tag::BOOLEAN)? {
        Some(flag) => flag.boolean()?,
        None => false,
    };
    let path_length = match fields.optional(tag::INTEGER)? {
        Some(length) => {
            let octets = length.unsigned()?.iter();
            Some(octets.fold(0_u32, |sum, octet| {
                sum.saturating_mul(256).saturating_add(u32::from(*octet))
            }))
        }
        None => None,
    };
    Ok((is_ca, path_length))
}

fn has_cert_sign(value: &[u8]) -> Result<bool, Error> {
    let bits = Element::only(value, tag::BIT_STRING)?.content;
    Ok(bits
        .get(1)
        .is_some_and(|usages| usages & KEY_CERT_SIGN != 0))
}

/// Bit 5 of keyUsage, counted from the top (RFC 5280 §4.2.1.3).
const KEY_CERT_SIGN: u8 = 0x04;
