//! Totals for the start page of a tenant.

use base::SubscriptionId;

use crate::{Error, ReadTx, sql};

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

/// Counts them.
pub async fn totals(tx: &mut ReadTx, (): &()) -> Result<Totals, Error> {
    let row = tx
        .row(
            sql!(tenant:
                "SELECT d.domains, d.companions, s.subscriptions, s.registered, s.first_subscription
                 FROM (SELECT COUNT(*) AS domains, COUNT(companion_of_id) AS companions FROM enrolled_domain
                       WHERE tenant_id = $1 AND removed_at IS NULL) d,
                   (SELECT COUNT(*) AS subscriptions,
                      (SELECT f.id FROM subscription f WHERE f.tenant_id = $1 ORDER BY f.id LIMIT 1) AS first_subscription,
                      COUNT(CASE WHEN EXISTS (SELECT 1 FROM acme_account a WHERE a.subscription_id = subscription.id)
                        THEN 1 END) AS registered
                    FROM subscription WHERE tenant_id = $1) s"
            ),
            &[],
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
