//! Whether the sealing key at hand is the one of the database (S-39). It is asked before a node starts: a new key beside
//! old secrets looks well until the first of them is needed.

use base::CaId;
use store::catalog::ca::{self, Ca};
use store::enrollment::eab_credential::{self, SealedCredential};
use store::seal::{SealError, Sealer};
use store::{ReadTx, Store};

use crate::caller::system;
use crate::memory::catalog::context;

/// Secrets of the database, as they are stored: the key of every CA, and a credential's.
pub struct SealedValues {
    cas: Vec<(CaId, Vec<u8>)>,
    credential: Option<SealedCredential>,
}

/// A secret that the sealing key does not open.
#[derive(Debug, thiserror::Error)]
#[error(
    "the sealing key does not open {what}; put back the key file that belongs to this database"
)]
pub struct NotOpened {
    what: String,
    source: SealError,
}

/// What is sealed in a database that is up to date.
pub async fn sealed_values(store: &Store) -> Result<SealedValues, store::Error> {
    let all = store.within(system("the sealing key is tried on everybody's secrets"));
    all.scan((), load).await
}

async fn load(tx: &mut ReadTx, (): &()) -> Result<SealedValues, store::Error> {
    let cas = ca::all(tx, &()).await?.into_iter();
    let with_key = |ca: Ca| Some((ca.id, ca.private_key?));
    Ok(SealedValues {
        cas: cas.filter_map(with_key).collect(),
        credential: eab_credential::any(tx).await?,
    })
}

impl SealedValues {
    /// Whether nothing is sealed, so that any key will do.
    pub fn is_empty(&self) -> bool {
        self.cas.is_empty() && self.credential.is_none()
    }

    /// Opens all of them; how many there are.
    pub fn open_with(&self, sealer: &Sealer) -> Result<usize, NotOpened> {
        for (id, sealed) in &self.cas {
            let opened = sealer.open(context(&id.to_string()), sealed);
            opened.map_err(|source| NotOpened {
                what: format!("the key of CA {id}"),
                source,
            })?;
        }
        let Some(credential) = &self.credential else {
            return Ok(self.cas.len());
        };
        credential.open(sealer).map_err(|source| NotOpened {
            what: format!("EAB credential {}", credential.credential.key_id),
            source,
        })?;
        Ok(self.cas.len().saturating_add(1))
    }
}
