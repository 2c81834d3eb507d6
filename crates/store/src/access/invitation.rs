//! Links with which people set a password. A link is found by its token's digest.

use base::{Actor, TenantId, Timestamp, UserId};
use tenancy::invitation::{Invitation, Purpose};
use tenancy::token::TokenDigest;

use crate::{Error, ReadTx, WriteTx, columns, sql, values, word_columns};

columns! {
    "invitation" invitation => InvitationRow {
        digest, user_id, tenant_id, purpose, created_at, created_by, expires_at, used_at
    }
}
word_columns!(Purpose);

/// A row of the table.
struct InvitationRow {
    digest: TokenDigest,
    user_id: UserId,
    tenant_id: TenantId,
    purpose: Purpose,
    created_at: Timestamp,
    created_by: Actor,
    expires_at: Timestamp,
    used_at: Option<Timestamp>,
}

impl From<&Invitation> for InvitationRow {
    fn from(link: &Invitation) -> Self {
        Self {
            digest: link.digest,
            user_id: link.user,
            tenant_id: link.tenant,
            purpose: link.purpose,
            created_at: link.created_at,
            created_by: link.created_by,
            expires_at: link.expires_at,
            used_at: link.used_at,
        }
    }
}

impl From<InvitationRow> for Invitation {
    fn from(row: InvitationRow) -> Self {
        Self {
            digest: row.digest,
            user: row.user_id,
            tenant: row.tenant_id,
            purpose: row.purpose,
            created_at: row.created_at,
            created_by: row.created_by,
            expires_at: row.expires_at,
            used_at: row.used_at,
        }
    }
}

/// Stores a new link; those of the user that were not used work no more.
pub async fn replace(tx: &mut WriteTx, link: &Invitation) -> Result<(), Error> {
    delete_unused(tx, &link.user).await?;
    insert(tx, link).await
}

/// Stores a link of a user who has no other.
pub async fn insert(tx: &mut WriteTx, link: &Invitation) -> Result<(), Error> {
    tx.insert(&InvitationRow::from(link)).await
}

/// Deletes the links of a user that were not used.
pub async fn delete_unused(tx: &mut WriteTx, user: &UserId) -> Result<(), Error> {
    let delete = sql!(
        tenant: "DELETE FROM invitation WHERE tenant_id = $1 AND user_id = $2 AND used_at IS NULL"
    );
    tx.execute(delete, &values![user]).await.map(|_| ())
}

/// Deletes all links of a user.
pub async fn delete_of_user(tx: &mut WriteTx, user: &UserId) -> Result<(), Error> {
    let delete = sql!(tenant: "DELETE FROM invitation WHERE tenant_id = $1 AND user_id = $2");
    tx.execute(delete, &values![user]).await.map(|_| ())
}

/// The link of a token.
pub async fn by_digest(tx: &mut ReadTx, digest: &TokenDigest) -> Result<Option<Invitation>, Error> {
    let statement = sql!(system: "SELECT ", invitation!(), " FROM invitation WHERE digest = $1");
    let row: Option<InvitationRow> = tx.record(statement, &values![digest.as_bytes()]).await?;
    Ok(row.map(Invitation::from))
}

/// Notes that a link was used; `false` when it was before, or is gone.
pub async fn mark_used(
    tx: &mut WriteTx,
    (digest, now): &(TokenDigest, Timestamp),
) -> Result<bool, Error> {
    let mark = sql!(
        tenant: "UPDATE invitation SET used_at = $3
         WHERE tenant_id = $1 AND digest = $2 AND used_at IS NULL"
    );
    Ok(tx.execute(mark, &values![digest.as_bytes(), *now]).await? == 1)
}

/// Deletes some links, at most the limit, that ended before a moment.
pub async fn delete_ended(
    tx: &mut WriteTx,
    (before, limit): &(Timestamp, i64),
) -> Result<u64, Error> {
    let delete = sql!(
        system: "DELETE FROM invitation WHERE digest IN
           (SELECT digest FROM invitation WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)"
    );
    tx.execute(delete, &values![*before, *limit]).await
}
