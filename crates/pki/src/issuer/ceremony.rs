//! Making a certificate authority: a self-signed root and an issuing CA below it (BR §7.1.2.1, §7.1.2.6).

use std::num::NonZeroU16;
use std::time::Duration;

use base::Timestamp;
use const_oid::ObjectIdentifier;

use super::Issuer;
use super::ca_name::CaName;
use crate::certificate::subject_key_identifier;
use crate::certificate::tbs::{Frame, assemble, write_frame};
use crate::encode::Writer;
use crate::extension;
use crate::identity::Identity;
use crate::key::PublicKey;
use crate::profile::{DOMAIN_VALIDATED, Validity};
use crate::serial::SerialNumber;
use crate::signer::{Signer, SignerError};

/// Where relying parties find what belongs to the root; both `http:` (BR §7.1.2.11.2, §7.1.2.7.7).
#[derive(Clone, Copy, Debug)]
pub struct CaUrls<'a> {
    /// The root's CRL.
    pub crl: &'a str,
    /// The root's certificate in DER.
    pub ca_issuers: &'a str,
}

/// What an operator chooses for an issuing CA.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuingCaOptions {
    /// Its lifetime in days; it ends with the root's, if that is earlier.
    pub lifetime_days: NonZeroU16,
    /// The only certificate policies of what it issues, the reserved one of a public CA first (BR §7.1.2.10.5); a
    /// private CA may have none and leave the extension out.
    pub policies: Vec<ObjectIdentifier>,
}

/// Domain-validated certificates for 10 years.
impl Default for IssuingCaOptions {
    fn default() -> Self {
        Self {
            lifetime_days: ISSUING_DAYS,
            policies: vec![DOMAIN_VALIDATED],
        }
    }
}

/// The DER of a root that lives [`ROOT_DAYS`].
pub fn self_signed_root(
    name: &CaName,
    signer: &dyn Signer,
    serial: SerialNumber,
    now: Timestamp,
) -> Result<Vec<u8>, SignerError> {
    self_signed_root_for(name, signer, serial, now, ROOT_DAYS)
}

/// The DER of a root that lives as many days as the operator wants; a public root 2922 to 9132 (BR §7.1.2.1.1).
pub fn self_signed_root_for(
    name: &CaName,
    signer: &dyn Signer,
    serial: SerialNumber,
    now: Timestamp,
    lifetime_days: NonZeroU16,
) -> Result<Vec<u8>, SignerError> {
    let key = signer.public_key();
    let subject = name.to_der();
    let validity = lifetime(now, lifetime_days);
    let identity = Identity {
        name: subject.clone(),
        key_identifier: subject_key_identifier(key),
        algorithm: signer.algorithm(),
        ca_issuers_url: String::new(),
        not_after: validity.not_after,
        fingerprint: [0; 32],
    };
    let frame = Frame {
        serial,
        issuer: &identity,
        validity,
        subject: &subject,
        key,
    };
    let tbs = write_tbs(&frame, |writer| {
        extension::write_ca(writer, None);
        extension::write_key_usage(writer, CERTIFICATE_AND_CRL_SIGN);
        extension::write_subject_key_identifier(writer, &identity.key_identifier);
        extension::write_authority_key_identifier(writer, &identity.key_identifier);
    });
    let signature = signer.sign(&tbs)?;
    Ok(assemble(&tbs, identity.algorithm.identifier(), &signature))
}

/// The DER of a CA for domain-validated TLS server certificates, signed by `root`; it lives 10 years, or as long
/// as the root.
pub fn issuing_ca(
    root: &Issuer,
    name: &CaName,
    key: &PublicKey,
    urls: CaUrls<'_>,
    serial: SerialNumber,
    now: Timestamp,
) -> Result<Vec<u8>, SignerError> {
    let options = IssuingCaOptions::default();
    issuing_ca_with(root, name, key, urls, serial, now, &options)
}

/// The DER of a CA for TLS server certificates as the operator wants it, signed by `root`.
pub fn issuing_ca_with(
    root: &Issuer,
    name: &CaName,
    key: &PublicKey,
    urls: CaUrls<'_>,
    serial: SerialNumber,
    now: Timestamp,
    options: &IssuingCaOptions,
) -> Result<Vec<u8>, SignerError> {
    let mut validity = lifetime(now, options.lifetime_days);
    validity.not_after = validity.not_after.min(root.identity().not_after);
    let subject = name.to_der();
    let frame = Frame {
        serial,
        issuer: root.identity(),
        validity,
        subject: &subject,
        key,
    };
    let tbs = write_tbs(&frame, |writer| {
        extension::write_ca(writer, Some(0));
        extension::write_key_usage(writer, CERTIFICATE_AND_CRL_SIGN);
        extension::write_server_auth(writer);
        extension::write_subject_key_identifier(writer, &subject_key_identifier(key));
        extension::write_authority_key_identifier(writer, &root.identity().key_identifier);
        extension::write_ca_issuers(writer, urls.ca_issuers);
        extension::write_policies(writer, &options.policies);
        extension::write_crl_distribution_point(writer, urls.crl);
    });
    root.sign(&tbs)
}

pub(super) fn write_tbs(frame: &Frame<'_>, extensions: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut writer = Writer::with_capacity(1024);
    writer.sequence(|writer| write_frame(writer, frame, extensions));
    writer.finish()
}

fn lifetime(now: Timestamp, days: NonZeroU16) -> Validity {
    let not_before = now.truncated_to_second();
    let days = u64::from(days.get());
    Validity {
        not_before,
        not_after: not_before.plus(Duration::from_secs(days * 86_400 - 1)),
    }
}

/// How long a root lives by default: 20 years with their leap days (BR §7.1.2.1.1 allows 8 to 25 years).
pub const ROOT_DAYS: NonZeroU16 = NonZeroU16::MIN.saturating_add(7304);
/// How long an issuing CA lives by default: 10 years with the fewest leap days.
pub const ISSUING_DAYS: NonZeroU16 = NonZeroU16::MIN.saturating_add(3651);
/// keyCertSign and cRLSign (RFC 5280 §4.2.1.3).
const CERTIFICATE_AND_CRL_SIGN: u8 = 0x06;
