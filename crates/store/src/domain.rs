//! Enrolled domains: the names that a subscription admits.

use base::{DnsName, EnrolledDomainId, SubscriptionId, TenantId, Timestamp};
use billing::enrollment::{EnrolledDomain, Kind, Status};

use crate::{Error, ReadTx, Row, WriteTx, sql, values};

/// Which of a tenant's active domains to show. Pages follow the names.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only of this subscription.
    pub subscription: Option<SubscriptionId>,
    /// Only names that contain this text, in lower case.
    pub contains: String,
    /// Only after this name and identifier: where the last page ended.
    pub after: Option<(String, String)>,
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
    let subscription = subscription.to_string();
    let values: Vec<_> = names
        .iter()
        .map(|name| values![subscription.as_str(), name].to_vec())
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

/// A page of a tenant's active domains, by name.
pub async fn page(
    tx: &mut ReadTx,
    tenant: TenantId,
    filter: &Filter,
    limit: i64,
) -> Result<Vec<EnrolledDomain>, Error> {
    let (after_name, after_id) = filter.after.clone().unwrap_or_default();
    let pattern = format!("%{}%", escape_like(&filter.contains));
    let rows = tx
        .rows(
            sql!(
                "SELECT id, subscription_id, name, companion_of, status, added_at, removed_at FROM enrolled_domain
                 WHERE tenant_id = $1 AND status = 'active' AND (name, id) > ($2, $3)
                   AND ($4 OR name LIKE $5 ESCAPE '\\') AND ($6 OR subscription_id = $7)
                 ORDER BY name, id LIMIT $8"
            ),
            &values![
                tenant,
                after_name,
                after_id,
                filter.contains.is_empty(),
                pattern,
                filter.subscription.is_none(),
                filter.subscription.map(|id| id.to_string()).unwrap_or_default(),
                limit
            ],
        )
        .await?;
    rows.iter().map(from_row).collect()
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
            &values![
                tenant,
                subscription.is_none(),
                subscription.map(|id| id.to_string()).unwrap_or_default()
            ],
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
    let kind = match row.opt_parse("companion_of")? {
        Some(of) => Kind::Companion { of },
        None => Kind::Paid,
    };
    let status = match row.opt_timestamp("removed_at")? {
        Some(at) => Status::Removed { at },
        None => Status::Active,
    };
    Ok(EnrolledDomain {
        id: row.parse("id")?,
        subscription: row.parse("subscription_id")?,
        name: row.parse("name")?,
        kind,
        added_at: row.timestamp("added_at")?,
        status,
    })
}
