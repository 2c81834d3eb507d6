//! An order as its account sees it: stored facts, and the status that follows from them now.

use acme::authorization::AuthorizationStatus;
use acme::order::{Order as Facts, OrderStatus};
use acme::{Identifiers, Problem};
use base::{AuthorizationId, CertificateId, OrderId, Timestamp};
use store::issuance::authorization::Authorization;
use store::issuance::order::Order;

/// What the order resource shows.
#[derive(Clone, Debug)]
pub struct OrderView {
    /// The order.
    pub id: OrderId,
    /// Where it stands.
    pub status: OrderStatus,
    /// When it dies.
    pub expires: Timestamp,
    /// What it is for; `None` only if the database was tampered with.
    pub identifiers: Option<Identifiers>,
    /// The wished beginning.
    pub not_before: Option<Timestamp>,
    /// The wished end.
    pub not_after: Option<Timestamp>,
    /// Why it is invalid.
    pub error: Option<Problem>,
    /// Its authorizations.
    pub authorizations: Vec<AuthorizationId>,
    /// Its certificate, once valid.
    pub certificate: Option<CertificateId>,
}

impl OrderView {
    /// Derives the view from what is stored.
    pub fn of(order: &Order, authorizations: &[Authorization], now: Timestamp) -> Self {
        let status = status(order, authorizations, now);
        Self {
            id: order.id,
            status,
            expires: order.expires_at,
            identifiers: Identifiers::new(order.names.iter().cloned()),
            not_before: order.not_before,
            not_after: order.not_after,
            error: order
                .error
                .as_deref()
                .and_then(|text| serde_json::from_str(text).ok()),
            authorizations: order.authorizations.clone(),
            certificate: order.certificate.filter(|_| status == OrderStatus::Valid),
        }
    }
}

/// Where an order stands now.
pub fn status(order: &Order, authorizations: &[Authorization], now: Timestamp) -> OrderStatus {
    let statuses = authorization_statuses(order, authorizations, now);
    facts(order, &statuses).status(now)
}

pub(super) fn facts<'a>(order: &Order, statuses: &'a [AuthorizationStatus]) -> Facts<'a> {
    Facts {
        progress: order.progress(),
        expires: order.expires_at,
        authorizations: statuses,
    }
}

/// One status for each of the order's authorizations; one that was pruned counts as expired.
pub(super) fn authorization_statuses(
    order: &Order,
    authorizations: &[Authorization],
    now: Timestamp,
) -> Vec<AuthorizationStatus> {
    order
        .authorizations
        .iter()
        .map(|id| {
            authorizations
                .iter()
                .find(|each| each.record.id == *id)
                .map_or(AuthorizationStatus::Expired, |each| each.record.status(now))
        })
        .collect()
}
