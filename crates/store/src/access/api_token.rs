//! Tokens by which programs act for people. A token is found by its digest.

use base::{ApiTokenId, Timestamp, UserId};
use tenancy::api_token::{ApiToken, ApiTokenName, Networks, NotedUse, Scopes};

use crate::{Column, Error, ReadTx, Row, Value, WriteTx, columns, sql, text_columns, values};

columns! {
    "api_token" api_token => ApiToken {
        id, tenant = "tenant_id", user = "user_id", name, digest, scopes, networks, seen_networks, created_at, created_by,
        expires_at, last_used_at, revoked_at
    }
}
text_columns!(ApiTokenName);
pub(crate) use api_token;

impl Column for Networks {
    fn read(row: &Row, column: &'static str) -> Result<Self, Error> {
        row.parsed(column, Self::parse)
    }

    fn value(&self) -> Value<'_> {
        Value::from(self.to_string())
    }
}

impl Column for Scopes {
    fn read(row: &Row, column: &'static str) -> Result<Self, Error> {
        row.word(column, Self::parse)
    }

    fn value(&self) -> Value<'_> {
        Value::from(self.to_string())
    }
}

/// How many tokens there are that work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiveTokens {
    /// Of one person.
    pub of_user: u64,
    /// Of all people of the tenant.
    pub of_tenant: u64,
}

/// Stores a new token.
pub async fn insert(tx: &mut WriteTx, token: &ApiToken) -> Result<(), Error> {
    tx.insert(token).await
}

/// A token, whosever it is.
pub async fn by_id(tx: &mut ReadTx, id: &ApiTokenId) -> Result<Option<ApiToken>, Error> {
    let statement = sql!(system: "SELECT ", api_token!(), " FROM api_token WHERE id = $1");
    tx.record(statement, &values![id]).await
}

/// A token of a user of the tenant.
pub async fn of_user_by_id(
    tx: &mut ReadTx,
    (user, id): &(UserId, ApiTokenId),
) -> Result<Option<ApiToken>, Error> {
    let statement = sql!(
        tenant: "SELECT ", api_token!(), " FROM api_token
         WHERE tenant_id = $1 AND id = $2 AND user_id = $3"
    );
    tx.record(statement, &values![id, user]).await
}

/// The tokens of a user of the tenant, the newest first.
pub async fn of_user(
    tx: &mut ReadTx,
    (user, limit): &(UserId, i64),
) -> Result<Vec<ApiToken>, Error> {
    let statement = sql!(
        tenant: "SELECT ", api_token!(), " FROM api_token
         WHERE tenant_id = $1 AND user_id = $2 ORDER BY id DESC LIMIT $3"
    );
    tx.records(statement, &values![user, *limit]).await
}

/// The tokens of the tenant's people, by person, the oldest first.
pub async fn of_tenant(tx: &mut ReadTx, limit: &i64) -> Result<Vec<ApiToken>, Error> {
    let statement = sql!(
        tenant: "SELECT ", api_token!(), " FROM api_token
         WHERE tenant_id = $1 ORDER BY user_id, id LIMIT $2"
    );
    tx.records(statement, &values![*limit]).await
}

/// How many tokens work at a moment. Whoever decides by it writes the tenant too, so that two such decisions do not pass
/// each other.
pub async fn count_live(
    tx: &mut ReadTx,
    (user, now): &(UserId, Timestamp),
) -> Result<LiveTokens, Error> {
    let count = sql!(
        tenant: "SELECT COUNT(*) AS of_tenant,
           CAST(COALESCE(SUM(CASE WHEN user_id = $2 THEN 1 ELSE 0 END), 0) AS BIGINT) AS of_user
         FROM api_token WHERE tenant_id = $1 AND revoked_at IS NULL AND expires_at > $3"
    );
    let row = tx.row(count, &values![user, *now]).await?;
    let number = |column| {
        let number = row.as_ref().map_or(Ok(0), |row| row.int(column))?;
        Ok::<_, Error>(u64::try_from(number).unwrap_or(0))
    };
    Ok(LiveTokens {
        of_user: number("of_user")?,
        of_tenant: number("of_tenant")?,
    })
}

/// Ends a token; `false` when somebody did before, or it is gone.
pub async fn revoke(tx: &mut WriteTx, (id, now): &(ApiTokenId, Timestamp)) -> Result<bool, Error> {
    let revoke = sql!(
        tenant: "UPDATE api_token SET revoked_at = $3
         WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL"
    );
    Ok(tx.execute(revoke, &values![id, *now]).await? == 1)
}

/// Ends all tokens of a user of the tenant.
pub async fn revoke_of_user(
    tx: &mut WriteTx,
    (user, now): &(UserId, Timestamp),
) -> Result<(), Error> {
    let revoke = sql!(
        tenant: "UPDATE api_token SET revoked_at = $3
         WHERE tenant_id = $1 AND user_id = $2 AND revoked_at IS NULL"
    );
    tx.execute(revoke, &values![user, *now]).await.map(|_| ())
}

/// Stores what is noted of a use of a token as it was found; `false` when another use was noted meanwhile.
pub async fn note_use(
    tx: &mut WriteTx,
    (found, noted): &(ApiToken, NotedUse),
) -> Result<bool, Error> {
    let note = sql!(
        tenant: "UPDATE api_token SET last_used_at = $3, seen_networks = $4
         WHERE tenant_id = $1 AND id = $2 AND seen_networks = $5 AND COALESCE(last_used_at, 0) = $6"
    );
    let before = found.last_used_at.map_or(0, Timestamp::as_micros);
    let values = values![
        found.id,
        noted.token.last_used_at,
        noted.token.seen_networks.to_string(),
        found.seen_networks.to_string(),
        before,
    ];
    Ok(tx.execute(note, &values).await? == 1)
}

/// Deletes some tokens, at most the limit of each kind, that expired or were revoked before a moment.
pub async fn delete_ended(
    tx: &mut WriteTx,
    (before, limit): &(Timestamp, i64),
) -> Result<u64, Error> {
    let expired = sql!(
        system: "DELETE FROM api_token WHERE id IN
           (SELECT id FROM api_token WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)"
    );
    let revoked = sql!(
        system: "DELETE FROM api_token WHERE id IN
           (SELECT id FROM api_token WHERE revoked_at < $1 ORDER BY revoked_at LIMIT $2)"
    );
    let values = values![*before, *limit];
    let expired = tx.execute(expired, &values).await?;
    Ok(expired.max(tx.execute(revoked, &values).await?))
}
