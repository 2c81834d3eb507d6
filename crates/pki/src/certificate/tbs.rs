//! Builds the to-be-signed part of subscriber certificates (RFC 5280 §4.1, BR §7.1.2.7).

use base::Identifier;
use der::Error;

use super::raw::RawTbs;
use crate::encode::{Writer, tag};
use crate::extension;
use crate::identity::Identity;
use crate::key::{PublicKey, sha256};
use crate::profile::{Profile, Validity};
use crate::serial::{SerialError, SerialNumber};
use crate::subject::Subject;

/// What goes into one certificate besides its profile and its issuer.
#[derive(Clone, Debug)]
pub struct IssuanceRequest {
    /// Reserved for this certificate alone.
    pub serial: SerialNumber,
    /// The names, all validated; written in this order.
    pub names: Vec<Identifier>,
    /// The organization that was validated, from [`Subject::for_profile`]; none where the profile names nobody.
    pub subject: Option<Subject>,
    /// The subscriber's key.
    pub key: PublicKey,
    /// From [`Profile::validity`].
    pub validity: Validity,
    /// Whether the TLS feature status_request goes in, if the profile honours it.
    pub must_staple: bool,
    /// The `http:` URL of the CRL shard that will list this certificate.
    pub crl_url: String,
}

/// A certificate without its signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TbsCertificate {
    der: Vec<u8>,
    serial: SerialNumber,
    validity: Validity,
}

/// The octets are not a TBSCertificate of ours.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
pub enum TbsError {
    /// Not DER, or not its structure.
    #[error("the stored certificate content is not valid DER")]
    Encoding(#[from] Error),
    /// A serial number of another shape.
    #[error("the stored certificate content has a foreign serial number")]
    Serial(#[from] SerialError),
}

impl TbsCertificate {
    /// Reads back what [`der`](Self::der) gave, to go on after an interruption; it has to be linted again.
    pub fn from_der(der: &[u8]) -> Result<Self, TbsError> {
        let content = RawTbs::parse(der)?;
        let (not_before, not_after) = content.validity()?;
        Ok(Self {
            der: der.to_vec(),
            serial: SerialNumber::from_bytes(content.serial)?,
            validity: Validity {
                not_before,
                not_after,
            },
        })
    }

    /// The DER of the TBSCertificate.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Its serial number.
    pub fn serial(&self) -> SerialNumber {
        self.serial
    }

    /// SHA-256 of the SubjectPublicKeyInfo that it certifies, under which block lists know the key.
    pub fn key_fingerprint(&self) -> Result<[u8; 32], TbsError> {
        Ok(sha256(RawTbs::parse(&self.der)?.spki))
    }

    /// Its lifetime.
    pub fn validity(&self) -> Validity {
        self.validity
    }

    /// Writes a subscriber certificate; what the profile does not name stays out of the subject.
    pub(crate) fn build(issuer: &Identity, profile: &Profile, request: &IssuanceRequest) -> Self {
        let subject = subject_of(profile, request);
        let name = subject.map_or_else(|| EMPTY_NAME.to_vec(), |subject| subject.to_der(profile));
        let mut writer = Writer::with_capacity(1024);
        writer.sequence(|writer| {
            write_frame(
                writer,
                &Frame {
                    serial: request.serial,
                    issuer,
                    validity: request.validity,
                    subject: &name,
                    key: &request.key,
                },
                |writer| write_extensions(writer, issuer, profile, request),
            );
        });
        Self {
            der: writer.finish(),
            serial: request.serial,
            validity: request.validity,
        }
    }
}

/// The fields that every kind of certificate has.
pub(crate) struct Frame<'a> {
    pub(crate) serial: SerialNumber,
    pub(crate) issuer: &'a Identity,
    pub(crate) validity: Validity,
    /// DER of the Name.
    pub(crate) subject: &'a [u8],
    pub(crate) key: &'a PublicKey,
}

/// Version 3, the frame and the extensions that `extensions` writes, in the order of RFC 5280 §4.1.
pub(crate) fn write_frame(
    writer: &mut Writer,
    frame: &Frame<'_>,
    extensions: impl FnOnce(&mut Writer),
) {
    writer.nested(tag::constructed(0), |writer| writer.unsigned(&[2]));
    writer.unsigned(frame.serial.as_bytes());
    writer.raw(frame.issuer.algorithm.identifier());
    writer.raw(&frame.issuer.name);
    writer.sequence(|writer| {
        writer.time(frame.validity.not_before);
        writer.time(frame.validity.not_after);
    });
    writer.raw(frame.subject);
    writer.raw(frame.key.spki());
    writer.nested(tag::constructed(3), |writer| writer.sequence(extensions));
}

/// The organization, where the profile names one.
fn subject_of<'r>(profile: &Profile, request: &'r IssuanceRequest) -> Option<&'r Subject> {
    let subject = request.subject.as_ref();
    subject.filter(|_| profile.level.names_organization())
}

fn write_extensions(
    writer: &mut Writer,
    issuer: &Identity,
    profile: &Profile,
    request: &IssuanceRequest,
) {
    extension::write_key_usage(writer, profile.key_usage(request.key.algorithm()));
    extension::write_server_auth(writer);
    extension::write_not_a_ca(writer);
    extension::write_authority_key_identifier(writer, &issuer.key_identifier);
    extension::write_ca_issuers(writer, &issuer.ca_issuers_url);
    let subject = subject_of(profile, request);
    extension::write_alternative_names(writer, &request.names, subject.is_none());
    extension::write_policies(writer, &profile.policies);
    extension::write_crl_distribution_point(writer, &request.crl_url);
    let identifier = subject.and_then(Subject::organization_identifier);
    if let Some(identifier) = identifier.filter(|_| profile.is_extended()) {
        extension::write_cabf_organization_identifier(writer, identifier);
    }
    if let Some(qualified) = &profile.qualified {
        extension::write_qc_statements(writer, qualified);
    }
    if request.must_staple && profile.honours_must_staple {
        extension::write_must_staple(writer);
    }
}

/// Certificate, CertificateList and their like: content, algorithm, signature (RFC 5280 §4.1.1).
pub(crate) fn assemble(content: &[u8], algorithm: &[u8], signature: &[u8]) -> Vec<u8> {
    let mut writer = Writer::with_capacity(content.len() + signature.len() + 32);
    writer.sequence(|writer| {
        writer.raw(content);
        writer.raw(algorithm);
        writer.bit_string(signature);
    });
    writer.finish()
}

/// A Name without attributes: the names of domain-validated certificates stand in the SAN alone (BR §7.1.2.7.2).
const EMPTY_NAME: &[u8] = &[0x30, 0x00];
