//! Withdraws a credential at once. Accounts that are bound stay bound: each is ended by itself (`revoke_client`).

use base::{Class, Refusal, Refuse, TenantId, Timestamp};
use enrollment::eab::{AlreadyRevoked, EabCredential};
use store::audit::Entry;
use store::enrollment::eab_credential::{self, SealedCredential};
use store::{ReadTx, WriteTx};

use crate::audit::{Event, Text};
use crate::{App, Caller};

/// Why it was not withdrawn.
#[derive(Debug, thiserror::Error)]
pub enum RevokeCredentialError {
    /// It was withdrawn before.
    #[error(transparent)]
    Already(#[from] AlreadyRevoked),
    /// Another tenant's, or none.
    #[error("there is no such credential")]
    NotFound,
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Refuse for RevokeCredentialError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Already(error) => error.refusal(),
            Self::NotFound => Class::NotFound.because("credential_not_found", self),
            Self::Store(error) => error.refusal(),
        }
    }
}

/// Withdraws a tenant's credential.
pub async fn revoke_credential(
    app: &App,
    caller: &Caller,
    key_id: &str,
) -> Result<EabCredential, RevokeCredentialError> {
    let (tenant, now) = (caller.tenant()?, app.now());
    let wish = Wish {
        app: app.clone(),
        caller: caller.clone(),
        tenant,
        key_id: key_id.to_owned(),
        now,
    };
    app.store(caller).decide(wish, load, decide, save).await
}

/// One of a tenant's credentials, without its MAC key.
pub async fn find_credential(
    app: &App,
    caller: &Caller,
    key_id: &str,
) -> Result<Option<EabCredential>, store::Error> {
    let store = app.store(caller);
    let found: Option<SealedCredential> = store.read(key_id.to_owned(), find).await?;
    Ok(found.map(|found| found.credential))
}

struct Wish {
    app: App,
    caller: Caller,
    tenant: TenantId,
    key_id: String,
    now: Timestamp,
}

async fn find(tx: &mut ReadTx, key_id: &String) -> Result<Option<SealedCredential>, store::Error> {
    eab_credential::find(tx, key_id).await
}

async fn load(tx: &mut ReadTx, wish: &Wish) -> Result<Option<SealedCredential>, store::Error> {
    find(tx, &wish.key_id).await
}

fn decide(
    wish: &Wish,
    found: Option<SealedCredential>,
) -> Result<(EabCredential, Entry), RevokeCredentialError> {
    let found = found.ok_or(RevokeCredentialError::NotFound)?.credential;
    let event = Event::CredentialRevoked {
        key_id: Text::new(&wish.key_id),
        subscription: found.subscription,
    };
    let audit = wish.app.entry(&wish.caller, wish.tenant, &event, wish.now);
    Ok((found.revoke(wish.now)?, audit))
}

async fn save(
    tx: &mut WriteTx,
    (revoked, audit): &(EabCredential, Entry),
) -> Result<EabCredential, store::Error> {
    eab_credential::revoke(tx, revoked).await?;
    store::audit::append(tx, audit).await?;
    Ok(revoked.clone())
}
