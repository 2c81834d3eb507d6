//! Shows a MAC key to the people who may see it; the showing is audited (policy `eab_reveal = always`).

use base::{SubscriptionId, TenantId};
use enrollment::eab::MacKey;
use serde_json::json;

use crate::{App, Caller};

/// Why the key is not shown.
#[derive(Debug, thiserror::Error)]
pub enum RevealError {
    /// Another tenant's, or none.
    #[error("there is no such credential")]
    NotFound,
    /// The sealed key cannot be opened with the keys of this installation.
    #[error("the credential cannot be opened with this installation's sealing key")]
    Seal(#[from] store::seal::SealError),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Opens the MAC key of a tenant's credential.
pub async fn reveal_credential(
    app: &App,
    caller: &Caller,
    tenant: TenantId,
    subscription: SubscriptionId,
    key_id: &str,
) -> Result<MacKey, RevealError> {
    let stored = app
        .store
        .read(key_id, |tx, key_id| {
            Box::pin(store::enrollment::eab_credential::by_key_id(tx, key_id))
        })
        .await?
        .filter(|stored| stored.tenant == tenant && stored.credential.subscription == subscription)
        .ok_or(RevealError::NotFound)?;
    let mac_key = stored.open(&app.sealer)?;
    let now = app.clock.now();
    let detail = json!({ "subscription": subscription });
    let audit = app.audit_entry(
        caller,
        tenant,
        "eab_credential.reveal",
        key_id.to_owned(),
        &detail,
        now,
    );
    app.store
        .write(audit, |tx, audit| Box::pin(store::audit::append(tx, audit)))
        .await?;
    Ok(mac_key)
}
