//! Signed-in browsers. A session is found by its token's digest and is gone with its row.

use base::{DnsName, TenantId, Timestamp, UserId};
use tenancy::session::acting::{Acting, ActingReason};
use tenancy::session::{Lifetime, Session};
use tenancy::token::TokenDigest;

use crate::{Column, Error, ReadTx, Row, Value, WriteTx, columns, sql, text_columns, values};

columns! {
    "session" session => SessionRow {
        digest, user_id, tenant_id, created_at, last_seen_at, authenticated_at, client_address, client_agent,
        acting_tenant_id, acting_reason, acting_until, host
    }
}
text_columns!(ActingReason);
pub(crate) use session;

/// A row of the table.
pub(crate) struct SessionRow {
    digest: TokenDigest,
    user_id: UserId,
    tenant_id: TenantId,
    created_at: Timestamp,
    last_seen_at: Timestamp,
    authenticated_at: Timestamp,
    client_address: String,
    client_agent: String,
    acting_tenant_id: Option<TenantId>,
    acting_reason: Option<ActingReason>,
    acting_until: Option<Timestamp>,
    host: Option<DnsName>,
}

/// A session with where it came from.
#[derive(Clone, Debug)]
pub struct Browser {
    /// The session.
    pub session: Session,
    /// Where the sign-in came from.
    pub client_address: String,
    /// The browser, as it calls itself.
    pub client_agent: String,
    /// The host name of the brand at which it was opened, and at which alone it is one; none at the URL of the settings.
    pub host: Option<DnsName>,
}

impl From<&Browser> for SessionRow {
    fn from(browser: &Browser) -> Self {
        let session = &browser.session;
        let acting = session.acting.as_ref();
        Self {
            digest: session.digest,
            user_id: session.user,
            tenant_id: session.tenant,
            created_at: session.created_at,
            last_seen_at: session.last_seen_at,
            authenticated_at: session.authenticated_at,
            client_address: browser.client_address.clone(),
            client_agent: browser.client_agent.clone(),
            acting_tenant_id: session.elsewhere(),
            acting_reason: acting.map(|acting| acting.reason.clone()),
            acting_until: acting.map(|acting| acting.until),
            host: browser.host.clone(),
        }
    }
}

impl From<SessionRow> for Browser {
    fn from(row: SessionRow) -> Self {
        let elsewhere = row.acting_tenant_id;
        let until = row.acting_reason.zip(row.acting_until);
        let acting = elsewhere
            .zip(until)
            .map(|(tenant, (reason, until))| Acting {
                tenant,
                reason,
                until,
            });
        Self {
            session: Session {
                digest: row.digest,
                user: row.user_id,
                tenant: row.tenant_id,
                // Who looks after a tenant below has no end and needs no reason.
                visiting: elsewhere.filter(|_| acting.is_none()),
                acting,
                created_at: row.created_at,
                last_seen_at: row.last_seen_at,
                authenticated_at: row.authenticated_at,
            },
            client_address: row.client_address,
            client_agent: row.client_agent,
            host: row.host,
        }
    }
}

impl Column for TokenDigest {
    fn read(row: &Row, column: &'static str) -> Result<Self, Error> {
        let digest = Self::from_bytes(row.bytes(column)?);
        digest.ok_or_else(|| row.corrupt(column, "it is not 32 bytes"))
    }

    fn value(&self) -> Value<'_> {
        Value::from(self.as_bytes())
    }
}

/// Stores a new session.
pub async fn insert(tx: &mut WriteTx, browser: &Browser) -> Result<(), Error> {
    tx.insert(&SessionRow::from(browser)).await
}

/// Notes a request; `false` when the session has ended or a later request was noted.
pub async fn touch(
    tx: &mut WriteTx,
    (digest, now): &(TokenDigest, Timestamp),
) -> Result<bool, Error> {
    let touch = sql!(
        tenant: "UPDATE session SET last_seen_at = $3
         WHERE tenant_id = $1 AND digest = $2 AND last_seen_at < $3"
    );
    let touched = tx.execute(touch, &values![digest.as_bytes(), *now]).await?;
    Ok(touched == 1)
}

/// Ends a session; `false` when it has ended already.
pub async fn delete(tx: &mut WriteTx, digest: &TokenDigest) -> Result<bool, Error> {
    let delete = sql!(tenant: "DELETE FROM session WHERE tenant_id = $1 AND digest = $2");
    Ok(tx.execute(delete, &values![digest.as_bytes()]).await? == 1)
}

/// Lets one session take the place of another, of which the digest was proven; `false` when that has ended already. It may
/// act as another tenant from then on, so that the transaction is in no tenant's scope.
pub async fn replace(
    tx: &mut WriteTx,
    (old, new): (&TokenDigest, &Browser),
) -> Result<bool, Error> {
    let delete = sql!(system: "DELETE FROM session WHERE digest = $1");
    if tx.execute(delete, &values![old.as_bytes()]).await? == 0 {
        return Ok(false);
    }
    insert(tx, new).await?;
    Ok(true)
}

/// How many sessions a user has but the one to keep.
pub async fn count_of_user(
    tx: &mut ReadTx,
    (user, keep): &(UserId, Option<TokenDigest>),
) -> Result<u64, Error> {
    let count = sql!(
        system: "SELECT COUNT(*) AS sessions FROM session WHERE user_id = $1 AND digest <> $2"
    );
    let row = tx.row(count, &values![user, kept(keep.as_ref())]).await?;
    let sessions = row.map_or(Ok(0), |row| row.int("sessions"))?;
    Ok(u64::try_from(sessions).unwrap_or(0))
}

/// Ends a user's sessions but the one to keep.
pub async fn delete_of_user(
    tx: &mut WriteTx,
    (user, keep): &(UserId, Option<TokenDigest>),
) -> Result<(), Error> {
    let delete = sql!(system: "DELETE FROM session WHERE user_id = $1 AND digest <> $2");
    tx.execute_later(delete, &values![user, kept(keep.as_ref())])
        .await
}

/// No digest is empty.
fn kept(keep: Option<&TokenDigest>) -> &[u8] {
    keep.map_or(&[], |digest| digest.as_bytes())
}

/// A user's sessions, the last used first; some may be too old to be used.
pub async fn of_user(
    tx: &mut ReadTx,
    (user, limit): &(UserId, i64),
) -> Result<Vec<Browser>, Error> {
    let statement = sql!(
        tenant: "SELECT ", session!(), " FROM session WHERE tenant_id = $1 AND user_id = $2
         ORDER BY last_seen_at DESC, digest LIMIT $3"
    );
    let rows: Vec<SessionRow> = tx.records(statement, &values![user, *limit]).await?;
    Ok(rows.into_iter().map(Browser::from).collect())
}

/// Deletes some sessions, at most the limit, that ended under every lifetime. One that reached its absolute
/// end is never seen again, so that the idle time is enough to look at.
pub async fn delete_ended(tx: &mut WriteTx, (now, limit): &(Timestamp, i64)) -> Result<u64, Error> {
    let idle = Lifetime::OPERATOR.idle.max(Lifetime::RESELLER.idle);
    let delete = sql!(
        system: "DELETE FROM session WHERE digest IN
           (SELECT digest FROM session WHERE last_seen_at <= $1 ORDER BY last_seen_at LIMIT $2)"
    );
    tx.execute(delete, &values![now.minus(idle), *limit]).await
}
