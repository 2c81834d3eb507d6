//! Invites somebody into a tenant: they get a link and choose a password (features F-001, F-011, F-030; security S-06).

use base::{Class, Refusal, Refuse, UserId};
use store::access::invitation;
use store::access::role_assignment::{self, Assignment};
use store::access::role_binding::{self, NewBinding};
use store::access::user::{self, Person};
use store::audit::{self, Entry};
use store::tenancy::tenant;
use store::{ReadTx, WriteTx};
use tenancy::invitation::{Invitation, Purpose};
use tenancy::limit::RateLimited;
use tenancy::role::binding::{Binding, BindingError};
use tenancy::role::{Roles, RolesError};
use tenancy::tenant::TenantKind;
use tenancy::token::Token;
use tenancy::user::{DisplayName, Email, User};

use super::MAX_PEOPLE;
use crate::access::link::make_link::Made;
use crate::access::link::{Sender, prepare_letter};
use crate::audit::{Document, Event, Text};
use crate::mail::{self, PreparedMail};
use crate::{App, Caller};

/// Who gives roles away: what they hold themselves, and at which level.
#[derive(Clone, Debug)]
pub struct Giver {
    /// Their tenant's level.
    pub level: TenantKind,
    /// What they hold; everything at the command line.
    pub roles: Roles,
}

/// Whom to invite.
#[derive(Clone, Debug)]
pub struct Invite {
    /// Where they get mail and what they will sign in with.
    pub email: Email,
    /// What the portal calls them until they say.
    pub display_name: DisplayName,
    /// What they will be allowed to do.
    pub roles: Roles,
    /// Of which of the tenant's organizations that is.
    pub binding: Binding,
}

/// Why nobody was invited.
#[derive(Debug, thiserror::Error)]
pub enum InviteError {
    /// Their roles cannot be bound so.
    #[error(transparent)]
    Binding(#[from] BindingError),
    /// Somebody of the installation has the address.
    #[error("somebody signs in with this address already; invite another one")]
    EmailTaken,
    /// As many as there may be.
    #[error("an organisation has at most {MAX_PEOPLE} people; remove somebody first")]
    Full,
    /// They get too many of these mails.
    #[error(transparent)]
    Limited(#[from] RateLimited),
    /// They cannot have these roles.
    #[error(transparent)]
    Roles(#[from] RolesError),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Refuse for InviteError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Binding(error) => error.refusal(),
            Self::EmailTaken => Class::Conflict
                .because("invited_email_taken", self)
                .at("email"),
            Self::Full => Class::Quota.because("team_full", self),
            Self::Limited(error) => error.refusal(),
            Self::Roles(error) => error.refusal(),
            Self::Store(error) => error.refusal(),
        }
    }
}

/// Invites somebody into the caller's tenant.
pub async fn invite_user(
    app: &App,
    caller: &Caller,
    (giver, sender): (&Giver, &Sender),
    invite: Invite,
) -> Result<Made, InviteError> {
    giver.roles.may_give(giver.level, &invite.roles)?;
    invite.binding.check(&invite.roles)?;
    let (now, of) = (app.now(), caller.tenant()?);
    let user = User::invited(
        UserId::generate(now, app.random()),
        of,
        invite.email,
        invite.display_name,
        now,
    );
    let (link, token) = Invitation::generate(
        (user.id, of),
        Purpose::Invitation,
        caller.actor,
        now,
        app.random(),
    );
    let mail = prepare_letter(app, caller, sender, &user, (&link, &token))?;
    let event = Event::UserCreated {
        user: user.id,
        email: Text::new(user.email.as_str()),
        roles: Document::new(&invite.roles),
        binding: Document::new(&invite.binding),
    };
    let inviting = Inviting {
        entry: app.entry(caller, of, &event, now),
        assignment: Assignment {
            user: user.id,
            tenant: of,
            roles: invite.roles,
            at: now,
            by: caller.actor,
        },
        binding: NewBinding {
            user: user.id,
            tenant: of,
            binding: invite.binding,
            at: now,
            by: caller.actor,
        },
        user,
        link,
        token,
        mail,
    };
    let store = app.store(caller);
    let made = store.decide(inviting, load, decide, save).await?;
    made.ok_or(InviteError::EmailTaken)
}

#[derive(Clone)]
struct Inviting {
    user: User,
    assignment: Assignment,
    binding: NewBinding,
    link: Invitation,
    token: Token,
    mail: Option<PreparedMail>,
    entry: Entry,
}

/// How many people there are, and how many of the parts to which the new one is to be bound.
async fn load(tx: &mut ReadTx, inviting: &Inviting) -> Result<(u64, usize), store::Error> {
    let parts = role_binding::count_parts(tx, &inviting.binding.binding).await?;
    Ok((user::count(tx, &()).await?, parts))
}

fn decide(inviting: &Inviting, (people, parts): (u64, usize)) -> Result<Inviting, InviteError> {
    if parts != inviting.binding.binding.iter().count() {
        return Err(BindingError::Unknown.into());
    }
    if people >= u64::from(MAX_PEOPLE) {
        return Err(InviteError::Full);
    }
    Ok(inviting.clone())
}

/// `None` when somebody has the address.
async fn save(tx: &mut WriteTx, inviting: &Inviting) -> Result<Option<Made>, store::Error> {
    tenant::lock(tx, &inviting.user.tenant).await?;
    if !user::insert(tx, &inviting.user).await? {
        return Ok(None);
    }
    role_assignment::insert(tx, &inviting.assignment).await?;
    role_binding::replace(tx, &inviting.binding).await?;
    invitation::insert(tx, &inviting.link).await?;
    audit::append(tx, &inviting.entry).await?;
    mail::intend(tx, inviting.mail.as_ref()).await?;
    Ok(Some(Made {
        person: Person {
            user: inviting.user.clone(),
            roles: inviting.assignment.roles.clone(),
            binding: inviting.binding.binding.clone(),
            has_second_factor: false,
            last_sign_in_at: None,
            invited_until: Some(inviting.link.expires_at),
        },
        link: inviting.link.clone(),
        token: inviting.token.clone(),
        is_mailed: inviting.mail.is_some(),
    }))
}
