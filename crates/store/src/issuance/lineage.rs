//! Lineages: all certificates of one owner for exactly one set of names, and which of them counts now.
//!
//! A lineage's identifier is computed from owner and names, so that nothing has to be looked up: it is also the
//! identity of the set of names of an order. Lists and "replaced" live here, a row for each set of names and not for
//! each certificate.

use aws_lc_rs::digest;
use base::{CertificateId, Identifier, LineageId, SubscriptionId, TenantId, Timestamp};

use super::names::joined;
use crate::{Error, Sql, Value, WriteTx, sql, values};

/// The lineage of a tenant's own certificates for these names, which are sorted.
pub fn id_of(tenant: TenantId, names: &[Identifier]) -> LineageId {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(&tenant.to_bytes());
    // No customer below the tenant.
    context.update(&[0; 16]);
    for Identifier::Dns(name) in names {
        context.update(b"dns:");
        context.update(name.as_str().as_bytes());
        context.update(b"\n");
    }
    let digest = context.finish();
    let (half, _) = digest
        .as_ref()
        .split_first_chunk()
        .unwrap_or((&[0; 16], &[]));
    LineageId::from_bytes(*half)
}

/// A certificate that was issued, as far as its lineage asks.
#[derive(Clone, Copy, Debug)]
pub struct Issued<'a> {
    /// The lineage.
    pub id: LineageId,
    /// The certificate.
    pub certificate: CertificateId,
    /// First moment of validity.
    pub not_before: Timestamp,
    /// Last moment of validity.
    pub not_after: Timestamp,
    /// When it was signed.
    pub issued_at: Timestamp,
    /// Who owns it.
    pub tenant: TenantId,
    /// What covered the names.
    pub subscription: SubscriptionId,
    /// The names, sorted.
    pub names: &'a [Identifier],
    /// Whether the lineage had a certificate before.
    pub is_known: bool,
}

/// Counts a certificate in: it is the current one unless another one ends later.
pub(crate) async fn issue(tx: &mut WriteTx, issued: &Issued<'_>) -> Result<(), Error> {
    if !issued.is_known {
        insert_names(tx, issued).await?;
    }
    let (statement, values) = upsert(issued);
    tx.execute_later(statement, &values).await
}

async fn insert_names(tx: &mut WriteTx, issued: &Issued<'_>) -> Result<(), Error> {
    let statement = sql!(system:
        "INSERT INTO lineage_name (rname, lineage_id, tenant_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
    );
    for Identifier::Dns(name) in issued.names {
        let values = values![name.reversed(), issued.id, issued.tenant];
        tx.execute_later(statement, &values).await?;
    }
    Ok(())
}

fn upsert<'v>(issued: &Issued<'v>) -> (Sql, Vec<Value<'v>>) {
    let statement = sql!(system:
        "INSERT INTO lineage (id, not_before, not_after, issued_at, issued_count, certificate_id, tenant_id,
           subscription_id, name_count, names)
         VALUES ($1, $2, $3, $4, 1, $5, $6, $7, $8, $9)
         ON CONFLICT (id) DO UPDATE SET issued_count = lineage.issued_count + 1,
           not_before = CASE WHEN lineage.certificate_id IS NULL OR excluded.not_after >= lineage.not_after
             THEN excluded.not_before ELSE lineage.not_before END,
           issued_at = CASE WHEN lineage.certificate_id IS NULL OR excluded.not_after >= lineage.not_after
             THEN excluded.issued_at ELSE lineage.issued_at END,
           subscription_id = CASE WHEN lineage.certificate_id IS NULL OR excluded.not_after >= lineage.not_after
             THEN excluded.subscription_id ELSE lineage.subscription_id END,
           certificate_id = CASE WHEN lineage.certificate_id IS NULL OR excluded.not_after >= lineage.not_after
             THEN excluded.certificate_id ELSE lineage.certificate_id END,
           not_after = CASE WHEN lineage.certificate_id IS NULL OR excluded.not_after >= lineage.not_after
             THEN excluded.not_after ELSE lineage.not_after END"
    );
    let values = values![
        issued.id,
        issued.not_before,
        issued.not_after,
        issued.issued_at,
        issued.certificate,
        issued.tenant,
        issued.subscription,
        i64::try_from(issued.names.len()).unwrap_or(i64::MAX),
        joined(issued.names)
    ];
    (statement, values.to_vec())
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
        "UPDATE lineage SET certificate_id = $3, not_before = $4, not_after = $5, issued_at = $6
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
