//! RFC 5280 and the CA/Browser Forum TLS Baseline Requirements (BR) as pure rules.
//!
//! From a certificate signing request to a signed certificate and, if it comes to that, to its entry in a CRL:
//! [`Csr`] → [`KeyPolicy`] → [`Profile`] → [`Issuer::prepare`] → [`Issuer::lint`] → [`Issuer::issue`] →
//! [`Issuer::sign_crl`]. Nothing here does I/O, reads a clock or knows what ACME is.
#![warn(missing_docs)]

mod algorithm;
mod certificate;
mod crl;
mod csr;
mod decode;
mod encode;
mod extension;
#[cfg(test)]
mod fixture;
mod identity;
mod issuer;
mod key;
mod key_policy;
mod lint;
pub mod pem;
mod profile;
mod revocation_reason;
mod serial;
mod signer;
mod subject;

pub use algorithm::{KeyAlgorithm, SignatureAlgorithm};
/// Names algorithms, extensions and policies; an operator writes a policy as `2.23.140.1.2.1`.
pub use const_oid::ObjectIdentifier;

pub use certificate::{
    Certificate, CertificateError, ExtensionText, IssuanceRequest, TbsCertificate, TbsError,
    subject_key_identifier,
};
pub use crl::{Crl, CrlError, CrlRequest, CrlScope, RevokedCertificate};
pub use csr::{Csr, CsrError};
pub use issuer::{
    CaName, CaUrls, ISSUING_DAYS, InternalProfile, InternalProfileError, IssuedCertificate, Issuer,
    IssuerError, IssuingCaOptions, NameError, ROOT_DAYS, issuing_ca, issuing_ca_with,
    self_signed_root, self_signed_root_for,
};
pub use key::{KeyError, PublicKey, SignatureError};
pub use key_policy::{DebianWeakKeys, KeyPolicy, KeyPolicyError, ListError};
pub use lint::{Finding, Findings, Linted};
pub use profile::{
    Ceiling, Country, CountryError, DOMAIN_VALIDATED, Disclosure, EXTENDED_VALIDATION, Level,
    MAIL_PROOFS_END, ORGANIZATION_VALIDATED, Profile, ProfileError, ProfileTrust,
    QUALIFIED_EXTENDED, QUALIFIED_NORMALIZED, Qualified, QualifiedError, RequestedValidity,
    Validity, ValidityError, ValidityLimits, WildcardError, ceilings, reuse_ceiling_seconds,
    validity_ceiling_seconds,
};
pub use revocation_reason::{ReasonError, RevocationReason};
pub use serial::{SerialError, SerialNumber};
pub use signer::{Signer, SignerError, SoftwareSigner, generate_pkcs8};
pub use subject::{
    BUSINESS_CATEGORIES, OrganizationError, OrganizationIdentifier, OrganizationIdentifierError,
    RegistrationScheme, Subject, SubjectError, SubjectField, SubjectFields,
};
