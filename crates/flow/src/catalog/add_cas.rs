//! Seals the keys of new CAs and stores them with their certificates.

use base::{CaId, Timestamp};
use pki::Certificate;
use store::catalog::ca::{self, Ca as Stored};
use store::operations::setting::{self, Setting};
use store::{ReadTx, WriteTx};

use crate::caller::system;
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
    let store = outside.store.within(system("the catalogue"));
    Ok(store.decide(stored, load, decide, save).await?)
}

/// The setting decides between nodes that start at the same time.
const ROOT: &str = "root_ca";

async fn load(tx: &mut ReadTx, _: &Vec<Stored>) -> Result<Option<Setting>, store::Error> {
    setting::by_name(tx, ROOT).await
}

fn decide(new: &Vec<Stored>, root: Option<Setting>) -> Result<Option<Vec<Stored>>, store::Error> {
    Ok(root.map_or_else(|| Some(new.clone()), |_| None))
}

async fn save(tx: &mut WriteTx, new: &Option<Vec<Stored>>) -> Result<bool, store::Error> {
    let Some(new) = new else {
        return Ok(false);
    };
    let root = new.first().map(|ca| ca.id.to_string()).unwrap_or_default();
    let setting = Setting {
        name: ROOT.to_owned(),
        value: root,
    };
    setting::insert(tx, &setting).await?;
    for new in new {
        ca::insert(tx, new).await?;
    }
    Ok(true)
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
    })
}
