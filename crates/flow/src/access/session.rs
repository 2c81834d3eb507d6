//! Sessions after they were opened: looked up at every request, listed and ended (security S-21,
//! S-22).
//!
//! There is no cache: what ends a session counts at the next request, on every node.

use std::fmt::Write as _;

use base::{TenantId, Timestamp, UserId};
use serde_json::json;
use store::access::session::{Found, Listed};
use tenancy::session::{Lifetime, Session};
use tenancy::tenant::may_sign_in;
use tenancy::token::{Token, TokenDigest};
use tenancy::user::Status;

use super::SignedIn;
use crate::{App, Caller};

/// How many sessions of one user are looked at.
const MAX_SESSIONS: i64 = 200;
/// How many bytes of a digest name a session to its user.
const SHOWN_BYTES: usize = 8;

/// One of a user's sessions, for their list.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Its name in links; tells nothing about its token.
    pub id: String,
    /// The session.
    pub session: Session,
    /// Where the sign-in came from.
    pub client_address: String,
    /// The browser, as it calls itself.
    pub client_agent: String,
    /// When it ends if no request comes.
    pub ends_at: Timestamp,
    /// Whether it is the one that asks.
    pub is_current: bool,
}

/// Why no session was ended.
#[derive(Debug, thiserror::Error)]
pub enum EndError {
    /// Another user's, or none.
    #[error("there is no such session; it may have ended already")]
    NotFound,
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Who holds the token of a cookie, as of now; `None` when it stands for nothing. Notes the request
/// at most once a minute.
pub async fn look_up(app: &App, token: &str) -> Result<Option<SignedIn>, store::Error> {
    let Some(token) = Token::parse(token) else {
        return Ok(None);
    };
    let found = app
        .store
        .read(token.digest(), |tx, digest| {
            Box::pin(store::access::session::by_digest(tx, digest))
        })
        .await?;
    let now = app.clock.now();
    let Some(found) = found.filter(|found| is_usable(found, now)) else {
        return Ok(None);
    };
    let session = note(app, found.session, now).await;
    Ok(Some(SignedIn {
        token,
        session,
        user: found.user,
        tenant: found.tenant,
        must_change_password: found.password_initial_until.is_some(),
    }))
}

/// Ends the session of this browser.
pub async fn sign_out(
    app: &App,
    caller: &Caller,
    signed_in: &SignedIn,
) -> Result<(), store::Error> {
    let (user, tenant) = (signed_in.user.id, signed_in.session.tenant);
    end(app, caller, user, tenant, signed_in.session.digest).await?;
    Ok(())
}

/// Ends all sessions of the user but this one; says how many ended.
pub async fn end_other_sessions(
    app: &App,
    caller: &Caller,
    signed_in: &SignedIn,
) -> Result<u64, store::Error> {
    let now = app.clock.now();
    let session = signed_in.session.clone();
    app.store
        .write(
            (app.clone(), caller.clone(), session),
            move |tx, (app, caller, session)| {
                Box::pin(async move {
                    let keep = Some(&session.digest);
                    let ended =
                        store::access::session::delete_of_user(tx, session.user, keep).await?;
                    let detail = json!({ "sessions_ended": ended });
                    let object = session.user.to_string();
                    let action = "session.end_others";
                    let audit =
                        app.audit_entry(caller, session.tenant, action, object, &detail, now);
                    store::audit::append(tx, &audit).await?;
                    Ok(ended)
                })
            },
        )
        .await
}

/// Ends one of the user's sessions by the name it has in their list.
pub async fn end_session(
    app: &App,
    caller: &Caller,
    signed_in: &SignedIn,
    id: &str,
) -> Result<(), EndError> {
    let (user, tenant) = (signed_in.user.id, signed_in.session.tenant);
    let digest = of_user(app, user)
        .await?
        .into_iter()
        .map(|listed| listed.session.digest)
        .find(|digest| shown_id(digest) == id)
        .ok_or(EndError::NotFound)?;
    if end(app, caller, user, tenant, digest).await? {
        Ok(())
    } else {
        Err(EndError::NotFound)
    }
}

/// The user's sessions that may still be used, the last used first.
pub async fn sessions_of_user(app: &App, signed_in: &SignedIn) -> Result<Vec<Shown>, store::Error> {
    let now = app.clock.now();
    let lifetime = Lifetime::for_kind(signed_in.tenant.kind);
    let shown = of_user(app, signed_in.user.id)
        .await?
        .into_iter()
        .filter(|listed| listed.session.is_live(lifetime, now))
        .map(|listed| Shown {
            id: shown_id(&listed.session.digest),
            ends_at: listed.session.ends_at(lifetime),
            is_current: listed.session.digest == signed_in.session.digest,
            session: listed.session,
            client_address: listed.client_address,
            client_agent: listed.client_agent,
        });
    Ok(shown.collect())
}

fn is_usable(found: &Found, now: Timestamp) -> bool {
    found
        .session
        .is_live(Lifetime::for_kind(found.tenant.kind), now)
        && found.user.status == Status::Active
        && may_sign_in(found.chain.iter().copied()).is_ok()
}

/// A full or busy database must not close the portal to those who only read.
async fn note(app: &App, session: Session, now: Timestamp) -> Session {
    let Some(seen) = session.seen(now) else {
        return session;
    };
    let noted = app
        .store
        .write((seen.digest, now), |tx, (digest, now)| {
            Box::pin(store::access::session::touch(tx, digest, *now))
        })
        .await;
    match noted {
        Ok(_) => seen,
        Err(error) => {
            tracing::warn!(error = %error, "could not note that a session was used");
            session
        }
    }
}

async fn of_user(app: &App, user: UserId) -> Result<Vec<Listed>, store::Error> {
    app.store
        .read(user, |tx, user| {
            Box::pin(store::access::session::of_user(tx, *user, MAX_SESSIONS))
        })
        .await
}

async fn end(
    app: &App,
    caller: &Caller,
    user: UserId,
    tenant: TenantId,
    digest: TokenDigest,
) -> Result<bool, store::Error> {
    let now = app.clock.now();
    let detail = json!({ "session": shown_id(&digest) });
    let audit = app.audit_entry(
        caller,
        tenant,
        "session.end",
        user.to_string(),
        &detail,
        now,
    );
    app.store
        .write((digest, audit), |tx, (digest, audit)| {
            Box::pin(async move {
                let has_ended = store::access::session::delete(tx, digest).await?;
                if has_ended {
                    store::audit::append(tx, audit).await?;
                }
                Ok(has_ended)
            })
        })
        .await
}

fn shown_id(digest: &TokenDigest) -> String {
    digest
        .as_bytes()
        .iter()
        .take(SHOWN_BYTES)
        .fold(String::new(), |mut text, byte| {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests;
