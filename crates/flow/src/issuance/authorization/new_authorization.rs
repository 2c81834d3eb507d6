//! newAuthz (RFC 8555 §7.4.1): a client proves control of a name ahead of any order. Orders use the proof once it is valid. A
//! name whose domain was proven in the portal is authorized at once, as in an order.

use acme::authorization::{
    Authorization as Record, NewAuthorizationError, parse_new_authorization,
};
use acme::policy::SetError;
use base::{Identifier, Refusal, Refuse, SubscriptionId, Timestamp};
use enrollment::admission::{self, Coverage};
use store::enrollment::order_facts::{self, Asked};
use store::issuance::authorization::{self, Authorization};
use store::{ReadTx, WriteTx};
use tenancy::limit::RateLimited;

use crate::issuance::new_order::{fresh, grant_one, needed};
use crate::memory::accounts::KnownAccount;
use crate::memory::catalog::Directory;
use crate::memory::limits::Charge;
use crate::memory::refused::Asker;
use crate::{App, Caller};

/// Why there is no authorization.
#[derive(Debug, thiserror::Error)]
pub enum AuthorizeError {
    /// Who asks, or for which name.
    #[error(transparent)]
    Admission(#[from] admission::Refused),
    /// As many as may be.
    #[error(transparent)]
    Limited(#[from] RateLimited),
    /// The payload.
    #[error(transparent)]
    Payload(#[from] NewAuthorizationError),
    /// A name that we do not issue for.
    #[error(transparent)]
    Policy(#[from] SetError),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Refuse for AuthorizeError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Admission(error) => error.refusal(),
            Self::Limited(error) => error.refusal(),
            Self::Payload(error) => error.refusal(),
            Self::Policy(error) => error.refusal(),
            Self::Store(error) => error.refusal(),
        }
    }
}

/// Makes an authorization, or returns the account's valid one for the same name. It counts as an order does.
pub async fn new_authorization(
    app: &App,
    caller: &Caller,
    directory: &Directory,
    known: &KnownAccount,
    payload: &[u8],
) -> Result<Record, AuthorizeError> {
    let made = make(app, caller, directory, known, payload).await;
    if let Err(error) = &made {
        let asker = Asker::Client(known.tenant, known.subscription);
        let (refusal, refused) = (error.refusal(), &app.memory.refused);
        refused.count(asker, &caller.client, &refusal, app.now());
    }
    made
}

async fn make(
    app: &App,
    caller: &Caller,
    directory: &Directory,
    known: &KnownAccount,
    payload: &[u8],
) -> Result<Record, AuthorizeError> {
    let name = parse_new_authorization(payload)?;
    let Identifier::Dns(dns_name) = &name;
    let judged = directory.names.check(dns_name);
    judged.map_err(|error| SetError::Names(vec![(name.clone(), error)]))?;
    let (now, limits) = (app.now(), &app.memory.limits);
    limits.spend_all(&Charge::order(known, directory.is_test), now)?;
    let expires_at = now
        .plus(app.settings().order_lifetime)
        .truncated_to_second();
    let fresh = fresh(app, known, (None, expires_at), &name);
    let names = vec![name];
    let whose = (known.tenant, directory.coverage(known.is_bound));
    let draft = Draft {
        asked: app.catalog().asked(directory, whose, &names, now),
        subscription: known.subscription,
        needed: needed(app, directory, now),
        fresh,
        names,
        now,
    };
    let store = app.store(caller);
    let made: Result<_, AuthorizeError> = store.decide(draft, load, decide, save).await;
    let made = made?;
    let record = made.record.clone();
    app.memory.recent.keep_authorization(made, now);
    Ok(record)
}

struct Draft {
    /// The one name.
    names: Vec<Identifier>,
    fresh: Authorization,
    subscription: SubscriptionId,
    asked: Asked,
    /// From when on a proof has to live to be used again.
    needed: Timestamp,
    now: Timestamp,
}

struct Facts {
    admission: admission::Facts,
    /// A valid authorization of the account.
    proven: Option<Authorization>,
}

/// The authorization, and whether it is new.
type Decision = (Authorization, bool);

async fn load(tx: &mut ReadTx, draft: &Draft) -> Result<Facts, store::Error> {
    let admission = order_facts::for_names(tx, draft.subscription, &draft.names, &draft.asked);
    let admission = admission.await?;
    let account = draft.fresh.account;
    let held = authorization::reusable(tx, account, &draft.names, draft.needed).await?;
    let held: Vec<_> = held.into_iter().flatten().collect();
    let proven = authorization::by_ids(tx, &held).await?.into_iter().next();
    Ok(Facts { admission, proven })
}

fn decide(draft: &Draft, facts: Facts) -> Result<Decision, AuthorizeError> {
    // Whether anybody's names cover it is told once it is proven, as in an order.
    if draft.asked.coverage == Coverage::Subscription {
        admission::decide(&facts.admission, &draft.names, draft.now)?;
    }
    if let Some(proven) = facts.proven {
        return Ok((proven, false));
    }
    let proofs = admission::proofs(&facts.admission, &draft.names, draft.now);
    let proof = proofs.into_iter().flatten().next();
    let granted = grant_one(&draft.fresh, proof, &draft.asked);
    Ok((granted.unwrap_or_else(|| draft.fresh.clone()), true))
}

async fn save(tx: &mut WriteTx, (made, is_new): &Decision) -> Result<Authorization, store::Error> {
    if *is_new {
        authorization::insert_all(tx, std::slice::from_ref(made)).await?;
        authorization::grant(tx, made).await?;
    }
    Ok(made.clone())
}
