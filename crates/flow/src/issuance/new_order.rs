//! newOrder (RFC 8555 §7.4): admits names that the subscription covers, reuses what is proven already, and
//! stores the order with its authorizations in one transaction.

use std::time::Duration;

use acme::authorization::Authorization as Record;
use acme::challenge::Token;
use acme::identifier::Requested;
use acme::order::{NewOrder, PayloadError, Progress, Status};
use acme::policy::SetError;
use acme::problem::{Kind, Problem, Subproblem};
use base::{AuthorizationId, DnsName, OrderId, Timestamp};
use enrollment::coverage::{self, NotCovered};
use enrollment::subscription::NotIssuing;
use pki::RequestedValidity;
use store::WriteTx;
use store::issuance::authorization::Authorization;
use store::issuance::order::Order;
use store::issuance::order_facts::Coverage;

use super::account_cache::KnownAccount;
use super::order_view::{OrderView, status};
use crate::settings::OpenHouse;
use crate::{App, Caller};

/// A proof that ends sooner would end under the client's hands.
const MIN_REUSE: Duration = Duration::from_secs(3600);

/// Why there is no order.
#[derive(Debug, thiserror::Error)]
pub enum NewOrderError {
    /// Names that the subscription does not cover.
    #[error("{} names are not enrolled", .0.len())]
    NotCovered(Vec<NotCovered>),
    /// The subscription does not issue now.
    #[error(transparent)]
    NotIssuing(#[from] NotIssuing),
    /// The payload.
    #[error(transparent)]
    Payload(#[from] PayloadError),
    /// Names that we do not issue for.
    #[error(transparent)]
    Policy(#[from] SetError),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The wished validity.
    #[error(transparent)]
    Validity(#[from] pki::ValidityError),
}

/// The problem document of names that are not covered: one entry for each.
pub fn not_covered_problem(refused: &[NotCovered]) -> Problem {
    let subproblems = refused
        .iter()
        .map(|refused| Subproblem {
            kind: Kind::RejectedIdentifier,
            detail: refused.to_string(),
            identifier: Some(Requested::dns(refused.name.as_str())),
        })
        .collect();
    Problem::for_identifiers(subproblems).with_status(403)
}

/// Makes an order, or returns the account's pending one for the same names.
pub async fn new_order(
    app: &App,
    caller: &Caller,
    known: &KnownAccount,
    payload: &[u8],
) -> Result<OrderView, NewOrderError> {
    let wanted = NewOrder::parse(payload, app.settings.max_identifiers)?;
    app.settings.name_policy.check_set(&wanted.identifiers)?;
    let now = app.clock.now();
    let requested = RequestedValidity {
        not_before: wanted.not_before,
        not_after: wanted.not_after,
    };
    app.settings.profile.validity(requested, now)?;
    let draft = draft(app, caller, known, &wanted, now);
    let admits_all = app.settings.open_house.is_some();
    let (order, authorizations) = app
        .store
        .write((draft, admits_all), |tx, (draft, admits_all)| {
            Box::pin(write(tx, draft, *admits_all))
        })
        .await?;
    Ok(OrderView::of(&order, &authorizations, now))
}

/// An order with an authorization for each name, as if nothing could be reused.
struct Draft {
    order: Order,
    authorizations: Vec<Authorization>,
    /// For each name, whether an older proof may stand in.
    may_reuse: Vec<bool>,
}

fn draft(
    app: &App,
    caller: &Caller,
    known: &KnownAccount,
    wanted: &NewOrder,
    now: Timestamp,
) -> Draft {
    let random = app.random.as_ref();
    let id = OrderId::generate(now, random);
    let expires_at = now.plus(app.settings.order_lifetime).truncated_to_second();
    let mut names: Vec<DnsName> = wanted.identifiers.names().cloned().collect();
    names.sort_unstable();
    let authorizations: Vec<Authorization> = names
        .iter()
        .map(|name| Authorization {
            record: Record::new(
                AuthorizationId::generate(now, random),
                name,
                Token::generate(random),
                expires_at,
            ),
            account: known.id,
            tenant: known.tenant,
            subscription: known.subscription,
            order: id,
            created_at: now,
            begun_at: None,
            evidence: None,
        })
        .collect();
    let order = Order {
        id,
        account: known.id,
        tenant: known.tenant,
        subscription: known.subscription,
        progress: Progress::Pending,
        names,
        authorizations: authorizations.iter().map(|each| each.record.id).collect(),
        not_before: wanted.not_before,
        not_after: wanted.not_after,
        created_at: now,
        expires_at,
        finalized_at: None,
        ended_at: None,
        certificate: None,
        error: None,
        client_address: caller.client_address.clone(),
        client_agent: caller.client_agent.clone(),
    };
    Draft {
        may_reuse: order.names.iter().map(|_| may_reuse(app)).collect(),
        order,
        authorizations,
    }
}

/// Always, except on a test server that wants its clients to prove control anew.
fn may_reuse(app: &App) -> bool {
    let house = app.settings.open_house.as_ref();
    house.is_none_or(|house| {
        OpenHouse::happens(house.authorization_reuse_percent, app.random.as_ref())
    })
}

async fn write(
    tx: &mut WriteTx,
    draft: &Draft,
    admits_all: bool,
) -> Result<(Order, Vec<Authorization>), NewOrderError> {
    let wanted = &draft.order;
    let needed = wanted.created_at.plus(MIN_REUSE);
    let look = store::issuance::order_facts::for_order(tx, wanted, needed).await?;
    if !admits_all {
        admit(&look.coverage, &wanted.names, wanted.created_at)?;
    }
    if let Some(found) = look.pending
        && let Some(pending) = still_pending(tx, found, wanted).await?
    {
        return Ok(pending);
    }
    let (order, fresh) = with_reused(draft, look.reusable);
    store::issuance::order::insert(tx, &order).await?;
    store::issuance::authorization::insert_all(tx, &fresh).await?;
    let is_fresh = |id: &AuthorizationId| fresh.iter().any(|each| each.record.id == *id);
    let old: Vec<AuthorizationId> = order
        .authorizations
        .iter()
        .copied()
        .filter(|id| !is_fresh(id))
        .collect();
    let mut all = fresh;
    if !old.is_empty() {
        all.extend(store::issuance::authorization::by_ids(tx, &old).await?);
    }
    Ok((order, all))
}

/// The order with older proofs in the places of those that they stand for, and the authorizations that
/// are needed all the same.
fn with_reused(
    draft: &Draft,
    reusable: Vec<Option<AuthorizationId>>,
) -> (Order, Vec<Authorization>) {
    let mut order = draft.order.clone();
    let mut fresh = Vec::new();
    let slots = order
        .authorizations
        .iter_mut()
        .zip(&draft.authorizations)
        .zip(&draft.may_reuse)
        .zip(reusable);
    for (((slot, authorization), may_reuse), proven) in slots {
        if let Some(proven) = proven.filter(|_| *may_reuse) {
            *slot = proven;
        } else {
            fresh.push(authorization.clone());
        }
    }
    (order, fresh)
}

/// A pending order that can stand for the wanted one: it has the same wishes. One whose authorizations were
/// given up or have ended can never become valid; it is ended here, so that the client gets a new one.
async fn still_pending(
    tx: &mut WriteTx,
    found: Order,
    wanted: &Order,
) -> Result<Option<(Order, Vec<Authorization>)>, store::Error> {
    let now = wanted.created_at;
    let authorizations = store::issuance::authorization::by_ids(tx, &found.authorizations).await?;
    match status(&found, &authorizations, now) {
        Status::Pending | Status::Ready => {}
        Status::Invalid => {
            let detail = "an authorization of this order was deactivated or has expired";
            let error = Problem::new(Kind::Unauthorized, detail).to_json();
            store::issuance::order::fail(tx, found.id, &error, now).await?;
            return Ok(None);
        }
        Status::Processing | Status::Valid => return Ok(None),
    }
    let is_same = found.not_before == wanted.not_before && found.not_after == wanted.not_after;
    Ok(is_same.then_some((found, authorizations)))
}

/// Refuses unless the subscription issues now and covers every name.
pub(super) fn admit(
    coverage: &Coverage,
    names: &[DnsName],
    now: Timestamp,
) -> Result<(), NewOrderError> {
    let subscription = coverage.subscription.as_ref();
    subscription
        .ok_or(NotIssuing::Deactivated)?
        .may_issue(now)?;
    coverage::admit(names, |name| coverage.enrolled.contains(name))
        .map_err(NewOrderError::NotCovered)
}
