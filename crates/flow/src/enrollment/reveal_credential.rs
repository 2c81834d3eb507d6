//! Shows a MAC key to the people who may see it; the showing is audited (policy `eab_reveal = always`).

use base::{Class, Refusal, Refuse, SubscriptionId};
use enrollment::eab::MacKey;
use serde_json::json;
use store::audit::Entry;
use store::enrollment::eab_credential::{self, Revealed, SealedCredential};
use store::{ReadTx, WriteTx};

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

impl Refuse for RevealError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::NotFound => Class::NotFound.because("credential_not_found", self),
            Self::Seal(error) => Refusal::internal(error),
            Self::Store(error) => error.refusal(),
        }
    }
}

/// Opens the MAC key of a tenant's credential.
pub async fn reveal_credential(
    app: &App,
    caller: &Caller,
    subscription: SubscriptionId,
    key_id: &str,
) -> Result<MacKey, RevealError> {
    let store = app.store(caller);
    let now = app.now();
    let revealed = Revealed {
        key_id: key_id.to_owned(),
        at: now,
    };
    let found = store.read(revealed.clone(), load).await;
    let found: Option<SealedCredential> = found.map_err(RevealError::Store)?;
    let sealed = found
        .filter(|found| found.credential.subscription == subscription)
        .ok_or(RevealError::NotFound)?;
    let mac_key = sealed.open(&app.outside.sealer)?;
    let detail = json!({ "subscription": subscription });
    let (action, object) = ("eab_credential.reveal", key_id.to_owned());
    let tenant = caller.tenant()?;
    let audit = app.audit_entry(caller, tenant, action, object, &detail, now);
    store.write((revealed, audit), save).await?;
    Ok(mac_key)
}

async fn load(tx: &mut ReadTx, asked: &Revealed) -> Result<Option<SealedCredential>, store::Error> {
    eab_credential::find(tx, &asked.key_id).await
}

async fn save(tx: &mut WriteTx, (revealed, audit): &(Revealed, Entry)) -> Result<(), store::Error> {
    eab_credential::note_revealed(tx, revealed).await?;
    store::audit::append(tx, audit).await
}
