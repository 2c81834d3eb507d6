//! Who changed what: an entry in the same transaction as the change. Never updated, never deleted.

use base::{AuditId, CertificateId, TenantId, Timestamp};

use crate::{Error, ReadTx, Row, WriteTx, sql, values};

/// An entry to append.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The entry's identifier.
    pub id: AuditId,
    /// When it happened.
    pub at: Timestamp,
    /// Whose data changed.
    pub tenant: TenantId,
    /// Who did it: a user, an ACME account, `command line` or `system`.
    pub actor: String,
    /// What was done, `noun.verb`.
    pub action: &'static str,
    /// The identifier of what it was done to.
    pub object: String,
    /// Facts for the reader, JSON; never a secret.
    pub detail: String,
    /// Where the request came from; empty for work of our own.
    pub client_address: String,
    /// The request that caused it.
    pub request_id: String,
}

/// An entry as shown.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// When it happened.
    pub at: Timestamp,
    /// Who did it.
    pub actor: String,
    /// What was done.
    pub action: String,
    /// To what.
    pub object: String,
    /// Facts, JSON.
    pub detail: String,
    /// From where.
    pub client_address: String,
}

/// Appends an entry.
pub async fn append(tx: &mut WriteTx, entry: &Entry) -> Result<(), Error> {
    tx.execute_later(
        sql!(
            "INSERT INTO audit (id, at, tenant_id, actor, action, object, detail, client_address, request_id)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
        ),
        &values![
            entry.id,
            entry.at,
            entry.tenant,
            &entry.actor,
            entry.action,
            &entry.object,
            &entry.detail,
            &entry.client_address,
            &entry.request_id
        ],
    )
    .await
}

/// The newest entries of a tenant, newest first.
pub async fn newest(tx: &mut ReadTx, tenant: TenantId, limit: i64) -> Result<Vec<Recorded>, Error> {
    let rows = tx
        .rows(
            sql!(
                "SELECT id, at, actor, action, object, detail, client_address FROM audit
                 WHERE tenant_id = $1 ORDER BY id DESC LIMIT $2"
            ),
            &values![tenant, limit],
        )
        .await?;
    rows.iter().map(from_row).collect()
}

/// Who revoked a tenant's certificate, and how.
pub async fn revocation(
    tx: &mut ReadTx,
    tenant: TenantId,
    certificate: CertificateId,
) -> Result<Option<Recorded>, Error> {
    let row = tx
        .row(
            sql!(
                "SELECT id, at, actor, action, object, detail, client_address FROM audit
                 WHERE tenant_id = $1 AND object = $2 AND action = 'certificate.revoke'
                 ORDER BY id DESC LIMIT 1"
            ),
            &values![tenant, certificate.to_string()],
        )
        .await?;
    row.as_ref().map(from_row).transpose()
}

fn from_row(row: &Row) -> Result<Recorded, Error> {
    Ok(Recorded {
        at: row.timestamp("at")?,
        actor: row.text("actor")?.to_owned(),
        action: row.text("action")?.to_owned(),
        object: row.text("object")?.to_owned(),
        detail: row.text("detail")?.to_owned(),
        client_address: row.text("client_address")?.to_owned(),
    })
}
