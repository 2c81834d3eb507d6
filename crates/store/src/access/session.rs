//! Signed-in browsers. A session is found by its token's digest and is gone with its row.

use base::{Timestamp, UserId};
use tenancy::session::{Lifetime, Session};
use tenancy::tenant::{self, Tenant};
use tenancy::token::TokenDigest;
use tenancy::user::User;

use crate::{Error, ReadTx, Row, WriteTx, sql, values};

/// A session with everything that decides whether it may be used.
#[derive(Clone, Debug)]
pub struct Found {
    /// The session.
    pub session: Session,
    /// Who signed in.
    pub user: User,
    /// The tenant for which they act.
    pub tenant: Tenant,
    /// The statuses of the tenant and of all above it.
    pub chain: Vec<tenant::Status>,
    /// Until when the user's password is good, when somebody else chose it.
    pub password_initial_until: Option<Timestamp>,
}

/// A session in its user's list.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The session.
    pub session: Session,
    /// Where the sign-in came from.
    pub client_address: String,
    /// The browser, as it calls itself.
    pub client_agent: String,
}

/// Stores a new session.
pub async fn insert(tx: &mut WriteTx, listed: &Listed) -> Result<(), Error> {
    let session = &listed.session;
    tx.execute(
        sql!(
            "INSERT INTO session (digest, user_id, tenant_id, created_at, last_seen_at, authenticated_at,
               client_address, client_agent)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
        ),
        &values![
            session.digest.as_bytes(),
            session.user,
            session.tenant,
            session.created_at,
            session.last_seen_at,
            session.authenticated_at,
            &listed.client_address,
            &listed.client_agent
        ],
    )
    .await?;
    Ok(())
}

/// The session of this token with its user and tenant: one statement, since every page asks it.
pub async fn by_digest(tx: &mut ReadTx, digest: &TokenDigest) -> Result<Option<Found>, Error> {
    let row = tx
        .row(
            sql!(
                "SELECT s.digest, s.user_id, s.tenant_id, s.created_at, s.last_seen_at, s.authenticated_at,
                   u.tenant_id AS user_tenant_id, u.email, u.display_name, u.role,
                   u.status AS user_status, u.theme, u.locale, u.created_at AS user_created_at,
                   u.password_initial_until,
                   t.parent_id, t.kind, t.name AS tenant_name,
                   t.status AS tenant_status, t.created_at AS tenant_created_at,
                   p.status AS parent_status, g.status AS grandparent_status
                 FROM session s JOIN portal_user u ON u.id = s.user_id
                   JOIN tenant t ON t.id = s.tenant_id
                   LEFT JOIN tenant p ON p.id = t.parent_id LEFT JOIN tenant g ON g.id = p.parent_id
                 WHERE s.digest = $1"
            ),
            &values![digest.as_bytes()],
        )
        .await?;
    row.as_ref()
        .map(|row| {
            Ok(Found {
                session: from_row(row)?,
                user: crate::access::user::from_row(row)?,
                tenant: crate::tenancy::tenant::from_row(row)?,
                chain: crate::tenancy::tenant::chain_from_row(row)?,
                password_initial_until: row.opt_timestamp("password_initial_until")?,
            })
        })
        .transpose()
}

/// Notes a request; `false` when the session has ended or a later request was noted.
pub async fn touch(tx: &mut WriteTx, digest: &TokenDigest, now: Timestamp) -> Result<bool, Error> {
    let changed = tx
        .execute(
            sql!("UPDATE session SET last_seen_at = $2 WHERE digest = $1 AND last_seen_at < $2"),
            &values![digest.as_bytes(), now],
        )
        .await?;
    Ok(changed == 1)
}

/// Ends a session; `false` when it has ended already.
pub async fn delete(tx: &mut WriteTx, digest: &TokenDigest) -> Result<bool, Error> {
    let deleted = tx
        .execute(
            sql!("DELETE FROM session WHERE digest = $1"),
            &values![digest.as_bytes()],
        )
        .await?;
    Ok(deleted == 1)
}

/// Ends a user's sessions but the one to keep; says how many ended.
pub async fn delete_of_user(
    tx: &mut WriteTx,
    user: UserId,
    keep: Option<&TokenDigest>,
) -> Result<u64, Error> {
    let keep = keep.map_or(&[][..], |digest| digest.as_bytes().as_slice());
    tx.execute(
        sql!("DELETE FROM session WHERE user_id = $1 AND digest <> $2"),
        &values![user, keep],
    )
    .await
}

/// A user's sessions, the last used first; some may be too old to be used.
pub async fn of_user(tx: &mut ReadTx, user: UserId, limit: i64) -> Result<Vec<Listed>, Error> {
    let rows = tx
        .rows(
            sql!(
                "SELECT digest, user_id, tenant_id, created_at, last_seen_at, authenticated_at,
                   client_address, client_agent
                 FROM session WHERE user_id = $1 ORDER BY last_seen_at DESC, digest LIMIT $2"
            ),
            &values![user, limit],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Listed {
                session: from_row(row)?,
                client_address: row.text("client_address")?.to_owned(),
                client_agent: row.text("client_agent")?.to_owned(),
            })
        })
        .collect()
}

/// Deletes up to `limit` sessions that ended under every lifetime. One that reached its absolute
/// end is never seen again, so that the idle time is enough to look at.
pub async fn delete_ended(tx: &mut WriteTx, now: Timestamp, limit: i64) -> Result<u64, Error> {
    let idle = Lifetime::OPERATOR.idle.max(Lifetime::RESELLER.idle);
    tx.execute(
        sql!(
            "DELETE FROM session WHERE digest IN
               (SELECT digest FROM session WHERE last_seen_at <= $1 ORDER BY last_seen_at LIMIT $2)"
        ),
        &values![now.minus(idle), limit],
    )
    .await
}

fn from_row(row: &Row) -> Result<Session, Error> {
    let digest = TokenDigest::from_bytes(row.bytes("digest")?)
        .ok_or_else(|| row.corrupt("digest", "it is not 32 bytes"))?;
    Ok(Session {
        digest,
        user: row.id("user_id")?,
        tenant: row.id("tenant_id")?,
        created_at: row.timestamp("created_at")?,
        last_seen_at: row.timestamp("last_seen_at")?,
        authenticated_at: row.timestamp("authenticated_at")?,
    })
}
