//! Replaces the credential of a subscription by a new one (features C1): what clients hold goes on binding accounts for
//! an overlap, unless the policy lets nothing but a new beginning help (`eab_on_loss`). Accounts that are bound stay.

use std::num::NonZeroU32;
use std::time::Duration;

use base::{Class, Refusal, Refuse, SubscriptionId, Timestamp};
use enrollment::eab::{EabCredential, MacKey, NewCredential, Reveal, RotateError};
use enrollment::policy::{OnLoss, Policy};
use enrollment::subscription::{State, Subscription, TransitionError};
use store::audit::Entry;
use store::catalog::offer;
use store::enrollment::eab_credential::{self, SealedCredential};
use store::enrollment::subscription;
use store::{ReadTx, WriteTx};

use crate::audit::{Event, Text};
use crate::{App, Caller};

/// What to replace, and how.
#[derive(Clone, Copy, Debug)]
pub struct Rotation {
    /// The subscription.
    pub subscription: SubscriptionId,
    /// For how long the old credential binds further accounts, if the policy lets it.
    pub overlap: Duration,
    /// Whether the new MAC key is shown with the answer, which then counts as a showing.
    pub shows_key: bool,
}

impl Rotation {
    /// The overlap of those who name none.
    pub const OVERLAP: Duration = Duration::from_secs(24 * 3600);
}

/// The new credential; its MAC key is in the clear here and sealed in the database.
pub struct Rotated {
    /// The new one.
    pub credential: EabCredential,
    /// Its secret half.
    pub mac_key: MacKey,
    /// The one that it replaces, with its last moment; none when there was none in use.
    pub replaced: Option<EabCredential>,
}

/// Why nothing was replaced.
#[derive(Debug, thiserror::Error)]
pub enum RotateCredentialError {
    /// The subscription has ended for good.
    #[error(transparent)]
    Ended(#[from] TransitionError),
    /// Another tenant's, or none.
    #[error("there is no such ACME account")]
    NotFound,
    /// The rules do not allow it.
    #[error(transparent)]
    Rotate(#[from] RotateError),
    /// The MAC key could not be sealed.
    #[error("the credential could not be sealed")]
    Seal(#[from] store::seal::SealError),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Refuse for RotateCredentialError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Ended(error) => error.refusal(),
            Self::NotFound => Class::NotFound.because("subscription_not_found", self),
            Self::Rotate(error) => error.refusal(),
            Self::Seal(error) => Refusal::internal(error),
            Self::Store(error) => error.refusal(),
        }
    }
}

/// Makes a new credential for a tenant's subscription, as the policy says that it was bought under.
pub async fn rotate_credential(
    app: &App,
    caller: &Caller,
    rotation: Rotation,
) -> Result<Rotated, RotateCredentialError> {
    let (now, random) = (app.now(), app.random());
    let tenant = caller.tenant()?;
    // What the policy says about it is known in the transaction only.
    let draft = NewCredential {
        tenant,
        customer: None,
        subscription: rotation.subscription,
        reveal: Reveal::Always,
        max_bindings: None,
        created_by: caller.actor,
    };
    let (mut draft, mac_key) = EabCredential::generate(draft, now, random);
    draft.revealed_at = rotation.shows_key.then_some(now);
    let wish = Wish {
        app: app.clone(),
        caller: caller.clone(),
        rotation,
        draft: SealedCredential::seal(draft, &mac_key, &app.outside.sealer, random)?,
        now,
    };
    let changed: Result<_, RotateCredentialError> =
        app.store(caller).decide(wish, load, decide, save).await;
    let (credential, replaced) = changed?;
    Ok(Rotated {
        credential,
        mac_key,
        replaced,
    })
}

struct Wish {
    app: App,
    caller: Caller,
    rotation: Rotation,
    draft: SealedCredential,
    now: Timestamp,
}

struct Facts {
    subscription: Subscription,
    /// The one in use, or else the newest.
    present: Option<EabCredential>,
    policy: Policy,
}

struct Decision {
    new: SealedCredential,
    replaced: Option<EabCredential>,
    audit: Entry,
}

async fn load(tx: &mut ReadTx, wish: &Wish) -> Result<Option<Facts>, store::Error> {
    let id = wish.rotation.subscription;
    let Some(subscription) = subscription::find(tx, &id).await? else {
        return Ok(None);
    };
    let credentials = eab_credential::of_subscription(tx, &id).await?;
    let version = offer::version(tx, subscription.offer_version).await?;
    Ok(version.map(|version| Facts {
        subscription,
        present: credentials.into_iter().next(),
        policy: version.policy,
    }))
}

fn decide(wish: &Wish, facts: Option<Facts>) -> Result<Decision, RotateCredentialError> {
    let facts = facts.ok_or(RotateCredentialError::NotFound)?;
    if facts.subscription.state(wish.now) == State::Deactivated {
        return Err(TransitionError::Deactivated.into());
    }
    let overlap = match facts.policy.eab_on_loss {
        OnLoss::Rotate => wish.rotation.overlap,
        OnLoss::Recreate => Duration::ZERO,
    };
    let in_use = facts.present.as_ref().filter(|old| old.is_in_use());
    let replaced = in_use.map(|old| old.replaced(overlap, wish.now));
    let replaced = replaced.transpose()?;
    let mut new = wish.draft.clone();
    let present = facts.present.as_ref();
    let most = facts.policy.eab_max_bindings.map(NonZeroU32::get);
    // Whoever opened the subscription may have asked for fewer.
    let fewer = present.and_then(|old| old.max_bindings);
    new.credential.reveal = facts.policy.eab_reveal;
    new.credential.max_bindings = fewer.into_iter().chain(most).min();
    new.credential.customer = facts.subscription.customer;
    new.credential.directory = present.and_then(|old| old.directory.clone());
    let event = Event::CredentialRotated {
        key_id: Text::new(new.credential.key_id.as_str()),
        subscription: facts.subscription.id,
        replaced: replaced.as_ref().map(|old| Text::new(old.key_id.as_str())),
        overlap_seconds: overlap.as_secs(),
    };
    let tenant = facts.subscription.tenant;
    let audit = wish.app.entry(&wish.caller, tenant, &event, wish.now);
    Ok(Decision {
        new,
        replaced,
        audit,
    })
}

async fn save(
    tx: &mut WriteTx,
    decision: &Decision,
) -> Result<(EabCredential, Option<EabCredential>), store::Error> {
    if let Some(old) = &decision.replaced {
        eab_credential::replace(tx, old).await?;
    }
    eab_credential::insert(tx, &decision.new).await?;
    store::audit::append(tx, &decision.audit).await?;
    Ok((decision.new.credential.clone(), decision.replaced.clone()))
}
