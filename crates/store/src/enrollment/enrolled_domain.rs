//! Enrolled domains: the names that a subscription admits.

mod part;
mod part_index;
mod search;

use base::{
    Actor, Cursor, DnsName, EnrolledDomainId, Query, SubscriptionId, TenantId, Timestamp, UserId,
};
use enrollment::enrolled_domain::EnrolledDomain;

pub use search::{DomainList, list, page};

use crate::access::role_binding::covered;
use crate::tenancy::domain::Reversed;
use crate::{Error, ReadTx, Record, Row, Value, WriteTx, columns, sql, values};

/// Counting further than this costs more than it tells; a whole list is counted to its end.
pub const MAX_COUNTED: usize = 10_000;

/// Which of a tenant's active domains to show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DomainFilter {
    /// Only of this subscription.
    pub subscription: Option<SubscriptionId>,
    /// Only names that contain this text, in lower case.
    pub contains: String,
    /// Only paid names, or only free companions.
    pub is_companion: Option<bool>,
}

impl DomainFilter {
    /// Whether all domains of the tenant are on some page.
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }

    /// Whether not to ask, and what, three times; and how many rows to take at most.
    fn values(
        &self,
        (is_whole, user): (bool, Option<UserId>),
        limit: usize,
    ) -> [Value<'static>; 7] {
        values![
            self.subscription.is_none(),
            self.subscription,
            self.is_companion.is_none(),
            self.is_companion.unwrap_or_default(),
            is_whole,
            user,
            i64::try_from(limit).unwrap_or(i64::MAX),
        ]
    }
}

/// Where a domain stands in a list, which follows the labels from the top down; a name may be in several
/// subscriptions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DomainCursor {
    /// The name with its labels reversed.
    pub rname: String,
    /// Its identifier.
    pub id: EnrolledDomainId,
}

impl DomainCursor {
    /// Where this domain stands.
    pub fn of(domain: &EnrolledDomain) -> Self {
        Self {
            rname: domain.name.reversed(),
            id: domain.id,
        }
    }

    fn read(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            rname: row.text("rname")?.to_owned(),
            id: row.id("id")?,
        })
    }
}

impl Cursor for DomainCursor {
    fn text(&self) -> String {
        format!("{}~{}", self.rname, self.id.suffix())
    }

    fn parse(text: &str) -> Option<Self> {
        let (rname, id) = text.split_once('~')?;
        let id = EnrolledDomainId::from_suffix(id).ok()?;
        let rname = rname.to_owned();
        Some(Self { rname, id })
    }
}

/// What is asked of the list.
pub type DomainQuery = Query<DomainFilter, DomainCursor>;

/// Names of a subscription to look for.
#[derive(Clone, Debug)]
pub struct NamesOf {
    /// The subscription.
    pub subscription: SubscriptionId,
    /// The names.
    pub names: Vec<DnsName>,
}

/// A removal.
#[derive(Clone, Debug)]
pub struct Removed {
    /// What is removed.
    pub id: EnrolledDomainId,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: Actor,
}

/// A row, which holds the name in another form.
struct Stored {
    id: EnrolledDomainId,
    added_at: Timestamp,
    activated_at: Option<Timestamp>,
    removed_at: Option<Timestamp>,
    subscription: SubscriptionId,
    tenant: TenantId,
    customer: Option<TenantId>,
    companion_of: Option<EnrolledDomainId>,
    rname: Reversed,
    added_by: Actor,
    removed_by: Option<Actor>,
    anchor: Option<String>,
}

columns! { "enrolled_domain" enrolled_domain => Stored {
    id, added_at, activated_at, removed_at, subscription = "subscription_id", tenant = "tenant_id",
    customer = "customer_id", companion_of = "companion_of_id", rname, added_by, removed_by, anchor,
} }

impl From<&EnrolledDomain> for Stored {
    fn from(domain: &EnrolledDomain) -> Self {
        Self {
            id: domain.id,
            added_at: domain.added_at,
            activated_at: domain.activated_at,
            removed_at: domain.removed_at,
            subscription: domain.subscription,
            tenant: domain.tenant,
            customer: domain.customer,
            companion_of: domain.companion_of,
            rname: Reversed(domain.name.clone()),
            added_by: domain.added_by,
            removed_by: domain.removed_by,
            anchor: domain.anchor.clone(),
        }
    }
}

impl From<Stored> for EnrolledDomain {
    fn from(stored: Stored) -> Self {
        Self {
            id: stored.id,
            subscription: stored.subscription,
            tenant: stored.tenant,
            customer: stored.customer,
            name: stored.rname.0,
            companion_of: stored.companion_of,
            anchor: stored.anchor,
            added_at: stored.added_at,
            added_by: stored.added_by,
            activated_at: stored.activated_at,
            removed_at: stored.removed_at,
            removed_by: stored.removed_by,
        }
    }
}

/// Adds a domain, of a name that is not active in its subscription.
pub async fn insert(tx: &mut WriteTx, domain: &EnrolledDomain) -> Result<(), Error> {
    tx.insert(&Stored::from(domain)).await
}

/// For each name, the subscription's active domain of exactly that name.
pub async fn active_by_names(
    tx: &mut ReadTx,
    asked: &NamesOf,
) -> Result<Vec<Option<EnrolledDomain>>, Error> {
    let values: Vec<_> = asked
        .names
        .iter()
        .map(|name| values![asked.subscription, name.reversed()].to_vec())
        .collect();
    let by_name = sql!(
        tenant: "SELECT ", enrolled_domain!(), " FROM enrolled_domain
         WHERE subscription_id = $2 AND rname = $3 AND removed_at IS NULL AND tenant_id = $1"
    );
    each(tx.row_each(by_name, &values).await?)
}

/// The tenant's domain with this identifier, removed or not.
pub async fn find(tx: &mut ReadTx, id: &EnrolledDomainId) -> Result<Option<EnrolledDomain>, Error> {
    let found = by_ids(tx, &[*id]).await?;
    Ok(found.into_iter().next())
}

/// The domain with this identifier, removed or not, whoever owns it; for a job, which knows no more.
pub async fn by_id(
    tx: &mut ReadTx,
    id: &EnrolledDomainId,
) -> Result<Option<EnrolledDomain>, Error> {
    let by_id = sql!(system: "SELECT ", enrolled_domain!(), " FROM enrolled_domain WHERE id = $1");
    let found = tx.record::<Stored>(by_id, &values![*id]).await?;
    Ok(found.map(EnrolledDomain::from))
}

/// The tenant's domains with these identifiers, removed or not, in their order.
pub async fn by_ids(
    tx: &mut ReadTx,
    ids: &[EnrolledDomainId],
) -> Result<Vec<EnrolledDomain>, Error> {
    let (is_whole, user) = tx.bound_to();
    let values: Vec<_> = ids
        .iter()
        .map(|id| values![*id, is_whole, user].to_vec())
        .collect();
    let by_id = sql!(
        tenant: "SELECT ", enrolled_domain!(), " FROM enrolled_domain WHERE id = $2 AND tenant_id = $1 AND ",
        covered!("subscription_id", "$3", "$4")
    );
    let found = each(tx.row_each(by_id, &values).await?)?;
    Ok(found.into_iter().flatten().collect())
}

/// All companions that a domain ever had.
pub async fn companions_ever(
    tx: &mut ReadTx,
    of: &EnrolledDomainId,
) -> Result<Vec<EnrolledDomain>, Error> {
    let all = sql!(system: "SELECT ", enrolled_domain!(), " FROM enrolled_domain WHERE companion_of_id = $1 ORDER BY id");
    let found = tx.records::<Stored>(all, &values![*of]).await?;
    Ok(found.into_iter().map(EnrolledDomain::from).collect())
}

/// The active companions of a domain.
pub async fn companions(
    tx: &mut ReadTx,
    of: &EnrolledDomainId,
) -> Result<Vec<EnrolledDomain>, Error> {
    let active = sql!(
        tenant: "SELECT ", enrolled_domain!(), " FROM enrolled_domain
         WHERE companion_of_id = $2 AND tenant_id = $1 AND removed_at IS NULL"
    );
    let found = tx.records::<Stored>(active, &values![*of]).await?;
    Ok(found.into_iter().map(EnrolledDomain::from).collect())
}

/// Removes an active domain; `false` when it was removed before.
pub async fn remove(tx: &mut WriteTx, removed: &Removed) -> Result<bool, Error> {
    let changed = tx
        .execute(
            sql!(
                tenant: "UPDATE enrolled_domain SET removed_at = $3, removed_by = $4
                 WHERE id = $2 AND tenant_id = $1 AND removed_at IS NULL"
            ),
            &values![removed.id, removed.at, removed.by],
        )
        .await?;
    Ok(changed == 1)
}

fn each(rows: Vec<Option<Row>>) -> Result<Vec<Option<EnrolledDomain>>, Error> {
    let read = |row: Row| Stored::from_row(&row).map(EnrolledDomain::from);
    rows.into_iter()
        .map(|row| row.map(read).transpose())
        .collect()
}
