//! Who changed what: an entry in the same transaction as the change. Never updated; deleted after years, but for what
//! happened to CAs and keys.

use base::{Actor, AuditId, CertificateId, TenantId, Timestamp};

use crate::old::Old;
use crate::{Error, Progress, ReadTx, WriteTx, columns, sql, values};

columns! {
    "audit" audit => Entry {
        id, at, tenant = "tenant_id", customer = "customer_id", actor, acting_as, action, object_kind, object,
        parent, change, client_address, client_agent, request_id
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
    /// The customer below the tenant whose data changed.
    pub customer: Option<TenantId>,
    /// Who did it: a user, an ACME account, `command line` or `system`.
    pub actor: Actor,
    /// As whom, if that is somebody else.
    pub acting_as: Option<String>,
    /// What was done, `noun.verb`.
    pub action: String,
    /// What sort of thing it was done to; entries from before it was told have none.
    pub object_kind: Option<String>,
    /// The identifier or name of what it was done to.
    pub object: String,
    /// What has a page of its own on which it is shown too: the subscription of a name.
    pub parent: Option<String>,
    /// Facts for the reader, JSON; never a secret.
    pub change: String,
    /// Where the request came from; empty for work of our own.
    pub client_address: String,
    /// What the client called itself.
    pub client_agent: Option<String>,
    /// The request that caused it.
    pub request_id: String,
}

/// Appends an entry.
pub async fn append(tx: &mut WriteTx, entry: &Entry) -> Result<(), Error> {
    tx.insert(entry).await
}

/// The same where there may be none: what is nobody's is told to nobody before there is an operator.
pub async fn append_any(tx: &mut WriteTx, entry: Option<&Entry>) -> Result<(), Error> {
    match entry {
        Some(entry) => append(tx, entry).await,
        None => Ok(()),
    }
}

/// The newest entries of the tenant, newest first.
pub async fn newest(tx: &mut ReadTx, limit: &i64) -> Result<Vec<Entry>, Error> {
    let statement = sql!(
        tenant: "SELECT ", audit!(), " FROM audit WHERE tenant_id = $1 ORDER BY id DESC LIMIT $2"
    );
    tx.records(statement, &values![*limit]).await
}

/// The newest entries of what others did as the tenant, newest first; what they only looked at is not among them.
pub async fn newest_acting(tx: &mut ReadTx, limit: &i64) -> Result<Vec<Entry>, Error> {
    let statement = sql!(
        tenant: "SELECT ", audit!(), " FROM audit
         WHERE tenant_id = $1 AND acting_as IS NOT NULL AND action <> 'acting.look' ORDER BY id DESC LIMIT $2"
    );
    tx.records(statement, &values![*limit]).await
}

/// The newest entries of what others looked at as the tenant, newest first.
pub async fn newest_looks(tx: &mut ReadTx, limit: &i64) -> Result<Vec<Entry>, Error> {
    let statement = sql!(
        tenant: "SELECT ", audit!(), " FROM audit
         WHERE tenant_id = $1 AND acting_as IS NOT NULL AND action = 'acting.look' ORDER BY id DESC LIMIT $2"
    );
    tx.records(statement, &values![*limit]).await
}

/// When the last entry was made, whoever it is about.
pub async fn newest_at(tx: &mut ReadTx) -> Result<Option<Timestamp>, Error> {
    let newest = sql!(system: "SELECT ", audit!(), " FROM audit ORDER BY id DESC LIMIT 1");
    let entry: Option<Entry> = tx.record(newest, &[]).await?;
    Ok(entry.map(|entry| entry.at))
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

/// Removes entries from before a moment. What happened to CAs and sealing keys stays: its period begins when the key is
/// destroyed or the last certificate of the CA ends, and nobody is told of either.
pub async fn delete_old(
    tx: &mut WriteTx,
    old: &Old<AuditId>,
) -> Result<Progress<Old<AuditId>>, Error> {
    let end = sql!(system:
        "SELECT id FROM audit WHERE id > $1 AND id <= $2 ORDER BY id LIMIT 1 OFFSET $3"
    );
    let delete = sql!(system:
        "DELETE FROM audit WHERE id > $1 AND id <= $2 AND at < $3
           AND action NOT LIKE 'ca.%' AND action NOT LIKE 'sealing_key.%'"
    );
    let row = tx.row(end, &old.bounds()).await?;
    let end = row.map(|row| row.id("id")).transpose()?;
    let values = values![old.after, end.unwrap_or(old.until), old.ended_before];
    tx.execute(delete, &values).await?;
    Ok(old.behind(end))
}
