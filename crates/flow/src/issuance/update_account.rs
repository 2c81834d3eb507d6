//! What an account's holder may change or ask about it (RFC 8555 §7.3.2, §7.3.6).

use acme::account::{AccountError, Update};
use base::{AccountId, Class, Refusal, Refuse, Timestamp};
use store::audit::Entry;
use store::issuance::account::{self, Account, Contact};
use store::{ReadTx, WriteTx};

use crate::audit::Event;
use crate::memory::accounts::KnownAccount;
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

impl Refuse for UpdateError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Account(error) => error.refusal(),
            Self::Gone => Class::Invalid.because("account_does_not_exist", self),
            Self::Store(error) => error.refusal(),
        }
    }
}

/// The account as it is.
pub async fn read_account(
    app: &App,
    caller: &Caller,
    known: &KnownAccount,
) -> Result<Account, UpdateError> {
    let store = app.store(caller);
    let found = store.read(known.id, account::by_id).await?;
    found.ok_or(UpdateError::Gone)
}

/// Changes the contacts or ends the account, as the payload says.
pub async fn update_account(
    app: &App,
    caller: &Caller,
    known: &KnownAccount,
    payload: &[u8],
) -> Result<Account, UpdateError> {
    match Update::parse(payload)? {
        Update::Change { contact: None } => read_account(app, caller, known).await,
        Update::Change {
            contact: Some(contact),
        } => {
            let urls = contact.iter().map(|contact| contact.as_str().to_owned());
            let contact = Contact(urls.collect());
            change(app, caller, known, Change::Contact(contact)).await
        }
        Update::Deactivate => {
            known.status.deactivate()?;
            change(app, caller, known, Change::Deactivate).await
        }
    }
}

#[derive(Clone)]
enum Change {
    Contact(Contact),
    Deactivate,
}

struct Wish {
    id: AccountId,
    change: Change,
    audit: Entry,
    now: Timestamp,
}

struct Decision {
    /// The account as it is from now on.
    account: Account,
    change: Change,
    audit: Entry,
    now: Timestamp,
}

async fn change(
    app: &App,
    caller: &Caller,
    known: &KnownAccount,
    change: Change,
) -> Result<Account, UpdateError> {
    let now = app.now();
    let id = known.id;
    let event = match change {
        Change::Contact(_) => Event::AccountContactChanged { account: id },
        Change::Deactivate => Event::AccountDeactivated { account: id },
    };
    let audit = app.entry(caller, known.tenant, &event, now);
    let wish = Wish {
        id,
        change,
        audit,
        now,
    };
    let changed = app.store(caller).decide(wish, load, decide, save).await;
    // Without an answer it may have been changed too.
    app.memory.accounts.forget(known.id);
    changed
}

async fn load(tx: &mut ReadTx, wish: &Wish) -> Result<Option<Account>, store::Error> {
    account::by_id(tx, &wish.id).await
}

fn decide(wish: &Wish, found: Option<Account>) -> Result<Decision, UpdateError> {
    let mut account = found.ok_or(UpdateError::Gone)?;
    account.status().check_usable()?;
    match &wish.change {
        Change::Contact(contact) => account.contact = contact.clone(),
        Change::Deactivate => account.deactivated_at = Some(wish.now),
    }
    Ok(Decision {
        account,
        change: wish.change.clone(),
        audit: wish.audit.clone(),
        now: wish.now,
    })
}

async fn save(tx: &mut WriteTx, decision: &Decision) -> Result<Account, store::Error> {
    let id = decision.account.id;
    match &decision.change {
        Change::Contact(contact) => account::update_contact(tx, id, contact).await?,
        Change::Deactivate => account::deactivate(tx, id, decision.now).await?,
    }
    store::audit::append(tx, &decision.audit).await?;
    Ok(decision.account.clone())
}
