//! Orders as their owner looks at them: lists, newest first, and counts that equal the lists.

use base::{OrderId, SubscriptionId, TenantId, Timestamp};

use super::order::{Order, from_row};
use crate::page::{Names, Page, Slice, one_more};
use crate::{Error, ReadTx, Row, Sql, sql, values};

/// How the orders of a list ended, as stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ending {
    /// However they ended, or not at all.
    #[default]
    Any,
    /// Without a certificate.
    Failed,
    /// With a certificate.
    Issued,
}

/// What a list is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// How they ended.
    pub ending: Ending,
    /// Only those placed at this moment or later.
    pub since: Option<Timestamp>,
    /// Only of this subscription.
    pub subscription: Option<SubscriptionId>,
    /// Only with a name that fits.
    pub names: Names,
}

/// An order with what its subscription is called.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The order.
    pub order: Order,
    /// What its owner calls the subscription; may be empty.
    pub label: String,
}

macro_rules! list {
    ($condition:literal, $slice:literal) => {
        sql!(concat!(
            "SELECT o.id, o.account_id, o.tenant_id, o.subscription_id, o.status, o.names, o.authorizations,
               o.not_before, o.not_after, o.created_at, o.expires_at, o.finalized_at, o.ended_at,
               o.certificate_id, o.error, o.client_address, o.client_agent, s.label
             FROM acme_order o JOIN subscription s ON s.id = o.subscription_id
             WHERE o.tenant_id = $1 AND o.id >= $3 AND ($4 OR o.subscription_id = $5)
               AND ($6 OR ' ' || o.names || ' ' LIKE $7 ESCAPE '\\')",
            $condition, $slice
        ))
    };
    ($condition:literal) => {
        (
            list!($condition, " AND o.id < $2 ORDER BY o.id DESC LIMIT $8"),
            list!($condition, " AND o.id > $2 ORDER BY o.id LIMIT $8"),
        )
    };
}

/// A page of a tenant's orders, newest first.
pub async fn page(
    tx: &mut ReadTx,
    tenant: TenantId,
    filter: &Filter,
    slice: &Slice<OrderId>,
    limit: usize,
) -> Result<Page<Listed>, Error> {
    let (forward, backward) = statements(filter.ending);
    let (statement, cursor) = match slice {
        Slice::Start => (forward, OrderId::LAST),
        Slice::After(id) => (forward, *id),
        Slice::Before(id) => (backward, *id),
    };
    let subscription = filter.subscription;
    let rows = tx
        .rows(
            statement,
            &values![
                tenant,
                cursor,
                filter.since.map_or(OrderId::FIRST, OrderId::first_at),
                subscription.is_none(),
                subscription,
                filter.names == Names::Any,
                filter.names.pattern(),
                one_more(limit)
            ],
        )
        .await?;
    let listed = rows.iter().map(listed).collect::<Result<_, _>>()?;
    Ok(Page::cut(listed, slice, limit))
}

/// How many orders a tenant placed at `since` or later, and how many of them failed.
pub async fn count_since(
    tx: &mut ReadTx,
    tenant: TenantId,
    since: Timestamp,
) -> Result<(i64, i64), Error> {
    let first = OrderId::first_at(since);
    let row = tx
        .row(
            sql!(
                "SELECT (SELECT COUNT(*) FROM acme_order WHERE tenant_id = $1 AND id >= $2) AS orders,
                   (SELECT COUNT(*) FROM acme_order
                    WHERE tenant_id = $1 AND id >= $2 AND status = 'invalid') AS failed"
            ),
            &values![tenant, first],
        )
        .await?;
    row.map_or(Ok((0, 0)), |row| {
        Ok((row.int("orders")?, row.int("failed")?))
    })
}

/// The newest orders placed at `since` or later that failed and whose names got no certificate since.
pub async fn still_failing(
    tx: &mut ReadTx,
    tenant: TenantId,
    since: Timestamp,
    limit: usize,
) -> Result<Vec<Listed>, Error> {
    let rows = tx
        .rows(
            sql!(
                "SELECT o.id, o.account_id, o.tenant_id, o.subscription_id, o.status, o.names, o.authorizations,
                   o.not_before, o.not_after, o.created_at, o.expires_at, o.finalized_at, o.ended_at,
                   o.certificate_id, o.error, o.client_address, o.client_agent, s.label
                 FROM acme_order o JOIN subscription s ON s.id = o.subscription_id
                 WHERE o.tenant_id = $1 AND o.id >= $2 AND o.status = 'invalid'
                   AND NOT EXISTS (SELECT 1 FROM certificate c WHERE c.tenant_id = o.tenant_id
                     AND c.names = o.names AND c.status = 'issued' AND c.created_at > o.created_at)
                 ORDER BY o.id DESC LIMIT $3"
            ),
            &values![tenant, OrderId::first_at(since), i64::try_from(limit).unwrap_or(i64::MAX)],
        )
        .await?;
    rows.iter().map(listed).collect()
}

/// The tenant's order with this identifier.
pub async fn of_tenant(
    tx: &mut ReadTx,
    tenant: TenantId,
    id: OrderId,
) -> Result<Option<Listed>, Error> {
    let row = tx
        .row(
            sql!(
                "SELECT o.id, o.account_id, o.tenant_id, o.subscription_id, o.status, o.names, o.authorizations,
                   o.not_before, o.not_after, o.created_at, o.expires_at, o.finalized_at, o.ended_at,
                   o.certificate_id, o.error, o.client_address, o.client_agent, s.label
                 FROM acme_order o JOIN subscription s ON s.id = o.subscription_id
                 WHERE o.id = $2 AND o.tenant_id = $1"
            ),
            &values![tenant, id],
        )
        .await?;
    row.as_ref().map(listed).transpose()
}

fn statements(ending: Ending) -> (Sql, Sql) {
    match ending {
        Ending::Any => list!(""),
        Ending::Failed => list!(" AND o.status = 'invalid'"),
        Ending::Issued => list!(" AND o.status = 'valid'"),
    }
}

fn listed(row: &Row) -> Result<Listed, Error> {
    Ok(Listed {
        order: from_row(row)?,
        label: row.text("label")?.to_owned(),
    })
}
