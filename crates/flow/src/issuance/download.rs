//! The certificate resource (RFC 8555 §7.4.2).

use base::{CaId, CertificateId};
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
        Some(found) => Some(found),
        None => load_stored(app, caller, known, id).await?,
    };
    let Some((ca, der)) = found else {
        return Ok(None);
    };
    let catalog = app.catalog();
    let ca = catalog.signer(ca);
    let chain = ca.and_then(|ca| Some((ca.chain_pem(&der, number)?, ca.chains())));
    Ok(chain.map(|(chain, chains)| Downloaded { chain, chains }))
}

async fn load_stored(
    app: &App,
    caller: &Caller,
    known: &KnownAccount,
    id: CertificateId,
) -> Result<Option<(CaId, Vec<u8>)>, store::Error> {
    let store = app.store(caller);
    store.read((known.id, id), certificate::download).await
}
