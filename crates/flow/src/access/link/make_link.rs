//! Makes a link with which somebody sets a password: the first one if they were invited, else a new one. Whoever asks for
//! it never learns the password, and what the person had stays until they use the link.

use base::{Class, Refusal, Refuse, Timestamp, UserId};
use store::access::invitation;
use store::access::user::{self, Person};
use store::audit::{self, Entry};
use store::{ReadTx, WriteTx};
use tenancy::invitation::{Invitation, Purpose};
use tenancy::limit::RateLimited;
use tenancy::token::Token;
use tenancy::user::Status;

use super::{Sender, prepare_letter};
use crate::audit::{Document, Event};
use crate::mail::{self, PreparedMail};
use crate::{App, Caller};

/// Why there is no link.
#[derive(Debug, thiserror::Error)]
pub enum MakeLinkError {
    /// Who is disabled has to be enabled first.
    #[error("they may not sign in; enable them first")]
    Disabled,
    /// They get too many of these mails.
    #[error(transparent)]
    Limited(#[from] RateLimited),
    /// The tenant has no such user.
    #[error("there is no such person; they may have been removed")]
    NotFound,
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Refuse for MakeLinkError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Disabled => Class::Conflict.because("link_for_disabled_user", self),
            Self::Limited(error) => error.refusal(),
            Self::NotFound => Class::NotFound.because("person_not_found", self),
            Self::Store(error) => error.refusal(),
        }
    }
}

/// A link that was made; show its token to nobody but the person.
#[derive(Clone, Debug)]
pub struct Made {
    /// For whom.
    pub person: Person,
    /// What the link is for, and when it ends.
    pub link: Invitation,
    /// What stands in it.
    pub token: Token,
    /// Whether it goes to them by mail, so that nobody else needs to see it.
    pub is_mailed: bool,
}

/// Makes a link for a user of the caller's tenant; those that were made before work no more.
pub async fn make_link(
    app: &App,
    caller: &Caller,
    sender: &Sender,
    user: UserId,
) -> Result<Made, MakeLinkError> {
    let making = Making {
        app: app.clone(),
        caller: caller.clone(),
        sender: sender.clone(),
        user,
        now: app.now(),
    };
    let store = app.store(caller);
    store.decide(making, load, decide, save).await
}

struct Making {
    app: App,
    caller: Caller,
    sender: Sender,
    user: UserId,
    now: Timestamp,
}

struct Decision {
    made: Made,
    entry: Entry,
    mail: Option<PreparedMail>,
}

async fn load(tx: &mut ReadTx, making: &Making) -> Result<Option<Person>, store::Error> {
    user::person_by_id(tx, &making.user).await
}

fn decide(making: &Making, person: Option<Person>) -> Result<Decision, MakeLinkError> {
    let person = person.ok_or(MakeLinkError::NotFound)?;
    let purpose = match person.user.status {
        Status::Active => Purpose::Reset,
        Status::Disabled => return Err(MakeLinkError::Disabled),
        Status::Invited => Purpose::Invitation,
        Status::Removed => return Err(MakeLinkError::NotFound),
    };
    let (app, now) = (&making.app, making.now);
    let whose = (person.user.id, person.user.tenant);
    let by = making.caller.actor;
    let (link, token) = Invitation::generate(whose, purpose, by, now, app.random());
    let event = Event::LinkMade {
        user: person.user.id,
        purpose: Document::new(&purpose),
        expires_at: Some(link.expires_at),
    };
    let (caller, sender) = (&making.caller, &making.sender);
    let mail = prepare_letter(app, caller, sender, &person.user, (&link, &token))?;
    Ok(Decision {
        entry: app.entry(&making.caller, person.user.tenant, &event, now),
        made: Made {
            person,
            link,
            token,
            is_mailed: mail.is_some(),
        },
        mail,
    })
}

async fn save(tx: &mut WriteTx, decision: &Decision) -> Result<Made, store::Error> {
    invitation::replace(tx, &decision.made.link).await?;
    audit::append(tx, &decision.entry).await?;
    mail::intend(tx, decision.mail.as_ref()).await?;
    Ok(decision.made.clone())
}
