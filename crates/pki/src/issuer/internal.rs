//! Certificates for the server's own addresses, so that it can speak TLS before anything else exists.
//!
//! They may name hosts and addresses that a public CA must not certify, and carry no public policy. They do not
//! go through the profile's lints, and only this explicit type leads here.

use std::net::IpAddr;
use std::time::Duration;

use base::Timestamp;
use const_oid::db::rfc5280::ID_CE_SUBJECT_ALT_NAME;

use super::ceremony::write_tbs;
use super::{IssuedCertificate, Issuer};
use crate::certificate::tbs::Frame;
use crate::encode::tag;
use crate::extension;
use crate::key::{PublicKey, sha256};
use crate::profile::{DIGITAL_SIGNATURE, Validity};
use crate::serial::SerialNumber;
use crate::signer::SignerError;

/// Names and lifetime of a certificate for the server itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InternalProfile {
    hosts: Vec<String>,
    addresses: Vec<IpAddr>,
    lifetime: Duration,
}

/// What the server is called cannot stand in a certificate.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
pub enum InternalProfileError {
    /// Not letters, digits, hyphens and dots.
    #[error("\"{0}\" is not a host name")]
    Host(String),
    /// Neither hosts nor addresses.
    #[error("a server certificate needs a host name or an address")]
    Nothing,
}

impl InternalProfile {
    /// Hosts may have a single label, as `localhost`.
    pub fn new(
        hosts: Vec<String>,
        addresses: Vec<IpAddr>,
        lifetime: Duration,
    ) -> Result<Self, InternalProfileError> {
        let is_host_octet = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        let is_host = |host: &String| !host.is_empty() && host.bytes().all(is_host_octet);
        if let Some(host) = hosts.iter().find(|host| !is_host(host)) {
            return Err(InternalProfileError::Host(host.clone()));
        }
        if hosts.is_empty() && addresses.is_empty() {
            return Err(InternalProfileError::Nothing);
        }
        Ok(Self {
            hosts,
            addresses,
            lifetime,
        })
    }
}

impl Issuer {
    /// Signs a certificate for the server's own names, valid from an hour before `now`.
    pub fn issue_server_certificate(
        &self,
        profile: &InternalProfile,
        key: &PublicKey,
        serial: SerialNumber,
        now: Timestamp,
    ) -> Result<IssuedCertificate, SignerError> {
        let not_before = now.minus(Duration::from_secs(3600)).truncated_to_second();
        let not_after = not_before.plus(profile.lifetime).truncated_to_second();
        let frame = Frame {
            serial,
            issuer: self.identity(),
            validity: Validity {
                not_before,
                not_after: not_after.min(self.identity().not_after),
            },
            subject: &[0x30, 0x00],
            key,
        };
        let tbs = write_tbs(&frame, |writer| {
            extension::write_key_usage(writer, DIGITAL_SIGNATURE);
            extension::write_server_auth(writer);
            extension::write_not_a_ca(writer);
            extension::write_authority_key_identifier(writer, &self.identity().key_identifier);
            extension::write(writer, ID_CE_SUBJECT_ALT_NAME, true, |writer| {
                writer.sequence(|writer| {
                    for host in &profile.hosts {
                        writer.value(tag::primitive(2), host.as_bytes());
                    }
                    for address in &profile.addresses {
                        match address {
                            IpAddr::V4(v4) => writer.value(tag::primitive(7), &v4.octets()),
                            IpAddr::V6(v6) => writer.value(tag::primitive(7), &v6.octets()),
                        }
                    }
                });
            });
        });
        let der = self.sign(&tbs)?;
        Ok(IssuedCertificate {
            serial,
            fingerprint: sha256(&der),
            der,
        })
    }
}
