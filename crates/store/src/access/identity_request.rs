//! Browsers that were sent to an identity provider and are to come back with an answer. Each is used once and lives for
//! minutes.

use base::{TenantId, Timestamp, UserId};
use tenancy::oidc::{Issuer, PkceVerifier};
use tenancy::token::TokenDigest;

use crate::{Column, Error, ReadTx, Row, Value, WriteTx, columns, sql, values};

columns! {
    "identity_request" identity_request => IdentityRequest {
        digest, tenant = "tenant_id", user = "user_id", browser, issuer, nonce, verifier, next, created_at, expires_at
    }
}

/// A question that waits for its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityRequest {
    /// What it is found by: of the state that the browser brings back.
    pub digest: TokenDigest,
    /// Whose provider was asked.
    pub tenant: TenantId,
    /// Who links what it calls them; nobody when somebody signs in.
    pub user: Option<UserId>,
    /// Of what the browser keeps in a cookie.
    pub browser: TokenDigest,
    /// Who was asked.
    pub issuer: Issuer,
    /// Of what has to stand in the token.
    pub nonce: TokenDigest,
    /// What is sent with the code.
    pub verifier: PkceVerifier,
    /// Where whoever signs in wanted to go.
    pub next: String,
    /// When the browser was sent.
    pub created_at: Timestamp,
    /// The first moment at which the answer comes too late.
    pub expires_at: Timestamp,
}

impl Column for PkceVerifier {
    fn read(row: &Row, column: &'static str) -> Result<Self, Error> {
        row.word(column, Self::parse)
    }

    fn value(&self) -> Value<'_> {
        Value::from(self.as_str())
    }
}

/// Stores a question, in place of the one that its user had.
pub async fn insert(tx: &mut WriteTx, request: &IdentityRequest) -> Result<(), Error> {
    if let Some(user) = request.user {
        let delete =
            sql!(tenant: "DELETE FROM identity_request WHERE tenant_id = $1 AND user_id = $2");
        tx.execute(delete, &values![user]).await?;
    }
    tx.insert(request).await
}

/// The question of a state.
pub async fn by_digest(
    tx: &mut ReadTx,
    digest: &TokenDigest,
) -> Result<Option<IdentityRequest>, Error> {
    let statement = sql!(
        system: "SELECT ", identity_request!(), " FROM identity_request WHERE digest = $1"
    );
    tx.record(statement, &values![digest.as_bytes()]).await
}

/// Uses a question up; `false` when it was before.
pub async fn delete(tx: &mut WriteTx, digest: &TokenDigest) -> Result<bool, Error> {
    let delete = sql!(tenant: "DELETE FROM identity_request WHERE tenant_id = $1 AND digest = $2");
    Ok(tx.execute(delete, &values![digest.as_bytes()]).await? == 1)
}

/// Deletes some questions, at most the limit, that ended before a moment.
pub async fn delete_ended(
    tx: &mut WriteTx,
    (before, limit): &(Timestamp, i64),
) -> Result<u64, Error> {
    let delete = sql!(
        system: "DELETE FROM identity_request WHERE digest IN
           (SELECT digest FROM identity_request WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)"
    );
    tx.execute(delete, &values![*before, *limit]).await
}
