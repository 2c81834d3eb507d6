//! Seals the keys of new CAs and stores them with their certificates.

use base::{CaId, Timestamp};
use pki::Certificate;
use serde_json::json;
use store::WriteTx;
use store::audit::Entry;
use store::catalog::ca::{self, Ca as Stored, Trust};

use super::changed;
use super::reload::reload;
use crate::audit::{Document, Event};
use crate::memory::catalog::{CatalogError, Role, context};
use crate::outside::Outside;
use crate::{App, Caller};

/// A CA to store, whose key is in the clear.
pub struct NewCa {
    /// Its identifier.
    pub id: CaId,
    /// What it is here for.
    pub role: Role,
    /// Who believes it.
    pub trust: Trust,
    /// Who signed its certificate, or for an alternate the issuing CA.
    pub parent: Option<CaId>,
    /// The certificate, DER.
    pub certificate: Vec<u8>,
    /// The private key, PKCS#8; `None` when it stays elsewhere.
    pub private_key: Option<Vec<u8>>,
}

/// Stores CAs, from elsewhere or new. They have no CRL yet: that comes before they sign.
pub async fn add_cas(app: &App, caller: &Caller, new: Vec<NewCa>) -> Result<(), CatalogError> {
    let now = app.now();
    let sealed = new.into_iter().map(|ca| seal(&app.outside, ca, now));
    let stored = sealed.collect::<Result<Vec<_>, _>>()?;
    let about: Vec<_> = stored
        .iter()
        .map(|ca| json!({ "ca": ca.id, "name": ca.name, "kind": ca.kind, "trust": ca.trust }))
        .collect();
    let event = Event::CasAdded {
        ca: stored.first().map(|ca| ca.id),
        cas: Document::new(&about),
    };
    let entry = changed::entry(app, caller, &event).await?;
    app.store(caller).write((stored, entry), save).await?;
    reload(app).await?;
    Ok(())
}

async fn save(
    tx: &mut WriteTx,
    (cas, entry): &(Vec<Stored>, Option<Entry>),
) -> Result<(), store::Error> {
    for new in cas {
        ca::insert(tx, new).await?;
    }
    changed::record(tx, entry.as_ref()).await
}

/// Seals the key of a CA for its row.
pub(super) fn seal(outside: &Outside, new: NewCa, now: Timestamp) -> Result<Stored, CatalogError> {
    let row = new.id.to_string();
    let private_key = match &new.private_key {
        Some(key) => {
            let sealed = outside
                .sealer
                .seal(context(&row), key, outside.random.as_ref());
            Some(sealed.map_err(|error| CatalogError::Seal(new.id, error))?)
        }
        None => None,
    };
    let certificate = Certificate::from_der(&new.certificate)
        .map_err(|error| CatalogError::Issuer(new.id, error.into()))?;
    Ok(Stored {
        id: new.id,
        parent: new.parent,
        kind: new.role.as_str().to_owned(),
        name: certificate.subject,
        certificate: new.certificate,
        private_key,
        created_at: now,
        retired_at: None,
        trust: new.trust,
    })
}
