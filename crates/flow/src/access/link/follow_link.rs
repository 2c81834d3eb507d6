//! Somebody follows a link and sets a password. A link works once, however many try it at the same time; every session of
//! theirs ends. Nobody is signed in by it: whoever has a second factor is asked for it at the next sign-in (security S-07,
//! S-18).

use base::{Actor, Class, Refusal, Refuse, Timestamp};
use store::access::credential::{self, NewPassword};
use store::access::{invitation, session, sign_in_lock, sign_in_step, user};
use store::audit::{self, Entry};
use store::tenancy::sign_in::{self, Candidate};
use store::{ReadTx, WriteTx};
use tenancy::invitation::{Invitation, Purpose, RedeemError};
use tenancy::lockout::AttemptKey;
use tenancy::password::{Credential, Password, Requirement, Unmet};
use tenancy::tenant::{OrganizationSuspended, Tenant, may_sign_in};
use tenancy::token::{Token, TokenDigest};
use tenancy::user::{DisplayName, Status, User};

use crate::access::attempt::address_key;
use crate::access::new_password::{Owner, check, requirements};
use crate::access::notice::password_changed;
use crate::audit::{Document, Event};
use crate::caller::{system, tenant};
use crate::mail::{self, PreparedMail};
use crate::memory::password_work::PasswordWorkError;
use crate::{App, Caller};

/// Why no password was set.
#[derive(Debug, thiserror::Error)]
pub enum FollowLinkError {
    /// No such link, or its user may not sign in.
    #[error("this link does not work; ask for a new one")]
    NotFound,
    /// The password could not be hashed.
    #[error(transparent)]
    Password(#[from] PasswordWorkError),
    /// Too late, or a second time.
    #[error(transparent)]
    Redeem(#[from] RedeemError),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The organisation or one above it is suspended.
    #[error(transparent)]
    Suspended(#[from] OrganizationSuspended),
    /// The password is not good enough.
    #[error(transparent)]
    Unmet(#[from] Unmet),
}

impl Refuse for FollowLinkError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::NotFound => Class::NotFound.because("link_not_found", self),
            Self::Password(error) => Refusal::internal(error),
            Self::Redeem(error) => error.refusal(),
            Self::Store(error) => error.refusal(),
            Self::Suspended(error) => error.refusal(),
            Self::Unmet(error) => error.refusal(),
        }
    }
}

/// A link that works at present, with whom it is for.
#[derive(Clone, Debug)]
pub struct Followed {
    /// The link.
    pub link: Invitation,
    /// Whom it is for.
    pub user: User,
    /// The tenant for which they act.
    pub tenant: Tenant,
}

impl Followed {
    fn owner(&self) -> Owner<'_> {
        Owner {
            tenant: &self.tenant.name,
            path: Some(&self.tenant.path),
            email: &self.user.email,
            display_name: &self.user.display_name,
        }
    }
}

/// What a person chose.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// The password.
    pub password: Password,
    /// What the portal will call them; as before when they did not say.
    pub display_name: Option<DisplayName>,
}

/// Looks at a link and changes nothing. At the host name of somebody else's brand there is none.
pub async fn look_at_link(
    app: &App,
    caller: &Caller,
    token: &str,
) -> Result<Followed, FollowLinkError> {
    let token = Token::parse(token).ok_or(FollowLinkError::NotFound)?;
    let store = app.store(system("a link tells whose it is"));
    let found = store.read(token.digest(), load_by_digest).await?;
    let followed = usable(found, app.now())?;
    if !caller.client.admits(&followed.tenant.path) {
        return Err(FollowLinkError::NotFound);
    }
    Ok(followed)
}

/// Every requirement of a new password and whether it is met, for whoever holds a link that works.
pub async fn requirements_of(
    app: &App,
    followed: &Followed,
    password: &Password,
) -> Vec<(Requirement, bool)> {
    requirements(app, followed.owner(), password).await
}

/// Sets the password of whoever holds the link.
pub async fn follow_link(
    app: &App,
    caller: &Caller,
    token: &str,
    chosen: Chosen,
) -> Result<Followed, FollowLinkError> {
    let followed = look_at_link(app, caller, token).await?;
    check(app, followed.owner(), &chosen.password).await?;
    let passwords = &app.memory.passwords;
    let hash = passwords.hash(chosen.password, app.outside.random.clone());
    let hash = hash.await?;
    let now = app.now();
    let user = followed.user.id;
    let whose = tenant(followed.user.tenant);
    let following = Following {
        app: app.clone(),
        caller: caller
            .known_as(Actor::User(user))
            .within(followed.user.tenant),
        digest: followed.link.digest,
        credential: Credential {
            hash,
            changed_at: now,
        },
        display_name: chosen.display_name,
        now,
    };
    let store = app.store(whose);
    store.decide(following, load, decide, save).await
}

type Found = Option<(Invitation, Option<Candidate>)>;

/// The link as it is for a user who may follow it.
fn usable(found: Found, now: Timestamp) -> Result<Followed, FollowLinkError> {
    let Some((link, Some(candidate))) = found else {
        return Err(FollowLinkError::NotFound);
    };
    link.redeem(now)?;
    let status = match link.purpose {
        Purpose::Invitation => Status::Invited,
        Purpose::Reset => Status::Active,
    };
    if candidate.user.status != status {
        return Err(FollowLinkError::NotFound);
    }
    may_sign_in(candidate.suspended_at)?;
    Ok(Followed {
        link,
        user: candidate.user,
        tenant: candidate.tenant,
    })
}

async fn load_by_digest(tx: &mut ReadTx, digest: &TokenDigest) -> Result<Found, store::Error> {
    let Some(link) = invitation::by_digest(tx, digest).await? else {
        return Ok(None);
    };
    let candidate = sign_in::candidate_of(tx, &link.user).await?;
    Ok(Some((link, candidate)))
}

struct Following {
    app: App,
    /// The visitor, who is the user from here on.
    caller: Caller,
    digest: TokenDigest,
    credential: Credential,
    display_name: Option<DisplayName>,
    now: Timestamp,
}

struct Facts {
    found: Found,
    sessions: u64,
}

struct Decision {
    followed: Followed,
    password: NewPassword,
    display_name: Option<DisplayName>,
    lock: AttemptKey,
    now: Timestamp,
    entry: Entry,
    /// None for a first password.
    mail: Option<PreparedMail>,
}

async fn load(tx: &mut ReadTx, following: &Following) -> Result<Facts, store::Error> {
    let found = load_by_digest(tx, &following.digest).await?;
    let sessions = match &found {
        Some((link, _)) => session::count_of_user(tx, &(link.user, None)).await?,
        None => 0,
    };
    Ok(Facts { found, sessions })
}

fn decide(following: &Following, facts: Facts) -> Result<Decision, FollowLinkError> {
    let now = following.now;
    let followed = usable(facts.found, now)?;
    let (user, of) = (followed.user.id, followed.user.tenant);
    let event = Event::PasswordSet {
        user,
        purpose: Document::new(&followed.link.purpose),
        sessions_ended: facts.sessions,
    };
    Ok(Decision {
        password: NewPassword {
            user,
            tenant: of,
            credential: following.credential.clone(),
        },
        display_name: following.display_name.clone(),
        lock: address_key(followed.user.email.as_str()),
        entry: following.app.entry(&following.caller, of, &event, now),
        mail: following.notice(&followed),
        followed,
        now,
    })
}

impl Following {
    fn notice(&self, followed: &Followed) -> Option<PreparedMail> {
        if followed.link.purpose == Purpose::Invitation {
            return None;
        }
        password_changed(&self.app, &self.caller, &followed.user, self.now)
    }
}

async fn save(tx: &mut WriteTx, decision: &Decision) -> Result<Followed, store::Error> {
    let user = decision.followed.user.id;
    invitation::mark_used(tx, &(decision.followed.link.digest, decision.now)).await?;
    credential::set_password(tx, &decision.password).await?;
    user::set_status(tx, &(user, Status::Active)).await?;
    if let Some(name) = &decision.display_name {
        user::set_display_name(tx, &(user, name.clone())).await?;
    }
    session::delete_of_user(tx, &(user, None)).await?;
    sign_in_step::delete_of_user(tx, &user).await?;
    sign_in_lock::delete(tx, &decision.lock).await?;
    audit::append(tx, &decision.entry).await?;
    mail::intend(tx, decision.mail.as_ref()).await?;
    Ok(decision.followed.clone())
}
