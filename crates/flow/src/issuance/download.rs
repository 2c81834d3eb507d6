//! The certificate resource (RFC 8555 §7.4.2).

use base::CertificateId;
use store::issuance::certificate;

use crate::memory::accounts::KnownAccount;
use crate::{App, Caller};

/// A certificate with one of its chains, PEM, and how many there are.
pub struct Downloaded {
    /// The certificate, then its CAs without the root.
    pub chain: String,
    /// How many chains can be downloaded; they are numbered from 0.
    pub chains: usize,
}

/// The account's certificate with the chain of this number, 0 being the preferred one.
pub async fn download(
    app: &App,
    caller: &Caller,
    known: &KnownAccount,
    id: CertificateId,
    number: usize,
) -> Result<Option<Downloaded>, store::Error> {
    let recent = app.memory.recent.certificate(known.id, id, app.now());
    let found = match recent {
        Some(der) => Some(der),
        None => load_stored(app, caller, known, id).await?,
    };
    let catalog = app.catalog();
    let chain = found.and_then(|der| catalog.numbered_chain_pem(&der, number));
    Ok(chain.map(|chain| Downloaded {
        chain,
        chains: catalog.chains(),
    }))
}

async fn load_stored(
    app: &App,
    caller: &Caller,
    known: &KnownAccount,
    id: CertificateId,
) -> Result<Option<Vec<u8>>, store::Error> {
    let store = app.store(caller);
    let found = store.read((known.id, id), certificate::download).await?;
    Ok(found.map(|(_, der)| der))
}
