//! Takes over CAs that were made elsewhere.

use base::{CaId, Class, Refusal, Refuse};
use pki::{Certificate, Issuer};
use store::catalog::ca::{self, Ca as Stored, Trust};

use super::add_cas::{NewCa, add_cas};
use crate::memory::catalog::{CatalogError, Role};
use crate::{App, Caller};

/// CAs from elsewhere, PEM.
pub struct ImportedCas {
    /// The root's certificate.
    pub root: String,
    /// The root's key, if it shall sign CRLs here.
    pub root_key: Option<String>,
    /// The issuing CA's certificate, then those of the CAs between it and the root.
    pub issuing: String,
    /// The issuing CA's key, PKCS#8 without a password.
    pub issuing_key: String,
    /// Who believes them.
    pub trust: Trust,
}

/// Why nothing was taken over.
#[derive(Debug, thiserror::Error)]
pub enum ImportCaError {
    /// They could not be added.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// The issuing CA is here already.
    #[error("this issuing CA is here already, as {0}")]
    Exists(CaId),
    /// The issuing CA's certificate, key or chain.
    #[error("the issuing CA cannot be used: {0}")]
    Issuing(#[source] pki::IssuerError),
    /// The root's certificate or key.
    #[error("the root cannot be used: {0}")]
    Root(#[source] pki::IssuerError),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Refuse for ImportCaError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Catalog(error) => Refusal::internal(error),
            Self::Exists(_) => Class::Conflict.because("ca_exists", self),
            Self::Issuing(_) | Self::Root(_) => Class::Invalid.because("ca_unusable", self),
            Self::Store(error) => error.refusal(),
        }
    }
}

/// Checks CAs from elsewhere and stores them; a root that is here already is not stored again. Answers with the issuing
/// CA, which signs once it stands in a directory.
pub async fn import_cas(
    app: &App,
    caller: &Caller,
    import: ImportedCas,
) -> Result<CaId, ImportCaError> {
    let (now, random) = (app.now(), app.random());
    let (of_root, of_issuing) = (ImportCaError::Root, ImportCaError::Issuing);
    let root = Certificate::from_pem(&import.root).map_err(|error| of_root(error.into()))?;
    let (issuing, between) =
        Issuer::from_chain_pem(&import.issuing, &import.issuing_key, "").map_err(of_issuing)?;
    let path = [between.as_slice(), std::slice::from_ref(&root)].concat();
    issuing.verify_path(&path, now).map_err(of_issuing)?;
    let known: Vec<Stored> = app.store(caller).read((), ca::all).await?;
    let find = |der: &[u8]| {
        known
            .iter()
            .find(|ca| ca.certificate == der)
            .map(|ca| ca.id)
    };
    if let Some(id) = find(issuing.certificate().der()) {
        return Err(ImportCaError::Exists(id));
    }
    let mut new = Vec::new();
    let mut parent = None;
    for certificate in path.iter().rev() {
        if let Some(id) = find(certificate.der()) {
            parent = Some(id);
            continue;
        }
        let is_root = parent.is_none();
        let key = root_key(&import).map_err(of_root)?;
        let above = NewCa {
            id: CaId::generate(now, random),
            role: if is_root {
                Role::Root
            } else {
                Role::Intermediate
            },
            trust: import.trust,
            parent,
            certificate: certificate.der().to_vec(),
            private_key: key.filter(|_| is_root),
        };
        parent = Some(above.id);
        new.push(above);
    }
    let id = CaId::generate(now, random);
    let key = pki::pem::decode_private_key(&import.issuing_key);
    new.push(NewCa {
        id,
        role: Role::Issuing,
        trust: import.trust,
        parent,
        certificate: issuing.certificate().der().to_vec(),
        private_key: Some(key.map_err(|error| of_issuing(error.into()))?.to_vec()),
    });
    add_cas(app, caller, new).await?;
    Ok(id)
}

/// The key of the root, if it came along and belongs to it.
fn root_key(import: &ImportedCas) -> Result<Option<Vec<u8>>, pki::IssuerError> {
    let Some(pem) = &import.root_key else {
        return Ok(None);
    };
    Issuer::from_pem(&import.root, pem, "")?;
    Ok(Some(pki::pem::decode_private_key(pem)?.to_vec()))
}
