//! Opens a subscription with its first EAB credential (features F-046, F-047).

use base::{Actor, Refusal, Refuse, SubscriptionId, TenantId, Timestamp};
use enrollment::eab::{EabCredential, MacKey, NewCredential};
use enrollment::subscription::{Label, Purchase, Subscription, Term};
use serde_json::json;
use store::audit::Entry;
use store::catalog::offer::{self, OfferVersion};
use store::enrollment::eab_credential::{self, SealedCredential};
use store::{ReadTx, WriteTx};

use crate::catalog::seed::OFFER;
use crate::{App, Caller};

/// What was opened; the MAC key is in the clear here and sealed in the database.
pub struct Opened {
    /// The subscription, waiting for its first domain.
    pub subscription: Subscription,
    /// Its credential.
    pub credential: EabCredential,
    /// The secret half.
    pub mac_key: MacKey,
}

/// What to open.
#[derive(Clone, Debug)]
pub struct Opening {
    /// The owner's name for it.
    pub label: Label,
    /// How long it runs.
    pub term: Term,
    /// How many ACME accounts its credential may bind; `None` for any number.
    pub max_bindings: Option<u32>,
}

/// Why nothing was opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The catalogue has no offer.
    #[error("nothing is offered here")]
    NoOffer,
    /// The MAC key could not be sealed.
    #[error("the credential could not be sealed")]
    Seal(#[from] store::seal::SealError),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Refuse for OpenError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::NoOffer => Refusal::internal(self),
            Self::Seal(error) => Refusal::internal(error),
            Self::Store(error) => error.refusal(),
        }
    }
}

/// Opens a subscription for the caller's tenant, under the newest version of the offer.
pub async fn open_subscription(
    app: &App,
    caller: &Caller,
    opening: Opening,
) -> Result<Opened, OpenError> {
    let now = app.now();
    let random = app.random();
    let id = SubscriptionId::generate(now, random);
    let tenant = caller.tenant()?;
    let credential = NewCredential {
        tenant,
        customer: None,
        subscription: id,
        max_bindings: opening.max_bindings,
        created_by: caller.actor,
    };
    let (credential, mac_key) = EabCredential::generate(credential, now, random);
    let sealed = SealedCredential::seal(credential.clone(), &mac_key, &app.outside.sealer, random)?;
    let detail = json!({ "label": opening.label, "term": opening.term.as_str(),
        "eab_key_id": credential.key_id });
    let (action, object) = ("subscription.open", id.to_string());
    let new = New {
        id,
        tenant,
        audit: app.audit_entry(caller, tenant, action, object, &detail, now),
        created_by: caller.actor,
        opening,
        sealed,
        now,
    };
    let store = app.store(caller);
    let subscription = store.decide(new, load, decide, save).await;
    Ok(Opened {
        subscription: subscription.map_err(|error: OpenError| error)?,
        credential,
        mac_key,
    })
}

/// What to store.
struct New {
    id: SubscriptionId,
    tenant: TenantId,
    opening: Opening,
    created_by: Actor,
    sealed: SealedCredential,
    audit: Entry,
    now: Timestamp,
}

/// What is stored.
struct Decision {
    subscription: Subscription,
    sealed: SealedCredential,
    audit: Entry,
}

async fn load(tx: &mut ReadTx, _: &New) -> Result<Option<OfferVersion>, store::Error> {
    offer::newest_version(tx, OFFER).await
}

fn decide(new: &New, found: Option<OfferVersion>) -> Result<Decision, OpenError> {
    let purchase = Purchase {
        tenant: new.tenant,
        customer: None,
        offer_version: found.ok_or(OpenError::NoOffer)?.id,
        label: new.opening.label.clone(),
        term: new.opening.term,
        created_by: new.created_by,
    };
    Ok(Decision {
        subscription: Subscription::new(new.id, purchase, new.now),
        sealed: new.sealed.clone(),
        audit: new.audit.clone(),
    })
}

async fn save(tx: &mut WriteTx, decision: &Decision) -> Result<Subscription, store::Error> {
    tx.insert(&decision.subscription).await?;
    eab_credential::insert(tx, &decision.sealed).await?;
    store::audit::append(tx, &decision.audit).await?;
    Ok(decision.subscription.clone())
}
