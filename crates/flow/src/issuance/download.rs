//! The certificate resource (RFC 8555 §7.4.2).

use base::CertificateId;

use super::account_cache::KnownAccount;
use crate::App;

/// The account's certificate with its chain, PEM.
pub async fn download(
    app: &App,
    known: &KnownAccount,
    id: CertificateId,
) -> Result<Option<String>, store::Error> {
    let found = app
        .store
        .read(id, |tx, id| Box::pin(store::certificate::by_id(tx, *id)))
        .await?;
    let signed = found.filter(|found| {
        found.account == known.id && found.status != store::certificate::Status::Intended
    });
    Ok(signed.map(|found| app.issuers().chain_pem(&found.der)))
}
