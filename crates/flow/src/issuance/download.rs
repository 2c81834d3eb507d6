//! The certificate resource (RFC 8555 §7.4.2).

use base::CertificateId;
use store::issuance::certificate;

use super::account_cache::KnownAccount;
use crate::App;

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
    known: &KnownAccount,
    id: CertificateId,
    number: usize,
) -> Result<Option<Downloaded>, store::Error> {
    let found = app
        .store(known.scope())
        .read((known.id, id), certificate::download)
        .await?;
    let catalog = app.catalog();
    let chain = found.and_then(|(_, der)| catalog.numbered_chain_pem(&der, number));
    Ok(chain.map(|chain| Downloaded {
        chain,
        chains: catalog.chains(),
    }))
}
