//! Ends an ACME account for its owner (RFC 8555 §7.1.6, "revoked"). Its requests are refused from then on, by this node
//! at once and by others within a second, so that its pending orders end by themselves; its certificates stay, and so
//! does the binding that it used up.

use base::{AccountId, Class, Refusal, Refuse, Timestamp};
use serde_json::json;
use store::audit::Entry;
use store::issuance::account::{self, Account};
use store::{ReadTx, WriteTx};

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
    let (action, object) = ("acme_account.revoke", id.to_string());
    let wish = Wish {
        id,
        audit: app.audit_entry(caller, tenant, action, object, &json!({}), now),
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
    id: AccountId,
    audit: Entry,
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
    let mut audit = wish.audit.clone();
    let detail = json!({ "subscription": account.subscription, "eab_key_id": account.eab_key_id });
    audit.detail = detail.to_string();
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
