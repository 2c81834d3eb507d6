//! Gives back the binding that an ACME account uses up, so that another can be bound with the same credential (features
//! C2). The account ends with it, as in `revoke_client`; one that has ended before can still give its binding back, once.

use base::{AccountId, Class, Refusal, Refuse, TenantId, Timestamp};
use enrollment::eab::EabCredential;
use store::audit::Entry;
use store::enrollment::eab_credential;
use store::issuance::account::{self, Account};
use store::{ReadTx, WriteTx};

use crate::audit::{Event, Text};
use crate::{App, Caller};

/// Why nothing was given back.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    /// Another tenant's, or none.
    #[error("there is no such client")]
    NotFound,
    /// It was released before, or uses up none, as in a test directory.
    #[error("this client holds no binding of a credential; revoke it if it is to stop")]
    Nothing,
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Refuse for ReleaseError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::NotFound => Class::NotFound.because("client_not_found", self),
            Self::Nothing => Class::Conflict.because("client_holds_no_binding", self),
            Self::Store(error) => error.refusal(),
        }
    }
}

/// What was given back.
#[derive(Clone, Debug)]
pub struct Released {
    /// The account, which has ended.
    pub account: Account,
    /// The credential, with one binding less.
    pub credential: EabCredential,
}

/// Ends a tenant's ACME account and gives its binding back.
pub async fn release_binding(
    app: &App,
    caller: &Caller,
    id: AccountId,
) -> Result<Released, ReleaseError> {
    let (tenant, now) = (caller.tenant()?, app.now());
    let wish = Wish {
        app: app.clone(),
        caller: caller.clone(),
        tenant,
        id,
        now,
    };
    let released = app.store(caller).decide(wish, load, decide, save).await;
    // Without an answer it may have been released too.
    app.memory.accounts.forget(id);
    released
}

struct Wish {
    app: App,
    caller: Caller,
    tenant: TenantId,
    id: AccountId,
    now: Timestamp,
}

struct Facts {
    account: Account,
    /// The credential that it holds a binding of.
    credential: Option<EabCredential>,
}

async fn load(tx: &mut ReadTx, wish: &Wish) -> Result<Option<Facts>, store::Error> {
    let Some(account) = account::find(tx, &wish.id).await? else {
        return Ok(None);
    };
    let credential = match &account.eab_key_id {
        Some(key_id) if account::is_counted(tx, &account).await? => {
            eab_credential::find(tx, key_id).await?
        }
        Some(_) | None => None,
    };
    Ok(Some(Facts {
        account,
        credential: credential.map(|found| found.credential),
    }))
}

fn decide(wish: &Wish, facts: Option<Facts>) -> Result<(Released, Entry), ReleaseError> {
    let Facts {
        mut account,
        credential,
    } = facts.ok_or(ReleaseError::NotFound)?;
    let credential = credential.and_then(|held| held.released());
    let credential = credential.ok_or(ReleaseError::Nothing)?;
    account.suspended_at = account.suspended_at.or(Some(wish.now));
    account.eab_key_id = None;
    let event = Event::CredentialReleased {
        key_id: Text::new(credential.key_id.as_str()),
        subscription: account.subscription,
        acme_account: account.id,
    };
    let audit = wish.app.entry(&wish.caller, wish.tenant, &event, wish.now);
    Ok((
        Released {
            account,
            credential,
        },
        audit,
    ))
}

async fn save(
    tx: &mut WriteTx,
    (released, audit): &(Released, Entry),
) -> Result<Released, store::Error> {
    account::revoke(tx, released.account.id, audit.at).await?;
    account::unbind(tx, released.account.id).await?;
    eab_credential::release(tx, released.credential.key_id.as_str()).await?;
    store::audit::append(tx, audit).await?;
    Ok(released.clone())
}
