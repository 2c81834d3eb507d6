//! Adds names to a subscription with their free companions (features F-072 to F-082, F-089 to F-091).
//! The preview and the write make the same plan.

use std::collections::HashMap;
use std::sync::Arc;

use base::{Class, DnsName, Refusal, Refuse, SubscriptionId, TenantId, Timestamp};
use enrollment::enrolled_domain::bulk::{self, Entry, Row, Unreadable};
use enrollment::enrolled_domain::{EnrolledDomain, Enrolling, SponsorMissing};
use enrollment::policy::{CompanionMode, NameAdmission, Policy};
use enrollment::subscription::{MAX_NAMES, Names, NotIssuing, Subscription};
use store::audit::Entry as AuditEntry;
use store::catalog::offer::{self, Policies};
use store::enrollment::enrolled_domain::{self, NamesOf};
use store::enrollment::subscription;
use store::tenancy::tenant;
use store::{ReadTx, WriteTx};
use tenancy::pre_validation::Anchor;

use super::room::{self, NoRoom};
use crate::audit::Event;
use crate::tenancy::pre_validation::anchor::{AnchorRefused, anchor_for};
use crate::tenancy::pre_validation::{NotValidated, not_validated};
use crate::{App, Caller};

/// How many names one request may bring; larger lists are for an import job.
pub const MAX_ROWS: usize = 1_000;

/// How many of them are added in one transaction.
const PIECE: usize = 50;

/// So many before the bound of a tenant, enrolments of its accounts begin to wait for each other. More than what is under
/// way at once can add.
const NEAR: u32 = 100_000;

/// What to add.
#[derive(Clone, Debug)]
pub struct Enrollment {
    /// Where to add.
    pub subscription: SubscriptionId,
    /// Names, one per line.
    pub text: String,
    /// Whether companions come along; `None` for as the offer has it.
    pub companions: Option<bool>,
    /// The number of the pre-validation that they stand on, if one is named.
    pub anchor: Option<Anchor>,
}

/// What became of each name.
#[derive(Clone, Debug)]
pub struct Enrolled {
    /// A row for each name of the input.
    pub rows: Vec<Row>,
    /// What was added.
    pub added: Vec<EnrolledDomain>,
}

/// Why nothing was added.
#[derive(Debug, thiserror::Error)]
pub enum EnrollError {
    /// What they would stand on.
    #[error(transparent)]
    Anchor(#[from] AnchorRefused),
    /// Its names are those of domains that are delegated.
    #[error(
        "this ACME account takes no names: it may order those of all domains that are delegated to its organization"
    )]
    Delegated,
    /// The tenant would have more than there may be.
    #[error(transparent)]
    NoRoom(#[from] NoRoom),
    /// The subscription takes no domains now.
    #[error(transparent)]
    NotIssuing(#[from] NotIssuing),
    /// Another tenant's subscription, or none.
    #[error("there is no such ACME account")]
    NotFound,
    /// Its certificates would name an organization that is not validated.
    #[error(transparent)]
    NotValidated(#[from] NotValidated),
    /// A companion's paid name is gone.
    #[error(transparent)]
    Sponsor(#[from] SponsorMissing),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The input is no list of names, or too long a one.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
}

impl Refuse for EnrollError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Anchor(error) => error.refusal(),
            Self::Delegated => Class::Forbidden
                .because("subscription_takes_no_names", self)
                .at("account"),
            Self::NoRoom(error) => error.refusal(),
            Self::NotIssuing(error) => error.refusal().at("account"),
            Self::NotFound => Class::NotFound.because("subscription_not_found", self),
            Self::NotValidated(error) => error.refusal().at("account"),
            Self::Sponsor(error) => error.refusal(),
            Self::Store(error) => error.refusal(),
            Self::Unreadable(error) => error.refusal(),
        }
    }
}

/// Says what [`enroll_domains`] would do; writes nothing.
pub async fn preview(
    app: &App,
    caller: &Caller,
    enrollment: Enrollment,
) -> Result<Vec<Row>, EnrollError> {
    let piece = Piece {
        app: app.clone(),
        caller: caller.clone(),
        entries: bulk::read(&enrollment.text, MAX_ROWS)?,
        subscription: enrollment.subscription,
        companions: enrollment.companions,
        anchor: enrollment.anchor,
        policies: app.catalog().policies(),
        now: app.now(),
    };
    look_ahead(app, caller, &piece).await
}

/// What would become of each name; writes nothing.
async fn look_ahead(app: &App, caller: &Caller, piece: &Piece) -> Result<Vec<Row>, EnrollError> {
    let facts = app.store(caller).scan(piece.clone(), load).await;
    let facts: Facts = facts.map_err(EnrollError::Store)?;
    let (subscription, policy) = open(facts.sold, facts.lack, piece.now)?;
    facts.anchor?;
    let rows = piece.plan(&subscription, &facts.enrolled, policy.companion_mode);
    room::names(facts.names, additions(&rows))?;
    Ok(rows)
}

/// Adds every valid name of the input; the others are told in their rows. Many names are added in pieces, so that
/// nobody waits for all of them, after it was asked whether they all may be added: when one of the pieces is refused all the
/// same, what was added before stays, and the same input can be sent again.
pub async fn enroll_domains(
    app: &App,
    caller: &Caller,
    enrollment: Enrollment,
) -> Result<Enrolled, EnrollError> {
    let store = app.store(caller);
    let whole = Piece {
        app: app.clone(),
        caller: caller.clone(),
        entries: bulk::read(&enrollment.text, MAX_ROWS)?,
        subscription: enrollment.subscription,
        companions: enrollment.companions,
        anchor: enrollment.anchor,
        policies: app.catalog().policies(),
        now: app.now(),
    };
    if whole.entries.len() <= PIECE {
        return store.decide(whole, load, decide, save).await;
    }
    look_ahead(app, caller, &whole).await?;
    let mut all = Enrolled {
        rows: Vec::with_capacity(whole.entries.len()),
        added: Vec::new(),
    };
    for entries in whole.entries.chunks(PIECE) {
        let piece = whole.with(entries);
        let more: Enrolled = store.decide_piece(piece, load, decide, save).await?;
        all.rows.extend(more.rows);
        all.added.extend(more.added);
    }
    Ok(all)
}

/// Names to add.
#[derive(Clone)]
struct Piece {
    app: App,
    caller: Caller,
    subscription: SubscriptionId,
    entries: Vec<Entry>,
    companions: Option<bool>,
    anchor: Option<Anchor>,
    policies: Policies,
    now: Timestamp,
}

/// What there is of the names that matter.
struct Facts {
    /// The subscription, with what it was bought under.
    sold: Option<(Subscription, Arc<Policy>)>,
    /// What its organization lacks, where certificates name one.
    lack: Option<NotValidated>,
    /// What its names stand on, where certificates name one.
    anchor: Result<Option<String>, AnchorRefused>,
    enrolled: Known,
    /// How many the tenant has, whatever their account, if that was not ended.
    names: u64,
}

type Known = HashMap<DnsName, EnrolledDomain>;

/// What to write.
struct Decision {
    enrolled: Enrolled,
    audit: Vec<AuditEntry>,
    /// The tenant, where there is little room left: then one comes after the other.
    locked: Option<TenantId>,
    /// As it is then; `None` when nothing is added.
    subscription: Option<Subscription>,
}

async fn load(tx: &mut ReadTx, piece: &Piece) -> Result<Facts, store::Error> {
    let (mut sold, mut lack, mut anchor) = (None, None, Ok(None));
    if let Some(found) = subscription::find(tx, &piece.subscription).await? {
        lack = not_validated(tx, (&piece.app.catalog(), &found), piece.now).await?;
        let policy = offer::policy(tx, found.offer_version, &piece.policies).await?;
        let of = (&*piece.app.catalog(), &found, policy.ov_validation);
        anchor = anchor_for(tx, of, piece.anchor.as_ref(), piece.now).await?;
        sold = Some((found, policy));
    }
    let asked = NamesOf {
        subscription: piece.subscription,
        names: bulk::candidates(&piece.entries).into_iter().collect(),
    };
    let found = enrolled_domain::active_by_names(tx, &asked).await?;
    let enrolled = found.into_iter().flatten();
    Ok(Facts {
        sold,
        lack,
        anchor,
        enrolled: enrolled
            .map(|domain| (domain.name.clone(), domain))
            .collect(),
        names: subscription::held(tx, &piece.now).await?.names,
    })
}

/// How many names the valid rows add.
fn additions(rows: &[Row]) -> u64 {
    u64::try_from(bulk::additions(rows).count()).unwrap_or(u64::MAX)
}

fn decide(piece: &Piece, facts: Facts) -> Result<Decision, EnrollError> {
    let Facts {
        sold,
        lack,
        anchor,
        enrolled,
        names,
    } = facts;
    let (subscription, policy) = open(sold, lack, piece.now)?;
    let anchor = anchor?;
    let rows = piece.plan(&subscription, &enrolled, policy.companion_mode);
    let all = room::names(names, additions(&rows))?;
    let enrolling = Enrolling {
        subscription: subscription.id,
        tenant: subscription.tenant,
        customer: subscription.customer,
        anchor,
        added_by: piece.caller.actor,
        now: piece.now,
    };
    let id_of = |name: &DnsName| enrolled.get(name).map(|domain| domain.id);
    let random = piece.app.random();
    let added = enrolling.domains(bulk::additions(&rows), &id_of, random)?;
    let after = subscription.enroll(Names::of(&added), policy.term_unit, piece.now);
    Ok(Decision {
        audit: added.iter().map(|domain| piece.audit(domain)).collect(),
        locked: Some(subscription.tenant).filter(|_| all > u64::from(MAX_NAMES - NEAR)),
        subscription: Some(after).filter(|_| !added.is_empty()),
        enrolled: Enrolled { rows, added },
    })
}

async fn save(tx: &mut WriteTx, decision: &Decision) -> Result<Enrolled, store::Error> {
    if let Some(tenant) = &decision.locked {
        tenant::lock(tx, tenant).await?;
    }
    if let Some(subscription) = &decision.subscription {
        subscription::update(tx, subscription).await?;
    }
    for domain in &decision.enrolled.added {
        enrolled_domain::insert(tx, domain).await?;
    }
    for entry in &decision.audit {
        store::audit::append(tx, entry).await?;
    }
    Ok(decision.enrolled.clone())
}

/// The subscription with what it was bought under, if it takes domains: where certificates name an organization, that has to be validated first (C9).
fn open(
    sold: Option<(Subscription, Arc<Policy>)>,
    lack: Option<NotValidated>,
    now: Timestamp,
) -> Result<(Subscription, Arc<Policy>), EnrollError> {
    let (subscription, policy) = sold.ok_or(EnrollError::NotFound)?;
    if policy.name_admission == NameAdmission::ValidatedDelegated {
        return Err(EnrollError::Delegated);
    }
    subscription.may_enroll(now)?;
    match lack {
        Some(lack) => Err(lack.into()),
        None => Ok((subscription, policy)),
    }
}

impl Piece {
    /// The same with other names.
    fn with(&self, entries: &[Entry]) -> Self {
        Self {
            entries: entries.to_vec(),
            ..self.clone()
        }
    }

    fn plan(&self, subscription: &Subscription, enrolled: &Known, mode: CompanionMode) -> Vec<Row> {
        let companions = mode.companions(self.companions);
        let already = |name: &DnsName| enrolled.get(name)?.as_enrolled();
        let catalog = self.app.catalog();
        let product = subscription.product.as_str();
        let never = |name: &DnsName| catalog.never_issued(product, name);
        bulk::preview(&self.entries, companions, &already, &never)
    }

    fn audit(&self, domain: &EnrolledDomain) -> AuditEntry {
        let event = Event::DomainEnrolled {
            domain: domain.id,
            name: domain.name.clone(),
            subscription: domain.subscription,
        };
        self.app
            .entry(&self.caller, domain.tenant, &event, self.now)
    }
}
