//! keyChange (RFC 8555 §7.3.5): an account goes on with another key.

use acme::Thumbprint;
use acme::account::key_change::{KeyChange, KeyChangeError};
use base::{AccountId, Class, Refusal, Refuse, Timestamp};
use store::audit::Entry;
use store::issuance::account::{self, Account};
use store::issuance::retired_key::{self, KeyStanding, RetiredKey};
use store::{ReadTx, WriteTx};

use super::account_key::{AccountKeyError, Candidate, check_standing};
use crate::audit::{Event, Text};
use crate::memory::accounts::KnownAccount;
use crate::memory::catalog::Directory;
use crate::{App, Caller};

/// Why the key stays.
#[derive(Debug, thiserror::Error)]
pub enum ChangeKeyError {
    /// The new key.
    #[error(transparent)]
    AccountKey(#[from] AccountKeyError),
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

impl Refuse for ChangeKeyError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::AccountKey(error) => error.refusal(),
            Self::Changed => Class::Conflict.because("account_changed_meanwhile", self),
            Self::InUse(_) => Class::Conflict.because("key_in_use", self),
            Self::KeyChange(error) => error.refusal(),
            Self::Store(error) => error.refusal(),
        }
    }
}

/// Gives the account at this URL the key that the inner JWS, sent to `url`, proves.
pub async fn change_key(
    app: &App,
    caller: &Caller,
    (directory, known): (&Directory, &KnownAccount),
    (url, account_url): (&str, &str),
    payload: &[u8],
) -> Result<Account, ChangeKeyError> {
    let change = KeyChange::parse(payload, url, account_url, known.thumbprint)?;
    let now = app.now();
    let event = Event::AccountKeyChanged {
        account: known.id,
        thumbprint: Text::new(change.new_key.thumbprint().to_string()),
    };
    let audit = app.entry(caller, known.tenant, &event, now);
    let wish = Wish {
        id: known.id,
        key: Candidate::new(&known.directory, &directory.keys, &change.new_key)?,
        directory: known.directory.clone(),
        old: known.thumbprint,
        new: change.new_key.thumbprint(),
        jwk: change.new_key.to_json().to_owned(),
        audit,
        now,
    };
    let changed = app.store(caller).decide(wish, load, decide, save).await;
    // Without an answer it may have been changed too.
    app.memory.accounts.forget(known.id);
    changed
}

struct Wish {
    id: AccountId,
    key: Candidate,
    directory: String,
    old: Thumbprint,
    new: Thumbprint,
    jwk: String,
    audit: Entry,
    now: Timestamp,
}

struct Facts {
    account: Option<Account>,
    /// Who has the new key.
    holder: Option<Account>,
    key: KeyStanding,
}

/// The account with its new key, and the old one, which opens no account again.
struct Decision {
    account: Account,
    retired: RetiredKey,
    audit: Entry,
}

async fn load(tx: &mut ReadTx, wish: &Wish) -> Result<Facts, store::Error> {
    Ok(Facts {
        account: account::by_id(tx, &wish.id).await?,
        holder: account::by_key(tx, &(wish.directory.clone(), wish.new)).await?,
        key: wish.key.load(tx).await?,
    })
}

fn decide(wish: &Wish, facts: Facts) -> Result<Decision, ChangeKeyError> {
    let Facts {
        account,
        holder,
        key,
    } = facts;
    if let Some(holder) = holder {
        return Err(ChangeKeyError::InUse(holder.id));
    }
    check_standing(key)?;
    let account = account
        .filter(|account| account.thumbprint == wish.old && account.status().check_usable().is_ok())
        .ok_or(ChangeKeyError::Changed)?;
    Ok(Decision {
        account: Account {
            thumbprint: wish.new,
            jwk: wish.jwk.clone(),
            ..account
        },
        retired: RetiredKey {
            directory: wish.directory.clone(),
            thumbprint: wish.old,
            account: wish.id,
            retired_at: wish.now,
        },
        audit: wish.audit.clone(),
    })
}

async fn save(tx: &mut WriteTx, decision: &Decision) -> Result<Account, store::Error> {
    let Decision {
        account,
        retired,
        audit,
    } = decision;
    let (old, new) = (&retired.thumbprint, &account.thumbprint);
    account::change_key(tx, account.id, old, new, &account.jwk).await?;
    retired_key::insert(tx, retired).await?;
    store::audit::append(tx, audit).await?;
    Ok(account.clone())
}
