//! The account that has signed a request, by its identifier.

use std::sync::Arc;

use base::{AccountId, Refusal, Refuse};
use store::issuance::account;

use crate::App;
use crate::caller::system;
use crate::memory::accounts::KnownAccount;

/// Why an account could not be looked up.
#[derive(Debug, thiserror::Error)]
pub enum LookUpError {
    /// The stored key cannot be read.
    #[error("the stored key of account {0} cannot be read: {1}")]
    Key(AccountId, acme::jwk::JwkError),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Refuse for LookUpError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Key(..) => Refusal::internal(self),
            Self::Store(error) => error.refusal(),
        }
    }
}

/// The account with this identifier; a change on another node may take a second to count.
pub async fn find_account(
    app: &App,
    id: AccountId,
) -> Result<Option<Arc<KnownAccount>>, LookUpError> {
    let (now, accounts) = (app.now(), &app.memory.accounts);
    if let Some(known) = accounts.get(id, now) {
        return Ok(Some(known));
    }
    let asked = (id, app.catalog().policies());
    let reading = accounts.begin();
    let store = app.store(system("the account is not known yet"));
    let Some(account) = store.read(asked, account::with_terms).await? else {
        return Ok(None);
    };
    let known = KnownAccount::from_stored(&account, now);
    let known = Arc::new(known.map_err(|error| LookUpError::Key(id, error))?);
    accounts.keep(reading, known.clone());
    Ok(Some(known))
}
