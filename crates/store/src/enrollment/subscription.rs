//! Subscriptions: terms bought under a product.

use base::{SubscriptionId, TenantId, Timestamp};
use enrollment::subscription::{Label, Product, State, Status, Subscription, Term};

use crate::{Error, ReadTx, Row, WriteTx, sql, values};

/// Which of a tenant's subscriptions to show. Pages go from new to old.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter {
    /// Only those in this state at the moment asked about.
    pub state: Option<State>,
    /// Only older than this one: where the last page ended.
    pub after: Option<SubscriptionId>,
    /// Only newer than this one, nearest first: where the next page began. Takes the place of
    /// `after`.
    pub before: Option<SubscriptionId>,
}

/// Stores a new subscription.
pub async fn insert(tx: &mut WriteTx, subscription: &Subscription) -> Result<(), Error> {
    tx.execute(
        sql!(
            "INSERT INTO subscription (id, tenant_id, label, product, term_years, status, created_by,
               created_at, started_at, ends_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
        ),
        &values![
            subscription.id,
            subscription.tenant,
            label_text(subscription),
            subscription.product.as_str(),
            i64::from(subscription.term.years()),
            subscription.status.as_str(),
            subscription.created_by,
            subscription.created_at,
            subscription.started_at,
            subscription.ends_at
        ],
    )
    .await?;
    Ok(())
}

/// The subscription with this identifier, whoever owns it; for the ACME side, which proves authority otherwise.
pub async fn by_id(tx: &mut ReadTx, id: SubscriptionId) -> Result<Option<Subscription>, Error> {
    let row = tx
        .row(
            sql!(
                "SELECT id, tenant_id, label, product, term_years, status, created_by, created_at, started_at, ends_at
                 FROM subscription WHERE id = $1"
            ),
            &values![id],
        )
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// The tenant's subscription with this identifier.
pub async fn of_tenant(
    tx: &mut ReadTx,
    tenant: TenantId,
    id: SubscriptionId,
) -> Result<Option<Subscription>, Error> {
    Ok(by_id(tx, id).await?.filter(|found| found.tenant == tenant))
}

/// The tenant's subscriptions, newest first.
pub async fn all_of_tenant(
    tx: &mut ReadTx,
    tenant: TenantId,
    limit: i64,
) -> Result<Vec<Subscription>, Error> {
    let rows = tx
        .rows(
            sql!(
                "SELECT id, tenant_id, label, product, term_years, status, created_by, created_at, started_at, ends_at
                 FROM subscription WHERE tenant_id = $1 ORDER BY id DESC LIMIT $2"
            ),
            &values![tenant, limit],
        )
        .await?;
    rows.iter().map(from_row).collect()
}

/// A page of a tenant's subscriptions, newest first; backwards when `before` is set.
pub async fn page(
    tx: &mut ReadTx,
    tenant: TenantId,
    filter: &Filter,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<Subscription>, Error> {
    let older = sql!(
        "SELECT id, tenant_id, label, product, term_years, status, created_by, created_at, started_at, ends_at
         FROM subscription WHERE tenant_id = $1 AND ($2 OR id < $3)
           AND ($4 OR CASE WHEN status = 'active' AND ends_at <= $6 THEN 'expired' ELSE status END = $5)
         ORDER BY id DESC LIMIT $7"
    );
    let newer = sql!(
        "SELECT id, tenant_id, label, product, term_years, status, created_by, created_at, started_at, ends_at
         FROM subscription WHERE tenant_id = $1 AND ($2 OR id > $3)
           AND ($4 OR CASE WHEN status = 'active' AND ends_at <= $6 THEN 'expired' ELSE status END = $5)
         ORDER BY id LIMIT $7"
    );
    let (statement, cursor) = match filter.before {
        Some(before) => (newer, Some(before)),
        None => (older, filter.after),
    };
    let rows = tx
        .rows(
            statement,
            &values![
                tenant,
                cursor.is_none(),
                cursor,
                filter.state.is_none(),
                filter.state.map(State::as_str).unwrap_or_default(),
                now,
                limit
            ],
        )
        .await?;
    rows.iter().map(from_row).collect()
}

/// Moves a subscription on; `false` when its status is no longer `from`.
pub async fn update(
    tx: &mut WriteTx,
    from: Status,
    subscription: &Subscription,
) -> Result<bool, Error> {
    let changed = tx
        .execute(
            sql!(
                "UPDATE subscription SET status = $3, started_at = $4, ends_at = $5, label = $6
                 WHERE id = $1 AND status = $2"
            ),
            &values![
                subscription.id,
                from.as_str(),
                subscription.status.as_str(),
                subscription.started_at,
                subscription.ends_at,
                label_text(subscription)
            ],
        )
        .await?;
    Ok(changed == 1)
}

fn label_text(subscription: &Subscription) -> &str {
    subscription.label.as_ref().map_or("", Label::as_str)
}

pub(crate) fn from_row(row: &Row) -> Result<Subscription, Error> {
    Ok(Subscription {
        id: row.id("id")?,
        tenant: row.id("tenant_id")?,
        label: Label::parse(row.text("label")?).map_err(|error| row.corrupt("label", error))?,
        product: row.word("product", Product::parse)?,
        term: Term::from_years(row.int("term_years")?)
            .map_err(|error| row.corrupt("term_years", error))?,
        status: row.word("status", Status::parse)?,
        created_at: row.timestamp("created_at")?,
        started_at: row.opt_timestamp("started_at")?,
        ends_at: row.opt_timestamp("ends_at")?,
        created_by: row.id("created_by")?,
    })
}
