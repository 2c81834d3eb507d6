//! Shows a MAC key to the people who may see it; the showing is audited (policy `eab_reveal`).

use base::{Actor, Class, Refusal, Refuse, SubscriptionId};
use enrollment::eab::{MacKey, NotRevealed};
use store::audit::Entry;
use store::enrollment::eab_credential::{self, Revealed, SealedCredential};
use store::{ReadTx, WriteTx};
use tenancy::limit::{Limit, RateLimited};

use crate::audit::{Event, Text};
use crate::memory::limits::Charge;
use crate::{App, Caller};

/// Why the key is not shown.
#[derive(Debug, thiserror::Error)]
pub enum RevealError {
    /// Another tenant's, or none.
    #[error("there is no such credential")]
    NotFound,
    /// Its policy.
    #[error(transparent)]
    Hidden(#[from] NotRevealed),
    /// Too many were shown.
    #[error(transparent)]
    Limited(#[from] RateLimited),
    /// The sealed key cannot be opened with the keys of this installation.
    #[error("the credential cannot be opened with this installation's sealing key")]
    Seal(#[from] store::seal::SealError),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Refuse for RevealError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Hidden(error) => error.refusal(),
            Self::Limited(error) => error.refusal(),
            Self::NotFound => Class::NotFound.because("credential_not_found", self),
            Self::Seal(error) => Refusal::internal(error),
            Self::Store(error) => error.refusal(),
        }
    }
}

/// Opens the MAC key of a tenant's credential, as often as its policy allows.
pub async fn reveal_credential(
    app: &App,
    caller: &Caller,
    subscription: SubscriptionId,
    key_id: &str,
) -> Result<MacKey, RevealError> {
    let (tenant, now) = (caller.tenant()?, app.now());
    if let Actor::User(user) = caller.actor {
        let charge = Charge::of_user(Limit::Reveals, user, tenant);
        app.memory.limits.spend(charge, now)?;
    }
    let event = Event::CredentialRevealed {
        key_id: Text::new(key_id),
        subscription,
    };
    let wish = Wish {
        subscription,
        revealed: Revealed {
            key_id: key_id.to_owned(),
            at: now,
        },
        audit: app.entry(caller, tenant, &event, now),
    };
    // What cannot be opened is not shown: that is found out before the showing counts.
    let found: Option<SealedCredential> =
        app.store(caller).read(wish.revealed.clone(), find).await?;
    let mac_key = found
        .ok_or(RevealError::NotFound)?
        .open(&app.outside.sealer)?;
    app.store(caller).decide(wish, load, decide, save).await?;
    // One that was erased is refused above.
    mac_key.ok_or(RevealError::NotFound)
}

struct Wish {
    subscription: SubscriptionId,
    revealed: Revealed,
    audit: Entry,
}

async fn find(tx: &mut ReadTx, asked: &Revealed) -> Result<Option<SealedCredential>, store::Error> {
    eab_credential::find(tx, &asked.key_id).await
}

async fn load(tx: &mut ReadTx, wish: &Wish) -> Result<Option<SealedCredential>, store::Error> {
    find(tx, &wish.revealed).await
}

fn decide(wish: &Wish, found: Option<SealedCredential>) -> Result<(Revealed, Entry), RevealError> {
    let found = found.map(|found| found.credential);
    let found = found.filter(|found| found.subscription == wish.subscription);
    found
        .ok_or(RevealError::NotFound)?
        .may_reveal(wish.revealed.at)?;
    Ok((wish.revealed.clone(), wish.audit.clone()))
}

async fn save(tx: &mut WriteTx, (revealed, audit): &(Revealed, Entry)) -> Result<(), store::Error> {
    eab_credential::note_revealed(tx, revealed).await?;
    store::audit::append(tx, audit).await
}
