//! Subscriptions: terms bought under an offer.

use base::{DepartmentId, OfferVersionId, Page, Query, Slice, SubscriptionId, Timestamp};
use enrollment::subscription::{Label, ProductCode, State, Subscription, Term};

use crate::access::role_binding::covered;
use crate::{Error, ReadTx, WriteTx, columns, sql, text_columns, values, word_columns};

/// Which of a tenant's subscriptions to show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SubscriptionFilter {
    /// Only those in this state at the moment asked about.
    pub state: Option<State>,
}

/// What is asked of the list, which goes from new to old.
pub type SubscriptionQuery = Query<SubscriptionFilter, SubscriptionId>;

word_columns!(Term);
text_columns!(Label, ProductCode);

columns! { "subscription" subscription_columns => Subscription {
    id, tenant = "tenant_id", customer = "customer_id", offer_version = "offer_version_id",
    product = "product_code", label, zone, term, auto_renews, created_at, created_by, started_at, covered_until,
    suspended_at, cancelled_at, paid_names, free_names, enrollment_version, organization = "organization_id",
    department = "department_id",
} }
pub(crate) use subscription_columns;

/// The subscription with this identifier, whoever owns it; for the ACME side, which proves authority otherwise.
pub async fn by_id(tx: &mut ReadTx, id: &SubscriptionId) -> Result<Option<Subscription>, Error> {
    tx.record(
        sql!(system: "SELECT ", subscription_columns!(), " FROM subscription WHERE id = $1"),
        &values![*id],
    )
    .await
}

/// The tenant's subscription with this identifier.
pub async fn find(tx: &mut ReadTx, id: &SubscriptionId) -> Result<Option<Subscription>, Error> {
    let (is_whole, user) = tx.bound_to();
    tx.record(
        sql!(
            tenant: "SELECT ", subscription_columns!(), " FROM subscription WHERE id = $2 AND tenant_id = $1 AND ",
            covered!("id", "$3", "$4")
        ),
        &values![*id, is_whole, user],
    )
    .await
}

/// A page of a tenant's subscriptions as they are at a moment, newest first.
pub async fn page(
    tx: &mut ReadTx,
    (asked, now): &(SubscriptionQuery, Timestamp),
) -> Result<Page<Subscription>, Error> {
    let older = sql!(
        tenant: "SELECT ", subscription_columns!(), " FROM subscription WHERE tenant_id = $1 AND id < $2
           AND ($3 OR CASE WHEN cancelled_at IS NOT NULL THEN 'deactivated'
                           WHEN suspended_at IS NOT NULL THEN 'suspended'
                           WHEN started_at IS NULL THEN 'pending'
                           WHEN covered_until <= $5 THEN 'expired' ELSE 'active' END = $4)
           AND ", covered!("id", "$7", "$8"), " ORDER BY id DESC LIMIT $6"
    );
    let newer = sql!(
        tenant: "SELECT ", subscription_columns!(), " FROM subscription WHERE tenant_id = $1 AND id > $2
           AND ($3 OR CASE WHEN cancelled_at IS NOT NULL THEN 'deactivated'
                           WHEN suspended_at IS NOT NULL THEN 'suspended'
                           WHEN started_at IS NULL THEN 'pending'
                           WHEN covered_until <= $5 THEN 'expired' ELSE 'active' END = $4)
           AND ", covered!("id", "$7", "$8"), " ORDER BY id LIMIT $6"
    );
    let (statement, cursor) = match asked.slice {
        Slice::Start => (older, SubscriptionId::LAST),
        Slice::After(cursor) => (older, cursor),
        Slice::Before(cursor) => (newer, cursor),
    };
    let state = asked.filter.state;
    let (is_whole, user) = tx.bound_to();
    let values = values![
        cursor,
        state.is_none(),
        state.map(State::as_str).unwrap_or_default(),
        *now,
        // One more tells whether there are more.
        i64::try_from(asked.limit.saturating_add(1)).unwrap_or(i64::MAX),
        is_whole,
        user,
    ];
    let rows = tx.records(statement, &values).await?;
    Ok(Page::cut(rows, &asked.slice, asked.limit))
}

/// Which subscriptions are asked for whose term is over.
#[derive(Clone, Copy, Debug)]
pub struct Over {
    /// It was not at this moment, or it is behind the subscription in the order of their ends.
    pub after: (Timestamp, SubscriptionId),
    /// It was at this one.
    pub until: Timestamp,
    /// At most so many.
    pub limit: i64,
}

/// Those of all tenants whose last term was over between two moments, in the order of their ends.
pub async fn over(tx: &mut ReadTx, asked: &Over) -> Result<Vec<Subscription>, Error> {
    let statement = sql!(
        system: "SELECT ", subscription_columns!(), " FROM subscription
         WHERE covered_until >= $1 AND (covered_until > $1 OR id > $2) AND covered_until <= $3
         ORDER BY covered_until, id LIMIT $4"
    );
    let (end, id) = asked.after;
    tx.records(statement, &values![end, id, asked.until, asked.limit])
        .await
}

/// Whether a subscription of the tenant is for a department.
pub async fn has_department(tx: &mut ReadTx, id: &DepartmentId) -> Result<bool, Error> {
    let statement = sql!(
        tenant: "SELECT id FROM subscription WHERE department_id = $2 AND tenant_id = $1 LIMIT 1"
    );
    Ok(tx.row(statement, &values![id]).await?.is_some())
}

/// How many subscriptions a tenant has of the offer of a version, whichever version they were bought under, that were not
/// ended and whose term is not over at a moment.
pub async fn count_of_offer(
    tx: &mut ReadTx,
    (version, now): &(OfferVersionId, Timestamp),
) -> Result<u64, Error> {
    let statement = sql!(
        tenant: "SELECT COUNT(*) AS subscriptions FROM subscription s
           JOIN offer_version v ON v.id = s.offer_version_id
         WHERE s.tenant_id = $1 AND v.offer_id = (SELECT offer_id FROM offer_version WHERE id = $2)
           AND s.cancelled_at IS NULL AND (s.covered_until IS NULL OR s.covered_until > $3)"
    );
    let row = tx.row(statement, &values![*version, *now]).await?;
    let count = row.map_or(Ok(0), |row| row.int("subscriptions"))?;
    Ok(u64::try_from(count).unwrap_or_default())
}

/// How much a tenant has, whoever asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// Subscriptions that were not ended and whose term is not over.
    pub subscriptions: u64,
    /// Their active names, as they count them.
    pub names: u64,
}

/// How much a tenant has at a moment.
pub async fn held(tx: &mut ReadTx, now: &Timestamp) -> Result<Held, Error> {
    let statement = sql!(
        tenant: "SELECT COUNT(*) AS subscriptions,
           CAST(COALESCE(SUM(paid_names + free_names), 0) AS BIGINT) AS names
         FROM subscription
         WHERE tenant_id = $1 AND cancelled_at IS NULL AND (covered_until IS NULL OR covered_until > $2)"
    );
    let row = tx.row(statement, &values![*now]).await?;
    let count = |column| row.as_ref().map_or(Ok(0), |row| row.int(column));
    Ok(Held {
        subscriptions: u64::try_from(count("subscriptions")?).unwrap_or_default(),
        names: u64::try_from(count("names")?).unwrap_or_default(),
    })
}

/// How many active names all of a tenant's subscriptions have of which whoever asks may see, as they count them.
pub async fn names(tx: &mut ReadTx, (): &()) -> Result<usize, Error> {
    let (is_whole, user) = tx.bound_to();
    let sum = sql!(
        tenant: "SELECT CAST(COALESCE(SUM(paid_names + free_names), 0) AS BIGINT) AS names
         FROM subscription WHERE tenant_id = $1 AND ", covered!("id", "$2", "$3")
    );
    let row = tx.row(sum, &values![is_whole, user]).await?;
    let names = row.map_or(Ok(0), |row| row.int("names"))?;
    Ok(usize::try_from(names).unwrap_or_default())
}

/// Stores what may change of a tenant's subscription. Whoever changes its names does so first: the row is what
/// keeps two from adding the same name at once.
pub async fn update(tx: &mut WriteTx, subscription: &Subscription) -> Result<(), Error> {
    tx.execute(
        sql!(
            tenant: "UPDATE subscription SET label = $3, auto_renews = $4, started_at = $5, covered_until = $6,
               suspended_at = $7, cancelled_at = $8, paid_names = $9, free_names = $10, enrollment_version = $11,
               organization_id = $12, department_id = $13
             WHERE id = $2 AND tenant_id = $1"
        ),
        &values![
            subscription.id,
            subscription.label.as_str(),
            subscription.auto_renews,
            subscription.started_at,
            subscription.covered_until,
            subscription.suspended_at,
            subscription.cancelled_at,
            subscription.paid_names,
            subscription.free_names,
            subscription.enrollment_version,
            subscription.organization,
            subscription.department
        ],
    )
    .await?;
    Ok(())
}
