//! Who changed what: an entry in the same transaction as the change. Never updated, never deleted.

use base::{Actor, AuditId, CertificateId, TenantId, Timestamp};

use crate::{Error, ReadTx, WriteTx, columns, sql, values};

columns! {
    "audit" audit => Entry {
        id, at, tenant = "tenant_id", actor, action, object, detail, client_address, request_id
    }
}

/// An entry.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The entry's identifier.
    pub id: AuditId,
    /// When it happened.
    pub at: Timestamp,
    /// Whose data changed.
    pub tenant: TenantId,
    /// Who did it: a user, an ACME account, `command line` or `system`.
    pub actor: Actor,
    /// What was done, `noun.verb`.
    pub action: String,
    /// The identifier of what it was done to.
    pub object: String,
    /// Facts for the reader, JSON; never a secret.
    pub detail: String,
    /// Where the request came from; empty for work of our own.
    pub client_address: String,
    /// The request that caused it.
    pub request_id: String,
}

/// Appends an entry.
pub async fn append(tx: &mut WriteTx, entry: &Entry) -> Result<(), Error> {
    tx.insert(entry).await
}

/// The newest entries of the tenant, newest first.
pub async fn newest(tx: &mut ReadTx, limit: &i64) -> Result<Vec<Entry>, Error> {
    let statement = sql!(
        tenant: "SELECT ", audit!(), " FROM audit WHERE tenant_id = $1 ORDER BY id DESC LIMIT $2"
    );
    tx.records(statement, &values![*limit]).await
}

/// Who revoked a tenant's certificate, and how.
pub async fn revocation(
    tx: &mut ReadTx,
    tenant: TenantId,
    certificate: CertificateId,
) -> Result<Option<Entry>, Error> {
    let statement = sql!(
        system: "SELECT ", audit!(), " FROM audit
         WHERE tenant_id = $1 AND object = $2 AND action = 'certificate.revoke'
         ORDER BY id DESC LIMIT 1"
    );
    tx.record(statement, &values![tenant, certificate.to_string()])
        .await
}
