//! Ends an ACME account for its owner (RFC 8555 §7.1.6, "revoked"). Its requests are refused from then on, by this node
//! at once and by others within a second, so that its pending orders end by themselves; its certificates stay, and so
//! does the binding that it used up.

use base::{AccountId, Class, Refusal, Refuse, TenantId, Timestamp};
use store::audit::Entry;
use store::issuance::account::{self, Account};
use store::{ReadTx, WriteTx};

use crate::audit::{Event, Text};
use crate::{App, Caller};

/// Why it was not ended.
#[derive(Debug, thiserror::Error)]
pub enum RevokeClientError {
    /// It was ended before.
    #[error("this client was already revoked")]
    Already,
    /// Another tenant's, or none.
    #[error("there is no such client")]
    NotFound,
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Refuse for RevokeClientError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Already => Class::Conflict.because("client_revoked_already", self),
            Self::NotFound => Class::NotFound.because("client_not_found", self),
            Self::Store(error) => error.refusal(),
        }
    }
}

/// Ends a tenant's ACME account.
pub async fn revoke_client(
    app: &App,
    caller: &Caller,
    id: AccountId,
) -> Result<Account, RevokeClientError> {
    let (tenant, now) = (caller.tenant()?, app.now());
    let wish = Wish {
        app: app.clone(),
        caller: caller.clone(),
        tenant,
        id,
        now,
    };
    let revoked = app.store(caller).decide(wish, load, decide, save).await;
    // Without an answer it may have been ended too.
    app.memory.accounts.forget(id);
    revoked
}

/// One of a tenant's ACME accounts.
pub async fn find_client(
    app: &App,
    caller: &Caller,
    id: AccountId,
) -> Result<Option<Account>, store::Error> {
    app.store(caller).read(id, account::find).await
}

struct Wish {
    app: App,
    caller: Caller,
    tenant: TenantId,
    id: AccountId,
    now: Timestamp,
}

async fn load(tx: &mut ReadTx, wish: &Wish) -> Result<Option<Account>, store::Error> {
    account::find(tx, &wish.id).await
}

fn decide(wish: &Wish, found: Option<Account>) -> Result<(Account, Entry), RevokeClientError> {
    let mut account = found.ok_or(RevokeClientError::NotFound)?;
    if account.suspended_at.is_some() {
        return Err(RevokeClientError::Already);
    }
    account.suspended_at = Some(wish.now);
    let event = Event::ClientRevoked {
        account: account.id,
        subscription: account.subscription,
        eab_key_id: account.eab_key_id.as_ref().map(Text::new),
    };
    let audit = wish.app.entry(&wish.caller, wish.tenant, &event, wish.now);
    Ok((account, audit))
}

async fn save(
    tx: &mut WriteTx,
    (account, audit): &(Account, Entry),
) -> Result<Account, store::Error> {
    account::revoke(tx, account.id, audit.at).await?;
    store::audit::append(tx, audit).await?;
    Ok(account.clone())
}
