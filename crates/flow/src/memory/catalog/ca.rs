//! A CA that can sign here: its key, opened, and the chains that lead from it to roots.

use std::sync::Arc;

use base::{CaId, words};
use pki::{Certificate, CrlScope, Issuer, SoftwareSigner};
use store::catalog::ca::{Ca as Stored, Trust};
use store::seal::SealContext;

use super::CatalogError;
use crate::outside::Outside;

/// One CA, ready to sign.
pub struct Ca {
    /// Its identifier.
    pub id: CaId,
    /// Its key and certificate.
    pub issuer: Arc<Issuer>,
    /// Where its CRL is served; certificates carry this text.
    pub crl_url: String,
    /// Which certificates its CRL is about.
    pub scope: CrlScope,
    /// Who believes it.
    pub trust: Trust,
    /// The CA certificates that follow a subscriber's, PEM, without the root; the preferred chain first, the others lead
    /// to other roots (RFC 8555 §7.4.2).
    pub(super) chains: Vec<String>,
}

words! {
    /// What a CA certificate is here for.
    pub enum Role {
        /// Another certificate of an issuing CA, for clients that trust another root (RFC 8555 §7.4.2).
        Alternate = "alternate",
        /// Stands between a root and an issuing CA.
        Intermediate = "intermediate",
        /// Signs subscribers' certificates.
        Issuing = "issuing",
        /// Signs the certificates of CAs below it.
        Root = "root",
        /// Signs certificates for the server's own names and nothing else; stands in no directory.
        Server = "server",
    }
}

impl Role {
    /// Which certificates the CRL of such a CA is about.
    pub(super) fn scope(self) -> CrlScope {
        match self {
            Self::Intermediate | Self::Root => CrlScope::CaCertificates,
            Self::Alternate | Self::Issuing | Self::Server => CrlScope::UserCertificates,
        }
    }
}

impl Ca {
    /// A subscriber's certificate with the chain of this number, PEM; 0 is the preferred one.
    pub fn chain_pem(&self, certificate: &[u8], number: usize) -> Option<String> {
        let chain = self.chains.get(number)?;
        Some(pki::pem::encode_chain([certificate]) + chain)
    }

    /// How many chains there are, at least one.
    pub fn chains(&self) -> usize {
        self.chains.len()
    }
}

/// Where the CRL of a CA is served.
pub fn crl_url(pki_origin: &str, id: CaId) -> String {
    format!("{pki_origin}/crl/{}.crl", id.suffix())
}

/// Where the certificate of a CA is served, DER.
pub fn certificate_url(pki_origin: &str, id: CaId) -> String {
    format!("{pki_origin}/issuer/{}.der", id.suffix())
}

/// Opens the key of a CA.
pub(crate) fn open(outside: &Outside, stored: &Stored) -> Result<Issuer, CatalogError> {
    let row = stored.id.to_string();
    let sealed = stored.private_key.as_deref().unwrap_or_default();
    let key = outside
        .sealer
        .open(context(&row), sealed)
        .map_err(|error| CatalogError::Seal(stored.id, error))?;
    let signer = SoftwareSigner::from_pkcs8(&key)?;
    let url = certificate_url(&outside.settings.pki_origin, stored.id);
    Certificate::from_der(&stored.certificate)
        .map_err(pki::IssuerError::from)
        .and_then(|certificate| Issuer::new(certificate, Arc::new(signer), url))
        .map_err(|error| CatalogError::Issuer(stored.id, error))
}

/// Where a CA key is sealed for; it belongs to the installation, not to a tenant.
pub(crate) fn context(row: &str) -> SealContext<'_> {
    SealContext {
        table: "ca",
        column: "private_key",
        row,
        tenant: "",
    }
}
