//! Opens a session for an e-mail address and its password (features F-003 to F-007; security S-04,
//! S-08, S-09, S-63).
//!
//! Whether an address is unknown, disabled or has another password cannot be told from the answer
//! nor from the time it takes.

use std::net::IpAddr;

use base::{Random, Timestamp};
use serde_json::json;
use store::WriteTx;
use store::access::session::Listed;
use store::access::user::Candidate;
use tenancy::lockout::Locked;
use tenancy::password::{Credential, Password, Verdict};
use tenancy::session::Session;
use tenancy::tenant::{OrganizationSuspended, may_sign_in};
use tenancy::token::Token;
use tenancy::user::{Email, Status};

use super::SignedIn;
use super::attempt::{Attempt, Counted};
use super::passwords::PasswordWorkError;
use crate::{App, Caller};

/// What a visitor typed, and from where.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The e-mail address as typed.
    pub email: String,
    /// The password.
    pub password: Password,
    /// The visitor's address.
    pub client: IpAddr,
}

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// The address is unknown, the password is wrong or no longer good, or the user is disabled.
    #[error("Invalid credentials")]
    InvalidCredentials,
    /// Too many failures for the address or from the network.
    #[error(transparent)]
    Locked(#[from] Locked),
    /// The credentials are right, but the user's organisation or one above it is suspended.
    #[error(transparent)]
    OrganizationSuspended(#[from] OrganizationSuspended),
    /// The password could not be checked.
    #[error(transparent)]
    Password(#[from] PasswordWorkError),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Signs a visitor in. The session gets a new token, whatever the browser had before.
pub async fn sign_in(
    app: &App,
    caller: &Caller,
    credentials: Credentials,
) -> Result<SignedIn, SignInError> {
    let attempt = Attempt::new(&credentials.email, credentials.client);
    let candidate = look(app, &attempt, &credentials.email).await?;
    let stored = candidate
        .as_ref()
        .map(|found| found.credential.hash.clone());
    let verdict = app
        .passwords
        .verify(credentials.password.clone(), stored)
        .await?;
    // Others may have waited in line too: what is decided from here on counts from here.
    let now = app.clock.now();
    let refusal = candidate.as_ref().map_or(Some("unknown address"), |found| {
        refusal(found, verdict, now)
    });
    match (candidate, refusal) {
        (Some(proven), None) => {
            let rehashed = rehash(app, &proven, verdict, credentials.password).await?;
            open(app, caller, attempt, proven, rehashed, now).await
        }
        (candidate, refusal) => {
            let reason = refusal.unwrap_or_default();
            Err(refuse(app, caller, attempt, candidate, reason, now).await?)
        }
    }
}

async fn look(app: &App, attempt: &Attempt, typed: &str) -> Result<Option<Candidate>, SignInError> {
    let now = app.clock.now();
    app.store
        .read(
            (attempt, Email::parse(typed).ok(), now),
            |tx, (attempt, email, now)| {
                Box::pin(async move {
                    if let Some(locked) = attempt.locked(tx, *now).await? {
                        return Err(SignInError::Locked(locked));
                    }
                    match email {
                        Some(email) => Ok(store::access::user::candidate(tx, email).await?),
                        None => Ok(None),
                    }
                })
            },
        )
        .await
}

/// What is wrong with the attempt, for the audit log.
fn refusal(found: &Candidate, verdict: Verdict, now: Timestamp) -> Option<&'static str> {
    match (verdict, found.user.status) {
        (Verdict::Wrong, _) => Some("wrong password"),
        (Verdict::Right { .. }, Status::Disabled) => Some("user disabled"),
        (Verdict::Right { .. }, Status::Active) => found
            .credential
            .is_expired(now)
            .then_some("initial password expired"),
    }
}

/// The credential with a hash of today's cost, when the stored one has another (S-04).
async fn rehash(
    app: &App,
    proven: &Candidate,
    verdict: Verdict,
    password: Password,
) -> Result<Option<Credential>, PasswordWorkError> {
    match verdict {
        Verdict::Right { needs_rehash: true } => {
            let hash = app.passwords.hash(password, app.random.clone()).await?;
            Ok(Some(Credential {
                hash,
                ..proven.credential.clone()
            }))
        }
        Verdict::Right {
            needs_rehash: false,
        }
        | Verdict::Wrong => Ok(None),
    }
}

/// Counts the failure and tells what the visitor may know of it.
async fn refuse(
    app: &App,
    caller: &Caller,
    attempt: Attempt,
    candidate: Option<Candidate>,
    reason: &'static str,
    now: Timestamp,
) -> Result<SignInError, store::Error> {
    let user = candidate.map(|found| found.user);
    let input = (app.clone(), caller.clone(), attempt, user);
    let counted = app
        .store
        .write(input, move |tx, (app, caller, attempt, user)| {
            Box::pin(async move {
                let counted = attempt.failed(tx, now).await?;
                let Counted::Failed { locked_until } = counted else {
                    return Ok::<_, store::Error>(counted);
                };
                // Asked for known addresses too, so that both take as long.
                let operator = store::tenancy::tenant::operator(tx)
                    .await?
                    .map(|found| found.id);
                let Some(tenant) = user.as_ref().map(|user| user.tenant).or(operator) else {
                    return Ok(counted);
                };
                let object = user
                    .as_ref()
                    .map_or_else(|| attempt.subject().to_owned(), |user| user.id.to_string());
                let detail = json!({ "purpose": "sign_in", "reason": reason,
                    "factors": ["password"], "locked_until": locked_until });
                let audit = app.audit_entry(caller, tenant, "session.refuse", object, &detail, now);
                store::audit::append(tx, &audit).await?;
                Ok(counted)
            })
        })
        .await?;
    Ok(match counted {
        Counted::Failed { .. } => SignInError::InvalidCredentials,
        Counted::Refused(locked) => SignInError::Locked(locked),
    })
}

/// A session about to be opened.
#[derive(Clone)]
struct Opening {
    app: App,
    caller: Caller,
    attempt: Attempt,
    proven: Candidate,
    rehashed: Option<Credential>,
    session: Session,
    now: Timestamp,
}

async fn open(
    app: &App,
    caller: &Caller,
    attempt: Attempt,
    proven: Candidate,
    rehashed: Option<Credential>,
    now: Timestamp,
) -> Result<SignedIn, SignInError> {
    let random: &dyn Random = app.random.as_ref();
    let (session, token): (Session, Token) =
        Session::open(proven.user.id, proven.user.tenant, now, random);
    let opening = Opening {
        app: app.clone(),
        caller: Caller {
            actor: proven.user.id.to_string(),
            ..caller.clone()
        },
        attempt,
        proven: proven.clone(),
        rehashed,
        session: session.clone(),
        now,
    };
    app.store
        .write(opening, |tx, opening| Box::pin(write(tx, opening)))
        .await??;
    Ok(SignedIn {
        token,
        session,
        must_change_password: proven.credential.must_change(),
        user: proven.user,
        tenant: proven.tenant,
    })
}

/// The inner error is stored with its audit entry, the outer one undoes everything.
async fn write(
    tx: &mut WriteTx,
    opening: &Opening,
) -> Result<Result<(), OrganizationSuspended>, SignInError> {
    let Opening {
        app,
        caller,
        attempt,
        proven,
        rehashed,
        session,
        now,
    } = opening;
    // Wrong guesses beside the right one may have locked since the first look.
    if let Some(locked) = attempt.locked(tx, *now).await? {
        return Err(SignInError::Locked(locked));
    }
    let current = store::access::user::candidate(tx, &proven.user.email)
        .await?
        .filter(|current| {
            // The hash itself may differ: a sign-in beside this one may have renewed it.
            current.user.id == proven.user.id
                && current.user.status == Status::Active
                && current.credential.changed_at == proven.credential.changed_at
                && current.credential.initial_until == proven.credential.initial_until
        })
        .ok_or(SignInError::InvalidCredentials)?;
    let (object, tenant) = (proven.user.id.to_string(), session.tenant);
    if let Err(suspended) = may_sign_in(current.chain) {
        let detail = json!({ "purpose": "sign_in", "reason": "organization suspended",
            "factors": ["password"] });
        let audit = app.audit_entry(caller, tenant, "session.refuse", object, &detail, *now);
        store::audit::append(tx, &audit).await?;
        return Ok(Err(suspended));
    }
    attempt.succeeded(tx).await?;
    if let Some(rehashed) = rehashed {
        store::access::user::update_credential(tx, session.user, &proven.credential.hash, rehashed)
            .await?;
    }
    store::access::session::insert(tx, &listed(session, caller)).await?;
    store::access::user::note_sign_in(tx, session.user, *now).await?;
    let detail = json!({ "factors": ["password"] });
    let audit = app.audit_entry(caller, tenant, "session.open", object, &detail, *now);
    store::audit::append(tx, &audit).await?;
    Ok(Ok(()))
}

/// The session with where it came from, as it is stored.
pub(super) fn listed(session: &Session, caller: &Caller) -> Listed {
    Listed {
        session: session.clone(),
        client_address: caller.client_address.clone(),
        client_agent: caller.client_agent.clone(),
    }
}
