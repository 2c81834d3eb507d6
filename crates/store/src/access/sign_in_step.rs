//! Sign-ins of which the password was right, or of whom a provider knew, and the second factor is still to come. They are no sessions: nothing but the
//! second step looks at them.

use base::{TenantId, Timestamp, UserId};
use tenancy::oidc::Identity;
use tenancy::token::TokenDigest;

use crate::{Error, ReadTx, WriteTx, columns, sql, values};

columns! {
    "sign_in_step" sign_in_step => SignInStep {
        digest, user = "user_id", tenant = "tenant_id", password_changed_at, identity, created_at, expires_at
    }
}

/// A sign-in that waits for its second factor.
#[derive(Clone, Debug)]
pub struct SignInStep {
    /// What the token is found by.
    pub digest: TokenDigest,
    /// Who it is.
    pub user: UserId,
    /// The tenant for which they act.
    pub tenant: TenantId,
    /// When the password was set that was right, or the identity linked: another one voids the step.
    pub password_changed_at: Timestamp,
    /// What a provider calls them, if that and no password was proven.
    pub identity: Option<Identity>,
    /// When it was right.
    pub created_at: Timestamp,
    /// The first moment at which the second factor comes too late.
    pub expires_at: Timestamp,
}

/// Stores a step.
pub async fn insert(tx: &mut WriteTx, step: &SignInStep) -> Result<(), Error> {
    tx.insert(step).await
}

/// The step of a token.
pub async fn by_digest(tx: &mut ReadTx, digest: &TokenDigest) -> Result<Option<SignInStep>, Error> {
    let statement =
        sql!(system: "SELECT ", sign_in_step!(), " FROM sign_in_step WHERE digest = $1");
    tx.record(statement, &values![digest.as_bytes()]).await
}

/// Uses a step up; `false` when it was before.
pub async fn delete(tx: &mut WriteTx, digest: &TokenDigest) -> Result<bool, Error> {
    let delete = sql!(tenant: "DELETE FROM sign_in_step WHERE tenant_id = $1 AND digest = $2");
    Ok(tx.execute(delete, &values![digest.as_bytes()]).await? == 1)
}

/// Ends what a user has begun.
pub async fn delete_of_user(tx: &mut WriteTx, user: &UserId) -> Result<(), Error> {
    let delete = sql!(tenant: "DELETE FROM sign_in_step WHERE tenant_id = $1 AND user_id = $2");
    tx.execute(delete, &values![user]).await.map(|_| ())
}

/// Deletes some steps, at most the limit, that ended before a moment.
pub async fn delete_ended(
    tx: &mut WriteTx,
    (before, limit): &(Timestamp, i64),
) -> Result<u64, Error> {
    let delete = sql!(
        system: "DELETE FROM sign_in_step WHERE digest IN
           (SELECT digest FROM sign_in_step WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)"
    );
    tx.execute(delete, &values![*before, *limit]).await
}
