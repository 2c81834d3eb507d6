//! Opens a subscription with its first EAB credential (features F-046, F-047).

use std::num::NonZeroU32;
use std::sync::Arc;

use base::{Class, DepartmentId, OrganizationId, Refusal, Refuse, SubscriptionId};
use enrollment::eab::{EabCredential, MacKey, NewCredential};
use enrollment::policy::{OrganizationChoiceError, Policy, TermChoices};
use enrollment::subscription::{Label, Purchase, Subscription, Term};
use store::access::role_binding;
use store::audit::Entry;
use store::enrollment::eab_credential::{self, SealedCredential};
use store::tenancy::{department, organization, tenant};
use store::{ReadTx, WriteTx};
use tenancy::role::binding::Part;

use super::room::{NoRoom, Others};
use crate::audit::{Event, Text};
use crate::memory::catalog::{Catalog, SoldOffer};
use crate::tenancy::entitle_tenant::{MayBuy, load_what};
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
    /// What is bought: the name of an offer.
    pub offer: String,
    /// The owner's name for it.
    pub label: Label,
    /// How long it runs.
    pub term: Term,
    /// Whom its certificates name; what each type needs is the offer's (F-031).
    pub organization: Option<OrganizationId>,
    /// The part of that organization that it is for, if it is not for all of it.
    pub department: Option<DepartmentId>,
    /// How many ACME accounts its credential may bind, if that is fewer than its offer allows.
    pub max_bindings: Option<u32>,
    /// Whether the MAC key is shown with the answer, which then counts as a showing.
    pub shows_key: bool,
}

/// Why nothing was opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// As many as there may be.
    #[error(transparent)]
    NoRoom(#[from] NoRoom),
    /// The catalogue has no such offer.
    #[error("nothing is sold here as \"{0}\"; choose one of the certificate types on offer")]
    NoOffer(String),
    /// The tenant has no such organization.
    #[error("there is no such organization or department here; choose one of the list")]
    NoOrganization,
    /// It has to be for an organization, or for none.
    #[error(transparent)]
    Organization(#[from] OrganizationChoiceError),
    /// The MAC key could not be sealed.
    #[error("the credential could not be sealed")]
    Seal(#[from] store::seal::SealError),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The tenant may not buy it.
    #[error("your organisation may not buy this certificate type; {0} can change that")]
    NotEntitled(String),
    /// The offer has other terms.
    #[error("this certificate type is sold for {0} years; choose one of them")]
    Term(TermChoices),
}

impl Refuse for OpenError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::NoRoom(error) => error.refusal(),
            Self::NoOffer(_) => Class::Invalid.because("offer_not_found", self).at("kind"),
            Self::NoOrganization => Class::Invalid
                .because("subscription_organization_unknown", self)
                .at("organization"),
            Self::Organization(error) => error.refusal(),
            Self::NotEntitled(_) => Class::Invalid
                .because("offer_not_entitled", self)
                .at("kind"),
            Self::Seal(error) => Refusal::internal(error),
            Self::Store(error) => error.refusal(),
            Self::Term(_) => Class::Invalid
                .because("term_not_offered", self)
                .at("term_years"),
        }
    }
}

/// Opens a subscription for the caller's tenant. It keeps the version of the offer that it was bought under.
pub async fn open_subscription(
    app: &App,
    caller: &Caller,
    opening: Opening,
) -> Result<Opened, OpenError> {
    let catalog = app.catalog();
    let offer = choose(&catalog, &opening)?;
    let policy = &offer.policy;
    let now = app.now();
    let random = app.random();
    let id = SubscriptionId::generate(now, random);
    let tenant = caller.tenant()?;
    let most = policy.eab_max_bindings.map(NonZeroU32::get);
    let credential = NewCredential {
        tenant,
        customer: None,
        subscription: id,
        reveal: policy.eab_reveal,
        max_bindings: opening.max_bindings.into_iter().chain(most).min(),
        created_by: caller.actor,
    };
    let (mut credential, mac_key) = EabCredential::generate(credential, now, random);
    credential.revealed_at = opening.shows_key.then_some(now);
    let sealed = SealedCredential::seal(credential.clone(), &mac_key, &app.outside.sealer, random)?;
    let event = Event::SubscriptionOpened {
        subscription: id,
        label: Text::new(opening.label.as_str()),
        term: Text::new(opening.term.as_str()),
        offer: Text::new(&offer.slug),
        eab_key_id: Text::new(credential.key_id.as_str()),
    };
    let purchase = Purchase {
        tenant,
        customer: None,
        offer_version: offer.version,
        product: offer.product.clone(),
        label: opening.label,
        term: opening.term,
        unit: policy.term_unit,
        starts_at_once: policy.starts_at_once(),
        organization: opening.organization,
        department: opening.department,
        created_by: caller.actor,
    };
    let new = New {
        subscription: Subscription::new(id, purchase, now),
        sealed,
        policy: policy.clone(),
        audit: app.entry(caller, tenant, &event, now),
    };
    let store = app.store(caller);
    let subscription = store.decide(new, load, decide, save).await?;
    Ok(Opened {
        subscription,
        credential,
        mac_key,
    })
}

/// The offer, if it is sold so.
fn choose<'c>(catalog: &'c Catalog, opening: &Opening) -> Result<&'c SoldOffer, OpenError> {
    let offer = catalog.offer(&opening.offer);
    let offer = offer.ok_or_else(|| OpenError::NoOffer(opening.offer.clone()))?;
    let policy = &offer.policy;
    if !policy.term_choices_years.allow(opening.term) {
        return Err(OpenError::Term(policy.term_choices_years.clone()));
    }
    let is_named = catalog.certificate_type(&offer.product).is_some();
    let is_given = opening.organization.is_some();
    policy.check_organization(is_named, is_given)?;
    Ok(offer)
}

/// What is stored.
#[derive(Clone)]
struct New {
    subscription: Subscription,
    sealed: SealedCredential,
    /// Under which it is bought.
    policy: Arc<Policy>,
    audit: Entry,
}

/// What is looked at before anything is stored.
struct Facts {
    /// Whether the organization and the department, if there are to be any, are the tenant's.
    is_own: bool,
    /// What the tenant may buy.
    may_buy: MayBuy,
    /// What the tenant has already.
    others: Others,
}

async fn load(tx: &mut ReadTx, new: &New) -> Result<Facts, store::Error> {
    let bought = &new.subscription;
    Ok(Facts {
        is_own: part_of_own(tx, bought.organization, bought.department).await?,
        may_buy: load_what(tx, &bought.tenant).await?,
        others: Others::load(tx, (bought, &new.policy), bought.created_at).await?,
    })
}

/// Whether the organization is one of the transaction's tenant, and the department one of that organization, as far as
/// they are given, and whoever asks may have something for them.
pub(super) async fn part_of_own(
    tx: &mut ReadTx,
    organization: Option<OrganizationId>,
    department: Option<DepartmentId>,
) -> Result<bool, store::Error> {
    if !role_binding::covers(tx, &Part::of(organization, department)).await? {
        return Ok(false);
    }
    if let Some(id) = department {
        let found = department::find(tx, &id).await?;
        return Ok(found.is_some_and(|found| Some(found.organization) == organization));
    }
    match organization {
        Some(id) => Ok(organization::find(tx, &id).await?.is_some()),
        None => Ok(true),
    }
}

fn decide(new: &New, facts: Facts) -> Result<New, OpenError> {
    let product = new.subscription.product.as_str();
    if !facts.may_buy.products.allows(product) {
        return Err(OpenError::NotEntitled(facts.may_buy.ask));
    }
    if !facts.is_own {
        return Err(OpenError::NoOrganization);
    }
    facts.others.have_room(&new.subscription, &new.policy)?;
    Ok(new.clone())
}

async fn save(tx: &mut WriteTx, new: &New) -> Result<Subscription, store::Error> {
    tenant::lock(tx, &new.subscription.tenant).await?;
    tx.insert(&new.subscription).await?;
    eab_credential::insert(tx, &new.sealed).await?;
    store::audit::append(tx, &new.audit).await?;
    Ok(new.subscription.clone())
}
