//! Opens a session for an e-mail address and its password (features F-003 to F-007; security S-04,
//! S-08, S-09, S-63).
//!
//! Whether an address is unknown, disabled or has another password cannot be told from the answer
//! nor from the time it takes.

pub mod by_passkey;
pub mod by_provider;

use std::net::IpAddr;

use base::{Class, Refusal, Refuse, Timestamp};
use store::ReadTx;
use store::access::credential::Replacement;
use store::tenancy::sign_in::{self, Candidate};
use tenancy::lockout::Locked;
use tenancy::oidc::ProviderRequired;
use tenancy::password::{Credential, Password, Verdict};
use tenancy::tenant::OrganizationSuspended;
use tenancy::token::Token;
use tenancy::user::{Email, Status};

use super::SignedIn;
use super::attempt::{Attempt, Counts};
use super::open_session::{OpenSessionError, Opening, open_session};
use super::refuse::{Failed, refuse};
use super::second_step::{FirstProof, begin_second_step};
use super::session::end_replaced;
use crate::caller::{Client, system};
use crate::memory::password_work::PasswordWorkError;
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
    /// What the browser held before, which ends when they are signed in.
    pub replaces: Option<Token>,
}

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// The credentials are right, but the user's organisation has its own provider sign them in.
    #[error(transparent)]
    Elsewhere(#[from] ProviderRequired),
    /// The address is unknown, the password is wrong, or the user may not sign in.
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

impl Refuse for SignInError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Elsewhere(error) => error.refusal(),
            Self::InvalidCredentials => Class::Unauthenticated.because("invalid_credentials", self),
            Self::Locked(error) => error.refusal(),
            Self::OrganizationSuspended(error) => error.refusal(),
            Self::Password(error) => error.refusal(),
            Self::Store(error) => error.refusal(),
        }
    }
}

impl From<OpenSessionError> for SignInError {
    fn from(error: OpenSessionError) -> Self {
        match error {
            OpenSessionError::Changed | OpenSessionError::Factor(_) => Self::InvalidCredentials,
            OpenSessionError::Elsewhere(error) => Self::Elsewhere(error),
            OpenSessionError::Locked(locked) => Self::Locked(locked),
            OpenSessionError::Store(error) => Self::Store(error),
            OpenSessionError::Suspended(suspended) => Self::OrganizationSuspended(suspended),
        }
    }
}

/// How far a sign-in has come.
#[derive(Clone, Debug)]
pub enum SignInOutcome {
    /// All is proven.
    SignedIn(Box<SignedIn>),
    /// The password was right; this token stands for that until the second factor comes.
    SecondStep(Token),
}

/// Signs a visitor in, or asks for their second factor. The session gets a new token, and what the browser had before ends (ASVS 7.2.4).
pub async fn sign_in(
    app: &App,
    caller: &Caller,
    credentials: Credentials,
) -> Result<SignInOutcome, SignInError> {
    let replaces = credentials.replaces.clone();
    let outcome = check(app, caller, credentials).await;
    log_outcome(caller, &outcome);
    let outcome = outcome?;
    if let (SignInOutcome::SignedIn(_), Some(token)) = (&outcome, replaces) {
        end_replaced(app, caller, &token).await?;
    }
    Ok(outcome)
}

/// Why nobody signs in at the host name of somebody else's brand.
pub(super) const ELSEWHERE: &str = "signs in at another host name";

/// A wrong password is told of where it is counted.
fn log_outcome(caller: &Caller, outcome: &Result<SignInOutcome, SignInError>) {
    let address = caller.client.address_text();
    let request = caller.client.request_id.map(tracing::field::display);
    let reason = match outcome {
        Ok(_) => return,
        Err(SignInError::Locked(_)) => "locked",
        Err(SignInError::OrganizationSuspended(_)) => "organization suspended",
        Err(SignInError::Elsewhere(_)) => "identity provider required",
        Err(SignInError::InvalidCredentials | SignInError::Password(_) | SignInError::Store(_)) => {
            return;
        }
    };
    tracing::info!(
        reason,
        client.address = address,
        request.id = request,
        "sign-in refused"
    );
}

async fn check(
    app: &App,
    caller: &Caller,
    credentials: Credentials,
) -> Result<SignInOutcome, SignInError> {
    let attempt = Attempt::new(&credentials.email, credentials.client);
    let asked = (attempt.clone(), Email::parse(&credentials.email).ok());
    let store = app.store(system("a visitor is known by their address"));
    let (counts, candidate) = store.read(asked, load).await?;
    counts.check(app.now())?;
    let stored = candidate
        .as_ref()
        .and_then(|found| found.credential.as_ref())
        .map(|password| password.hash.clone());
    let whose = system("failures are counted under what a visitor typed");
    let verdict = attempt.verify::<SignInError>(app, whose, &credentials.password, stored);
    let verdict = verdict.await?;
    // Others may have waited in line too: what is decided from here on counts from here.
    let now = app.now();
    let reason = candidate.as_ref().map_or(Some("unknown address"), |found| {
        reason(found, verdict, &caller.client)
    });
    match (candidate, reason) {
        (Some(proven), None) => {
            let rehashed = rehash(app, &proven, verdict, credentials.password).await?;
            if let (true, Some(password)) = (proven.has_second_factor, &proven.credential) {
                let first = FirstProof {
                    since: password.changed_at,
                    rehashed,
                    identity: None,
                };
                let token = begin_second_step(app, &proven, first).await?;
                return Ok(SignInOutcome::SecondStep(token));
            }
            let opening = Opening {
                rehashed,
                attempt,
                proven,
                identity: None,
                second: None,
                now,
            };
            let signed_in = open_session(app, caller, opening).await?;
            Ok(SignInOutcome::SignedIn(Box::new(signed_in)))
        }
        (candidate, reason) => {
            let failed = failed(attempt, candidate, (reason, now));
            refuse::<SignInError>(app, caller, failed).await?;
            Err(SignInError::InvalidCredentials)
        }
    }
}

fn failed(
    attempt: Attempt,
    candidate: Option<Candidate>,
    (reason, now): (Option<&'static str>, Timestamp),
) -> Failed {
    Failed {
        attempt,
        of: candidate.map(|found| {
            let tenant = found.user.tenant;
            (found.user, tenant)
        }),
        factor: "password",
        purpose: "sign_in",
        reason: reason.unwrap_or_default(),
        is_copied: false,
        now,
    }
}

async fn load(
    tx: &mut ReadTx,
    (attempt, email): &(Attempt, Option<Email>),
) -> Result<(Counts, Option<Candidate>), store::Error> {
    let candidate = match email {
        Some(email) => sign_in::candidate_by_email(tx, email).await?,
        None => None,
    };
    Ok((attempt.load(tx).await?, candidate))
}

/// What is wrong with the attempt, for the audit log. Whoever belongs to another brand is told what a wrong password is told.
fn reason(found: &Candidate, verdict: Verdict, client: &Client) -> Option<&'static str> {
    match (verdict, found.user.status) {
        (Verdict::Wrong, _) => Some("wrong password"),
        (Verdict::Right { .. }, Status::Disabled | Status::Invited | Status::Removed) => {
            Some("user disabled")
        }
        (Verdict::Right { .. }, Status::Active) => {
            let is_here = client.admits(&found.tenant.path);
            (!is_here).then_some(ELSEWHERE)
        }
    }
}

/// A hash of today's cost, when the stored one has another (S-04).
async fn rehash(
    app: &App,
    proven: &Candidate,
    verdict: Verdict,
    password: Password,
) -> Result<Option<Replacement>, PasswordWorkError> {
    match (verdict, &proven.credential) {
        (Verdict::Right { needs_rehash: true }, Some(known)) => {
            let hash = app
                .memory
                .passwords
                .hash(password, app.outside.random.clone())
                .await?;
            Ok(Some(Replacement {
                user: proven.user.id,
                from: known.hash.clone(),
                to: Credential {
                    hash,
                    changed_at: known.changed_at,
                },
            }))
        }
        (Verdict::Right { .. } | Verdict::Wrong, _) => Ok(None),
    }
}
