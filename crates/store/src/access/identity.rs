//! By what a provider knows a user, a row of `credential` each. It is found within a tenant only: what another tenant's
//! provider says of somebody is said of nobody here.

use base::{TenantId, Timestamp, UserId};
use tenancy::oidc::Identity;

use crate::{Column, Error, ReadTx, Row, Value, WriteTx, columns, sql, values};

columns! {
    "credential" linked_identity => LinkedIdentityRow {
        user = "user_id", tenant = "tenant_id", kind, identity = "lookup", created_at, changed_at, confirmed_at,
        last_used_at
    }
}

/// A row of the table.
struct LinkedIdentityRow {
    user: UserId,
    tenant: TenantId,
    kind: String,
    identity: Identity,
    created_at: Timestamp,
    changed_at: Timestamp,
    confirmed_at: Option<Timestamp>,
    last_used_at: Option<Timestamp>,
}

/// A user with what a provider calls them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkedIdentity {
    /// Who.
    pub user: UserId,
    /// The tenant for which they act.
    pub tenant: TenantId,
    /// What the provider calls them.
    pub identity: Identity,
    /// Since when.
    pub linked_at: Timestamp,
    /// When it was last signed in by.
    pub last_used_at: Option<Timestamp>,
}

const OIDC: &str = "oidc";

impl Column for Identity {
    fn read(row: &Row, column: &'static str) -> Result<Self, Error> {
        row.word(column, Self::parse)
    }

    fn value(&self) -> Value<'_> {
        Value::from(self.as_str())
    }
}

impl From<LinkedIdentityRow> for LinkedIdentity {
    fn from(row: LinkedIdentityRow) -> Self {
        Self {
            user: row.user,
            tenant: row.tenant,
            identity: row.identity,
            linked_at: row.created_at,
            last_used_at: row.last_used_at,
        }
    }
}

/// Stores what a provider calls a user.
pub async fn insert(tx: &mut WriteTx, linked: &LinkedIdentity) -> Result<(), Error> {
    tx.insert(&LinkedIdentityRow {
        user: linked.user,
        tenant: linked.tenant,
        kind: OIDC.to_owned(),
        identity: linked.identity.clone(),
        created_at: linked.linked_at,
        changed_at: linked.linked_at,
        confirmed_at: Some(linked.linked_at),
        last_used_at: linked.last_used_at,
    })
    .await
}

/// Whom of the tenant a provider calls so.
pub async fn by_identity(
    tx: &mut ReadTx,
    identity: &Identity,
) -> Result<Option<LinkedIdentity>, Error> {
    let statement = sql!(
        tenant: "SELECT ", linked_identity!(), " FROM credential
         WHERE tenant_id = $1 AND kind = 'oidc' AND lookup = $2"
    );
    let values = values![identity.as_str()];
    let row: Option<LinkedIdentityRow> = tx.record(statement, &values).await?;
    Ok(row.map(LinkedIdentity::from))
}

/// What a provider calls a user; they have one at most.
pub async fn of_user(tx: &mut ReadTx, user: &UserId) -> Result<Option<LinkedIdentity>, Error> {
    let statement = sql!(
        tenant: "SELECT ", linked_identity!(), " FROM credential
         WHERE tenant_id = $1 AND user_id = $2 AND kind = 'oidc' ORDER BY created_at LIMIT 1"
    );
    let row: Option<LinkedIdentityRow> = tx.record(statement, &values![user]).await?;
    Ok(row.map(LinkedIdentity::from))
}

/// Notes a sign-in.
pub async fn note_use(tx: &mut WriteTx, (user, at): &(UserId, Timestamp)) -> Result<(), Error> {
    let note = sql!(
        tenant: "UPDATE credential SET last_used_at = $3 WHERE tenant_id = $1 AND user_id = $2 AND kind = 'oidc'"
    );
    tx.execute_later(note, &values![user, *at]).await
}

/// Takes what a provider calls a user away; `false` when it was before.
pub async fn delete(tx: &mut WriteTx, user: &UserId) -> Result<bool, Error> {
    let delete = sql!(
        tenant: "DELETE FROM credential WHERE tenant_id = $1 AND user_id = $2 AND kind = 'oidc'"
    );
    Ok(tx.execute(delete, &values![user]).await? > 0)
}
