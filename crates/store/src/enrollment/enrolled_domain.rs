//! Enrolled domains: the names that a subscription admits.

use base::{DnsName, EnrolledDomainId, SubscriptionId, TenantId, Timestamp};
use enrollment::enrolled_domain::{EnrolledDomain, Kind, Status};

use crate::{Error, ReadTx, Row, WriteTx, sql, values};

/// Which of a tenant's active domains to show. Pages follow the names.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only of this subscription.
    pub subscription: Option<SubscriptionId>,
    /// Only names that contain this text, in lower case.
    pub contains: String,
    /// Only after this name and identifier: where the last page ended.
    pub after: Option<(String, EnrolledDomainId)>,
    /// Only before this name and identifier, nearest first: where the next page began. Takes the
    /// place of `after`.
    pub before: Option<(String, EnrolledDomainId)>,
    /// Only paid names, or only free companions.
    pub is_companion: Option<bool>,
}

impl Filter {
    /// Whether all domains of the tenant are on some page.
    pub fn is_everything(&self) -> bool {
        self.subscription.is_none() && self.contains.is_empty() && self.is_companion.is_none()
    }

    /// Whether only the text restricts it.
    pub fn is_search(&self) -> bool {
        self.subscription.is_none() && self.is_companion.is_none() && !self.contains.is_empty()
    }
}

/// Adds a domain; `false` when the subscription has an active one of that name.
pub async fn insert(
    tx: &mut WriteTx,
    tenant: TenantId,
    domain: &EnrolledDomain,
    added_by: &str,
) -> Result<bool, Error> {
    let companion_of = match domain.kind {
        Kind::Companion { of } => Some(of),
        Kind::Paid => None,
    };
    let stored = tx
        .execute(
            sql!(
                "INSERT INTO enrolled_domain (id, subscription_id, tenant_id, name, companion_of, status,
                   added_at, added_by)
                 VALUES ($1, $2, $3, $4, $5, 'active', $6, $7) ON CONFLICT DO NOTHING"
            ),
            &values![
                domain.id,
                domain.subscription,
                tenant,
                &domain.name,
                companion_of,
                domain.added_at,
                added_by
            ],
        )
        .await?;
    Ok(stored == 1)
}

/// For each name, the subscription's active domain of exactly that name.
pub async fn active_by_names(
    tx: &mut ReadTx,
    subscription: SubscriptionId,
    names: &[DnsName],
) -> Result<Vec<Option<EnrolledDomain>>, Error> {
    let values: Vec<_> = names
        .iter()
        .map(|name| values![subscription, name].to_vec())
        .collect();
    let rows = tx
        .row_each(
            sql!(
                "SELECT id, subscription_id, name, companion_of, status, added_at, removed_at FROM enrolled_domain
                 WHERE subscription_id = $1 AND name = $2 AND status = 'active'"
            ),
            &values,
        )
        .await?;
    rows.iter()
        .map(|row| row.as_ref().map(from_row).transpose())
        .collect()
}

/// The tenant's domain with this identifier, removed or not.
pub async fn of_tenant(
    tx: &mut ReadTx,
    tenant: TenantId,
    id: EnrolledDomainId,
) -> Result<Option<EnrolledDomain>, Error> {
    let row = tx
        .row(
            sql!(
                "SELECT id, subscription_id, name, companion_of, status, added_at, removed_at FROM enrolled_domain
                 WHERE id = $2 AND tenant_id = $1"
            ),
            &values![tenant, id],
        )
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// The active companions of a domain.
pub async fn companions(
    tx: &mut ReadTx,
    tenant: TenantId,
    of: EnrolledDomainId,
) -> Result<Vec<EnrolledDomain>, Error> {
    let rows = tx
        .rows(
            sql!(
                "SELECT id, subscription_id, name, companion_of, status, added_at, removed_at FROM enrolled_domain
                 WHERE companion_of = $2 AND tenant_id = $1 AND status = 'active'"
            ),
            &values![tenant, of],
        )
        .await?;
    rows.iter().map(from_row).collect()
}

/// Removes an active domain; `false` when it was removed before.
pub async fn remove(
    tx: &mut WriteTx,
    tenant: TenantId,
    id: EnrolledDomainId,
    now: Timestamp,
) -> Result<bool, Error> {
    let changed = tx
        .execute(
            sql!(
                "UPDATE enrolled_domain SET status = 'removed', removed_at = $3
                 WHERE id = $2 AND tenant_id = $1 AND status = 'active'"
            ),
            &values![tenant, id, now],
        )
        .await?;
    Ok(changed == 1)
}

/// A page of a tenant's active domains, by name; backwards when `before` is set.
pub async fn page(
    tx: &mut ReadTx,
    tenant: TenantId,
    filter: &Filter,
    limit: i64,
) -> Result<Vec<EnrolledDomain>, Error> {
    let forwards = sql!(
        "SELECT id, subscription_id, name, companion_of, status, added_at, removed_at FROM enrolled_domain
         WHERE tenant_id = $1 AND status = 'active' AND (name, id) > ($2, $3)
           AND ($4 OR name LIKE $5 ESCAPE '\\') AND ($6 OR subscription_id = $7)
           AND ($8 OR (companion_of IS NOT NULL) = $9)
         ORDER BY name, id LIMIT $10"
    );
    let backwards = sql!(
        "SELECT id, subscription_id, name, companion_of, status, added_at, removed_at FROM enrolled_domain
         WHERE tenant_id = $1 AND status = 'active' AND (name, id) < ($2, $3)
           AND ($4 OR name LIKE $5 ESCAPE '\\') AND ($6 OR subscription_id = $7)
           AND ($8 OR (companion_of IS NOT NULL) = $9)
         ORDER BY name DESC, id DESC LIMIT $10"
    );
    let start = || (String::new(), EnrolledDomainId::FIRST);
    let (statement, cursor) = match &filter.before {
        Some(before) => (backwards, before.clone()),
        None => (forwards, filter.after.clone().unwrap_or_else(start)),
    };
    let rows = tx
        .rows(
            statement,
            &values![
                tenant,
                cursor.0,
                cursor.1,
                filter.contains.is_empty(),
                format!("%{}%", escape_like(&filter.contains)),
                filter.subscription.is_none(),
                filter.subscription,
                filter.is_companion.is_none(),
                filter.is_companion.unwrap_or_default(),
                limit
            ],
        )
        .await?;
    rows.iter().map(from_row).collect()
}

/// A number that changes whenever a domain of the tenant is added or removed.
pub async fn version(tx: &mut ReadTx, tenant: TenantId) -> Result<i64, Error> {
    let row = tx
        .row(
            sql!("SELECT version FROM enrollment_version WHERE tenant_id = $1"),
            &values![tenant],
        )
        .await?;
    row.map_or(Ok(0), |row| row.int("version"))
}

/// The names and identifiers of all of a tenant's active domains, in the order of pages.
pub async fn names(
    tx: &mut ReadTx,
    tenant: TenantId,
) -> Result<Vec<(String, EnrolledDomainId)>, Error> {
    let rows = tx
        .rows(
            sql!(
                "SELECT name, id FROM enrolled_domain WHERE tenant_id = $1 AND status = 'active'
                 ORDER BY name, id"
            ),
            &values![tenant],
        )
        .await?;
    rows.iter()
        .map(|row| Ok((row.text("name")?.to_owned(), row.id("id")?)))
        .collect()
}

/// The tenant's domains with these identifiers, removed or not, in their order.
pub async fn by_ids(
    tx: &mut ReadTx,
    tenant: TenantId,
    ids: &[EnrolledDomainId],
) -> Result<Vec<EnrolledDomain>, Error> {
    let values: Vec<_> = ids.iter().map(|id| values![tenant, *id].to_vec()).collect();
    let rows = tx
        .row_each(
            sql!(
                "SELECT id, subscription_id, name, companion_of, status, added_at, removed_at FROM enrolled_domain
                 WHERE id = $2 AND tenant_id = $1"
            ),
            &values,
        )
        .await?;
    rows.iter().flatten().map(from_row).collect()
}

/// Says that the tenant's domains are others now; whoever adds or removes any says so last, since the row is
/// the same for all of the tenant.
pub async fn note_change(tx: &mut WriteTx, tenant: TenantId) -> Result<(), Error> {
    tx.execute_later(
        sql!(
            "INSERT INTO enrollment_version (tenant_id, version) VALUES ($1, 1)
             ON CONFLICT (tenant_id) DO UPDATE SET version = enrollment_version.version + 1"
        ),
        &values![tenant],
    )
    .await
}

/// How many active domains match a filter, wherever its page begins; counts up to `limit`.
pub async fn count_matching(
    tx: &mut ReadTx,
    tenant: TenantId,
    filter: &Filter,
    limit: i64,
) -> Result<i64, Error> {
    let row = tx
        .row(
            sql!(
                "SELECT COUNT(*) AS domains FROM (SELECT name FROM enrolled_domain
                 WHERE tenant_id = $1 AND status = 'active'
                   AND ($2 OR name LIKE $3 ESCAPE '\\') AND ($4 OR subscription_id = $5)
                   AND ($6 OR (companion_of IS NOT NULL) = $7) LIMIT $8) AS matching"
            ),
            &values![
                tenant,
                filter.contains.is_empty(),
                format!("%{}%", escape_like(&filter.contains)),
                filter.subscription.is_none(),
                filter.subscription,
                filter.is_companion.is_none(),
                filter.is_companion.unwrap_or_default(),
                limit
            ],
        )
        .await?;
    row.map_or(Ok(0), |row| row.int("domains"))
}

/// How many active domains a tenant has, without looking at each.
pub async fn total(tx: &mut ReadTx, tenant: TenantId) -> Result<i64, Error> {
    let row = tx
        .row(
            sql!(
                "SELECT COUNT(*) AS domains FROM enrolled_domain
                 WHERE tenant_id = $1 AND status = 'active'"
            ),
            &values![tenant],
        )
        .await?;
    row.map_or(Ok(0), |row| row.int("domains"))
}

/// How many paid names and free companions each subscription has, in the order given.
pub async fn counts_of(
    tx: &mut ReadTx,
    tenant: TenantId,
    subscriptions: &[SubscriptionId],
) -> Result<Vec<(i64, i64)>, Error> {
    let values: Vec<_> = subscriptions
        .iter()
        .map(|id| values![tenant, *id].to_vec())
        .collect();
    let rows = tx
        .row_each(
            sql!(
                "SELECT COUNT(*) AS domains, COUNT(companion_of) AS companions FROM enrolled_domain
                 WHERE tenant_id = $1 AND subscription_id = $2 AND status = 'active'"
            ),
            &values,
        )
        .await?;
    rows.iter()
        .map(|row| match row {
            Some(row) => {
                let companions = row.int("companions")?;
                Ok((row.int("domains")? - companions, companions))
            }
            None => Ok((0, 0)),
        })
        .collect()
}

/// How many active domains a tenant has, and how many of them are free companions.
pub async fn count(
    tx: &mut ReadTx,
    tenant: TenantId,
    subscription: Option<SubscriptionId>,
) -> Result<(i64, i64), Error> {
    let row = tx
        .row(
            sql!(
                "SELECT COUNT(*) AS domains, COUNT(companion_of) AS companions FROM enrolled_domain
                 WHERE tenant_id = $1 AND status = 'active' AND ($2 OR subscription_id = $3)"
            ),
            &values![tenant, subscription.is_none(), subscription],
        )
        .await?;
    match row {
        Some(row) => Ok((row.int("domains")?, row.int("companions")?)),
        None => Ok((0, 0)),
    }
}

/// The text with LIKE's own characters taken literally.
pub(crate) fn escape_like(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_")
}

fn from_row(row: &Row) -> Result<EnrolledDomain, Error> {
    let kind = match row.opt_id("companion_of")? {
        Some(of) => Kind::Companion { of },
        None => Kind::Paid,
    };
    let status = match row.opt_timestamp("removed_at")? {
        Some(at) => Status::Removed { at },
        None => Status::Active,
    };
    Ok(EnrolledDomain {
        id: row.id("id")?,
        subscription: row.id("subscription_id")?,
        name: row.parse("name")?,
        kind,
        added_at: row.timestamp("added_at")?,
        status,
    })
}
