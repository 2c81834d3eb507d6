//! Takes over an external account binding that another server handed out, so that its clients need no change.

use base::{Refusal, Refuse, SubscriptionId};
use enrollment::eab::{EabCredential, KeyId, MacKey, NewCredential, Reveal};
use store::WriteTx;
use store::audit::Entry;
use store::enrollment::eab_credential::{self, SealedCredential};

use crate::audit::{Event, Text};
use crate::{App, Caller};

/// What another server handed out, and what it shall lead to here.
pub struct ImportedCredential {
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

impl Refuse for ImportError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Seal(error) => Refusal::internal(error),
            Self::Store(error) => error.refusal(),
        }
    }
}

/// Stores the credential beside those that the subscription has.
pub async fn import_credential(
    app: &App,
    caller: &Caller,
    import: ImportedCredential,
) -> Result<(), ImportError> {
    let (tenant, now) = (caller.tenant()?, app.now());
    let random = app.random();
    let key_id = import.key_id.as_str().to_owned();
    let new = NewCredential {
        tenant,
        customer: None,
        subscription: import.subscription,
        reveal: Reveal::Always,
        max_bindings: None,
        created_by: caller.actor,
    };
    let (fresh, _) = EabCredential::generate(new, now, random);
    let credential = EabCredential {
        key_id: import.key_id,
        ..fresh
    };
    let sealed = SealedCredential::seal(credential, &import.mac_key, &app.outside.sealer, random)?;
    let event = Event::CredentialImported {
        key_id: Text::new(key_id),
        subscription: import.subscription,
    };
    let audit = app.entry(caller, tenant, &event, now);
    let store = app.store(caller);
    store.write((sealed, audit), save).await?;
    Ok(())
}

async fn save(
    tx: &mut WriteTx,
    (sealed, audit): &(SealedCredential, Entry),
) -> Result<(), store::Error> {
    eab_credential::insert(tx, sealed).await?;
    store::audit::append(tx, audit).await
}
