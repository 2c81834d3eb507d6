//! Lets a CA sign no more certificates. Its CRLs go on, and what it signed can be downloaded and revoked.

use base::{CaId, Class, Refusal, Refuse, Timestamp};
use store::WriteTx;
use store::audit::Entry;
use store::catalog::ca;

use super::changed;
use super::reload::reload;
use crate::audit::{Event, Text};
use crate::memory::catalog::CatalogError;
use crate::{App, Caller};

/// Why it goes on signing.
#[derive(Debug, thiserror::Error)]
pub enum RetireCaError {
    /// The catalogue could not be read again.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// A directory would be without a CA.
    #[error("directory {0} would be left without a CA that signs; give it another one first")]
    InUse(String),
    /// There is none.
    #[error("there is no CA {0} whose key is here")]
    NotFound(CaId),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Refuse for RetireCaError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Catalog(error) => Refusal::internal(error),
            Self::InUse(_) => Class::Conflict.because("ca_in_use", self),
            Self::NotFound(_) => Class::NotFound.because("ca_not_found", self),
            Self::Store(error) => error.refusal(),
        }
    }
}

/// Retires a CA that signs in no directory.
pub async fn retire_ca(app: &App, caller: &Caller, id: CaId) -> Result<(), RetireCaError> {
    let catalog = app.catalog();
    let ca = catalog.signer(id).ok_or(RetireCaError::NotFound(id))?;
    let mut directories = catalog.directories().into_iter();
    if let Some(user) = directories.find(|each| each.issuing.id == id) {
        return Err(RetireCaError::InUse(user.slug.clone()));
    }
    let event = Event::CaRetired {
        ca: id,
        name: Text::new(&ca.issuer.certificate().subject),
    };
    let entry = changed::entry(app, caller, &event).await?;
    app.store(caller)
        .write((id, app.now(), entry), save)
        .await?;
    reload(app).await?;
    Ok(())
}

async fn save(
    tx: &mut WriteTx,
    (id, now, entry): &(CaId, Timestamp, Option<Entry>),
) -> Result<(), store::Error> {
    ca::retire(tx, &(*id, *now)).await?;
    changed::record(tx, entry.as_ref()).await
}
