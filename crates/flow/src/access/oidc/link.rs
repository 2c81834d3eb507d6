//! Links what a provider calls somebody to who they are here, while they are signed in.

use base::{Actor, Class, Refusal, Refuse, Timestamp};
use store::access::identity::{self, LinkedIdentity};
use store::audit::{self, Entry};
use store::{ReadTx, WriteTx};

use super::answer::{Answered, ProviderAnswerError};
use crate::access::SignedIn;
use crate::access::notice::second_factor_changed;
use crate::access::session::look_up;
use crate::audit::{Event, Text};
use crate::mail::{self, PreparedMail};
use crate::{App, Caller};

/// What the person is told.
const LINKED: &str = "Your account was linked to your organisation's identity provider, which signs in to it from now on.";

/// Why nothing is linked.
#[derive(Debug, thiserror::Error)]
pub enum LinkIdentityError {
    /// The provider's answer.
    #[error(transparent)]
    Answer(#[from] ProviderAnswerError),
    /// It is linked to somebody, or they are linked.
    #[error(
        "the account at the provider is linked to somebody here already, or you are; unlink that first"
    )]
    InUse,
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Refuse for LinkIdentityError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Answer(error) => error.refusal(),
            Self::InUse => Class::Conflict.because("identity_in_use", self),
            Self::Store(error) => error.refusal(),
        }
    }
}

/// Links it to whoever is signed in, if they asked for it.
pub(in crate::access) async fn link(
    app: &App,
    caller: &Caller,
    answered: Answered,
    session: Option<&str>,
) -> Result<(), LinkIdentityError> {
    let signed_in = look_up(app, &caller.client, session.unwrap_or_default()).await?;
    let signed_in = signed_in.filter(|signed_in| {
        Some(signed_in.user.id) == answered.request.user
            && signed_in.session.tenant == answered.request.tenant
    });
    let signed_in = signed_in.ok_or(ProviderAnswerError::Gone)?;
    let (user, tenant) = (signed_in.user.id, signed_in.session.tenant);
    let caller = caller.known_as(Actor::User(user)).within(tenant);
    let now = app.now();
    let linking = Linking {
        app: app.clone(),
        linked: LinkedIdentity {
            user,
            tenant,
            identity: answered.identity,
            linked_at: now,
            last_used_at: None,
        },
        caller: caller.clone(),
        signed_in,
        now,
    };
    let store = app.store(&caller);
    store.decide(linking, load, decide, save).await
}

struct Linking {
    app: App,
    /// The visitor, who is the user from here on.
    caller: Caller,
    signed_in: SignedIn,
    linked: LinkedIdentity,
    now: Timestamp,
}

struct Facts {
    owner: Option<LinkedIdentity>,
    own: Option<LinkedIdentity>,
}

struct Decision {
    linked: LinkedIdentity,
    entry: Entry,
    mail: Option<PreparedMail>,
}

async fn load(tx: &mut ReadTx, linking: &Linking) -> Result<Facts, store::Error> {
    Ok(Facts {
        owner: identity::by_identity(tx, &linking.linked.identity).await?,
        own: identity::of_user(tx, &linking.linked.user).await?,
    })
}

fn decide(linking: &Linking, facts: Facts) -> Result<Decision, LinkIdentityError> {
    let identity = &linking.linked.identity;
    let is_other = |own: LinkedIdentity| own.identity.issuer() == identity.issuer();
    if facts.owner.is_some() || facts.own.is_some_and(is_other) {
        return Err(LinkIdentityError::InUse);
    }
    let event = Event::IdentityLinked {
        user: linking.linked.user,
        issuer: Text::new(identity.issuer()),
        subject: Text::new(identity.subject()),
    };
    let (app, caller, now) = (&linking.app, &linking.caller, linking.now);
    Ok(Decision {
        linked: linking.linked.clone(),
        entry: app.entry(caller, linking.linked.tenant, &event, now),
        mail: second_factor_changed(app, caller, &linking.signed_in.user, LINKED, now),
    })
}

async fn save(tx: &mut WriteTx, decision: &Decision) -> Result<(), store::Error> {
    // One of a provider that the tenant has no more.
    identity::delete(tx, &decision.linked.user).await?;
    identity::insert(tx, &decision.linked).await?;
    audit::append(tx, &decision.entry).await?;
    mail::intend(tx, decision.mail.as_ref()).await
}
