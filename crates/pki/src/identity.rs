//! What a certificate says about its issuer: the builder writes it and the lints compare it.
//!
//! An issuer is made in `issuer`; here is only what may be known without its key.

use base::Timestamp;

use crate::algorithm::SignatureAlgorithm;

/// What a certificate says about its issuer.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    /// DER of the Name.
    pub(crate) name: Vec<u8>,
    pub(crate) key_identifier: Vec<u8>,
    pub(crate) algorithm: SignatureAlgorithm,
    pub(crate) ca_issuers_url: String,
    pub(crate) not_after: Timestamp,
    /// SHA-256 of the issuer's certificate, to tell tokens of different issuers apart.
    pub(crate) fingerprint: [u8; 32],
}
