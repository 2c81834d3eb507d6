//! What can be had, as data: who issues, products, their directories, offers, and the versions of their policies.

use base::{Actor, AuthorityId, OfferId, OfferVersionId, TenantId, Timestamp};

use crate::{Error, ReadTx, columns, sql, values};

/// Who issues.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority {
    /// Its identifier.
    pub id: AuthorityId,
    /// `builtin`: this server itself.
    pub kind: String,
    /// For people.
    pub name: String,
    /// What its kind needs to know, JSON.
    pub config: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A kind of certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// Such as `dv`.
    pub code: String,
    /// For people.
    pub name: String,
    /// What is checked of its owner: `domain`.
    pub level: String,
    /// JSON.
    pub config: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// An ACME directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directory {
    /// The last segment of its URL.
    pub slug: String,
    /// What is ordered there.
    pub product_code: String,
    /// Whether nobody trusts what it issues.
    pub is_test: bool,
    /// JSON.
    pub config: String,
    /// When it was made.
    pub created_at: Timestamp,
}

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
    /// JSON.
    pub policy: String,
    /// SHA-256 of the policy.
    pub policy_digest: [u8; 32],
    /// When it was made.
    pub created_at: Timestamp,
    /// Who made it.
    pub created_by: Actor,
}

columns! { "authority" authority => Authority { id, kind, name, config, created_at } }
columns! { "product" product => Product { code, name, level, config, created_at } }
columns! { "directory" directory => Directory { slug, product_code, is_test, config, created_at } }
columns! { "offer" offer => Offer {
    id, seller = "seller_id", authority = "authority_id", product_code, slug, name, created_at
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
