//! ACME orders (RFC 8555 §7.1.3). Only facts are stored: `ready` follows from the authorizations.

use acme::order::Progress;
use base::{
    AccountId, AuthorizationId, CertificateId, DnsName, OrderId, SubscriptionId, TenantId,
    Timestamp,
};

use crate::issuance::authorization::{self, Authorization};
use crate::{Error, ReadTx, Row, Sql, Value, WriteTx, sql, values};

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
    /// What has been recorded of its fate.
    pub progress: Progress,
    /// The names, sorted.
    pub names: Vec<DnsName>,
    /// One authorization for each name, in the order of the names.
    pub authorizations: Vec<AuthorizationId>,
    /// Requested notBefore.
    pub not_before: Option<Timestamp>,
    /// Requested notAfter.
    pub not_after: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
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

/// Stores a new order.
pub async fn insert(tx: &mut WriteTx, order: &Order) -> Result<(), Error> {
    tx.execute_later(
        sql!(
            "INSERT INTO acme_order (id, account_id, tenant_id, subscription_id, status, names,
               authorizations, not_before, not_after, created_at, expires_at, client_address, client_agent)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
        ),
        &values![
            order.id,
            order.account,
            order.tenant,
            order.subscription,
            order.progress.as_str(),
            joined(&order.names),
            concatenated(&order.authorizations),
            order.not_before,
            order.not_after,
            order.created_at,
            order.expires_at,
            &order.client_address,
            &order.client_agent
        ],
    )
    .await
}

/// The order with this identifier.
pub async fn by_id(tx: &mut ReadTx, id: OrderId) -> Result<Option<Order>, Error> {
    let (statement, values) = select(id);
    let row = tx.row(statement, &values).await?;
    row.as_ref().map(from_row).transpose()
}

fn select(id: OrderId) -> (Sql, Vec<Value<'static>>) {
    let statement = sql!(
        "SELECT id, account_id, tenant_id, subscription_id, status, names, authorizations, not_before,
           not_after, created_at, expires_at, finalized_at, ended_at, certificate_id, error,
           client_address, client_agent
         FROM acme_order WHERE id = $1"
    );
    (statement, values![id].to_vec())
}

/// The order with this identifier, and its authorizations as far as they are still there, in its order.
pub async fn with_authorizations(
    tx: &mut ReadTx,
    id: OrderId,
) -> Result<Option<(Order, Vec<Authorization>)>, Error> {
    let Some(order) = by_id(tx, id).await? else {
        return Ok(None);
    };
    let authorizations = authorization::by_ids(tx, &order.authorizations).await?;
    Ok(Some((order, authorizations)))
}

/// Asks for the pending orders of the account for the same names, expired or not.
pub(crate) fn pending_like(wanted: &Order) -> (Sql, Vec<Value<'_>>) {
    let statement = sql!(
        "SELECT id, account_id, tenant_id, subscription_id, status, names, authorizations, not_before,
           not_after, created_at, expires_at, finalized_at, ended_at, certificate_id, error,
           client_address, client_agent
         FROM acme_order WHERE account_id = $1 AND names = $2 AND finalized_at IS NULL AND ended_at IS NULL"
    );
    let values = values![wanted.account, joined(&wanted.names)];
    (statement, values.to_vec())
}

/// Claims the right to issue: only one finalize gets a row.
pub(crate) fn begin_processing(
    id: OrderId,
    certificate: CertificateId,
    now: Timestamp,
) -> (Sql, Vec<Value<'static>>) {
    let statement = sql!(
        "UPDATE acme_order SET status = 'processing', certificate_id = $2, finalized_at = $3
         WHERE id = $1 AND status = 'pending' RETURNING id"
    );
    (statement, values![id, certificate, now].to_vec())
}

/// Ends a processing order: its certificate is there.
pub(crate) fn complete(id: OrderId, now: Timestamp) -> (Sql, Vec<Value<'static>>) {
    let statement = sql!(
        "UPDATE acme_order SET status = 'valid', ended_at = $2 WHERE id = $1 AND status = 'processing'"
    );
    (statement, values![id, now].to_vec())
}

/// Ends an order that has not ended, with the problem document that says why.
pub async fn fail(
    tx: &mut WriteTx,
    id: OrderId,
    error: &str,
    now: Timestamp,
) -> Result<bool, Error> {
    let changed = tx
        .execute(
            sql!(
                "UPDATE acme_order SET status = 'invalid', error = $2, ended_at = $3
                 WHERE id = $1 AND status IN ('pending', 'processing')"
            ),
            &values![id, error, now],
        )
        .await?;
    Ok(changed == 1)
}

/// Ends the pending orders of an account that contain `name`.
pub async fn fail_pending_for(
    tx: &mut WriteTx,
    account: AccountId,
    name: &DnsName,
    error: &str,
    now: Timestamp,
) -> Result<u64, Error> {
    let pattern = format!("% {name} %");
    tx.execute(
        sql!(
            "UPDATE acme_order SET status = 'invalid', error = $3, ended_at = $4
             WHERE account_id = $1 AND finalized_at IS NULL AND ended_at IS NULL
               AND ' ' || names || ' ' LIKE $2"
        ),
        &values![account, pattern, error, now],
    )
    .await
}

/// An account's orders that did not become invalid, oldest first, after `after` (RFC 8555 §7.1.2.1).
pub async fn listed(
    tx: &mut ReadTx,
    account: AccountId,
    after: Option<OrderId>,
    limit: i64,
) -> Result<Vec<OrderId>, Error> {
    let after = after.unwrap_or(OrderId::FIRST);
    let rows = tx
        .rows(
            sql!(
                "SELECT id FROM acme_order WHERE account_id = $1 AND id > $2 AND status <> 'invalid'
                 ORDER BY id LIMIT $3"
            ),
            &values![account, after, limit],
        )
        .await?;
    rows.iter().map(|row| row.id("id")).collect()
}

/// Removes pending orders that expired before `before`, at most `limit`.
pub async fn delete_expired(tx: &mut WriteTx, before: Timestamp, limit: i64) -> Result<u64, Error> {
    tx.execute(
        sql!(
            "DELETE FROM acme_order WHERE id IN (
               SELECT id FROM acme_order
               WHERE finalized_at IS NULL AND ended_at IS NULL AND certificate_id IS NULL AND expires_at < $1
               ORDER BY expires_at LIMIT $2)"
        ),
        &values![before, limit],
    )
    .await
}

pub(crate) fn joined<T: ToString>(items: &[T]) -> String {
    let mut text = String::new();
    for item in items {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(&item.to_string());
    }
    text
}

fn concatenated(ids: &[AuthorizationId]) -> Vec<u8> {
    ids.iter().flat_map(|id| id.to_bytes()).collect()
}

fn separated(row: &Row) -> Result<Vec<AuthorizationId>, Error> {
    let (ids, _) = row.bytes("authorizations")?.as_chunks::<16>();
    Ok(ids
        .iter()
        .copied()
        .map(AuthorizationId::from_bytes)
        .collect())
}

pub(crate) fn from_row(row: &Row) -> Result<Order, Error> {
    Ok(Order {
        id: row.id("id")?,
        account: row.id("account_id")?,
        tenant: row.id("tenant_id")?,
        subscription: row.id("subscription_id")?,
        progress: row.word("status", Progress::parse)?,
        names: row.parse_list("names")?,
        authorizations: separated(row)?,
        not_before: row.opt_timestamp("not_before")?,
        not_after: row.opt_timestamp("not_after")?,
        created_at: row.timestamp("created_at")?,
        expires_at: row.timestamp("expires_at")?,
        finalized_at: row.opt_timestamp("finalized_at")?,
        ended_at: row.opt_timestamp("ended_at")?,
        certificate: row.opt_id("certificate_id")?,
        error: row.opt_text("error")?.map(str::to_owned),
        client_address: row.text("client_address")?.to_owned(),
        client_agent: row.text("client_agent")?.to_owned(),
    })
}
