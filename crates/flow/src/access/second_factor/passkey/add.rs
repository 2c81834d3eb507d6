//! Adds a passkey that a browser made (security S-16). The first second factor of a person brings ten recovery codes, and
//! their other sessions end.

use base::{Class, Refusal, Refuse, Timestamp};
use store::access::passkey_challenge::{self, PasskeyChallenge};
use store::access::second_factor::{self, NewRecoveryCodes};
use store::access::{passkey, session};
use store::audit::{self, Entry};
use store::tenancy::tenant;
use store::{ReadTx, WriteTx};
use tenancy::passkey::{
    ChallengePurpose, CredentialId, Passkey, PasskeyError, PasskeyName, ProvenKey, Registration,
    TooManyPasskeys,
};
use tenancy::recovery::RecoveryCode;
use tenancy::token::TokenDigest;

use crate::access::SignedIn;
use crate::access::notice::second_factor_changed;
use crate::access::second_factor::new_codes::digests;
use crate::audit::{Event, Text};
use crate::mail::{self, PreparedMail};
use crate::{App, Caller};

/// What the person is told.
const ADDED: &str = "A passkey was added. It signs in to your account, without the password too.";

/// Why there is no new passkey.
#[derive(Debug, thiserror::Error)]
pub enum AddPasskeyError {
    /// Its challenge was not given out to this person, was used, or is too old.
    #[error("that took too long; add the passkey again")]
    Gone,
    /// It is somebody's already.
    #[error("this passkey is in use already; choose another device or password manager")]
    InUse,
    /// What the browser answered is not good.
    #[error(transparent)]
    Passkey(#[from] PasskeyError),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// There are as many as there may be.
    #[error(transparent)]
    TooMany(#[from] TooManyPasskeys),
}

impl Refuse for AddPasskeyError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Gone => Class::Invalid
                .because("passkey_challenge_gone", self)
                .at("passkey"),
            Self::InUse => Class::Invalid.because("passkey_in_use", self).at("passkey"),
            Self::Passkey(error) => error.refusal(),
            Self::Store(error) => error.refusal(),
            Self::TooMany(error) => error.refusal(),
        }
    }
}

/// Adds it; the codes, which are shown once, if it is the first second factor.
pub async fn add_passkey(
    app: &App,
    caller: &Caller,
    signed_in: &SignedIn,
    name: PasskeyName,
    registration: &Registration,
) -> Result<Option<Vec<RecoveryCode>>, AddPasskeyError> {
    let party = app.settings().relying_party(&caller.client);
    let party = party.ok_or(PasskeyError::RelyingParty)?;
    let challenge = registration.challenge()?.digest();
    let (id, proven) = registration.verify(&party)?;
    let codes = RecoveryCode::generate_all(app.random());
    let adding = Adding {
        app: app.clone(),
        caller: caller.clone(),
        signed_in: signed_in.clone(),
        challenge,
        id,
        name,
        proven,
        codes: codes.clone(),
        now: app.now(),
    };
    let store = app.store(caller);
    let added = store.decide(adding, load, decide, save).await?;
    let is_first = added.ok_or(AddPasskeyError::Gone)?;
    Ok(is_first.then_some(codes))
}

struct Adding {
    app: App,
    caller: Caller,
    signed_in: SignedIn,
    challenge: TokenDigest,
    id: CredentialId,
    name: PasskeyName,
    proven: ProvenKey,
    codes: Vec<RecoveryCode>,
    now: Timestamp,
}

struct Facts {
    challenge: Option<PasskeyChallenge>,
    is_known: bool,
    count: usize,
    has_app: bool,
    sessions: u64,
}

struct Decision {
    challenge: TokenDigest,
    passkey: Passkey,
    /// With the first second factor.
    codes: Option<NewRecoveryCodes>,
    /// The session that goes on when the others end.
    session: TokenDigest,
    entry: Entry,
    mail: Option<PreparedMail>,
}

async fn load(tx: &mut ReadTx, adding: &Adding) -> Result<Facts, store::Error> {
    let session = &adding.signed_in.session;
    let others = (session.user, Some(session.digest));
    let app = second_factor::totp(tx, &session.user).await?;
    Ok(Facts {
        challenge: passkey_challenge::by_digest(tx, &adding.challenge).await?,
        is_known: passkey::owner(tx, &adding.id).await?.is_some(),
        count: passkey::of_user(tx, &session.user).await?.len(),
        has_app: app.is_some_and(|app| app.confirmed_at.is_some()),
        sessions: session::count_of_user(tx, &others).await?,
    })
}

fn decide(adding: &Adding, facts: Facts) -> Result<Decision, AddPasskeyError> {
    let (session, now) = (&adding.signed_in.session, adding.now);
    let challenge = facts.challenge.filter(|challenge| {
        challenge.purpose == ChallengePurpose::Register
            && challenge.user == Some(session.user)
            && now < challenge.expires_at
    });
    let handle = challenge.and_then(|challenge| challenge.handle);
    let handle = handle.ok_or(AddPasskeyError::Gone)?;
    if facts.is_known {
        return Err(AddPasskeyError::InUse);
    }
    Passkey::may_add(facts.count)?;
    let is_first = facts.count == 0 && !facts.has_app;
    let event = Event::PasskeyAdded {
        user: session.user,
        name: Text::new(adding.name.as_str()),
        sessions_ended: if is_first { facts.sessions } else { 0 },
    };
    let (app, caller, user) = (&adding.app, &adding.caller, &adding.signed_in.user);
    Ok(Decision {
        challenge: adding.challenge,
        passkey: Passkey {
            user: session.user,
            tenant: session.tenant,
            id: adding.id.clone(),
            name: adding.name.clone(),
            handle,
            proven: adding.proven.clone(),
            created_at: now,
            last_used_at: None,
        },
        codes: is_first.then(|| NewRecoveryCodes {
            user: session.user,
            tenant: session.tenant,
            digests: digests(&adding.codes),
            at: now,
        }),
        session: session.digest,
        entry: app.entry(caller, session.tenant, &event, now),
        mail: second_factor_changed(app, caller, user, ADDED, now),
    })
}

/// Whether it is the first second factor; `None` when the challenge was used by another.
async fn save(tx: &mut WriteTx, decision: &Decision) -> Result<Option<bool>, store::Error> {
    if !passkey_challenge::delete(tx, &decision.challenge).await? {
        return Ok(None);
    }
    tenant::lock(tx, &decision.passkey.tenant).await?;
    passkey::insert(tx, &decision.passkey).await?;
    if let Some(codes) = &decision.codes {
        second_factor::replace_codes(tx, codes).await?;
        let others = (decision.passkey.user, Some(decision.session));
        session::delete_of_user(tx, &others).await?;
    }
    audit::append(tx, &decision.entry).await?;
    mail::intend(tx, decision.mail.as_ref()).await?;
    Ok(Some(decision.codes.is_some()))
}
