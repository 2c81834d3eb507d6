//! Takes over CAs that were made elsewhere.

use base::CaId;
use pki::{Certificate, Issuer};

use super::add_cas::{NewCa, add_cas};
use crate::memory::catalog::{CatalogError, Role};
use crate::outside::Outside;

/// CAs from elsewhere, PEM.
pub struct ImportedCas {
    /// The root's certificate.
    pub root: String,
    /// The root's key, if it shall sign CRLs here.
    pub root_key: Option<String>,
    /// The issuing CA's certificate, signed by the root.
    pub issuing: String,
    /// The issuing CA's key, PKCS#8 without a password.
    pub issuing_key: String,
}

/// Checks CAs from elsewhere and stores them; `false` when there are CAs already.
pub async fn import_cas(outside: &Outside, import: ImportedCas) -> Result<bool, CatalogError> {
    let now = outside.clock.now();
    let random = outside.random.as_ref();
    let (root_id, issuing_id) = (CaId::generate(now, random), CaId::generate(now, random));
    let of_root = |error: pki::IssuerError| CatalogError::Issuer(root_id, error);
    let of_issuing = |error: pki::IssuerError| CatalogError::Issuer(issuing_id, error);
    let root = Certificate::from_pem(&import.root).map_err(|error| of_root(error.into()))?;
    let issuing = Issuer::from_pem(&import.issuing, &import.issuing_key, "").map_err(of_issuing)?;
    issuing.verify_chain(&root, now).map_err(of_issuing)?;
    let key = |pem: &str| pki::pem::decode_private_key(pem).map_err(pki::IssuerError::from);
    let root_key = match &import.root_key {
        Some(pem) => {
            Issuer::from_pem(&import.root, pem, "").map_err(of_root)?;
            Some(key(pem).map_err(of_root)?.to_vec())
        }
        None => None,
    };
    let new = vec![
        NewCa {
            id: root_id,
            role: Role::Root,
            parent: None,
            certificate: root.der().to_vec(),
            private_key: root_key,
        },
        NewCa {
            id: issuing_id,
            role: Role::Issuing,
            parent: Some(root_id),
            certificate: issuing.certificate().der().to_vec(),
            private_key: Some(key(&import.issuing_key).map_err(of_issuing)?.to_vec()),
        },
    ];
    add_cas(outside, new).await
}
