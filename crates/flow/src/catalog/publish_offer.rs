//! Publishes an offer: its first or next set of policies, which never changes. Those who bought before keep theirs.

use aws_lc_rs::digest::{SHA256, digest};
use base::{Class, OfferId, OfferVersionId, Refusal, Refuse};
use enrollment::policy::{Policy, Unbuilt};
use store::audit::Entry;
use store::catalog::offer::{self, Offer, OfferVersion};
use store::catalog::product::{self, Authority, Product};
use store::{ReadTx, WriteTx};

use super::changed;
use super::reload::reload;
use crate::audit::{Document, Event, Text};
use crate::caller::system;
use crate::memory::catalog::CatalogError;
use crate::{App, Caller};

/// What this server itself issues.
const BUILTIN: &str = "builtin";

/// What to sell under which policies.
#[derive(Clone, Debug)]
pub struct OfferPlan {
    /// Its name in commands and configuration.
    pub slug: String,
    /// For people; the present one if it is not given.
    pub name: Option<String>,
    /// What is issued; the present one if it is not given.
    pub product: Option<String>,
    /// Under which policies.
    pub policy: Policy,
}

/// Why it was not published.
#[derive(Debug, thiserror::Error)]
pub enum PublishOfferError {
    /// The catalogue could not be read again.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// There is nobody who would issue.
    #[error("this installation has no authority that issues")]
    NoAuthority,
    /// The product has no directory that takes orders.
    #[error(
        "product \"{0}\" has no production directory, so nobody could use what is sold; make one with \
         `chancery admin directory create`"
    )]
    NoDirectory(String),
    /// There is no such product.
    #[error(
        "there is no product \"{0}\"; `chancery admin product list` shows those that there are"
    )]
    NoProduct(String),
    /// A new offer does not say what it is about.
    #[error("offer \"{0}\" is new: say which product it is for, and what it is called")]
    New(String),
    /// An offer goes on with its product.
    #[error("offer \"{0}\" is for product \"{1}\"; publish another one for another product")]
    OtherProduct(String, String),
    /// The name cannot be one.
    #[error("\"{0}\" cannot name an offer: use 1 to 32 small letters, digits and hyphens")]
    Slug(String),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The policies need what is not there.
    #[error("this offer needs what this release does not have: {}", sentences(.0))]
    Unbuilt(Vec<Unbuilt>),
}

fn sentences(unbuilt: &[Unbuilt]) -> String {
    let all: Vec<_> = unbuilt.iter().map(|each| each.sentence.as_str()).collect();
    all.join("; ")
}

impl Refuse for PublishOfferError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Catalog(error) => Refusal::internal(error),
            Self::NoAuthority => Refusal::internal(self),
            Self::NoDirectory(_) => Class::Conflict.because("product_without_directory", self),
            Self::NoProduct(_) => Class::NotFound.because("product_not_found", self),
            Self::New(_) => Class::Invalid.because("offer_incomplete", self),
            Self::OtherProduct(..) => Class::Conflict.because("offer_of_other_product", self),
            Self::Slug(_) => Class::Invalid.because("offer_name", self),
            Self::Store(error) => error.refusal(),
            Self::Unbuilt(_) => Class::Invalid.because("offer_needs_unbuilt", self),
        }
    }
}

/// What was published.
#[derive(Clone, Debug)]
pub struct Published {
    /// The offer.
    pub offer: Offer,
    /// Its newest version.
    pub version: OfferVersion,
    /// Whether there is a new version; publishing the same policies again makes none.
    pub is_new: bool,
}

/// Publishes the policies; subscriptions that are opened from now on pin them.
pub async fn publish_offer(
    app: &App,
    caller: &Caller,
    plan: OfferPlan,
) -> Result<Published, PublishOfferError> {
    enrollment::subscription::ProductCode::parse(&plan.slug)
        .map_err(|_| PublishOfferError::Slug(plan.slug.clone()))?;
    let unbuilt = plan.policy.unbuilt();
    if !unbuilt.is_empty() {
        return Err(PublishOfferError::Unbuilt(unbuilt));
    }
    publish_unchecked(app, caller, plan).await
}

/// The same for policies that no operator can choose, as a stand-in for a test server has.
pub async fn publish_unchecked(
    app: &App,
    caller: &Caller,
    plan: OfferPlan,
) -> Result<Published, PublishOfferError> {
    let event = Event::OfferPublished {
        slug: Text::new(&plan.slug),
        policy: Document::new(&plan.policy.to_json()),
    };
    let entry = changed::entry(app, caller, &event).await?;
    let wish = Wish {
        app: app.clone(),
        caller: caller.clone(),
        plan,
        entry,
    };
    let store = app.store(system("what is sold is nobody's tenant's"));
    let published = store.decide(wish, load, decide, save).await?;
    reload(app).await?;
    Ok(published)
}

struct Wish {
    app: App,
    caller: Caller,
    plan: OfferPlan,
    entry: Option<Entry>,
}

struct Facts {
    authority: Option<Authority>,
    offer: Option<Offer>,
    newest: Option<OfferVersion>,
    product: Option<Product>,
}

struct Decision {
    published: Published,
    is_new_offer: bool,
    entry: Option<Entry>,
}

async fn load(tx: &mut ReadTx, wish: &Wish) -> Result<Facts, store::Error> {
    let offer = offer::by_slug(tx, &wish.plan.slug).await?;
    let known = offer.as_ref().map(|offer| offer.product_code.clone());
    let code = wish.plan.product.clone().or(known);
    Ok(Facts {
        authority: product::authority(tx, BUILTIN).await?,
        newest: offer::newest_version(tx, &wish.plan.slug).await?,
        product: product::by_code(tx, code.as_deref().unwrap_or_default()).await?,
        offer,
    })
}

fn decide(wish: &Wish, facts: Facts) -> Result<Decision, PublishOfferError> {
    let plan = &wish.plan;
    let is_new_offer = facts.offer.is_none();
    let offer = offer_of(wish, &facts)?;
    if wish.app.catalog().of_product(&offer.product_code).is_none() {
        return Err(PublishOfferError::NoDirectory(offer.product_code));
    }
    let last = facts.newest.as_ref().map_or(0, |newest| newest.number);
    let is_same =
        |newest: &OfferVersion| newest.policy == plan.policy && offer.retired_at.is_none();
    let newest = facts.newest.filter(is_same);
    let is_new = newest.is_none();
    let now = wish.app.now();
    let version = newest.unwrap_or_else(|| OfferVersion {
        id: OfferVersionId::generate(now, wish.app.random()),
        offer: offer.id,
        number: last.saturating_add(1),
        policy_digest: digest_of(&plan.policy),
        policy: plan.policy.clone(),
        created_at: now,
        created_by: wish.caller.actor,
    });
    Ok(Decision {
        published: Published {
            offer,
            version,
            is_new,
        },
        is_new_offer,
        entry: wish.entry.clone(),
    })
}

/// The offer that there is, or a new one.
fn offer_of(wish: &Wish, facts: &Facts) -> Result<Offer, PublishOfferError> {
    let plan = &wish.plan;
    if let Some(offer) = &facts.offer {
        let wanted = plan.product.as_ref();
        return match wanted.filter(|wanted| **wanted != offer.product_code) {
            Some(_) => Err(PublishOfferError::OtherProduct(
                offer.slug.clone(),
                offer.product_code.clone(),
            )),
            None => Ok(offer.clone()),
        };
    }
    let (Some(name), Some(code)) = (&plan.name, &plan.product) else {
        return Err(PublishOfferError::New(plan.slug.clone()));
    };
    if facts.product.is_none() {
        return Err(PublishOfferError::NoProduct(code.clone()));
    }
    let authority = facts.authority.as_ref();
    let now = wish.app.now();
    Ok(Offer {
        id: OfferId::generate(now, wish.app.random()),
        seller: None,
        authority: authority.ok_or(PublishOfferError::NoAuthority)?.id,
        product_code: code.clone(),
        slug: plan.slug.clone(),
        name: name.clone(),
        created_at: now,
        retired_at: None,
    })
}

async fn save(tx: &mut WriteTx, decision: &Decision) -> Result<Published, store::Error> {
    let published = decision.published.clone();
    if decision.is_new_offer {
        tx.insert(&published.offer).await?;
    }
    if published.is_new {
        offer::retire(tx, &(published.offer.id, None)).await?;
        // Of two at once, the index of numbers lets one in, and the other is decided again.
        tx.insert(&published.version).await?;
        changed::record(tx, decision.entry.as_ref()).await?;
    }
    Ok(published)
}

/// SHA-256 of what is stored.
pub(super) fn digest_of(policy: &Policy) -> [u8; 32] {
    let mut out = [0; 32];
    let digest = digest(&SHA256, policy.to_json().as_bytes());
    for (to, from) in out.iter_mut().zip(digest.as_ref()) {
        *to = *from;
    }
    out
}
