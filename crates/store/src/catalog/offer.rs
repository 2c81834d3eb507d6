//! What can be bought, and the versions of the policies that it is bought under.

use std::collections::HashMap;
use std::sync::Arc;

use base::{Actor, AuthorityId, OfferId, OfferVersionId, TenantId, Timestamp};

use enrollment::policy::Policy;

use crate::{Column, Error, ReadTx, Row, Value, WriteTx, columns, sql, values};

/// What can be bought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Its identifier.
    pub id: OfferId,
    /// Who sells it; `None` for the operator of the installation.
    pub seller: Option<TenantId>,
    /// Who issues.
    pub authority: AuthorityId,
    /// What is issued.
    pub product_code: String,
    /// Its name in commands and configuration.
    pub slug: String,
    /// For people.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last sold.
    pub retired_at: Option<Timestamp>,
}

/// The policies of an offer; a row is never changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferVersion {
    /// What subscriptions pin.
    pub id: OfferVersionId,
    /// Its offer.
    pub offer: OfferId,
    /// From 1.
    pub number: i64,
    /// The rules.
    pub policy: Policy,
    /// SHA-256 of the policy.
    pub policy_digest: [u8; 32],
    /// When it was made.
    pub created_at: Timestamp,
    /// Who made it.
    pub created_by: Actor,
}

impl Column for Policy {
    fn read(row: &Row, column: &'static str) -> Result<Self, Error> {
        row.parsed(column, Self::from_stored)
    }

    fn value(&self) -> Value<'_> {
        self.to_json().into()
    }
}

columns! { "offer" offer => Offer {
    id, seller = "seller_id", authority = "authority_id", product_code, slug, name, created_at,
    retired_at
} }
columns! { "offer_version" offer_version => OfferVersion {
    id, offer = "offer_id", number, policy, policy_digest, created_at, created_by
} }

/// The newest version of the operator's offer of this name.
pub async fn newest_version(tx: &mut ReadTx, slug: &str) -> Result<Option<OfferVersion>, Error> {
    tx.record(
        sql!(
            "SELECT ",
            offer_version!(),
            " FROM offer_version
             WHERE offer_id = (SELECT o.id FROM offer o WHERE o.slug = $1 AND o.seller_id IS NULL)
             ORDER BY number DESC LIMIT 1"
        ),
        &values![slug],
    )
    .await
}

/// Every offer, oldest first as far as milliseconds tell.
pub async fn all(tx: &mut ReadTx) -> Result<Vec<Offer>, Error> {
    let statement = sql!("SELECT ", offer!(), " FROM offer ORDER BY id");
    tx.records(statement, &[]).await
}

/// Every version of every offer, oldest first.
pub async fn versions(tx: &mut ReadTx) -> Result<Vec<OfferVersion>, Error> {
    let statement = sql!(
        "SELECT ",
        offer_version!(),
        " FROM offer_version ORDER BY offer_id, number"
    );
    tx.records(statement, &[]).await
}

/// How many subscriptions pin each version of each offer, ended ones too.
pub async fn bought(tx: &mut ReadTx, (): &()) -> Result<Vec<(OfferVersionId, i64)>, Error> {
    let count = sql!(
        system: "SELECT offer_version_id, COUNT(*) AS subscriptions FROM subscription GROUP BY offer_version_id"
    );
    let rows = tx.rows(count, &[]).await?;
    let each = |row: &Row| {
        Ok((
            OfferVersionId::read(row, "offer_version_id")?,
            row.int("subscriptions")?,
        ))
    };
    rows.iter().map(each).collect()
}

/// A version by its identifier.
pub async fn version(tx: &mut ReadTx, id: OfferVersionId) -> Result<Option<OfferVersion>, Error> {
    let statement = sql!(
        "SELECT ",
        offer_version!(),
        " FROM offer_version WHERE id = $1"
    );
    tx.record(statement, &values![id]).await
}

/// The operator's offer of this name.
pub async fn by_slug(tx: &mut ReadTx, slug: &str) -> Result<Option<Offer>, Error> {
    let statement = sql!(
        "SELECT ",
        offer!(),
        " FROM offer WHERE slug = $1 AND seller_id IS NULL"
    );
    tx.record(statement, &values![slug]).await
}

/// Sells an offer no more, or again.
pub async fn retire(
    tx: &mut WriteTx,
    (id, at): &(OfferId, Option<Timestamp>),
) -> Result<(), Error> {
    let statement = sql!("UPDATE offer SET retired_at = $2 WHERE id = $1");
    tx.execute(statement, &values![*id, *at]).await.map(drop)
}

/// Policies that are known, by the versions that they are of.
pub type Policies = Arc<HashMap<OfferVersionId, Arc<Policy>>>;

/// The policies of a version, from those that are known or else from its row: versions never change, so that a copy is as
/// good.
pub async fn policy(
    tx: &mut ReadTx,
    id: OfferVersionId,
    known: &Policies,
) -> Result<Arc<Policy>, Error> {
    if let Some(known) = known.get(&id) {
        return Ok(known.clone());
    }
    let stored = version(tx, id).await?;
    Ok(stored.map_or_else(Arc::default, |stored| Arc::new(stored.policy)))
}
