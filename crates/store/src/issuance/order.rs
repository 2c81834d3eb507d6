//! ACME orders (RFC 8555 §7.1.3). Only facts are stored: `ready` follows from the authorizations, the rest from when
//! the order was finalized, when it ended and whether it has an error.

use acme::order::Progress;
use base::{
    AccountId, AuthorizationId, CertificateId, DnsName, Identifier, IdentifierKind, LineageId,
    OrderId, SubscriptionId, TenantId, Timestamp,
};

use super::authorization::{self, Authorization};
use crate::old::Old;
use crate::{
    Error, Progress as Pieces, ReadTx, Record, Row, Sql, Value, WriteTx, columns, sql, values,
};

/// An order as stored.
#[derive(Clone, Debug)]
pub struct Order {
    /// The order's identifier.
    pub id: OrderId,
    /// Who ordered.
    pub account: AccountId,
    /// Who owns the subscription.
    pub tenant: TenantId,
    /// What covers the names.
    pub subscription: SubscriptionId,
    /// The set of names, and whose.
    pub lineage: LineageId,
    /// The names, sorted.
    pub names: Vec<Identifier>,
    /// One authorization for each name, in the order of the names.
    pub authorizations: Vec<AuthorizationId>,
    /// Requested notBefore.
    pub not_before: Option<Timestamp>,
    /// Requested notAfter.
    pub not_after: Option<Timestamp>,
    /// Until when it can be finalized.
    pub expires_at: Timestamp,
    /// When finalize was accepted.
    pub finalized_at: Option<Timestamp>,
    /// When it became valid or invalid.
    pub ended_at: Option<Timestamp>,
    /// What it led to, or shall lead to while it is processing.
    pub certificate: Option<CertificateId>,
    /// Why it is invalid: a problem document.
    pub error: Option<String>,
    /// Where it came from.
    pub client_address: String,
    /// What it was made with.
    pub client_agent: String,
}

/// A row of the table; the names are rows of their own.
struct OrderRow {
    id: OrderId,
    expires_at: Timestamp,
    finalized_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    not_before: Option<Timestamp>,
    not_after: Option<Timestamp>,
    account: AccountId,
    tenant: TenantId,
    subscription: SubscriptionId,
    lineage: LineageId,
    certificate: Option<CertificateId>,
    error: Option<String>,
    client_address: String,
    client_agent: String,
}

columns! { "acme_order" order_columns => OrderRow {
    id, expires_at, finalized_at, ended_at, not_before, not_after, account = "account_id", tenant = "tenant_id",
    subscription = "subscription_id", lineage = "lineage_id", certificate = "certificate_id", error, client_address,
    client_agent,
} }
pub(crate) use order_columns;

/// A name of an order and its proof.
struct OrderIdentifier {
    order: OrderId,
    position: i64,
    authorization: AuthorizationId,
    kind: IdentifierKind,
    value: Identifier,
}

columns! { "order_identifier" order_identifier => OrderIdentifier {
    order = "order_id", position, authorization = "authorization_id", kind, value,
} }

impl OrderIdentifier {
    /// Reads a row that holds an authorization too.
    fn from_joined_row(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            order: row.id("of_order_id")?,
            position: row.int("position")?,
            authorization: row.id("authorization_id")?,
            kind: row.word("kind", IdentifierKind::parse)?,
            value: row.parse("name")?,
        })
    }
}

/// An order that waits to be finalized, found by its names.
struct Pending {
    account: AccountId,
    lineage: LineageId,
    order: OrderId,
    expires_at: Timestamp,
    name_count: i64,
}

columns! { "acme_order_pending" pending => Pending {
    account = "account_id", lineage = "lineage_id", order = "order_id", expires_at, name_count,
} }

impl Order {
    /// How far it has come.
    pub fn progress(&self) -> Progress {
        match (self.ended_at, &self.error, self.finalized_at) {
            (Some(_), Some(_), _) => Progress::Invalid,
            (Some(_), None, _) => Progress::Valid,
            (None, _, Some(_)) => Progress::Processing,
            (None, _, None) => Progress::Pending,
        }
    }

    /// When it was placed.
    pub fn created_at(&self) -> Timestamp {
        self.id.made_at()
    }

    fn row(&self) -> OrderRow {
        OrderRow {
            id: self.id,
            expires_at: self.expires_at,
            finalized_at: self.finalized_at,
            ended_at: self.ended_at,
            not_before: self.not_before,
            not_after: self.not_after,
            account: self.account,
            tenant: self.tenant,
            subscription: self.subscription,
            lineage: self.lineage,
            certificate: self.certificate,
            error: self.error.clone(),
            client_address: self.client_address.clone(),
            client_agent: self.client_agent.clone(),
        }
    }

    fn of(row: OrderRow, identifiers: Vec<OrderIdentifier>) -> Self {
        let (names, authorizations) = identifiers
            .into_iter()
            .map(|each| (each.value, each.authorization))
            .unzip();
        Self {
            id: row.id,
            account: row.account,
            tenant: row.tenant,
            subscription: row.subscription,
            lineage: row.lineage,
            names,
            authorizations,
            not_before: row.not_before,
            not_after: row.not_after,
            expires_at: row.expires_at,
            finalized_at: row.finalized_at,
            ended_at: row.ended_at,
            certificate: row.certificate,
            error: row.error,
            client_address: row.client_address,
            client_agent: row.client_agent,
        }
    }
}

/// Stores a new order.
pub async fn insert(tx: &mut WriteTx, order: &Order) -> Result<(), Error> {
    tx.insert(&order.row()).await?;
    let each = (0_i64..).zip(order.names.iter().zip(&order.authorizations));
    for (position, (name, authorization)) in each {
        let identifier = OrderIdentifier {
            order: order.id,
            position,
            authorization: *authorization,
            kind: name.kind(),
            value: name.clone(),
        };
        tx.insert(&identifier).await?;
    }
    if order.progress() != Progress::Pending {
        return Ok(());
    }
    tx.insert(&Pending {
        account: order.account,
        lineage: order.lineage,
        order: order.id,
        expires_at: order.expires_at,
        name_count: i64::try_from(order.names.len()).unwrap_or(i64::MAX),
    })
    .await
}

/// The order with this identifier.
pub async fn by_id(tx: &mut ReadTx, id: &OrderId) -> Result<Option<Order>, Error> {
    let lists = tx.rows_all(&[select(*id), identifiers_of(*id)]).await?;
    from_lists(&lists)
}

/// The order with this identifier, and its authorizations as far as they are still there, in its order.
pub async fn with_authorizations(
    tx: &mut ReadTx,
    id: &OrderId,
) -> Result<Option<(Order, Vec<Authorization>)>, Error> {
    let lists = tx
        .rows_all(&[select(*id), authorization::of_order(*id)])
        .await?;
    let [orders, joined] = lists.as_slice() else {
        return Ok(None);
    };
    let Some(row) = orders.first() else {
        return Ok(None);
    };
    let identifiers = joined.iter().map(OrderIdentifier::from_joined_row);
    let order = Order::of(
        OrderRow::from_row(row)?,
        identifiers.collect::<Result<_, _>>()?,
    );
    let authorizations = joined.iter().map(authorization::from_joined_row);
    let authorizations = authorizations.collect::<Result<Vec<_>, _>>()?;
    Ok(Some((
        order,
        authorizations.into_iter().flatten().collect(),
    )))
}

/// The account's newest pending order for these names, if it has not expired, with its authorizations.
pub(crate) fn pending_like(
    account: AccountId,
    lineage: LineageId,
    now: Timestamp,
) -> (Sql, Vec<Value<'static>>) {
    let statement = sql!(system:
        "SELECT order_id FROM acme_order_pending
         WHERE account_id = $1 AND lineage_id = $2 AND expires_at > $3 ORDER BY order_id DESC LIMIT 1"
    );
    (statement, values![account, lineage, now].to_vec())
}

/// How many orders of an account wait to be finalized, and how many names they have.
pub async fn count_pending(
    tx: &mut ReadTx,
    account: AccountId,
    now: Timestamp,
) -> Result<(u64, u64), Error> {
    let statement = sql!(
        "SELECT COUNT(*) AS orders, CAST(COALESCE(SUM(name_count), 0) AS BIGINT) AS names
         FROM acme_order_pending WHERE account_id = $1 AND expires_at > $2"
    );
    let row = tx.row(statement, &values![account, now]).await?;
    let count = |row: &Row, column| {
        row.int(column)
            .map(|count| u64::try_from(count).unwrap_or_default())
    };
    row.map_or(Ok((0, 0)), |row| {
        Ok((count(&row, "orders")?, count(&row, "names")?))
    })
}

fn select(id: OrderId) -> (Sql, Vec<Value<'static>>) {
    let statement = sql!(system: "SELECT ", order_columns!(), " FROM acme_order WHERE id = $1");
    (statement, values![id].to_vec())
}

fn identifiers_of(id: OrderId) -> (Sql, Vec<Value<'static>>) {
    let statement = sql!(
        "SELECT ",
        order_identifier!(),
        " FROM order_identifier WHERE order_id = $1 ORDER BY position"
    );
    (statement, values![id].to_vec())
}

fn from_lists(lists: &[Vec<Row>]) -> Result<Option<Order>, Error> {
    let Some(row) = lists.first().and_then(|rows| rows.first()) else {
        return Ok(None);
    };
    let identifiers = lists.get(1).into_iter().flatten();
    let identifiers = identifiers
        .map(OrderIdentifier::from_row)
        .collect::<Result<_, _>>()?;
    Ok(Some(Order::of(OrderRow::from_row(row)?, identifiers)))
}

/// The orders of these rows, which have all the columns of an order, with their names.
pub(crate) async fn with_names(tx: &mut ReadTx, rows: &[Row]) -> Result<Vec<Order>, Error> {
    let rows = rows
        .iter()
        .map(OrderRow::from_row)
        .collect::<Result<Vec<_>, _>>()?;
    let statements: Vec<_> = rows.iter().map(|row| identifiers_of(row.id)).collect();
    let lists = tx.rows_all(&statements).await?;
    let each = rows.into_iter().zip(&lists);
    each.map(|(row, list)| {
        let identifiers = list
            .iter()
            .map(OrderIdentifier::from_row)
            .collect::<Result<_, _>>()?;
        Ok(Order::of(row, identifiers))
    })
    .collect()
}

/// Takes the order for a certificate: it is pending no more.
pub async fn take(
    tx: &mut WriteTx,
    order: &Order,
    certificate: CertificateId,
    now: Timestamp,
) -> Result<(), Error> {
    let statement = sql!(system:
        "UPDATE acme_order SET finalized_at = $2, certificate_id = $3
         WHERE id = $1 AND finalized_at IS NULL AND ended_at IS NULL"
    );
    tx.execute_later(statement, &values![order.id, now, certificate])
        .await?;
    let (statement, values) = no_longer_pending(order.account, order.lineage, order.id);
    tx.execute_later(statement, &values).await
}

/// Ends a processing order: its certificate is there.
pub(crate) async fn complete(tx: &mut WriteTx, id: OrderId, now: Timestamp) -> Result<(), Error> {
    let statement =
        sql!(system: "UPDATE acme_order SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL");
    tx.execute_later(statement, &values![id, now]).await
}

/// Ends an order that has not ended, with the problem document that says why.
pub async fn fail(tx: &mut WriteTx, id: OrderId, error: &str, now: Timestamp) -> Result<(), Error> {
    let statement = sql!(system:
        "UPDATE acme_order SET error = $2, ended_at = $3 WHERE id = $1 AND ended_at IS NULL"
    );
    tx.execute_later(statement, &values![id, error, now])
        .await?;
    let pending = sql!(system:
        "DELETE FROM acme_order_pending WHERE order_id = $1
           AND account_id = (SELECT account_id FROM acme_order WHERE id = $1)
           AND lineage_id = (SELECT lineage_id FROM acme_order WHERE id = $1)"
    );
    tx.execute_later(pending, &values![id]).await
}

fn no_longer_pending(
    account: AccountId,
    lineage: LineageId,
    order: OrderId,
) -> (Sql, Vec<Value<'static>>) {
    let statement = sql!(
        "DELETE FROM acme_order_pending WHERE account_id = $1 AND lineage_id = $2 AND order_id = $3"
    );
    (statement, values![account, lineage, order].to_vec())
}

/// The pending orders of an account that contain `name` and were placed before, at most `limit`.
pub async fn pending_for(
    tx: &mut ReadTx,
    account: AccountId,
    name: &DnsName,
    before: OrderId,
    limit: i64,
) -> Result<Vec<OrderId>, Error> {
    let statement = sql!(
        "SELECT p.order_id FROM acme_order_pending p
         WHERE p.account_id = $1 AND p.order_id < $3 AND EXISTS (SELECT 1 FROM order_identifier i
           WHERE i.order_id = p.order_id AND i.value = $2) ORDER BY p.order_id LIMIT $4"
    );
    let rows = tx
        .rows(statement, &values![account, name, before, limit])
        .await?;
    rows.iter().map(|row| row.id("order_id")).collect()
}

/// The names of an account's pending orders, as many as it may have at once.
pub async fn pending_names(tx: &mut ReadTx, account: AccountId) -> Result<Vec<DnsName>, Error> {
    let statement = sql!(
        "SELECT DISTINCT i.value FROM acme_order_pending p JOIN order_identifier i ON i.order_id = p.order_id
         WHERE p.account_id = $1"
    );
    let rows = tx.rows(statement, &values![account]).await?;
    rows.iter().map(|row| row.parse("value")).collect()
}

/// An account's orders that did not become invalid, oldest first, after `after` (RFC 8555 §7.1.2.1).
pub async fn listed(
    tx: &mut ReadTx,
    (account, after, limit): &(AccountId, Option<OrderId>, i64),
) -> Result<Vec<OrderId>, Error> {
    let statement = sql!(system:
        "SELECT id FROM acme_order WHERE account_id = $1 AND id > $2 AND error IS NULL ORDER BY id LIMIT $3"
    );
    let after = after.unwrap_or(OrderId::FIRST);
    let rows = tx
        .rows(statement, &values![*account, after, *limit])
        .await?;
    rows.iter().map(|row| row.id("id")).collect()
}

/// Removes orders that ended, or were never taken up and expired; one that is being signed stays.
pub async fn delete_old(
    tx: &mut WriteTx,
    old: &Old<OrderId>,
) -> Result<Pieces<Old<OrderId>>, Error> {
    let end = sql!(system:
        "SELECT id FROM acme_order WHERE id > $1 AND id <= $2 ORDER BY id LIMIT 1 OFFSET $3"
    );
    let delete = sql!(system:
        "DELETE FROM acme_order WHERE id > $1 AND id <= $2
           AND (ended_at < $3 OR (ended_at IS NULL AND finalized_at IS NULL AND expires_at < $3))"
    );
    let row = tx.row(end, &old.bounds()).await?;
    let end = row.map(|row| row.id("id")).transpose()?;
    let values = values![old.after, end.unwrap_or(old.until), old.ended_before];
    tx.execute(delete, &values).await?;
    Ok(old.behind(end))
}

/// Removes the names of orders that are gone. An order goes before its names, so that nobody sees one without.
pub async fn delete_old_names(
    tx: &mut WriteTx,
    old: &Old<OrderId>,
) -> Result<Pieces<Old<OrderId>>, Error> {
    let end = sql!(
        "SELECT order_id FROM order_identifier WHERE order_id > $1 AND order_id <= $2
         ORDER BY order_id LIMIT 1 OFFSET $3"
    );
    let delete = sql!(system:
        "DELETE FROM order_identifier WHERE order_id > $1 AND order_id <= $2
           AND NOT EXISTS (SELECT 1 FROM acme_order o WHERE o.id = order_identifier.order_id)"
    );
    let row = tx.row(end, &old.bounds()).await?;
    let end = row.map(|row| row.id("order_id")).transpose()?;
    let values = values![old.after, end.unwrap_or(old.until)];
    tx.execute(delete, &values).await?;
    Ok(old.behind(end))
}

/// Forgets that orders were pending which expired before `before`, at most `limit`; says how many.
pub async fn delete_expired_pending(
    tx: &mut WriteTx,
    (before, limit): &(Timestamp, i64),
) -> Result<u64, Error> {
    let expired = sql!(
        "SELECT account_id, lineage_id, order_id FROM acme_order_pending WHERE expires_at < $1
         ORDER BY expires_at LIMIT $2"
    );
    let rows = tx.rows(expired, &values![*before, *limit]).await?;
    let mut statements = Vec::with_capacity(rows.len());
    for row in &rows {
        statements.push(no_longer_pending(
            row.id("account_id")?,
            row.id("lineage_id")?,
            row.id("order_id")?,
        ));
    }
    tx.execute_all(&statements).await?;
    Ok(u64::try_from(rows.len()).unwrap_or(u64::MAX))
}
