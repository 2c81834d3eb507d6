//! Orders as they happen, for the people whose names they are for. What is shown follows from stored
//! facts: the order, its authorizations, and what their validation saw.

pub mod refusals;

use std::time::Duration;

use acme::Problem;
use acme::authorization::{AuthorizationStatus, State};
use acme::order::{OrderStatus, Progress};
use base::{CertificateId, OrderId, Page, Query, SubscriptionId, Timestamp};
use store::ReadTx;
use store::issuance::authorization::{self, Authorization};
use store::issuance::order::Order;
use store::issuance::order_list::{self, OrderRow};

use self::refusals::RefusalRow;
use crate::issuance::challenge::evidence::StoredEvidence;
use crate::issuance::order_view::status;
use crate::{App, Caller};

pub use store::issuance::names::Names;
pub use store::issuance::order_list::{OrderEnding, OrderFilter};
pub use validation::evidence::{CaaEvidence, Evidence, Hop, Lookup};

/// How far an order came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Its time ran out, or the client gave it up.
    Expired,
    /// No certificate will come of it.
    Failed,
    /// The certificate is there.
    Issued,
    /// All names are proved; the client has to finalize.
    Ready,
    /// The certificate is being made.
    Signing,
    /// A name is being validated.
    Validating,
    /// The client has to answer a challenge.
    Waiting,
}

impl Stage {
    /// Whether more is going to happen.
    pub fn is_running(self) -> bool {
        match self {
            Self::Expired | Self::Failed | Self::Issued => false,
            Self::Ready | Self::Signing | Self::Validating | Self::Waiting => true,
        }
    }
}

/// Since when failed orders are counted, here and on the dashboard.
pub fn recently(now: Timestamp) -> Timestamp {
    now.minus(Duration::from_secs(24 * 60 * 60))
}

/// An order in a list.
#[derive(Clone, Debug)]
pub struct Row {
    /// The order.
    pub id: OrderId,
    /// The subscription that it was placed under.
    pub subscription: SubscriptionId,
    /// What its owner calls the subscription; may be empty.
    pub label: String,
    /// The names, wildcards with their asterisk.
    pub names: Vec<String>,
    /// What the client calls itself; may be empty.
    pub client_agent: String,
    /// When it was placed.
    pub created_at: Timestamp,
    /// How far it came.
    pub stage: Stage,
    /// Why it failed.
    pub problem: Option<Problem>,
}

/// A page of orders, and as of when.
#[derive(Clone, Debug)]
pub struct OrderListing {
    /// The orders, newest first.
    pub page: Page<Row>,
    /// What was refused in the time of this page, the last one first.
    pub refusals: Vec<RefusalRow>,
    /// How many there are, where that is cheap to know.
    pub total: Option<i64>,
    /// The moment for which it holds.
    pub now: Timestamp,
}

/// What became of the proof for one name.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// The name, a wildcard with its asterisk.
    pub name: String,
    /// What is recorded.
    pub state: State,
    /// Where it stands now.
    pub status: AuthorizationStatus,
    /// Whether it was proved for an earlier order.
    pub is_reused: bool,
    /// When the client asked for validation.
    pub begun_at: Option<Timestamp>,
    /// When the validation was over.
    pub ended_at: Option<Timestamp>,
    /// What validation saw.
    pub evidence: Option<StoredEvidence>,
}

/// One order with all that is known of it.
#[derive(Clone, Debug)]
pub struct OrderDetail {
    /// As in the list.
    pub row: Row,
    /// Where the client came from; may be empty.
    pub client_address: String,
    /// For each name, in their order; names whose proof is no longer kept are missing.
    pub attempts: Vec<Attempt>,
    /// When the client sent its certificate request.
    pub finalized_at: Option<Timestamp>,
    /// When it became valid or invalid.
    pub ended_at: Option<Timestamp>,
    /// When it dies unless the client goes on.
    pub expires_at: Timestamp,
    /// What came of it.
    pub certificate: Option<CertificateId>,
    /// The moment for which it holds.
    pub now: Timestamp,
}

/// A page of a tenant's orders.
pub async fn orders(
    app: &App,
    caller: &Caller,
    asked: Query<OrderFilter, OrderId>,
) -> Result<OrderListing, store::Error> {
    let asked = (asked, app.now());
    app.store(caller).scan(asked, load_page).await
}

async fn load_page(
    tx: &mut ReadTx,
    (asked, now): &(Query<OrderFilter, OrderId>, Timestamp),
) -> Result<OrderListing, store::Error> {
    let page = order_list::page(tx, asked).await?;
    Ok(OrderListing {
        refusals: refusals::beside(tx, asked, &page).await?,
        total: total(tx, &asked.filter).await?,
        page: Page {
            rows: rows(tx, page.rows, *now).await?,
            has_before: page.has_before,
            has_after: page.has_after,
        },
        now: *now,
    })
}

/// The tenant's order; `None` when it is another tenant's or there is none.
pub async fn order(
    app: &App,
    caller: &Caller,
    id: OrderId,
) -> Result<Option<OrderDetail>, store::Error> {
    let asked = (id, app.now());
    app.store(caller).read(asked, load_order).await
}

async fn load_order(
    tx: &mut ReadTx,
    (id, now): &(OrderId, Timestamp),
) -> Result<Option<OrderDetail>, store::Error> {
    let Some(found) = order_list::of_tenant(tx, id).await? else {
        return Ok(None);
    };
    let authorizations = authorizations(tx, &found.order).await?;
    Ok(Some(detail(found, &authorizations, *now)))
}

/// Rows of stored orders; only those that run need a look at their authorizations.
pub(crate) async fn rows(
    tx: &mut ReadTx,
    orders: Vec<OrderRow>,
    now: Timestamp,
) -> Result<Vec<Row>, store::Error> {
    let mut rows = Vec::with_capacity(orders.len());
    for listed in orders {
        let order = &listed.order;
        let runs = order.progress() == Progress::Pending && order.expires_at > now;
        let authorizations = if runs {
            authorization::by_ids(tx, &order.authorizations).await?
        } else {
            Vec::new()
        };
        rows.push(row(&listed, &authorizations, now));
    }
    Ok(rows)
}

/// A proof with what validation saw, JSON.
pub(super) type Seen = (Authorization, Option<String>);

/// The proofs of an order, as far as they are kept.
pub(super) async fn authorizations(
    tx: &mut ReadTx,
    order: &Order,
) -> Result<Vec<Seen>, store::Error> {
    let mut found = authorization::by_ids(tx, &order.authorizations).await?;
    found.retain(|authorization| authorization.tenant == order.tenant);
    let evidence = authorization::evidence_of(tx, &found).await?;
    Ok(found.into_iter().zip(evidence).collect())
}

pub(super) fn attempt(order: &Order, (authorization, text): &Seen, now: Timestamp) -> Attempt {
    let record = &authorization.record;
    let text = text.as_deref();
    let evidence: Option<StoredEvidence> = text.and_then(|text| serde_json::from_str(text).ok());
    let saw_until = evidence.as_ref().map(|evidence| {
        let took = Duration::from_millis(evidence.seen.ms);
        evidence.seen.started_at.plus(took)
    });
    let ended_at = match &record.state {
        State::Valid { validated, .. } => Some(*validated),
        State::Deactivated | State::Invalid { .. } | State::Revoked => saw_until,
        State::Pending | State::Processing { .. } => None,
    };
    Attempt {
        name: record.ordered().value,
        state: record.state.clone(),
        status: record.status(now),
        is_reused: authorization.order != Some(order.id),
        begun_at: authorization.begun_at,
        ended_at,
        evidence,
    }
}

/// A cheap total: only failures of a short time are few enough to be counted at each look.
async fn total(tx: &mut ReadTx, filter: &OrderFilter) -> Result<Option<i64>, store::Error> {
    let is_narrowed = filter.subscription.is_some() || filter.names != Names::Any;
    match (filter.ending, filter.since) {
        (OrderEnding::Failed, Some(since)) if !is_narrowed => {
            let (_, failed) = order_list::count_since(tx, since).await?;
            Ok(Some(failed))
        }
        (OrderEnding::Any | OrderEnding::Failed | OrderEnding::Issued, _) => Ok(None),
    }
}

fn row(listed: &OrderRow, authorizations: &[Authorization], now: Timestamp) -> Row {
    let order = &listed.order;
    Row {
        id: order.id,
        subscription: order.subscription,
        label: listed.label.clone(),
        names: order.names.iter().map(ToString::to_string).collect(),
        client_agent: order.client_agent.clone(),
        created_at: order.created_at(),
        stage: stage(order, authorizations, now),
        problem: order
            .error
            .as_deref()
            .and_then(|text| serde_json::from_str(text).ok()),
    }
}

fn detail(found: OrderRow, seen: &[Seen], now: Timestamp) -> OrderDetail {
    let proofs: Vec<_> = seen.iter().map(|(each, _)| each.clone()).collect();
    let row = row(&found, &proofs, now);
    let order = found.order;
    let mut attempts: Vec<Attempt> = seen.iter().map(|seen| attempt(&order, seen, now)).collect();
    // What was proved before comes first, what nobody has asked for comes last.
    attempts.sort_by_key(|attempt| (attempt.begun_at.is_none(), attempt.begun_at));
    OrderDetail {
        certificate: order.certificate.filter(|_| row.stage == Stage::Issued),
        client_address: order.client_address,
        attempts,
        finalized_at: order.finalized_at,
        ended_at: order.ended_at,
        expires_at: order.expires_at,
        row,
        now,
    }
}

fn stage(order: &Order, authorizations: &[Authorization], now: Timestamp) -> Stage {
    let is_validating = authorizations
        .iter()
        .any(|each| matches!(each.record.state, State::Processing { .. }));
    match status(order, authorizations, now) {
        OrderStatus::Pending if is_validating => Stage::Validating,
        OrderStatus::Pending => Stage::Waiting,
        OrderStatus::Ready => Stage::Ready,
        OrderStatus::Processing => Stage::Signing,
        OrderStatus::Valid => Stage::Issued,
        OrderStatus::Invalid if order.progress() == Progress::Invalid => Stage::Failed,
        OrderStatus::Invalid => Stage::Expired,
    }
}
