//! Takes over an external account binding that another server handed out, so that its clients need no change.

use base::{SubscriptionId, TenantId};
use enrollment::eab::{EabCredential, KeyId, MacKey};
use serde_json::json;
use store::enrollment::eab_credential::Stored;

use crate::{App, Caller};

/// What another server handed out, and what it shall lead to here.
pub struct Import {
    /// Who owns the subscription.
    pub tenant: TenantId,
    /// What accounts with this binding join.
    pub subscription: SubscriptionId,
    /// The public half.
    pub key_id: KeyId,
    /// The secret half.
    pub mac_key: MacKey,
}

/// Why nothing was taken over.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The MAC key could not be sealed.
    #[error("the credential could not be sealed")]
    Seal(#[from] store::seal::SealError),
    /// The database did not answer, or has the key ID already.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Stores the credential beside those that the subscription has.
pub async fn import_credential(
    app: &App,
    caller: &Caller,
    import: Import,
) -> Result<(), ImportError> {
    let now = app.clock.now();
    let random = app.random.as_ref();
    let key_id = import.key_id.as_str().to_owned();
    let (fresh, _) = EabCredential::generate(import.subscription, None, now, random);
    let credential = EabCredential {
        key_id: import.key_id,
        ..fresh
    };
    let stored = Stored::seal(
        credential,
        import.tenant,
        &import.mac_key,
        &app.sealer,
        random,
    )?;
    let detail = json!({ "subscription": import.subscription });
    let audit = app.audit_entry(
        caller,
        import.tenant,
        "eab_credential.import",
        key_id,
        &detail,
        now,
    );
    app.store
        .write((stored, audit), |tx, (stored, audit)| {
            Box::pin(async move {
                store::enrollment::eab_credential::insert(tx, stored).await?;
                store::audit::append(tx, audit).await
            })
        })
        .await?;
    Ok(())
}
