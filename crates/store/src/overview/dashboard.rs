//! Totals for the start page of a tenant.

use base::SubscriptionId;

use crate::access::role_binding::covered;
use crate::{Error, ReadTx, sql, values};

/// What a tenant has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Active domains, companions among them.
    pub domains: i64,
    /// How many of the active domains are free companions.
    pub companions: i64,
    /// Subscriptions, whatever their status.
    pub subscriptions: i64,
    /// How many of the subscriptions a client has registered for.
    pub registered: i64,
    /// The oldest subscription.
    pub first_subscription: Option<SubscriptionId>,
}

/// Counts them; the names were counted by those who enrolled them.
pub async fn totals(tx: &mut ReadTx, (): &()) -> Result<Totals, Error> {
    let (is_whole, user) = tx.bound_to();
    let row = tx
        .row(
            sql!(tenant:
                "SELECT COUNT(*) AS subscriptions,
                   CAST(COALESCE(SUM(s.paid_names + s.free_names), 0) AS BIGINT) AS domains,
                   CAST(COALESCE(SUM(s.free_names), 0) AS BIGINT) AS companions,
                   (SELECT f.id FROM subscription f WHERE f.tenant_id = $1
                     AND ", covered!("f.id", "$2", "$3"), " ORDER BY f.id LIMIT 1) AS first_subscription,
                   COUNT(CASE WHEN EXISTS (SELECT 1 FROM acme_account a WHERE a.subscription_id = s.id)
                     THEN 1 END) AS registered
                 FROM subscription s WHERE s.tenant_id = $1 AND ", covered!("s.id", "$2", "$3")
            ),
            &values![is_whole, user],
        )
        .await?;
    let Some(row) = row else {
        return Ok(Totals::default());
    };
    Ok(Totals {
        domains: row.int("domains")?,
        companions: row.int("companions")?,
        subscriptions: row.int("subscriptions")?,
        registered: row.int("registered")?,
        first_subscription: row.opt_id("first_subscription")?,
    })
}
