//! Reading an authorization, and giving it up (RFC 8555 §7.5, §7.5.2).

use acme::authorization::{Authorization, DeactivateError, parse_deactivation};
use base::AuthorizationId;
use serde_json::json;

use super::account_cache::KnownAccount;
use crate::{App, Caller};

/// Why an authorization was not changed.
#[derive(Debug, thiserror::Error)]
pub enum DeactivationError {
    /// The payload or the state.
    #[error(transparent)]
    Deactivate(#[from] DeactivateError),
    /// Another account's, or none.
    #[error("there is no such authorization")]
    NotFound,
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// The account's authorization.
pub async fn read_authorization(
    app: &App,
    known: &KnownAccount,
    id: AuthorizationId,
) -> Result<Option<Authorization>, store::Error> {
    let found = app
        .store
        .read(id, |tx, id| {
            Box::pin(store::issuance::authorization::by_id(tx, *id))
        })
        .await?;
    Ok(found
        .filter(|found| found.account == known.id)
        .map(|found| found.record))
}

/// Gives up the account's authorization; orders that need it become invalid.
pub async fn deactivate_authorization(
    app: &App,
    caller: &Caller,
    known: &KnownAccount,
    id: AuthorizationId,
    payload: &[u8],
) -> Result<Authorization, DeactivationError> {
    parse_deactivation(payload)?;
    let now = app.clock.now();
    let action = "authorization.deactivate";
    let audit = app.audit_entry(
        caller,
        known.tenant,
        action,
        id.to_string(),
        &json!({}),
        now,
    );
    app.store
        .write(
            (known.id, id, now, audit),
            |tx, (account, id, now, audit)| {
                Box::pin(async move {
                    let found = store::issuance::authorization::by_id(tx, *id).await?;
                    let found = found.filter(|found| found.account == *account);
                    let mut record = found.ok_or(DeactivationError::NotFound)?.record;
                    record.state = record.deactivate(*now)?;
                    if store::issuance::authorization::deactivate(tx, *id).await? {
                        store::audit::append(tx, audit).await?;
                    }
                    Ok(record)
                })
            },
        )
        .await
}
