//! Lineages: all certificates of one owner for exactly one set of names, and which of them counts now.
//!
//! A lineage's identifier is computed from owner and names, so that nothing has to be looked up: it is also the
//! identity of the set of names of an order. Lists and "replaced" live here, a row for each set of names and not for
//! each certificate.

use aws_lc_rs::digest;
use base::{CertificateId, Identifier, LineageId, SubscriptionId, TenantId, Timestamp};

use super::certificate::Signed;
use super::names::joined;
use crate::{Error, WriteTx, columns, sql, values};

/// How many octets at the beginning of a lineage's identifier are its owner's: an issuance then touches pages of
/// its owner in each index by lineage, and not any page of all.
const OF_OWNER: usize = 3;

/// The lineage of a tenant's own certificates for these names, which are sorted.
pub fn id_of(tenant: TenantId, names: &[Identifier]) -> LineageId {
    id_in(tenant, false, names)
}

/// The same for a directory. What a test directory issues takes nobody's place: its lineages have identifiers of their own,
/// and no certificate of them counts.
pub fn id_in(tenant: TenantId, is_test: bool, names: &[Identifier]) -> LineageId {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(&tenant.to_bytes());
    // No customer below the tenant.
    context.update(&[0; 16]);
    if is_test {
        context.update(b"test\n");
    }
    for Identifier::Dns(name) in names {
        context.update(b"dns:");
        context.update(name.as_str().as_bytes());
        context.update(b"\n");
    }
    let mut id = [0; 16];
    let owner = tenant.to_bytes();
    let (_, chance) = owner.split_at(owner.len() - OF_OWNER);
    let digest = context.finish();
    for (place, octet) in id.iter_mut().zip(chance.iter().chain(digest.as_ref())) {
        *place = *octet;
    }
    LineageId::from_bytes(id)
}

/// A lineage as stored.
pub(crate) struct Lineage {
    pub(crate) id: LineageId,
    pub(crate) not_before: Timestamp,
    pub(crate) not_after: Timestamp,
    pub(crate) issued_at: Timestamp,
    pub(crate) issued_count: i64,
    pub(crate) certificate: Option<CertificateId>,
    pub(crate) tenant: TenantId,
    pub(crate) subscription: SubscriptionId,
    pub(crate) name_count: i64,
    pub(crate) names: String,
}

columns! { "lineage" lineage => Lineage {
    id, not_before, not_after, issued_at, issued_count, certificate = "certificate_id", tenant = "tenant_id",
    subscription = "subscription_id", name_count, names,
} }

/// A name of a lineage, its labels from the top down.
pub(crate) struct LineageName {
    pub(crate) rname: String,
    pub(crate) lineage: LineageId,
    pub(crate) tenant: TenantId,
}

columns! { "lineage_name" lineage_name => LineageName {
    rname, lineage = "lineage_id", tenant = "tenant_id",
} }

/// What a lineage is like before its next certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing was issued for this set of names.
    New,
    /// No certificate of it counts.
    Revoked,
    /// The certificate that counts ends at this moment.
    Until(Timestamp),
}

/// Counts a certificate in: it is the current one unless another one ends later.
pub(crate) async fn issue(
    tx: &mut WriteTx,
    signed: &Signed,
    standing: Standing,
) -> Result<(), Error> {
    match standing {
        Standing::New => insert(tx, signed).await,
        // Changed all the same, so that nobody deletes it meanwhile because it has no certificate.
        Standing::Revoked | Standing::Until(_) if signed.is_test => count(tx, signed).await,
        Standing::Until(moment) if moment > signed.certificate.not_after => count(tx, signed).await,
        Standing::Revoked | Standing::Until(_) => point_at(tx, signed).await,
    }
}

async fn insert(tx: &mut WriteTx, signed: &Signed) -> Result<(), Error> {
    let certificate = &signed.certificate;
    let found_by = if signed.is_test {
        &[][..]
    } else {
        &signed.names
    };
    for Identifier::Dns(name) in found_by {
        tx.insert(&LineageName {
            rname: name.reversed(),
            lineage: certificate.lineage,
            tenant: certificate.tenant,
        })
        .await?;
    }
    tx.insert(&Lineage {
        id: certificate.lineage,
        not_before: certificate.not_before,
        not_after: certificate.not_after,
        issued_at: signed.now,
        issued_count: 1,
        certificate: (!signed.is_test).then_some(certificate.id),
        tenant: certificate.tenant,
        subscription: signed.subscription,
        name_count: i64::try_from(signed.names.len()).unwrap_or(i64::MAX),
        names: joined(&signed.names),
    })
    .await
}

async fn count(tx: &mut WriteTx, signed: &Signed) -> Result<(), Error> {
    let statement = sql!(tenant:
        "UPDATE lineage SET issued_count = issued_count + 1 WHERE tenant_id = $1 AND id = $2"
    );
    tx.execute_later(statement, &values![signed.certificate.lineage])
        .await
}

async fn point_at(tx: &mut WriteTx, signed: &Signed) -> Result<(), Error> {
    let certificate = &signed.certificate;
    let statement = sql!(tenant:
        "UPDATE lineage SET issued_count = issued_count + 1, not_before = $3, not_after = $4, issued_at = $5,
           certificate_id = $6, subscription_id = $7
         WHERE tenant_id = $1 AND id = $2"
    );
    let values = values![
        certificate.lineage,
        certificate.not_before,
        certificate.not_after,
        signed.now,
        certificate.id,
        signed.subscription
    ];
    tx.execute_later(statement, &values).await
}

/// Takes a revoked certificate out: if it was the current one, the one that ends last among the others is.
pub(crate) async fn revoke(
    tx: &mut WriteTx,
    lineage: LineageId,
    certificate: CertificateId,
) -> Result<(), Error> {
    let heir = sql!(system:
        "SELECT c.id, c.not_before, c.not_after FROM certificate c
         WHERE c.lineage_id = $1 AND NOT EXISTS (SELECT 1 FROM revocation r WHERE r.certificate_id = c.id)
         ORDER BY c.not_after DESC LIMIT 1"
    );
    let heir = tx.row(heir, &values![lineage]).await?;
    let Some(row) = heir else {
        let statement = sql!(system:
            "UPDATE lineage SET certificate_id = NULL WHERE id = $1 AND certificate_id = $2"
        );
        return tx
            .execute_later(statement, &values![lineage, certificate])
            .await;
    };
    let id: CertificateId = row.id("id")?;
    let statement = sql!(system:
        "UPDATE lineage SET certificate_id = $3, not_before = $4, not_after = $5, issued_at = $6,
           subscription_id = (SELECT c.subscription_id FROM certificate c WHERE c.id = $3)
         WHERE id = $1 AND certificate_id = $2"
    );
    let values = values![
        lineage,
        certificate,
        id,
        row.timestamp("not_before")?,
        row.timestamp("not_after")?,
        id.made_at()
    ];
    tx.execute_later(statement, &values).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sb6_lineages_of_one_tenant_lie_together_and_no_two_are_the_same() {
        let names = |text: &str| vec![Identifier::Dns(text.parse().unwrap())];
        let tenant = |number: u128| TenantId::from_bytes(number.to_be_bytes());
        let (own, other, alike) = (
            tenant(0x00aa_bbcc),
            tenant(0x0011_2233),
            tenant(0x1_00aa_bbcc),
        );
        let id = |of: TenantId, text: &str| id_of(of, &names(text)).to_bytes();
        assert_eq!(id(own, "a.example")[..3], [0xaa, 0xbb, 0xcc]);
        assert_eq!(id(own, "b.example")[..3], id(own, "a.example")[..3]);
        assert_ne!(id(own, "b.example"), id(own, "a.example"));
        assert_ne!(id(other, "a.example"), id(own, "a.example"));
        assert_ne!(id(alike, "a.example"), id(own, "a.example"));
    }
}
