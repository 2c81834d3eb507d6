//! Reading an authorization, and giving it up (RFC 8555 §7.5, §7.5.2).

pub mod new_authorization;

use acme::authorization::{Authorization, DeactivateError, parse_deactivation};
use base::{AccountId, AuthorizationId, Class, Refusal, Refuse, Timestamp};
use store::audit::Entry;
use store::issuance::authorization;
use store::{ReadTx, WriteTx};

use crate::audit::Event;
use crate::memory::accounts::KnownAccount;
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

impl Refuse for DeactivationError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Deactivate(error) => error.refusal(),
            Self::NotFound => Class::NotFound.because("authorization_not_found", self),
            Self::Store(error) => error.refusal(),
        }
    }
}

/// The account's authorization.
pub async fn read_authorization(
    app: &App,
    caller: &Caller,
    known: &KnownAccount,
    id: AuthorizationId,
) -> Result<Option<Authorization>, store::Error> {
    let recent = app.memory.recent.authorization(known.id, id, app.now());
    let found = match recent {
        Some(found) => Some(found),
        None => load_stored(app, caller, known, id).await?,
    };
    Ok(found.map(|found| found.record))
}

/// The account's authorization as the database has it.
pub(super) async fn load_stored(
    app: &App,
    caller: &Caller,
    known: &KnownAccount,
    id: AuthorizationId,
) -> Result<Option<authorization::Authorization>, store::Error> {
    let found = app.store(caller).read(id, authorization::by_id).await?;
    Ok(found.filter(|found| found.account == known.id))
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
    let now = app.now();
    let event = Event::AuthorizationDeactivated {
        authorization: id,
        account: known.id,
    };
    let audit = app.entry(caller, known.tenant, &event, now);
    let wish = Wish {
        account: known.id,
        id,
        now,
        audit,
    };
    let given_up = app.store(caller).decide(wish, load, decide, save).await;
    app.memory.recent.forget_authorization(id);
    given_up
}

struct Wish {
    account: AccountId,
    id: AuthorizationId,
    now: Timestamp,
    audit: Entry,
}

/// The authorization as it is from now on, and what is written if it was not given up before.
type Decision = (Authorization, Option<(Timestamp, Entry)>);

async fn load(
    tx: &mut ReadTx,
    wish: &Wish,
) -> Result<Option<authorization::Authorization>, store::Error> {
    authorization::by_id(tx, &wish.id).await
}

fn decide(
    wish: &Wish,
    found: Option<authorization::Authorization>,
) -> Result<Decision, DeactivationError> {
    let found = found.filter(|found| found.account == wish.account);
    let mut record = found.ok_or(DeactivationError::NotFound)?.record;
    let state = record.deactivate(wish.now)?;
    let change = (state != record.state).then(|| (wish.now, wish.audit.clone()));
    record.state = state;
    Ok((record, change))
}

async fn save(
    tx: &mut WriteTx,
    (record, change): &Decision,
) -> Result<Authorization, store::Error> {
    if let Some((now, audit)) = change {
        authorization::deactivate(tx, record.id, *now).await?;
        store::audit::append(tx, audit).await?;
    }
    Ok(record.clone())
}
