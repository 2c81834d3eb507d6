//! Signs in whom the identity provider of their tenant knows (security S-18, S-67). It stands for the password: whoever has a
//! second factor here is asked for it. All else is as with a password: locks, who is disabled or suspended, what is recorded.

use std::net::IpAddr;

use base::{Class, Refusal, Refuse};
use store::ReadTx;
use store::access::identity::{self, LinkedIdentity};
use store::tenancy::sign_in::{self, Candidate};
use tenancy::lockout::Locked;
use tenancy::oidc::Identity;
use tenancy::tenant::OrganizationSuspended;
use tenancy::token::Token;
use tenancy::user::Status;

use crate::access::SignedIn;
use crate::access::attempt::{Attempt, Counts};
use crate::access::oidc::link::{LinkIdentityError, link};
use crate::access::oidc::{Answered, NotTaken, ProviderAnswer, ProviderAnswerError, take_answer};
use crate::access::open_session::{OpenSessionError, Opening, open_session};
use crate::access::refuse::{Failed, refuse};
use crate::access::second_step::{FirstProof, begin_second_step};
use crate::access::session::end_replaced;
use crate::access::sign_in::ELSEWHERE;
use crate::caller::{system, tenant};
use crate::{App, Caller};

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum ProviderSignInError {
    /// The provider's answer.
    #[error(transparent)]
    Answer(#[from] ProviderAnswerError),
    /// Nobody is linked to whom the provider knows, or whoever is may not sign in.
    #[error(
        "your organisation's provider knows you, but your account here is not linked to it; sign in another way and link it in your settings"
    )]
    Foreign,
    /// It was to be linked, and is not.
    #[error(transparent)]
    Link(LinkIdentityError),
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

impl Refuse for ProviderSignInError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Answer(error) => error.refusal(),
            Self::Foreign => Class::Unauthenticated.because("identity_signs_nobody_in", self),
            Self::Link(error) => error.refusal(),
            Self::Locked(error) => error.refusal(),
            Self::Store(error) => error.refusal(),
            Self::Suspended(error) => error.refusal(),
        }
    }
}

impl From<OpenSessionError> for ProviderSignInError {
    fn from(error: OpenSessionError) -> Self {
        match error {
            OpenSessionError::Changed
            | OpenSessionError::Factor(_)
            | OpenSessionError::Elsewhere(_) => Self::Foreign,
            OpenSessionError::Locked(locked) => Self::Locked(locked),
            OpenSessionError::Store(error) => Self::Store(error),
            OpenSessionError::Suspended(suspended) => Self::Suspended(suspended),
        }
    }
}

impl From<NotTaken> for ProviderSignInError {
    fn from(NotTaken { error, links }: NotTaken) -> Self {
        if links {
            Self::Link(error.into())
        } else {
            Self::Answer(error)
        }
    }
}

/// What came of an answer.
#[derive(Clone, Debug)]
pub enum ProviderOutcome {
    /// Whoever is signed in is linked to whom the provider knows.
    Linked,
    /// Their second factor is still to come; the token stands for what was proven, and then they go there.
    SecondStep(Token, String),
    /// All is proven, and they go there.
    SignedIn(Box<SignedIn>, String),
}

/// Takes what a browser brings back: somebody signs in, or links who they are. `session` is the session's cookie, and
/// `replaces` what it stands for, which ends when somebody signs in.
pub async fn answer_of_provider(
    app: &App,
    caller: &Caller,
    answer: &ProviderAnswer,
    client: IpAddr,
    session: Option<Token>,
) -> Result<ProviderOutcome, ProviderSignInError> {
    let answered = take_answer(app, answer).await?;
    if answered.request.user.is_some() {
        let session = session.map(|token| token.reveal());
        let linked = link(app, caller, answered, session.as_deref()).await;
        linked.map_err(ProviderSignInError::Link)?;
        return Ok(ProviderOutcome::Linked);
    }
    let outcome = sign_in(app, caller, answered, client).await?;
    if let (ProviderOutcome::SignedIn(..), Some(token)) = (&outcome, session) {
        end_replaced(app, caller, &token).await?;
    }
    Ok(outcome)
}

async fn sign_in(
    app: &App,
    caller: &Caller,
    answered: Answered,
    client: IpAddr,
) -> Result<ProviderOutcome, ProviderSignInError> {
    let Answered { request, identity } = answered;
    let store = app.store(tenant(request.tenant));
    let linked = store.read(identity.clone(), load_linked).await?;
    let candidate = match &linked {
        Some(linked) => {
            let store = app.store(system("a linked identity tells whose it is"));
            store.read(linked.user, sign_in::candidate_of).await?
        }
        None => None,
    };
    // Somebody whom nobody is linked to is counted under what the provider calls them.
    let attempt = candidate.as_ref().map_or_else(
        || Attempt::new(identity.as_str(), client),
        |found| Attempt::new(found.user.email.as_str(), client),
    );
    let store = app.store(system("failures are counted for whoever it may be"));
    let counts = store.read(attempt.clone(), load_counts).await?;
    counts.check(app.now())?;
    let reason = match &candidate {
        Some(found) if found.user.status != Status::Active => Some("user disabled"),
        Some(found) if !caller.client.admits(&found.tenant.path) => Some(ELSEWHERE),
        Some(_) => None,
        None => Some("identity not linked"),
    };
    let (Some(linked), Some(proven), None) = (linked, candidate.clone(), reason) else {
        let failed = Failed {
            attempt,
            of: candidate.map(|found| {
                let tenant = found.user.tenant;
                (found.user, tenant)
            }),
            factor: "identity provider",
            purpose: "sign_in",
            reason: reason.unwrap_or_default(),
            is_copied: false,
            now: app.now(),
        };
        refuse::<ProviderSignInError>(app, caller, failed).await?;
        return Err(ProviderSignInError::Foreign);
    };
    open(app, caller, (attempt, proven), linked, request.next).await
}

async fn open(
    app: &App,
    caller: &Caller,
    (attempt, proven): (Attempt, Candidate),
    linked: LinkedIdentity,
    next: String,
) -> Result<ProviderOutcome, ProviderSignInError> {
    if proven.has_second_factor {
        let first = FirstProof {
            since: linked.linked_at,
            rehashed: None,
            identity: Some(linked.identity),
        };
        let token = begin_second_step(app, &proven, first).await?;
        return Ok(ProviderOutcome::SecondStep(token, next));
    }
    let opening = Opening {
        attempt,
        proven,
        rehashed: None,
        identity: Some(linked.identity),
        second: None,
        now: app.now(),
    };
    let signed_in = open_session(app, caller, opening).await?;
    Ok(ProviderOutcome::SignedIn(Box::new(signed_in), next))
}

async fn load_linked(
    tx: &mut ReadTx,
    identity: &Identity,
) -> Result<Option<LinkedIdentity>, store::Error> {
    identity::by_identity(tx, identity).await
}

async fn load_counts(tx: &mut ReadTx, attempt: &Attempt) -> Result<Counts, store::Error> {
    attempt.load(tx).await
}
