//! Signs in by a passkey alone: it says who it is of, and that they were verified, so it stands for both factors (security S-16
//! to S-18). All else is as with a password: locks, who is disabled or suspended, what is recorded.

use std::net::IpAddr;

use base::{Class, Refusal, Refuse};
use store::ReadTx;
use store::access::passkey;
use store::tenancy::sign_in::{self, Candidate};
use tenancy::lockout::Locked;
use tenancy::oidc::ProviderRequired;
use tenancy::passkey::{Assertion, CredentialId, PasskeyError};
use tenancy::tenant::OrganizationSuspended;
use tenancy::token::Token;
use tenancy::user::Status;

use crate::access::SignedIn;
use crate::access::attempt::{Attempt, Counts};
use crate::access::open_session::{OpenSessionError, Opening, SecondProof, open_session};
use crate::access::refuse::{Failed, refuse};
use crate::access::second_factor::passkey::ask::{AskPasskeyError, PasskeyRequest, ask_to_prove};
use crate::access::second_factor::{SecondFactorError, TypedFactor};
use crate::access::session::end_replaced;
use crate::access::sign_in::ELSEWHERE;
use crate::caller::system;
use crate::{App, Caller};

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum PasskeySignInError {
    /// Their organisation has its own provider sign them in.
    #[error(transparent)]
    Elsewhere(#[from] ProviderRequired),
    /// What the browser answered is not good, in a way that its owner can put right.
    #[error(transparent)]
    Factor(#[from] SecondFactorError),
    /// Nobody has this passkey, or whoever has it may not sign in.
    #[error("this passkey signs nobody in here; use another, or your password")]
    Foreign,
    /// Too many failures for the user or from the network.
    #[error(transparent)]
    Locked(#[from] Locked),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The user's organisation or one above it is suspended.
    #[error(transparent)]
    Suspended(#[from] OrganizationSuspended),
}

impl Refuse for PasskeySignInError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Elsewhere(error) => error.refusal(),
            Self::Factor(error) => error.refusal(),
            Self::Foreign => Class::Unauthenticated.because("passkey_signs_nobody_in", self),
            Self::Locked(error) => error.refusal(),
            Self::Store(error) => error.refusal(),
            Self::Suspended(error) => error.refusal(),
        }
    }
}

impl From<OpenSessionError> for PasskeySignInError {
    fn from(error: OpenSessionError) -> Self {
        match error {
            OpenSessionError::Changed => Self::Foreign,
            OpenSessionError::Elsewhere(error) => Self::Elsewhere(error),
            OpenSessionError::Factor(error) => Self::Factor(error),
            OpenSessionError::Locked(locked) => Self::Locked(locked),
            OpenSessionError::Store(error) => Self::Store(error),
            OpenSessionError::Suspended(suspended) => Self::Suspended(suspended),
        }
    }
}

/// Asks a visitor for whatever passkey they have.
pub async fn ask_to_sign_in(app: &App, caller: &Caller) -> Result<PasskeyRequest, AskPasskeyError> {
    let whose = system("whoever has a passkey says who they are by it");
    ask_to_prove(app, caller, whose, (None, Vec::new())).await
}

/// Signs in whose passkey it is; `replaces` is what the browser held before, which ends.
pub async fn sign_in_by_passkey(
    app: &App,
    caller: &Caller,
    assertion: Assertion,
    client: IpAddr,
    replaces: Option<Token>,
) -> Result<SignedIn, PasskeySignInError> {
    let store = app.store(system("a passkey tells whose it is"));
    let candidate = store.read(assertion.id.clone(), load).await?;
    // A passkey that nobody has is counted under what it calls itself.
    let attempt = candidate.as_ref().map_or_else(
        || Attempt::new(&assertion.id.to_text(), client),
        |found| Attempt::new(found.user.email.as_str(), client),
    );
    let counts = store.read(attempt.clone(), load_counts).await?;
    counts.check(app.now())?;
    let failed = Failed {
        attempt: attempt.clone(),
        of: candidate.as_ref().map(|found| {
            let tenant = found.user.tenant;
            (found.user.clone(), tenant)
        }),
        factor: "passkey",
        purpose: "sign_in",
        reason: "",
        is_copied: false,
        now: app.now(),
    };
    let opened = match candidate {
        // Who cannot say whose it is was not asked for a passkey that says so.
        Some(proven) if assertion.handle.is_some() => {
            open(app, caller, attempt, proven, assertion).await
        }
        _ => Err((PasskeySignInError::Foreign, Some("unknown passkey"))),
    };
    match opened {
        Ok(signed_in) => {
            if let Some(token) = replaces {
                end_replaced(app, caller, &token).await?;
            }
            Ok(signed_in)
        }
        Err((error, Some(reason))) => {
            let is_copied =
                matches!(&error, PasskeySignInError::Factor(error) if error.is_copied());
            let failed = Failed {
                reason,
                is_copied,
                ..failed
            };
            refuse::<PasskeySignInError>(app, caller, failed).await?;
            Err(error)
        }
        Err((error, None)) => Err(error),
    }
}

/// What is wrong is told with what is counted and recorded of it.
async fn open(
    app: &App,
    caller: &Caller,
    attempt: Attempt,
    proven: Candidate,
    assertion: Assertion,
) -> Result<SignedIn, (PasskeySignInError, Option<&'static str>)> {
    if proven.user.status != Status::Active {
        return Err((PasskeySignInError::Foreign, Some("user disabled")));
    }
    if !caller.client.admits(&proven.tenant.path) {
        return Err((PasskeySignInError::Foreign, Some(ELSEWHERE)));
    }
    let opening = Opening {
        attempt,
        proven,
        rehashed: None,
        identity: None,
        second: Some(SecondProof {
            step: None,
            typed: TypedFactor::Passkey(Box::new(assertion)),
        }),
        now: app.now(),
    };
    let opened = open_session(app, caller, opening).await;
    opened.map_err(|error| match error {
        OpenSessionError::Factor(error) => {
            let reason = error.reason();
            (told(error), reason)
        }
        error @ (OpenSessionError::Changed
        | OpenSessionError::Elsewhere(_)
        | OpenSessionError::Locked(_)
        | OpenSessionError::Store(_)
        | OpenSessionError::Suspended(_)) => (error.into(), None),
    })
}

/// Whether a passkey is somebody's cannot be told from the answer.
fn told(error: SecondFactorError) -> PasskeySignInError {
    match error {
        SecondFactorError::Passkey(PasskeyError::Foreign | PasskeyError::Signature) => {
            PasskeySignInError::Foreign
        }
        error @ (SecondFactorError::Challenge
        | SecondFactorError::Code(_)
        | SecondFactorError::Passkey(_)
        | SecondFactorError::Recovery
        | SecondFactorError::Seal(_)) => error.into(),
    }
}

async fn load(tx: &mut ReadTx, id: &CredentialId) -> Result<Option<Candidate>, store::Error> {
    match passkey::owner(tx, id).await? {
        Some(user) => sign_in::candidate_of(tx, &user).await,
        None => Ok(None),
    }
}

async fn load_counts(tx: &mut ReadTx, attempt: &Attempt) -> Result<Counts, store::Error> {
    attempt.load(tx).await
}
