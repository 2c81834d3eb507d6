//! Sessions after they were opened: looked up at every request, listed and ended (security S-21,
//! S-22).
//!
//! There is no cache: what ends a session counts at the next request, on every node.

use std::fmt::Write as _;

use base::{Actor, Class, Refusal, Refuse, Timestamp};
use store::access::session::{self, Browser};
use store::audit::{self, Entry};
use store::tenancy::sign_in::{self, Found};
use store::{ReadTx, WriteTx};
use tenancy::session::{Lifetime, Session};
use tenancy::tenant::may_sign_in;
use tenancy::token::{Token, TokenDigest};
use tenancy::user::Status;

use self::act_as::{StopActingError, Stopped};
use super::SignedIn;
use crate::audit::{Event, Text};
use crate::caller::{Client, system, tenant};
use crate::{App, Caller};

pub mod act_as;
pub mod look;
pub mod visit;

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

impl Refuse for EndError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::NotFound => Class::NotFound.because("session_not_found", self),
            Self::Store(error) => error.refusal(),
        }
    }
}

/// Who holds the token of a cookie, as of now; `None` when it stands for nothing, or for a session that was opened at another
/// host name (S-26). Notes the request at most once a minute.
pub async fn look_up(
    app: &App,
    client: &Client,
    token: &str,
) -> Result<Option<SignedIn>, store::Error> {
    let Some(token) = Token::parse(token) else {
        return Ok(None);
    };
    let store = app.store(system("a token tells whose it is"));
    let found = store.read(token.digest(), sign_in::by_digest).await?;
    let now = app.now();
    let is_here =
        |found: &Found| found.host.as_ref() == client.host() && client.admits(&found.tenant.path);
    let Some(found) = found.filter(|found| is_here(found) && is_usable(found, now)) else {
        return Ok(None);
    };
    let mut signed_in = SignedIn {
        token,
        session: found.session,
        user: found.user,
        tenant: found.acted_for.unwrap_or_else(|| found.tenant.clone()),
        home: found.tenant,
        roles: found.roles,
        binding: found.binding,
        has_second_factor: found.has_second_factor,
        meets_products: found.meets_products,
    };
    note(app, &mut signed_in, now).await;
    Ok(Some(signed_in))
}

/// Ends the session of this browser. Where it is in another tenant, it leaves that first, whose audit tells so.
pub async fn sign_out(
    app: &App,
    caller: &Caller,
    signed_in: &SignedIn,
) -> Result<(), store::Error> {
    let signed_in = match signed_in.session.elsewhere() {
        Some(_) => match act_as::stop_acting(app, caller, signed_in, Stopped::SignedOut).await {
            Ok(stopped) => stopped,
            Err(StopActingError::Ended) => return Ok(()),
            Err(StopActingError::Store(error)) => return Err(error),
        },
        None => signed_in.clone(),
    };
    let session = &signed_in.session;
    let caller = signed_in.caller(caller.client.clone());
    end(app, &caller, session, session.digest).await?;
    Ok(())
}

/// Ends what a browser had before it signed in anew, be it another user's: whoever holds its token may end it.
pub(super) async fn end_replaced(
    app: &App,
    visitor: &Caller,
    token: &Token,
) -> Result<(), store::Error> {
    if let Some(signed_in) = look_up(app, &visitor.client, &token.reveal()).await?
        && signed_in.is_elsewhere()
    {
        let caller = signed_in.caller(visitor.client.clone());
        return sign_out(app, &caller, &signed_in).await;
    }
    let store = app.store(system("a token tells whose it is"));
    let Some(found) = store.read(token.digest(), sign_in::by_digest).await? else {
        return Ok(());
    };
    let session = found.session;
    let actor = Actor::User(session.user);
    let caller = visitor.known_as(actor).within(session.tenant);
    end(app, &caller, &session, session.digest).await?;
    Ok(())
}

/// Ends all sessions of the user but this one; says how many ended.
pub async fn end_other_sessions(
    app: &App,
    caller: &Caller,
    signed_in: &SignedIn,
) -> Result<u64, store::Error> {
    let ending = EndingOthers {
        app: app.clone(),
        caller: caller.clone(),
        session: signed_in.session.clone(),
        now: app.now(),
    };
    let store = app.store(caller);
    store
        .decide(ending, load_others, decide_others, save_others)
        .await
}

struct EndingOthers {
    app: App,
    caller: Caller,
    /// The one that stays.
    session: Session,
    now: Timestamp,
}

struct OthersEnd {
    session: Session,
    ended: u64,
    entry: Entry,
}

async fn load_others(tx: &mut ReadTx, ending: &EndingOthers) -> Result<u64, store::Error> {
    let session = &ending.session;
    session::count_of_user(tx, &(session.user, Some(session.digest))).await
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "a decision may refuse; this one never does"
)]
fn decide_others(ending: &EndingOthers, others: u64) -> Result<OthersEnd, store::Error> {
    let (session, now) = (&ending.session, ending.now);
    let event = Event::SessionsOfOthersEnded {
        user: session.user,
        sessions_ended: others,
    };
    let (app, tenant) = (&ending.app, session.tenant);
    let entry = app.entry(&ending.caller, tenant, &event, now);
    Ok(OthersEnd {
        session: session.clone(),
        ended: others,
        entry,
    })
}

async fn save_others(tx: &mut WriteTx, decision: &OthersEnd) -> Result<u64, store::Error> {
    let session = &decision.session;
    session::delete_of_user(tx, &(session.user, Some(session.digest))).await?;
    audit::append(tx, &decision.entry).await?;
    Ok(decision.ended)
}

/// Ends one of the user's sessions by the name it has in their list.
pub async fn end_session(
    app: &App,
    caller: &Caller,
    signed_in: &SignedIn,
    id: &str,
) -> Result<(), EndError> {
    let session = browsers(app, caller, signed_in)
        .await?
        .into_iter()
        .map(|browser| browser.session)
        .find(|session| shown_id(&session.digest) == id)
        .ok_or(EndError::NotFound)?;
    if session.elsewhere().is_some() {
        let there = SignedIn {
            session,
            ..signed_in.clone()
        };
        return Ok(sign_out(app, caller, &there).await?);
    }
    if end(app, caller, &signed_in.session, session.digest).await? {
        Ok(())
    } else {
        Err(EndError::NotFound)
    }
}

/// The user's sessions that may still be used, the last used first.
pub async fn sessions_of_user(
    app: &App,
    caller: &Caller,
    signed_in: &SignedIn,
) -> Result<Vec<Shown>, store::Error> {
    let now = app.now();
    let lifetime = Lifetime::for_kind(signed_in.home.kind);
    let shown = browsers(app, caller, signed_in)
        .await?
        .into_iter()
        .filter(|browser| browser.session.is_live(lifetime, now))
        .map(|browser| Shown {
            id: shown_id(&browser.session.digest),
            ends_at: browser.session.ends_at(lifetime),
            is_current: browser.session.digest == signed_in.session.digest,
            session: browser.session,
            client_address: browser.client_address,
            client_agent: browser.client_agent,
        });
    Ok(shown.collect())
}

fn is_usable(found: &Found, now: Timestamp) -> bool {
    found
        .session
        .is_live(Lifetime::for_kind(found.tenant.kind), now)
        && found.user.status == Status::Active
        && may_sign_in(found.suspended_at).is_ok()
        && found.session.elsewhere().is_some() == found.acted_for.is_some()
}

/// A full or busy database must not close the portal to those who only read.
async fn note(app: &App, signed_in: &mut SignedIn, now: Timestamp) {
    let Some(seen) = signed_in.session.seen(now) else {
        return;
    };
    let store = app.store(tenant(signed_in.session.tenant));
    match store.write((seen.digest, now), session::touch).await {
        Ok(_) => signed_in.session = seen,
        Err(error) => {
            tracing::warn!(error = %error, "could not note that a session was used");
        }
    }
}

async fn browsers(
    app: &App,
    caller: &Caller,
    signed_in: &SignedIn,
) -> Result<Vec<Browser>, store::Error> {
    let store = app.store(caller);
    let asked = (signed_in.user.id, MAX_SESSIONS);
    store.read(asked, session::of_user).await
}

/// Ends a session of the user of this one, perhaps this one.
async fn end(
    app: &App,
    caller: &Caller,
    of: &Session,
    digest: TokenDigest,
) -> Result<bool, store::Error> {
    let event = Event::SessionEnded {
        user: of.user,
        session: Text::new(shown_id(&digest)),
    };
    let entry = app.entry(caller, of.tenant, &event, app.now());
    let store = app.store(caller);
    store.write((digest, entry), save_end).await
}

async fn save_end(
    tx: &mut WriteTx,
    (digest, entry): &(TokenDigest, Entry),
) -> Result<bool, store::Error> {
    let has_ended = session::delete(tx, digest).await?;
    if has_ended {
        audit::append(tx, entry).await?;
    }
    Ok(has_ended)
}

/// The session with where it came from, as it is stored.
pub(super) fn browser(session: &Session, caller: &Caller) -> Browser {
    Browser {
        session: session.clone(),
        client_address: caller.client.address_text(),
        client_agent: caller.client.agent.clone(),
        host: caller.client.host().cloned(),
    }
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
