//! newOrder (RFC 8555 §7.4): admits names that the subscription covers, reuses what is proven already, and
//! stores the order with its authorizations in one transaction.

use std::sync::Arc;
use std::time::Duration;

use acme::authorization::{Authorization as Record, State};
use acme::challenge::{Token, Type};
use acme::order::{NewOrder, OrderStatus, PayloadError};
use acme::policy::SetError;
use acme::problem::{Kind, Problem};
use base::{
    AuthorizationId, Class, DnsName, Identifier, OrderId, Refusal, Refuse, Timestamp, ValidationId,
};
use enrollment::admission::{self, Coverage};
use enrollment::delegated::{Proof, ShownBy};
use pki::{
    OrganizationError, ProfileError, ProfileTrust, RequestedValidity, Subject, WildcardError,
    reuse_ceiling_seconds,
};
use store::enrollment::order_facts::{self, Asked};
use store::issuance::authorization::{self, Authorization};
use store::issuance::lineage;
use store::issuance::order::{self, Order};
use store::{ReadTx, WriteTx};
use tenancy::limit::{Bound, Limit, RateLimited};

use super::order_view::{OrderView, status};
use crate::memory::accounts::KnownAccount;
use crate::memory::catalog::{Directory, VersionedProfile};
use crate::memory::limits::{Charge, Room};
use crate::memory::refused::Asker;
use crate::{App, Caller};

/// A proof that ends sooner would end under the client's hands.
const MIN_REUSE: Duration = Duration::from_secs(3600);

/// Why there is no order.
#[derive(Debug, thiserror::Error)]
pub enum NewOrderError {
    /// Who asks, or for which names.
    #[error(transparent)]
    Admission(#[from] admission::Refused),
    /// As many as may be.
    #[error(transparent)]
    Limited(#[from] RateLimited),
    /// A name whose validations failed again and again.
    #[error("{name}: {limited}")]
    NameLimited {
        /// The name.
        name: DnsName,
        /// Until when.
        limited: RateLimited,
    },
    /// The organization that certificates here name.
    #[error(transparent)]
    Organization(#[from] OrganizationError),
    /// The payload.
    #[error(transparent)]
    Payload(#[from] PayloadError),
    /// Names that we do not issue for.
    #[error(transparent)]
    Policy(#[from] SetError),
    /// No certificates can be made by the directory's profile as it is.
    #[error("this directory issues nothing until its operator has completed the profile: {0}")]
    Profile(#[from] ProfileError),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The wished validity.
    #[error(transparent)]
    Validity(#[from] pki::ValidityError),
    /// Wildcard names where certificates have none.
    #[error(transparent)]
    Wildcard(#[from] WildcardError),
}

impl Refuse for NewOrderError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Admission(error) => error.refusal(),
            Self::Limited(error) => error.refusal(),
            Self::NameLimited { limited, .. } => Refusal {
                sentence: self.to_string(),
                ..limited.refusal()
            },
            Self::Organization(error) => error.refusal(),
            Self::Payload(error) => error.refusal(),
            Self::Policy(error) => error.refusal(),
            Self::Profile(_) => Class::Forbidden.because("profile_incomplete", self),
            Self::Store(error) => error.refusal(),
            Self::Validity(error) => error.refusal(),
            Self::Wildcard(error) => error.refusal(),
        }
    }
}

/// Makes an order, or returns the account's pending one for the same names.
pub async fn new_order(
    app: &App,
    caller: &Caller,
    directory: &Directory,
    known: &KnownAccount,
    payload: &[u8],
) -> Result<OrderView, NewOrderError> {
    let made = count_and_make(app, caller, directory, known, payload).await;
    if let Err(error) = &made {
        let asker = Asker::Client(known.tenant, known.subscription);
        let (refusal, refused) = (error.refusal(), &app.memory.refused);
        refused.count(asker, &caller.client, &refusal, app.now());
    }
    made
}

async fn count_and_make(
    app: &App,
    caller: &Caller,
    directory: &Directory,
    known: &KnownAccount,
    payload: &[u8],
) -> Result<OrderView, NewOrderError> {
    let (charges, now) = (Charge::order(known, directory.is_test), app.now());
    app.memory.limits.spend_all(&charges, now)?;
    let made = make(app, caller, directory, known, payload).await;
    if let Err(NewOrderError::Store(_)) = &made {
        for charge in charges {
            app.memory.limits.refund(charge, now);
        }
    }
    made
}

async fn make(
    app: &App,
    caller: &Caller,
    directory: &Directory,
    known: &KnownAccount,
    payload: &[u8],
) -> Result<OrderView, NewOrderError> {
    let wanted = NewOrder::parse(payload, directory.max_names)?;
    directory.names.check_set(&wanted.identifiers)?;
    let now = app.now();
    let requested = RequestedValidity {
        not_before: wanted.not_before,
        not_after: wanted.not_after,
    };
    let (profile, limits) = (&directory.profile.profile, known.limits());
    profile.check_wildcards(wanted.identifiers.iter())?;
    // What an operator published was checked; what a fresh database begins with may lack what only they know.
    if profile.level.names_organization() {
        profile.check()?;
    }
    profile.validity_within(requested, limits, now)?;
    let draft = draft(app, caller, (directory, known), &wanted, now);
    let store = app.store(caller);
    let (order, authorizations, room) = store.decide(draft, load, decide, save).await?;
    if let Some(room) = room {
        app.memory.limits.pending.found(known.id, room);
    }
    app.memory.recent.keep_order(&order, &authorizations, now);
    Ok(OrderView::of(&order, &authorizations, now))
}

/// An order with an authorization for each name, as if nothing could be reused.
struct Draft {
    order: Order,
    authorizations: Vec<Authorization>,
    /// For each name, whether an older proof may stand in.
    may_reuse: Vec<bool>,
    asked: Asked,
    /// What certificates look like.
    profile: Arc<VersionedProfile>,
    /// From when on a proof has to live to be used again.
    needed: Timestamp,
    limits: Bounds,
    now: Timestamp,
}

/// What limits the order, as far as this node knows.
struct Bounds {
    /// How many orders and authorizations may wait, if the database is to be asked how many do.
    pending: Option<(u32, u32)>,
    /// For the set of names.
    set: Option<RateLimited>,
    /// For the registered domains, unless it is a renewal.
    domains: Option<RateLimited>,
    /// For each name, unless it is proven.
    names: Vec<Option<RateLimited>>,
}

fn bounds(app: &App, order: &Order, is_test: bool, now: Timestamp) -> Bounds {
    let limits = &app.memory.limits;
    let over = |charge| limits.look(charge, now).err();
    let failed =
        |name: &Identifier| over(Charge::failure(order.account, order.tenant, name, is_test));
    let count = u32::try_from(order.names.len()).unwrap_or(u32::MAX);
    let most = |limit| limits.most(limit, order.tenant, is_test, now);
    let caps = most(Limit::PendingOrders).zip(most(Limit::PendingAuthorizations));
    Bounds {
        pending: caps.filter(|_| !limits.pending.take(order.account, count)),
        set: over(Charge::certificate(order, is_test)),
        domains: Charge::certificate_below(order, is_test)
            .into_iter()
            .find_map(over),
        names: order.names.iter().map(failed).collect(),
    }
}

fn draft(
    app: &App,
    caller: &Caller,
    (directory, known): (&Directory, &KnownAccount),
    wanted: &NewOrder,
    now: Timestamp,
) -> Draft {
    let random = app.random();
    let id = OrderId::generate(now, random);
    let expires_at = now
        .plus(app.settings().order_lifetime)
        .truncated_to_second();
    let mut names: Vec<Identifier> = wanted.identifiers.iter().cloned().collect();
    names.sort_unstable();
    let fresh = |name| fresh(app, known, (Some(id), expires_at), name);
    let authorizations: Vec<Authorization> = names.iter().map(fresh).collect();
    let order = Order {
        id,
        account: known.id,
        tenant: known.tenant,
        subscription: known.subscription,
        lineage: lineage::id_in(known.tenant, directory.is_test, &names),
        names,
        authorizations: authorizations.iter().map(|each| each.record.id).collect(),
        not_before: wanted.not_before,
        not_after: wanted.not_after,
        expires_at,
        finalized_at: None,
        ended_at: None,
        certificate: None,
        error: None,
        client_address: caller.client.address_text(),
        client_agent: caller.client.agent.clone(),
    };
    let whose = (known.tenant, directory.coverage(known.is_bound));
    Draft {
        may_reuse: order
            .names
            .iter()
            .map(|_| may_reuse(app, directory))
            .collect(),
        asked: app.catalog().asked(directory, whose, &order.names, now),
        profile: directory.profile.clone(),
        needed: needed(app, directory, now),
        limits: bounds(app, &order, directory.is_test, now),
        now,
        order,
        authorizations,
    }
}

/// An authorization for a name, of a new order if it is for one.
pub(in crate::issuance) fn fresh(
    app: &App,
    known: &KnownAccount,
    (order, expires_at): (Option<OrderId>, Timestamp),
    name: &Identifier,
) -> Authorization {
    let random = app.random();
    let made_at = order.map_or_else(|| app.now(), OrderId::made_at);
    let id = AuthorizationId::generate(made_at, random);
    Authorization {
        record: Record::new(id, name, Token::generate(random), expires_at),
        account: known.id,
        tenant: known.tenant,
        order,
        begun_at: None,
        validation: None,
        caa_checked_at: None,
    }
}

/// Always, unless the directory wants some of its clients to prove control anew.
fn may_reuse(app: &App, directory: &Directory) -> bool {
    let mut bytes = [0_u8; 4];
    if directory.proof_reuse_percent >= 100 {
        return true;
    }
    app.random().fill(&mut bytes);
    u32::from_be_bytes(bytes) % 100 < u32::from(directory.proof_reuse_percent)
}

/// Proofs are stored with the lifetime that the installation's settings allow; a directory can ask for fresher ones.
pub(in crate::issuance) fn needed(app: &App, directory: &Directory, now: Timestamp) -> Timestamp {
    let longest = app.settings().authorization_lifetime;
    let reuse = match directory.profile.profile.trust {
        ProfileTrust::Public => directory.proof_reuse.min(ceiling(now)),
        ProfileTrust::Private => directory.proof_reuse,
    };
    now.plus(MIN_REUSE).plus(longest.saturating_sub(reuse))
}

/// What the rules of public CAs allow at that date.
fn ceiling(now: Timestamp) -> Duration {
    Duration::from_secs(u64::try_from(reuse_ceiling_seconds(now)).unwrap_or_default())
}

/// All that the order depends on.
struct Facts {
    admission: admission::Facts,
    /// The organization that certificates would name.
    organization: Option<Subject>,
    /// The account's pending order for the same names.
    pending: Option<(Order, Vec<Authorization>)>,
    /// For each name, an older proof that lives long enough.
    proven: Vec<Option<Authorization>>,
    /// Orders that wait and the names in them, if that was asked.
    waiting: Option<(u64, u64)>,
}

enum Decision {
    /// The pending order has the same wishes.
    Answer(Order, Vec<Authorization>),
    /// A new order, with what was proven before in the places of those proofs.
    Place(Placed),
}

struct Placed {
    order: Order,
    fresh: Vec<Authorization>,
    reused: Vec<Authorization>,
    /// A pending order for the same names that can never become valid.
    dead: Option<OrderId>,
    /// What may wait besides, if that was asked.
    room: Option<Room>,
    now: Timestamp,
}

async fn load(tx: &mut ReadTx, draft: &Draft) -> Result<Facts, store::Error> {
    let order = (&draft.order, &draft.asked);
    let found = order_facts::for_order(tx, order, draft.needed).await?;
    let pending = match found.pending {
        Some(id) => order::with_authorizations(tx, &id).await?,
        None => None,
    };
    let ids: Vec<_> = found.reusable.iter().flatten().copied().collect();
    let old = if ids.is_empty() {
        Vec::new()
    } else {
        authorization::by_ids(tx, &ids).await?
    };
    let waiting = match draft.limits.pending {
        Some(_) => Some(order::count_pending(tx, draft.order.account, draft.now).await?),
        None => None,
    };
    let by_id = |id| old.iter().find(|each| Some(each.record.id) == id).cloned();
    Ok(Facts {
        admission: found.admission,
        organization: found.organization,
        pending,
        proven: found.reusable.into_iter().map(by_id).collect(),
        waiting,
    })
}

fn decide(draft: &Draft, facts: Facts) -> Result<Decision, NewOrderError> {
    let Facts {
        admission,
        organization,
        pending,
        proven,
        waiting,
    } = facts;
    let wanted = &draft.order;
    // Whether anybody's names cover them is told once they are proven.
    if draft.asked.coverage == Coverage::Subscription {
        admission::decide(&admission, &wanted.names, draft.now)?;
    }
    Subject::for_profile(organization.as_ref(), &draft.profile.profile)?;
    let mut dead = None;
    if let Some((order, authorizations)) = pending {
        let is_same = order.not_before == wanted.not_before && order.not_after == wanted.not_after;
        match status(&order, &authorizations, draft.now) {
            OrderStatus::Pending | OrderStatus::Ready if is_same => {
                return Ok(Decision::Answer(order, authorizations));
            }
            OrderStatus::Invalid => dead = Some(order.id),
            OrderStatus::Pending
            | OrderStatus::Ready
            | OrderStatus::Processing
            | OrderStatus::Valid => {}
        }
    }
    let granted = granted(draft, &admission);
    check_limits(draft, admission.is_renewal, &proven, &granted)?;
    let room = check_waiting(draft, waiting)?;
    let placed = place(draft, proven, granted, dead);
    Ok(Decision::Place(Placed { room, ..placed }))
}

/// For each name, its authorization as it is without a challenge, if it needs none.
fn granted(draft: &Draft, admission: &admission::Facts) -> Vec<Option<Authorization>> {
    let proofs = admission::proofs(admission, &draft.order.names, draft.now);
    let fresh = draft.authorizations.iter();
    fresh
        .zip(proofs)
        .map(|(fresh, proof)| grant_one(fresh, proof, &draft.asked))
        .collect()
}

/// The authorization as it is without a challenge: its domain was proven before, or nothing has to be.
pub(in crate::issuance) fn grant_one(
    fresh: &Authorization,
    proof: Option<Proof>,
    asked: &Asked,
) -> Option<Authorization> {
    // A guest learns whose names there are only for names that it has proven.
    if !asked.needs_proof && asked.coverage == Coverage::Subscription {
        let any = fresh.record.offered.iter().next()?;
        return Some(grant(fresh, (any, asked.now), None));
    }
    let Proof {
        shown,
        proven_at,
        valid_until,
        evidence,
    } = proof?;
    // What was shown in the portal counts as a TXT record or a file does in an order, for CAA records too. A mail is a way
    // of its own: records that list ways allow it only by its own word.
    let by = match shown {
        ShownBy::Dns => Type::Dns01,
        ShownBy::File => Type::Http01,
        ShownBy::Mail | ShownBy::MailNotTaken => Type::Mail,
    };
    let mut granted = grant(fresh, (by, proven_at), Some(evidence));
    granted.record.offered = granted.record.offered.with(by);
    granted.record.expires = granted.record.expires.min(valid_until);
    Some(granted)
}

/// The authorization, valid since a moment and as long as its order.
fn grant(
    fresh: &Authorization,
    (challenge, validated): (Type, Timestamp),
    validation: Option<ValidationId>,
) -> Authorization {
    let mut granted = fresh.clone();
    granted.record.state = State::Valid {
        challenge,
        validated,
    };
    granted.validation = validation;
    granted
}

fn check_limits(
    draft: &Draft,
    is_renewal: bool,
    proven: &[Option<Authorization>],
    granted: &[Option<Authorization>],
) -> Result<(), NewOrderError> {
    let Bounds { set, domains, .. } = &draft.limits;
    let limited = set.or(domains.filter(|_| !is_renewal));
    limited.map_or(Ok(()), Err)?;
    let names = draft.order.names.iter().zip(&draft.limits.names);
    let proofs = proven.iter().zip(granted);
    for ((Identifier::Dns(dns_name), limited), (proven, granted)) in names.zip(proofs) {
        if let (Some(limited), None, None) = (limited, proven, granted) {
            return Err(NewOrderError::NameLimited {
                name: dns_name.clone(),
                limited: *limited,
            });
        }
    }
    Ok(())
}

/// Whether one more order may wait, and what room there is then; nothing if nobody asked.
fn check_waiting(draft: &Draft, waiting: Option<(u64, u64)>) -> Result<Option<Room>, RateLimited> {
    let (Some((most_orders, most_names)), Some((orders, names))) = (draft.limits.pending, waiting)
    else {
        return Ok(None);
    };
    let left = |most: u32, have: u64, more: usize| {
        let have = have.saturating_add(u64::try_from(more).unwrap_or(u64::MAX));
        let left = u64::from(most).checked_sub(have)?;
        u32::try_from(left).ok()
    };
    let full = |limit, most| RateLimited {
        limit,
        bound: Bound::AtOnce(most),
        until: None,
        now: draft.now,
    };
    let count = draft.order.names.len();
    Ok(Some(Room {
        orders: left(most_orders, orders, 1)
            .ok_or_else(|| full(Limit::PendingOrders, most_orders))?,
        authorizations: left(most_names, names, count)
            .ok_or_else(|| full(Limit::PendingAuthorizations, most_names))?,
    }))
}

/// Puts older proofs in the places of those that they stand for.
fn place(
    draft: &Draft,
    proven: Vec<Option<Authorization>>,
    granted: Vec<Option<Authorization>>,
    dead: Option<OrderId>,
) -> Placed {
    let (mut order, mut fresh, mut reused) = (draft.order.clone(), Vec::new(), Vec::new());
    let slots = order.authorizations.iter_mut().zip(&draft.authorizations);
    let proofs = draft.may_reuse.iter().zip(proven).zip(granted);
    for ((slot, new), ((may_reuse, proven), granted)) in slots.zip(proofs) {
        match (proven.filter(|_| *may_reuse), granted) {
            // What was proven for the domain is no client's to give up.
            (_, Some(granted)) => fresh.push(granted),
            (Some(proven), None) => {
                *slot = proven.record.id;
                reused.push(proven);
            }
            (None, None) => fresh.push(new.clone()),
        }
    }
    Placed {
        order,
        fresh,
        reused,
        dead,
        room: None,
        now: draft.now,
    }
}

async fn save(
    tx: &mut WriteTx,
    decision: &Decision,
) -> Result<(Order, Vec<Authorization>, Option<Room>), store::Error> {
    let placed = match decision {
        Decision::Answer(order, authorizations) => {
            return Ok((order.clone(), authorizations.clone(), None));
        }
        Decision::Place(placed) => placed,
    };
    if let Some(dead) = placed.dead {
        let detail = "an authorization of this order was deactivated or has expired";
        let error = Problem::new(Kind::Unauthorized, detail).to_json();
        order::fail(tx, dead, &error, placed.now).await?;
    }
    order::insert(tx, &placed.order).await?;
    authorization::insert_all(tx, &placed.fresh).await?;
    for authorization in &placed.fresh {
        authorization::grant(tx, authorization).await?;
    }
    let all = [placed.fresh.as_slice(), placed.reused.as_slice()].concat();
    Ok((placed.order.clone(), all, placed.room))
}
