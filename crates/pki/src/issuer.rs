//! A CA certificate together with its key: prepares, lints and signs certificates and CRLs (RFC 5280 §6, BR §7.1).
//!
//! Nothing reaches the signer but what the linter let through and the documents of the CA itself: its CRLs, the
//! certificates of its subordinates and of the server that it runs in. What was signed is the caller's to store.

use std::sync::Arc;

use base::Timestamp;

use crate::algorithm::KeyAlgorithm;
use crate::certificate::raw::RawCertificate;
use crate::certificate::tbs::assemble;
use crate::certificate::{Certificate, CertificateError, IssuanceRequest, TbsCertificate};
use crate::identity::Identity;
use crate::key::{SignatureError, sha256};
use crate::lint::{Findings, Linted, Linter};
use crate::pem::{self, PemError};
use crate::profile::Profile;
use crate::serial::SerialNumber;
use crate::signer::{Signer, SignerError, SoftwareSigner};

mod ca_name;
mod ceremony;
mod internal;
mod path;

pub use ca_name::{CaName, NameError};
pub use ceremony::{
    CaUrls, ISSUING_DAYS, IssuingCaOptions, ROOT_DAYS, issuing_ca, issuing_ca_with,
    self_signed_root, self_signed_root_for,
};
pub use internal::{InternalProfile, InternalProfileError};

/// Why a certificate and a key do not make an issuer, or an issuer did not sign.
#[derive(Debug, thiserror::Error)]
pub enum IssuerError {
    /// The certificate cannot be read.
    #[error("the CA certificate cannot be used")]
    Certificate(#[from] CertificateError),
    /// The signature by the certificate above does not verify.
    #[error("the CA certificate \"{certificate}\" is not signed by \"{parent}\"")]
    Chain {
        /// What is signed by another key.
        certificate: String,
        /// What should have signed it.
        parent: String,
        /// That it does not verify.
        source: SignatureError,
    },
    /// The issuer field is not the subject of the certificate above.
    #[error(
        "the CA certificate \"{certificate}\" names \"{issuer}\" as its issuer and the next one is \"{parent}\""
    )]
    ChainName {
        /// The certificate in question.
        certificate: String,
        /// What it says.
        issuer: String,
        /// What the next certificate is called.
        parent: String,
    },
    /// Not yet or no longer valid.
    #[error("the CA certificate \"{0}\" is not valid at this time")]
    Expired(String),
    /// Another issuer's linter let the certificate through.
    #[error("the certificate was prepared for another issuer")]
    ForeignToken,
    /// The private key is another one's.
    #[error("the private key does not belong to the CA certificate")]
    KeyMismatch,
    /// basicConstraints does not say so.
    #[error("the certificate \"{0}\" is not a CA certificate")]
    NotACa(String),
    /// The chain ends before its root.
    #[error("the chain ends with \"{0}\", which is not self-signed; the root is missing")]
    NotARoot(String),
    /// keyUsage without keyCertSign.
    #[error(
        "the CA certificate \"{0}\" must not sign certificates: its key usage lacks keyCertSign"
    )]
    NotForSigning(String),
    /// More CAs below one than it allows.
    #[error(
        "the CA certificate \"{certificate}\" allows {most} CA certificates below it and there are {below}"
    )]
    PathLength {
        /// The certificate with the constraint.
        certificate: String,
        /// Its path length constraint.
        most: u32,
        /// How many there are.
        below: u32,
    },
    /// The key is not PEM.
    #[error("the private key cannot be read from PEM")]
    Pem(#[from] PemError),
    /// No key or no signature.
    #[error("the signing key failed")]
    Signer(#[from] SignerError),
    /// What came out of signing is not what was linted.
    #[error("the signed certificate differs from the linted one")]
    Tampered,
}

/// A CA that signs.
pub struct Issuer {
    certificate: Certificate,
    identity: Identity,
    signer: Arc<dyn Signer>,
    linter: Linter,
}

/// A signed certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuedCertificate {
    /// The DER.
    pub der: Vec<u8>,
    /// Its serial number.
    pub serial: SerialNumber,
    /// SHA-256 of the DER.
    pub fingerprint: [u8; 32],
}

impl Issuer {
    /// Joins a CA certificate and its key. `ca_issuers_url` is the `http:` URL of this certificate in DER, which
    /// every issued certificate carries (RFC 5280 §4.2.2.1).
    pub fn new(
        certificate: Certificate,
        signer: Arc<dyn Signer>,
        ca_issuers_url: impl Into<String>,
    ) -> Result<Self, IssuerError> {
        path::check_ca(&certificate)?;
        if certificate.key != *signer.public_key() {
            return Err(IssuerError::KeyMismatch);
        }
        let identity = Identity {
            name: certificate.subject_der().to_vec(),
            key_identifier: certificate.key_identifier(),
            algorithm: signer.algorithm(),
            ca_issuers_url: ca_issuers_url.into(),
            not_after: certificate.not_after,
            fingerprint: sha256(certificate.der()),
        };
        Ok(Self {
            linter: Linter::new(certificate.key.algorithm())?,
            certificate,
            identity,
            signer,
        })
    }

    /// Reads a certificate and an unencrypted PKCS#8 key from PEM and checks that they belong together.
    pub fn from_pem(
        certificate: &str,
        private_key: &str,
        ca_issuers_url: impl Into<String>,
    ) -> Result<Self, IssuerError> {
        let certificate = Certificate::from_pem(certificate)?;
        let signer = SoftwareSigner::from_pkcs8(&pem::decode_private_key(private_key)?)?;
        Self::new(certificate, Arc::new(signer), ca_issuers_url)
    }

    /// Reads the issuer's certificate, those above it and its key from PEM; the second value is what is above, for
    /// [`verify_path`](Self::verify_path).
    pub fn from_chain_pem(
        chain: &str,
        private_key: &str,
        ca_issuers_url: impl Into<String>,
    ) -> Result<(Self, Vec<Certificate>), IssuerError> {
        let mut parents = Certificate::chain_from_pem(chain)?;
        let above = parents.split_off(parents.len().min(1));
        let certificate = parents
            .pop()
            .ok_or(CertificateError::Pem(PemError::Count("CERTIFICATE")))?;
        let signer = SoftwareSigner::from_pkcs8(&pem::decode_private_key(private_key)?)?;
        let issuer = Self::new(certificate, Arc::new(signer), ca_issuers_url)?;
        Ok((issuer, above))
    }

    /// The CA certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The kind of the CA's key.
    pub fn key_algorithm(&self) -> KeyAlgorithm {
        self.certificate.key.algorithm()
    }

    /// Writes what is to be signed.
    pub fn prepare(&self, profile: &Profile, request: &IssuanceRequest) -> TbsCertificate {
        TbsCertificate::build(&self.identity, profile, request)
    }

    /// Runs the profile's lints on a twin that a throw-away key signed; only what passes can be issued.
    pub fn lint(
        &self,
        tbs: TbsCertificate,
        profile: &Profile,
        now: Timestamp,
    ) -> Result<Linted<TbsCertificate>, Findings> {
        self.linter.lint(tbs, &self.identity, profile, now)
    }

    /// Signs; the result carries the linted octets unchanged.
    pub fn issue(&self, linted: Linted<TbsCertificate>) -> Result<IssuedCertificate, IssuerError> {
        let tbs = linted
            .into_content_for(&self.identity.fingerprint)
            .ok_or(IssuerError::ForeignToken)?;
        let der = self.sign(tbs.der())?;
        let is_same = RawCertificate::parse(&der)
            .is_ok_and(|raw| raw.tbs == tbs.der() && raw.outer_algorithm == raw.fields.algorithm);
        if !is_same {
            return Err(IssuerError::Tampered);
        }
        Ok(IssuedCertificate {
            serial: tbs.serial(),
            fingerprint: sha256(&der),
            der,
        })
    }

    pub(crate) fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The signed form of `content`, which is complete and correct.
    pub(crate) fn sign(&self, content: &[u8]) -> Result<Vec<u8>, SignerError> {
        let signature = self.signer.sign(content)?;
        Ok(assemble(
            content,
            self.identity.algorithm.identifier(),
            &signature,
        ))
    }
}

#[cfg(test)]
mod tests;
