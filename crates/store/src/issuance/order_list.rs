//! Orders as their owner looks at them: lists, newest first, and counts that equal the lists.

use base::{OrderId, Page, Placed, Query, Slice, SubscriptionId, Timestamp};

use super::names::Names;
use super::order::{Order, order_columns, with_names};
use crate::access::role_binding::covered;
use crate::{Error, ReadTx, Row, Sql, sql, values};

/// How the orders of a list ended, as stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OrderEnding {
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
pub struct OrderFilter {
    /// How they ended.
    pub ending: OrderEnding,
    /// Only those placed at this moment or later.
    pub since: Option<Timestamp>,
    /// Only of this subscription.
    pub subscription: Option<SubscriptionId>,
    /// Only with a name that fits.
    pub names: Names,
}

/// An order with what its subscription is called.
#[derive(Clone, Debug)]
pub struct OrderRow {
    /// The order.
    pub order: Order,
    /// What its owner calls the subscription; may be empty.
    pub label: String,
}

impl Placed for OrderRow {
    type Cursor = OrderId;

    fn cursor(&self) -> OrderId {
        self.order.id
    }
}

macro_rules! list {
    ($condition:literal, $slice:literal) => {
        sql!(tenant:
            "SELECT ", order_columns!(), ",
               (SELECT s.label FROM subscription s WHERE s.id = acme_order.subscription_id) AS label
             FROM acme_order
             WHERE tenant_id = $1 AND id >= $3 AND ($4 OR subscription_id = $5)
               AND ", covered!("subscription_id", "$9", "$10"), " AND ($6 OR EXISTS (SELECT 1 FROM order_identifier i
                 WHERE i.order_id = acme_order.id AND ' ' || i.value || ' ' LIKE $7 ESCAPE '\\'))",
            $condition, $slice
        )
    };
    ($condition:literal) => {
        (
            list!($condition, " AND id < $2 ORDER BY id DESC LIMIT $8"),
            list!($condition, " AND id > $2 ORDER BY id LIMIT $8"),
        )
    };
}

/// A page of a tenant's orders, newest first.
pub async fn page(
    tx: &mut ReadTx,
    asked: &Query<OrderFilter, OrderId>,
) -> Result<Page<OrderRow>, Error> {
    let filter = &asked.filter;
    let (forward, backward) = statements(filter.ending);
    let (statement, cursor) = match &asked.slice {
        Slice::Start => (forward, OrderId::LAST),
        Slice::After(id) => (forward, *id),
        Slice::Before(id) => (backward, *id),
    };
    let (is_whole, user) = tx.bound_to();
    let values = values![
        cursor,
        filter.since.map_or(OrderId::FIRST, OrderId::first_at),
        filter.subscription.is_none(),
        filter.subscription,
        filter.names == Names::Any,
        filter.names.pattern(),
        asked.one_more(),
        is_whole,
        user
    ];
    let rows = tx.rows(statement, &values).await?;
    let listed = order_rows(tx, &rows).await?;
    Ok(Page::cut(listed, &asked.slice, asked.limit))
}

macro_rules! counted {
    ($($condition:expr),+) => {
        sql!(tenant:
            "SELECT (SELECT COUNT(*) FROM acme_order WHERE tenant_id = $1 AND id >= $2", $($condition,)+ ") AS orders,
               (SELECT COUNT(*) FROM acme_order WHERE tenant_id = $1 AND id >= $2 AND error IS NOT NULL", $($condition,)+
            ") AS failed"
        )
    };
}

/// How many orders a tenant placed at `since` or later, and how many of them failed.
pub async fn count_since(tx: &mut ReadTx, since: Timestamp) -> Result<(i64, i64), Error> {
    let first = OrderId::first_at(since);
    let row = match tx.bound_to() {
        (true, _) => tx.row(counted!(""), &values![first]).await?,
        (false, user) => {
            let narrowed = counted!(" AND ", covered!("subscription_id", "$3", "$4"));
            tx.row(narrowed, &values![first, false, user]).await?
        }
    };
    row.map_or(Ok((0, 0)), |row| {
        Ok((row.int("orders")?, row.int("failed")?))
    })
}

/// The newest orders placed at `since` or later that failed and whose names got no certificate since.
pub async fn still_failing(
    tx: &mut ReadTx,
    since: Timestamp,
    limit: i64,
) -> Result<Vec<OrderRow>, Error> {
    let statement = sql!(tenant:
        "SELECT ", order_columns!(), ",
           (SELECT s.label FROM subscription s WHERE s.id = acme_order.subscription_id) AS label
         FROM acme_order
         WHERE tenant_id = $1 AND id >= $2 AND error IS NOT NULL
           AND NOT EXISTS (SELECT 1 FROM certificate c WHERE c.lineage_id = acme_order.lineage_id
             AND c.order_id > acme_order.id)
           AND ", covered!("subscription_id", "$4", "$5"), " ORDER BY id DESC LIMIT $3"
    );
    let (is_whole, user) = tx.bound_to();
    let values = values![OrderId::first_at(since), limit, is_whole, user];
    let rows = tx.rows(statement, &values).await?;
    order_rows(tx, &rows).await
}

/// The tenant's order with this identifier.
pub async fn of_tenant(tx: &mut ReadTx, id: &OrderId) -> Result<Option<OrderRow>, Error> {
    let statement = sql!(tenant:
        "SELECT ", order_columns!(), ",
           (SELECT s.label FROM subscription s WHERE s.id = acme_order.subscription_id) AS label
         FROM acme_order WHERE id = $2 AND tenant_id = $1 AND ", covered!("subscription_id", "$3", "$4")
    );
    let (is_whole, user) = tx.bound_to();
    let rows = tx.rows(statement, &values![id, is_whole, user]).await?;
    Ok(order_rows(tx, &rows).await?.pop())
}

fn statements(ending: OrderEnding) -> (Sql, Sql) {
    match ending {
        OrderEnding::Any => list!(""),
        OrderEnding::Failed => list!(" AND error IS NOT NULL"),
        OrderEnding::Issued => list!(" AND ended_at IS NOT NULL AND error IS NULL"),
    }
}

async fn order_rows(tx: &mut ReadTx, rows: &[Row]) -> Result<Vec<OrderRow>, Error> {
    let orders = with_names(tx, rows).await?;
    let each = orders.into_iter().zip(rows);
    each.map(|(order, row)| {
        Ok(OrderRow {
            order,
            label: row.text("label")?.to_owned(),
        })
    })
    .collect()
}
