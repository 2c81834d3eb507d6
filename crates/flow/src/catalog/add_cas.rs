//! Seals the keys of new CAs and stores them with their certificates.

use base::{CaId, Timestamp};
use pki::Certificate;
use store::catalog::ca::Ca as Stored;

use crate::memory::catalog::{CatalogError, Role, context};
use crate::outside::Outside;

/// A CA to store, whose key is in the clear.
pub struct NewCa {
    /// Its identifier.
    pub id: CaId,
    /// What it is here for.
    pub role: Role,
    /// Who signed its certificate, or for an alternate the issuing CA.
    pub parent: Option<CaId>,
    /// The certificate, DER.
    pub certificate: Vec<u8>,
    /// The private key, PKCS#8; `None` when it stays elsewhere.
    pub private_key: Option<Vec<u8>>,
}

/// Seals the keys and stores the CAs; `false` when there are CAs already.
pub async fn add_cas(outside: &Outside, new: Vec<NewCa>) -> Result<bool, CatalogError> {
    let now = outside.clock.now();
    let stored = new
        .into_iter()
        .map(|ca| seal(outside, ca, now))
        .collect::<Result<Vec<_>, _>>()?;
    let inserted = outside
        .store
        .write(stored, |tx, stored| {
            Box::pin(async move {
                // The setting decides between nodes that start at the same time.
                let root = stored
                    .first()
                    .map(|ca| ca.id.to_string())
                    .unwrap_or_default();
                if !store::operations::node::insert_setting(tx, "root_ca", &root).await? {
                    return Ok::<_, store::Error>(false);
                }
                for ca in stored {
                    store::catalog::ca::insert(tx, ca).await?;
                }
                Ok(true)
            })
        })
        .await?;
    Ok(inserted)
}

fn seal(outside: &Outside, new: NewCa, now: Timestamp) -> Result<Stored, CatalogError> {
    let row = new.id.to_string();
    let private_key = match &new.private_key {
        Some(key) => outside
            .sealer
            .seal(context(&row), key, outside.random.as_ref())
            .map_err(|error| CatalogError::Seal(new.id, error))?,
        None => Vec::new(),
    };
    let certificate = Certificate::from_der(&new.certificate)
        .map_err(|error| CatalogError::Issuer(new.id, error.into()))?;
    Ok(Stored {
        id: new.id,
        parent: new.parent,
        kind: new.role.as_str().to_owned(),
        status: "active".to_owned(),
        subject: certificate.subject,
        certificate: new.certificate,
        private_key,
        created_at: now,
    })
}
