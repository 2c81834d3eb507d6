//! keyChange (RFC 8555 §7.3.5): an account goes on with another key.

use acme::key_change::{KeyChange, KeyChangeError};
use base::AccountId;
use serde_json::json;
use store::WriteTx;
use store::issuance::account::Account;

use super::account_cache::KnownAccount;
use crate::app::DIRECTORY;
use crate::{App, Caller};

/// Why the key stays.
#[derive(Debug, thiserror::Error)]
pub enum ChangeKeyError {
    /// The account ended or changed its key meanwhile.
    #[error("the account was changed by another request; read it and try again")]
    Changed,
    /// The new key has an account already.
    #[error("the new key belongs to another account already")]
    InUse(AccountId),
    /// The request.
    #[error(transparent)]
    KeyChange(#[from] KeyChangeError),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Gives the account the key that the inner JWS proves.
pub async fn change_key(
    app: &App,
    caller: &Caller,
    known: &KnownAccount,
    url: &str,
    payload: &[u8],
) -> Result<Account, ChangeKeyError> {
    let account_url = app.urls().account(known.id);
    let change = KeyChange::parse(payload, url, &account_url, known.thumbprint)?;
    let now = app.clock.now();
    let new_thumbprint = change.new_key.thumbprint().to_string();
    let detail = json!({ "thumbprint": new_thumbprint });
    let object = known.id.to_string();
    let audit = app.audit_entry(
        caller,
        known.tenant,
        "acme_account.change_key",
        object,
        &detail,
        now,
    );
    let new = NewKey {
        id: known.id,
        old_thumbprint: known.thumbprint.to_string(),
        new_thumbprint,
        new_jwk: change.new_key.to_json().to_owned(),
    };
    let account = app
        .store
        .write((new, audit), |tx, (new, audit)| {
            Box::pin(async move {
                let account = write(tx, new).await?;
                store::audit::append(tx, audit).await?;
                Ok::<_, ChangeKeyError>(account)
            })
        })
        .await?;
    app.accounts.forget(known.id);
    Ok(account)
}

struct NewKey {
    id: AccountId,
    old_thumbprint: String,
    new_thumbprint: String,
    new_jwk: String,
}

async fn write(tx: &mut WriteTx, new: &NewKey) -> Result<Account, ChangeKeyError> {
    let holder =
        store::issuance::account::by_thumbprint(tx, DIRECTORY, &new.new_thumbprint).await?;
    if let Some(holder) = holder {
        return Err(ChangeKeyError::InUse(holder.id));
    }
    let (old, fresh) = (&new.old_thumbprint, &new.new_thumbprint);
    if !store::issuance::account::change_key(tx, new.id, old, fresh, &new.new_jwk).await? {
        return Err(ChangeKeyError::Changed);
    }
    store::issuance::account::by_id(tx, new.id)
        .await?
        .ok_or(ChangeKeyError::Changed)
}
