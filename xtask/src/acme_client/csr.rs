//! Certificate requests, made before the clock runs: they are the subscriber's work, not the load's.

use anyhow::Context;
use rcgen::{CertificateParams, DistinguishedName, KeyPair, PKCS_ECDSA_P256_SHA256};

use super::jws;

/// A name and the finalize payload that asks for its certificate.
#[derive(Debug, Clone)]
pub(crate) struct Csr {
    /// The only name.
    pub(crate) name: String,
    /// The request in base64url.
    pub(crate) encoded: String,
}

impl Csr {
    /// A request for one name under a P-256 key of its own.
    pub(crate) fn make(name: String) -> anyhow::Result<Self> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let mut parameters = CertificateParams::new(vec![name.clone()])?;
        parameters.distinguished_name = DistinguishedName::new();
        let request = parameters
            .serialize_request(&key)
            .with_context(|| format!("no request for {name}"))?;
        Ok(Self {
            name,
            encoded: jws::encode(request.der()),
        })
    }
}
