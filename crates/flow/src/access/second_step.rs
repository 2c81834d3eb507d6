//! The second step of signing in, after the password was right, or a provider knew who it is (features F-003, F-008, F-009; security S-10, S-13, S-16). A step
//! is no session; it opens one when the second factor is proven, within ten minutes, and is used up with it.

use std::net::IpAddr;
use std::time::Duration;

use base::{Actor, Class, Refusal, Refuse, Timestamp, UserId};
use store::access::credential::{self, Replacement};
use store::access::identity::{self, LinkedIdentity};
use store::access::sign_in_step::{self, SignInStep};
use store::access::{passkey, second_factor};
use store::tenancy::sign_in::{self, Candidate};
use store::{ReadTx, WriteTx};
use tenancy::lockout::Locked;
use tenancy::oidc::{Identity, ProviderRequired};
use tenancy::passkey::{Passkey, PasskeyError};
use tenancy::tenant::OrganizationSuspended;
use tenancy::token::{Token, TokenDigest};

use super::SignedIn;
use super::attempt::Attempt;
use super::open_session::{OpenSessionError, Opening, SecondProof, open_session};
use super::refuse::{Failed, refuse};
use super::second_factor::passkey::ask::{AskPasskeyError, PasskeyRequest, ask_to_prove};
use super::second_factor::passkey::ids;
use super::second_factor::{SecondFactorError, TypedFactor};
use super::session::end_replaced;
use crate::caller::system;
use crate::{App, Caller};

/// How long after the password the second factor may come.
const LIFETIME: Duration = Duration::from_secs(10 * 60);

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum SecondStepError {
    /// Their organisation has its own provider sign them in.
    #[error(transparent)]
    Elsewhere(#[from] ProviderRequired),
    /// What was typed proves nothing.
    #[error(transparent)]
    Factor(#[from] SecondFactorError),
    /// No password was right lately, or it has changed since.
    #[error("that took too long; sign in again")]
    Gone,
    /// Too many failures for the address or from the network.
    #[error(transparent)]
    Locked(#[from] Locked),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The user's organisation or one above it is suspended.
    #[error(transparent)]
    Suspended(#[from] OrganizationSuspended),
}

impl Refuse for SecondStepError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Elsewhere(error) => error.refusal(),
            Self::Factor(error) => error.refusal(),
            Self::Gone => Class::Unauthenticated.because("sign_in_step_gone", self),
            Self::Locked(error) => error.refusal(),
            Self::Store(error) => error.refusal(),
            Self::Suspended(error) => error.refusal(),
        }
    }
}

impl From<OpenSessionError> for SecondStepError {
    fn from(error: OpenSessionError) -> Self {
        match error {
            OpenSessionError::Changed => Self::Gone,
            OpenSessionError::Elsewhere(error) => Self::Elsewhere(error),
            OpenSessionError::Factor(error) => Self::Factor(error),
            OpenSessionError::Locked(locked) => Self::Locked(locked),
            OpenSessionError::Store(error) => Self::Store(error),
            OpenSessionError::Suspended(suspended) => Self::Suspended(suspended),
        }
    }
}

/// What was right first.
pub(super) struct FirstProof {
    /// When the password was set, or the identity linked.
    pub(super) since: Timestamp,
    /// The password under a hash of today's cost.
    pub(super) rehashed: Option<Replacement>,
    /// What a provider calls them, if it was that.
    pub(super) identity: Option<Identity>,
}

/// Remembers what was right; what the browser is given stands for that and nothing else.
pub(super) async fn begin_second_step(
    app: &App,
    proven: &Candidate,
    first: FirstProof,
) -> Result<Token, store::Error> {
    let (token, now) = (Token::generate(app.random()), app.now());
    let step = SignInStep {
        digest: token.digest(),
        user: proven.user.id,
        tenant: proven.user.tenant,
        password_changed_at: first.since,
        identity: first.identity,
        created_at: now,
        expires_at: now.plus(LIFETIME),
    };
    let store = app.store(crate::caller::tenant(step.tenant));
    store.write((step, first.rehashed), save_step).await?;
    Ok(token)
}

async fn save_step(
    tx: &mut WriteTx,
    (step, rehashed): &(SignInStep, Option<Replacement>),
) -> Result<(), store::Error> {
    if let Some(rehashed) = rehashed {
        credential::replace_password(tx, rehashed).await?;
    }
    sign_in_step::insert(tx, step).await
}

/// Signs in whoever proves their second factor; `replaces` is what the browser held before, which ends.
pub async fn second_step(
    app: &App,
    caller: &Caller,
    token: &str,
    typed: TypedFactor,
    client: IpAddr,
    replaces: Option<Token>,
) -> Result<SignedIn, SecondStepError> {
    let (step, proven) = find_step(app, token).await?;
    let now = app.now();
    let attempt = Attempt::new(proven.user.email.as_str(), client);
    let (of, factor) = ((proven.user.clone(), proven.user.tenant), typed.kind());
    let opening = Opening {
        attempt: attempt.clone(),
        proven,
        rehashed: None,
        identity: step.identity,
        second: Some(SecondProof {
            step: Some(step.digest),
            typed,
        }),
        now,
    };
    let opened = open_session(app, caller, opening).await;
    let signed_in = match opened.map_err(SecondStepError::from) {
        Err(SecondStepError::Factor(error)) => {
            if let Some(reason) = error.reason() {
                let failed = Failed {
                    attempt,
                    of: Some(of),
                    factor,
                    purpose: "sign_in",
                    reason,
                    is_copied: error.is_copied(),
                    now,
                };
                let known = caller.known_as(Actor::Visitor);
                refuse::<SecondStepError>(app, &known, failed).await?;
            }
            return Err(error.into());
        }
        opened => opened?,
    };
    if let Some(token) = replaces {
        end_replaced(app, caller, &token).await?;
    }
    Ok(signed_in)
}

/// What can prove the second factor of whoever's password was right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfferedFactors {
    /// Whether they have an authenticator app.
    pub has_app: bool,
    /// Whether they have passkeys.
    pub has_passkeys: bool,
}

/// What the page of the second step asks for.
pub async fn offered_factors(app: &App, token: &str) -> Result<OfferedFactors, SecondStepError> {
    let (step, _) = find_step(app, token).await?;
    let store = app.store(crate::caller::tenant(step.tenant));
    Ok(store.read(step.user, load_offered).await?)
}

async fn load_offered(tx: &mut ReadTx, user: &UserId) -> Result<OfferedFactors, store::Error> {
    let app = second_factor::totp(tx, user).await?;
    Ok(OfferedFactors {
        has_app: app.is_some_and(|app| app.confirmed_at.is_some()),
        has_passkeys: !passkey::of_user(tx, user).await?.is_empty(),
    })
}

/// Asks for a passkey of whoever's password was right.
pub async fn ask_passkey_for_step(
    app: &App,
    caller: &Caller,
    token: &str,
) -> Result<PasskeyRequest, SecondStepError> {
    let (step, _) = find_step(app, token).await?;
    let whose = crate::caller::tenant(step.tenant);
    let store = app.store(crate::caller::tenant(step.tenant));
    let passkeys = store.read(step.user, load_passkeys).await?;
    let asked = ask_to_prove(app, caller, whose, (Some(step.user), ids(passkeys))).await;
    asked.map_err(|error| match error {
        AskPasskeyError::Store(error) => SecondStepError::Store(error),
        AskPasskeyError::Nowhere | AskPasskeyError::TooMany(_) => {
            SecondFactorError::from(PasskeyError::RelyingParty).into()
        }
    })
}

async fn load_passkeys(tx: &mut ReadTx, user: &UserId) -> Result<Vec<Passkey>, store::Error> {
    passkey::of_user(tx, user).await
}

/// The step that a token stands for, while it stands for something.
async fn find_step(app: &App, token: &str) -> Result<(SignInStep, Candidate), SecondStepError> {
    let token = Token::parse(token).ok_or(SecondStepError::Gone)?;
    let store = app.store(system("a token tells whose it is"));
    let found = store.read(token.digest(), load).await?;
    let (step, proven) = found.ok_or(SecondStepError::Gone)?;
    let since = if step.identity.is_some() {
        let store = app.store(crate::caller::tenant(step.tenant));
        let linked = store.read(step.user, load_linked).await?;
        let linked = linked.filter(|linked| Some(&linked.identity) == step.identity.as_ref());
        linked.map(|linked| linked.linked_at)
    } else {
        proven.credential.as_ref().map(|found| found.changed_at)
    };
    if app.now() >= step.expires_at || since != Some(step.password_changed_at) {
        return Err(SecondStepError::Gone);
    }
    Ok((step, proven))
}

async fn load_linked(
    tx: &mut ReadTx,
    user: &UserId,
) -> Result<Option<LinkedIdentity>, store::Error> {
    identity::of_user(tx, user).await
}

async fn load(
    tx: &mut ReadTx,
    digest: &TokenDigest,
) -> Result<Option<(SignInStep, Candidate)>, store::Error> {
    let Some(step) = sign_in_step::by_digest(tx, digest).await? else {
        return Ok(None);
    };
    let candidate = sign_in::candidate_of(tx, &step.user).await?;
    Ok(candidate.map(|candidate| (step, candidate)))
}
