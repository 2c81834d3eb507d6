//! What one worker was told by the server, and so may rely on.

use bytes::Bytes;

use crate::acme_client::csr::Csr;
use crate::acme_client::order::{Order, OrderStatus};

/// One order, as far as the server has acknowledged it.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    /// Where it is.
    pub(crate) url: String,
    /// What it asks for.
    pub(crate) csr: Csr,
    /// The furthest state that was acknowledged.
    pub(crate) status: OrderStatus,
    /// The chain that was downloaded.
    pub(crate) certificate: Option<Certificate>,
    /// Whether a revocation was acknowledged.
    pub(crate) is_revoked: bool,
}

/// A chain and where it came from.
#[derive(Debug, Clone)]
pub(crate) struct Certificate {
    /// Its URL.
    pub(crate) url: String,
    /// The PEM text.
    pub(crate) chain: Bytes,
    /// The leaf's serial number, normalised.
    pub(crate) serial: String,
}

impl Record {
    /// An order that newOrder acknowledged.
    pub(crate) fn new(order: &Order, csr: Csr) -> Self {
        Self {
            url: order.url.clone(),
            csr,
            status: order.status,
            certificate: None,
            is_revoked: false,
        }
    }

    /// A later acknowledgement.
    pub(crate) fn note(&mut self, order: &Order) {
        self.status = self.status.max(order.status);
    }

    /// Whether nothing is left to do: invalid, or valid and downloaded.
    pub(crate) fn is_finished(&self) -> bool {
        self.status == OrderStatus::Invalid || self.certificate.is_some()
    }
}

/// Whether a state read later keeps the promise of one acknowledged before. Orders only move
/// forward, and one that had its certificate stays valid.
pub(crate) fn keeps(acknowledged: OrderStatus, now: OrderStatus) -> bool {
    match acknowledged {
        OrderStatus::Invalid | OrderStatus::Valid => now == acknowledged,
        OrderStatus::Pending | OrderStatus::Processing | OrderStatus::Ready => now >= acknowledged,
    }
}

#[cfg(test)]
mod tests {
    use OrderStatus::{Invalid, Pending, Processing, Ready, Valid};

    use super::*;

    #[track_caller]
    fn check(acknowledged: OrderStatus, now: OrderStatus, expected: bool) {
        assert_eq!(
            keeps(acknowledged, now),
            expected,
            "{acknowledged:?} {now:?}"
        );
    }

    #[test]
    fn orders_only_move_forward() {
        check(Pending, Pending, true);
        check(Pending, Valid, true);
        check(Pending, Invalid, true);
        check(Processing, Ready, false);
        check(Ready, Pending, false);
        check(Processing, Valid, true);
    }

    #[test]
    fn an_end_is_an_end() {
        check(Valid, Valid, true);
        check(Valid, Invalid, false);
        check(Valid, Processing, false);
        check(Invalid, Valid, false);
    }
}
