//! Challenges for passkeys: what a browser is asked with. They are kept for five minutes and used once.

use std::time::Duration;

use base::{Class, Refusal, Refuse, Scope, UserId};
use store::access::passkey;
use store::access::passkey_challenge::{self, PasskeyChallenge};
use store::{ReadTx, WriteTx};
use tenancy::passkey::{
    CHALLENGE_SECONDS, ChallengePurpose, CredentialId, Passkey, RelyingParty, TooManyPasskeys,
    UserHandle,
};
use tenancy::token::Token;
use tenancy::user::User;

use super::ids;
use crate::access::SignedIn;
use crate::{App, Caller};

/// Why nothing is asked.
#[derive(Debug, thiserror::Error)]
pub enum AskPasskeyError {
    /// The portal is reached in a way for which browsers have no passkeys.
    #[error(
        "passkeys need a portal that is reached by a name and by TLS; use an authenticator app instead"
    )]
    Nowhere,
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// There are as many as there may be.
    #[error(transparent)]
    TooMany(#[from] TooManyPasskeys),
}

impl Refuse for AskPasskeyError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Nowhere => Class::Conflict.because("passkeys_impossible", self),
            Self::Store(error) => error.refusal(),
            Self::TooMany(error) => error.refusal(),
        }
    }
}

/// What a browser is asked with for a new passkey.
#[derive(Clone, Debug)]
pub struct PasskeyCreation {
    /// What is to be signed; used once.
    pub challenge: Token,
    /// For whom.
    pub party: RelyingParty,
    /// What the authenticator is to know its owner by.
    pub handle: UserHandle,
    /// The owner, whose names the authenticator shows.
    pub user: User,
    /// Passkeys that are there: their authenticators make no second one.
    pub known: Vec<CredentialId>,
}

/// What a browser is asked with for a proof.
#[derive(Clone, Debug)]
pub struct PasskeyRequest {
    /// What is to be signed; used once.
    pub challenge: Token,
    /// For whom.
    pub party: RelyingParty,
    /// Which passkeys will do; any when there are none.
    pub known: Vec<CredentialId>,
}

/// Asks for a new passkey of the signed-in person. The door has made sure that they proved lately who they are.
pub async fn ask_to_add(
    app: &App,
    caller: &Caller,
    signed_in: &SignedIn,
) -> Result<PasskeyCreation, AskPasskeyError> {
    let party = app
        .settings()
        .relying_party(&caller.client)
        .ok_or(AskPasskeyError::Nowhere)?;
    let user = signed_in.user.clone();
    let store = app.store(caller);
    let passkeys = store.read(user.id, load).await?;
    Passkey::may_add(passkeys.len())?;
    // All passkeys of a person have one handle, so that an authenticator shows them as one account.
    let handle = passkeys.first().map(|passkey| passkey.handle);
    let handle = handle.unwrap_or_else(|| UserHandle::generate(app.random()));
    let (challenge, row) = new(app, ChallengePurpose::Register, Some(user.id));
    let handed = PasskeyChallenge {
        handle: Some(handle),
        ..row
    };
    store.write(handed, save).await?;
    Ok(PasskeyCreation {
        challenge,
        party,
        handle,
        user,
        known: ids(passkeys),
    })
}

/// Asks for a proof: of somebody, by passkeys that are known, or of whoever has one.
pub(in crate::access) async fn ask_to_prove(
    app: &App,
    caller: &Caller,
    whose: impl Into<Scope>,
    (user, known): (Option<UserId>, Vec<CredentialId>),
) -> Result<PasskeyRequest, AskPasskeyError> {
    let party = app.settings().relying_party(&caller.client);
    let party = party.ok_or(AskPasskeyError::Nowhere)?;
    let (challenge, row) = new(app, ChallengePurpose::SignIn, user);
    app.store(whose).write(row, save).await?;
    Ok(PasskeyRequest {
        challenge,
        party,
        known,
    })
}

fn new(app: &App, purpose: ChallengePurpose, user: Option<UserId>) -> (Token, PasskeyChallenge) {
    let (challenge, now) = (Token::generate(app.random()), app.now());
    let row = PasskeyChallenge {
        digest: challenge.digest(),
        purpose,
        user,
        handle: None,
        created_at: now,
        expires_at: now.plus(Duration::from_secs(CHALLENGE_SECONDS)),
    };
    (challenge, row)
}

async fn load(tx: &mut ReadTx, user: &UserId) -> Result<Vec<Passkey>, store::Error> {
    passkey::of_user(tx, user).await
}

async fn save(tx: &mut WriteTx, challenge: &PasskeyChallenge) -> Result<(), store::Error> {
    passkey_challenge::insert(tx, challenge).await
}
