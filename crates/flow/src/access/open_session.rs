//! The end of a sign-in whose factors were all right: the session is opened, unless something has changed since
//! they were checked.

use base::{Actor, ClientNetwork, Timestamp, UserId};
use outbound::mail::{Letter, MailKind};
use store::access::credential::{self, Replacement};
use store::access::identity::{self, LinkedIdentity};
use store::access::identity_provider::{self, IdentityProvider};
use store::access::session::{self, Browser};
use store::access::{sign_in_step, user};
use store::audit::{self, Entry};
use store::tenancy::sign_in::{self, Candidate};
use store::{ReadTx, WriteTx};
use tenancy::lockout::Locked;
use tenancy::oidc::{Identity, ProviderRequired};
use tenancy::role::Permission;
use tenancy::session::Session;
use tenancy::tenant::{OrganizationSuspended, may_sign_in};
use tenancy::token::TokenDigest;
use tenancy::user::{Status, User};

use super::SignedIn;
use super::attempt::{Attempt, Counts};
use super::second_factor::{Factors, Second, SecondFactorError, TypedFactor};
use super::session::browser;
use crate::audit::{Event, Text};
use crate::mail::{self, PreparedMail};
use crate::{App, Caller};

/// Why the session does not begin after all.
#[derive(Debug, thiserror::Error)]
pub(super) enum OpenSessionError {
    /// The user is not as they were when the password was checked, or signs in at another host name.
    #[error("the user was changed meanwhile")]
    Changed,
    /// Their organisation's provider is to sign them in.
    #[error(transparent)]
    Elsewhere(#[from] ProviderRequired),
    /// The second factor proves nothing.
    #[error(transparent)]
    Factor(#[from] SecondFactorError),
    #[error(transparent)]
    Locked(#[from] Locked),
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error(transparent)]
    Suspended(#[from] OrganizationSuspended),
}

/// What is known of whoever signs in.
pub(super) struct Opening {
    pub(super) attempt: Attempt,
    /// The user as they were when their password was checked.
    pub(super) proven: Candidate,
    pub(super) rehashed: Option<Replacement>,
    /// What a provider calls them, if it and no password said who they are.
    pub(super) identity: Option<Identity>,
    /// For whoever has a second factor, what they typed for it.
    pub(super) second: Option<SecondProof>,
    pub(super) now: Timestamp,
}

/// What proves more than the password.
pub(super) struct SecondProof {
    /// The step that stands for the password; it is used up. A passkey needs none.
    pub(super) step: Option<TokenDigest>,
    pub(super) typed: TypedFactor,
}

struct Input {
    app: App,
    /// The visitor, who is the user from here on.
    caller: Caller,
    opening: Opening,
    browser: Browser,
}

struct Facts {
    counts: Counts,
    current: Option<Candidate>,
    /// Whether what comes before the factor is there still, with what the factor is held against.
    second: Option<(bool, Factors)>,
    /// What their organisation's provider calls them now.
    linked: Option<LinkedIdentity>,
    provider: Option<IdentityProvider>,
    sessions: Vec<Browser>,
}

enum Decision {
    /// The session begins.
    Open(Box<Opened>),
    /// They are told why, and it is recorded.
    Refuse(Barred, Box<Entry>),
}

/// Why somebody who has proven all may not sign in so.
#[derive(Clone, Copy)]
enum Barred {
    Elsewhere(ProviderRequired),
    Suspended(OrganizationSuspended),
}

impl From<Barred> for OpenSessionError {
    fn from(barred: Barred) -> Self {
        match barred {
            Barred::Elsewhere(error) => Self::Elsewhere(error),
            Barred::Suspended(error) => Self::Suspended(error),
        }
    }
}

struct Opened {
    attempt: Attempt,
    rehashed: Option<Replacement>,
    /// What is used up.
    second: Option<(Option<TokenDigest>, Second)>,
    browser: Browser,
    now: Timestamp,
    entry: Entry,
    mail: Option<PreparedMail>,
    /// Whose identity was used.
    by_identity: Option<UserId>,
}

/// How many of a user's other sessions are looked at for where they came from.
const LOOKED_AT: i64 = 50;

/// Opens the session.
pub(super) async fn open_session(
    app: &App,
    caller: &Caller,
    opening: Opening,
) -> Result<SignedIn, OpenSessionError> {
    let proven = opening.proven.clone();
    let (user, tenant) = (proven.user.id, proven.user.tenant);
    let (mut session, token) = Session::open(user, tenant, opening.now, app.random());
    if opening.identity.is_some() && opening.second.is_none() {
        session = session.of_somebody_known_elsewhere();
    }
    let caller = caller.known_as(Actor::User(user)).within(tenant);
    let input = Input {
        app: app.clone(),
        browser: browser(&session, &caller),
        caller: caller.clone(),
        opening,
    };
    let store = app.store(&caller);
    let opened = store.decide(input, load, decide, save).await??;
    if !opened {
        return Err(OpenSessionError::Changed);
    }
    log_opened(&caller, &session);
    Ok(SignedIn {
        token,
        session,
        user: proven.user,
        home: proven.tenant.clone(),
        tenant: proven.tenant,
        roles: proven.roles,
        binding: proven.binding,
        has_second_factor: proven.has_second_factor,
        // The next request knows.
        meets_products: true,
    })
}

fn log_opened(caller: &Caller, session: &Session) {
    tracing::info!(
        user.id = %session.user,
        tenant.id = %session.tenant,
        client.address = caller.client.address_text(),
        request.id = caller.client.request_id.map(tracing::field::display),
        "signed in"
    );
}

async fn load(tx: &mut ReadTx, input: &Input) -> Result<Facts, store::Error> {
    let User {
        id: user, tenant, ..
    } = input.opening.proven.user;
    let second = match &input.opening.second {
        Some(proof) => {
            let is_backed = match (&proof.step, &proof.typed) {
                (Some(step), _) => sign_in_step::by_digest(tx, step).await?.is_some(),
                (None, TypedFactor::Passkey(_)) => true,
                (None, TypedFactor::Code(_) | TypedFactor::Recovery(_)) => false,
            };
            let factors = Factors::load(tx, user, &proof.typed).await?;
            Some((is_backed, factors))
        }
        None => None,
    };
    Ok(Facts {
        counts: input.opening.attempt.load(tx).await?,
        current: sign_in::candidate(tx, &(tenant, user)).await?,
        second,
        linked: identity::of_user(tx, &user).await?,
        provider: identity_provider::own(tx, &()).await?,
        sessions: session::of_user(tx, &(user, LOOKED_AT)).await?,
    })
}

fn decide(input: &Input, facts: Facts) -> Result<Decision, OpenSessionError> {
    let Facts {
        counts,
        current,
        second,
        linked,
        provider,
        sessions,
    } = facts;
    let Opening {
        attempt,
        proven,
        rehashed,
        now,
        ..
    } = &input.opening;
    // Wrong guesses beside the right one may have locked since the first look.
    counts.check(*now)?;
    let current = current
        .filter(|current| is_same(current, proven))
        .filter(|current| input.caller.client.admits(&current.tenant.path))
        .ok_or(OpenSessionError::Changed)?;
    let second = input.check_second(&current, second)?;
    let barred = input.barred(&current, linked, provider)?;
    if let Some((barred, reason)) = barred {
        let refused = Event::SessionRefused {
            who: Text::new(input.browser.session.user.to_string()),
            purpose: "sign_in",
            reason,
            factor: input.factor(),
            locked_until: None,
        };
        return Ok(Decision::Refuse(barred, Box::new(input.entry(&refused))));
    }
    Ok(Decision::Open(Box::new(Opened {
        attempt: attempt.clone(),
        rehashed: rehashed.clone(),
        second,
        browser: input.browser.clone(),
        now: *now,
        entry: input.entry(&Event::SessionOpened {
            user: input.browser.session.user,
            factor: input.factor(),
        }),
        mail: input.notice(&sessions),
        by_identity: input
            .opening
            .identity
            .as_ref()
            .map(|_| input.browser.session.user),
    })))
}

/// Whether the user is still who was proven. The hash itself may differ: a sign-in beside this one may have
/// renewed it.
fn is_same(current: &Candidate, proven: &Candidate) -> bool {
    let changed_at = |candidate: &Candidate| {
        let password = candidate.credential.as_ref();
        password.map(|password| password.changed_at)
    };
    current.user.email == proven.user.email
        && current.user.status == Status::Active
        && changed_at(current) == changed_at(proven)
}

impl Input {
    /// What is used up by the second factor: nothing where none is asked for, and no session without it where one is.
    fn check_second(
        &self,
        current: &Candidate,
        found: Option<(bool, Factors)>,
    ) -> Result<Option<(Option<TokenDigest>, Second)>, OpenSessionError> {
        let (user, now) = (current.user.id, self.opening.now);
        match (&self.opening.second, found) {
            (Some(proof), Some((true, factors))) => {
                let second = factors.check(user, &proof.typed, &self.app, &self.caller, now)?;
                Ok(Some((proof.step, second)))
            }
            (None, None) if !current.has_second_factor => Ok(None),
            _ => Err(OpenSessionError::Changed),
        }
    }

    /// Why somebody whose proofs are right may not sign in by them, if so, with its words for the audit log. What a provider
    /// said counts as long as they are linked to it.
    fn barred(
        &self,
        current: &Candidate,
        linked: Option<LinkedIdentity>,
        provider: Option<IdentityProvider>,
    ) -> Result<Option<(Barred, &'static str)>, OpenSessionError> {
        if let Err(suspended) = may_sign_in(current.suspended_at) {
            return Ok(Some((
                Barred::Suspended(suspended),
                "organization suspended",
            )));
        }
        // Of a provider that the tenant has no more.
        let known = linked
            .zip(provider)
            .filter(|(linked, provider)| linked.identity.issuer() == provider.issuer.as_str());
        match (&self.opening.identity, known) {
            (Some(identity), Some((linked, _))) if linked.identity == *identity => Ok(None),
            (Some(_), _) => Err(OpenSessionError::Changed),
            (None, Some((_, provider))) if provider.is_required => {
                let manages = current
                    .roles
                    .permit(current.tenant.kind, Permission::ManageUsers);
                let barred = Barred::Elsewhere(ProviderRequired);
                Ok((!manages).then_some((barred, "identity provider required")))
            }
            (None, _) => Ok(None),
        }
    }

    /// For the audit log.
    fn factor(&self) -> &'static str {
        let second = self.opening.second.as_ref();
        if self.opening.identity.is_some() {
            return match second.map(|proof| &proof.typed) {
                Some(TypedFactor::Code(_)) => "identity provider and one-time code",
                Some(TypedFactor::Passkey(_)) => "identity provider and passkey",
                Some(TypedFactor::Recovery(_)) => "identity provider and recovery code",
                None => "identity provider",
            };
        }
        match second.map(|proof| (proof.step.is_some(), &proof.typed)) {
            Some((_, TypedFactor::Code(_))) => "password and one-time code",
            Some((true, TypedFactor::Passkey(_))) => "password and passkey",
            Some((false, TypedFactor::Passkey(_))) => "passkey",
            Some((_, TypedFactor::Recovery(_))) => "password and recovery code",
            None => "password",
        }
    }

    /// Whoever is not the one who signs in has to know of it, unless they did so from there before, as far as sessions
    /// tell that have not ended long ago.
    fn notice(&self, sessions: &[Browser]) -> Option<PreparedMail> {
        let network = self.caller.client.network();
        let is_known = |browser: &Browser| {
            let address = browser.client_address.parse().ok();
            address.map(ClientNetwork::of) == network
        };
        if sessions.iter().any(is_known) {
            return None;
        }
        let (user, now) = (&self.opening.proven.user, self.opening.now);
        let letter = Letter::NewSignIn {
            from: mail::origin(&self.caller, now),
        };
        let once = mail::once(MailKind::NewSignIn, user.id, now);
        mail::notice(&self.app, &self.caller, user.into(), &letter, &once)
    }

    fn entry(&self, event: &Event) -> Entry {
        let tenant = self.browser.session.tenant;
        self.app
            .entry(&self.caller, tenant, event, self.opening.now)
    }
}

/// Whether the session was opened.
async fn save(tx: &mut WriteTx, decision: &Decision) -> Result<Result<bool, Barred>, store::Error> {
    let opened = match decision {
        Decision::Open(opened) => opened,
        Decision::Refuse(barred, entry) => {
            audit::append(tx, entry).await?;
            return Ok(Err(*barred));
        }
    };
    if let Some((step, second)) = &opened.second {
        // Somebody else may have used either up meanwhile.
        if let Some(step) = step
            && !sign_in_step::delete(tx, step).await?
        {
            return Ok(Ok(false));
        }
        if !second.take(tx).await? {
            return Ok(Ok(false));
        }
    }
    opened.attempt.succeeded(tx).await?;
    if let Some(rehashed) = &opened.rehashed {
        credential::replace_password(tx, rehashed).await?;
    }
    if let Some(user) = opened.by_identity {
        identity::note_use(tx, &(user, opened.now)).await?;
    }
    session::insert(tx, &opened.browser).await?;
    user::note_sign_in(tx, &(opened.browser.session.user, opened.now)).await?;
    audit::append(tx, &opened.entry).await?;
    mail::intend(tx, opened.mail.as_ref()).await?;
    Ok(Ok(true))
}
