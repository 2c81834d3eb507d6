//! What an account's holder may change or ask about it (RFC 8555 §7.3.2, §7.3.6).

use acme::account::{AccountError, Status, Update};
use base::AccountId;
use serde_json::json;
use store::issuance::account::Account;

use super::account_cache::KnownAccount;
use crate::{App, Caller};

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum UpdateError {
    /// The payload, or what the account may do.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// The account is gone; only an operator can do that.
    #[error("the account does not exist any more")]
    Gone,
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// The account as it is.
pub async fn read_account(app: &App, id: AccountId) -> Result<Account, UpdateError> {
    app.store
        .read(id, |tx, id| {
            Box::pin(store::issuance::account::by_id(tx, *id))
        })
        .await?
        .ok_or(UpdateError::Gone)
}

/// Changes the contacts or ends the account, as the payload says.
pub async fn update_account(
    app: &App,
    caller: &Caller,
    known: &KnownAccount,
    payload: &[u8],
) -> Result<Account, UpdateError> {
    match Update::parse(payload)? {
        Update::Change { contact: None } => read_account(app, known.id).await,
        Update::Change {
            contact: Some(contact),
        } => {
            let contact: Vec<String> = contact
                .iter()
                .map(|contact| contact.as_str().to_owned())
                .collect();
            change(app, caller, known, Change::Contact(contact)).await
        }
        Update::Deactivate => {
            known.status.deactivate()?;
            change(app, caller, known, Change::Deactivate).await
        }
    }
}

enum Change {
    Contact(Vec<String>),
    Deactivate,
}

async fn change(
    app: &App,
    caller: &Caller,
    known: &KnownAccount,
    change: Change,
) -> Result<Account, UpdateError> {
    let now = app.clock.now();
    let action = match change {
        Change::Contact(_) => "acme_account.change_contact",
        Change::Deactivate => "acme_account.deactivate",
    };
    let audit = app.audit_entry(
        caller,
        known.tenant,
        action,
        known.id.to_string(),
        &json!({}),
        now,
    );
    let account = app
        .store
        .write((known.id, change, audit), |tx, (id, change, audit)| {
            Box::pin(async move {
                let changed = match change {
                    Change::Contact(contact) => {
                        store::issuance::account::update_contact(tx, *id, contact).await?
                    }
                    Change::Deactivate => {
                        store::issuance::account::end(tx, *id, Status::Deactivated).await?
                    }
                };
                let account = store::issuance::account::by_id(tx, *id)
                    .await?
                    .ok_or(UpdateError::Gone)?;
                if !changed {
                    account.status.check_usable()?;
                }
                store::audit::append(tx, audit).await?;
                Ok::<_, UpdateError>(account)
            })
        })
        .await?;
    app.accounts.forget(known.id);
    Ok(account)
}
