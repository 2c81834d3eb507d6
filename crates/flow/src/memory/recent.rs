//! Orders, authorizations and certificates that this node wrote a moment ago: a client asks for each of them right after
//! it was made. An entry is only a copy, good for a second, so that a change on another node counts soon; this node's
//! own changes count at once. A copy may say yes; before a no the database is asked, and where an order stands, which is what
//! a client asks whose finalize got no answer, is always asked of it.

use std::hash::Hash;
use std::time::Duration;

use base::{AccountId, AuthorizationId, CaId, CertificateId, OrderId, Timestamp};
use quick_cache::sync::Cache;
use store::issuance::authorization::Authorization;
use store::issuance::order::Order;

/// Of each kind; a second's worth on a busy node. What is pushed out is read again.
const CAPACITY: usize = 1_024;
const LIFETIME: Duration = Duration::from_secs(1);

/// The copies of one node.
#[derive(Default)]
pub(crate) struct Recent {
    orders: Copies<OrderId, Order>,
    authorizations: Copies<AuthorizationId, Authorization>,
    certificates: Copies<CertificateId, (AccountId, (CaId, Vec<u8>))>,
}

impl Recent {
    /// Keeps an order as it was stored just now, and its authorizations.
    pub(crate) fn keep_order(
        &self,
        order: &Order,
        authorizations: &[Authorization],
        now: Timestamp,
    ) {
        self.orders.keep(order.id, order.clone(), now);
        for authorization in authorizations {
            self.keep_authorization(authorization.clone(), now);
        }
    }

    /// Keeps an authorization as it was stored just now.
    pub(crate) fn keep_authorization(&self, authorization: Authorization, now: Timestamp) {
        self.authorizations
            .keep(authorization.record.id, authorization, now);
    }

    /// Keeps a certificate, DER, with who signed it, for the account that ordered it.
    pub(crate) fn keep_certificate(
        &self,
        id: CertificateId,
        account: AccountId,
        signed: (CaId, Vec<u8>),
        now: Timestamp,
    ) {
        self.certificates.keep(id, (account, signed), now);
    }

    /// The account's order with all its authorizations.
    pub(crate) fn order(
        &self,
        account: AccountId,
        id: OrderId,
        now: Timestamp,
    ) -> Option<(Order, Vec<Authorization>)> {
        let order = self.orders.get(&id, now)?;
        let ids = order.authorizations.iter();
        let authorizations: Option<_> = ids.map(|id| self.authorizations.get(id, now)).collect();
        Some((order, authorizations?)).filter(|(order, _)| order.account == account)
    }

    /// The account's authorization.
    pub(crate) fn authorization(
        &self,
        account: AccountId,
        id: AuthorizationId,
        now: Timestamp,
    ) -> Option<Authorization> {
        let found = self.authorizations.get(&id, now)?;
        Some(found).filter(|found| found.account == account)
    }

    /// The account's certificate, DER, and who signed it.
    pub(crate) fn certificate(
        &self,
        account: AccountId,
        id: CertificateId,
        now: Timestamp,
    ) -> Option<(CaId, Vec<u8>)> {
        let (owner, signed) = self.certificates.get(&id, now)?;
        (owner == account).then_some(signed)
    }

    /// Forgets an order that changed.
    pub(crate) fn forget_order(&self, id: OrderId) {
        self.orders.0.remove(&id);
    }

    /// Forgets an authorization that changed, and with it where its orders stand.
    pub(crate) fn forget_authorization(&self, id: AuthorizationId) {
        self.authorizations.0.remove(&id);
    }

    /// Forgets all orders and authorizations: some of them changed.
    pub(crate) fn forget_all(&self) {
        self.orders.0.clear();
        self.authorizations.0.clear();
    }
}

/// What was kept when.
struct Copies<K, V>(Cache<K, (Timestamp, V)>);

impl<K: Eq + Hash, V: Clone> Default for Copies<K, V> {
    fn default() -> Self {
        Self(Cache::new(CAPACITY))
    }
}

impl<K: Eq + Hash, V: Clone> Copies<K, V> {
    fn keep(&self, id: K, value: V, now: Timestamp) {
        self.0.insert(id, (now, value));
    }

    fn get(&self, id: &K, now: Timestamp) -> Option<V> {
        let (kept_at, value) = self.0.get(id)?;
        // Of a time to come is what was kept before the clock was set back.
        (kept_at <= now && now < kept_at.plus(LIFETIME)).then_some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(0);

    #[test]
    fn a_copy_is_its_accounts_alone_and_lives_for_a_second() {
        let recent = Recent::default();
        recent.keep_certificate(
            CertificateId::FIRST,
            AccountId::FIRST,
            (CaId::FIRST, vec![1]),
            NOW,
        );
        let asked = |account, now| recent.certificate(account, CertificateId::FIRST, now);
        assert_eq!(asked(AccountId::FIRST, NOW), Some((CaId::FIRST, vec![1])));
        assert_eq!(asked(AccountId::LAST, NOW), None);
        assert_eq!(asked(AccountId::FIRST, NOW.plus(LIFETIME)), None);
    }
}
