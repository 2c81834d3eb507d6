//! Changes what a person of a tenant may do: their roles, whether they may sign in, that they are gone (security S-22,
//! S-29, S-33). It counts at their next request.
//!
//! Whoever was removed keeps a row, since the audit names them by it; their name and address are replaced and everything
//! by which they signed in is deleted.

use base::{Class, Refusal, Refuse, TenantId, Timestamp, UserId};
use store::access::role_assignment::{self, Assignment};
use store::access::role_binding::{self, NewBinding};
use store::access::user::{self, Person};
use store::access::{
    api_token, credential, invitation, passkey, second_factor, session, sign_in_lock, sign_in_step,
};
use store::audit::{self, Entry};
use store::tenancy::tenant;
use store::{ReadTx, WriteTx};
use tenancy::lockout::AttemptKey;
use tenancy::role::binding::{Binding, BindingError};
use tenancy::role::{Role, Roles, RolesError};
use tenancy::user::Status;

use super::invite_user::Giver;
use crate::access::attempt::address_key;
use crate::access::notice::second_factor_changed;
use crate::audit::{Document, Event, Text};
use crate::mail::{self, PreparedMail};
use crate::{App, Caller};

/// What the person is told.
const RESET: &str = "Somebody who manages people in your organisation has taken your second factor away. Your password alone signs in until you set up another.";

/// What becomes of a person.
#[derive(Clone, Debug)]
pub enum Change {
    /// Their roles are for these organizations and departments and for no others.
    Bind(Binding),
    /// They may not sign in, and their sessions end.
    Disable,
    /// They may sign in again.
    Enable,
    /// They are gone.
    Remove,
    /// Their second factor is gone, since whoever asks has made sure who they are, in the way that the text says (S-17).
    ResetSecondFactor(Reason),
    /// They have these roles and no other, and their sessions end.
    Roles(Roles),
    /// What was counted against them is forgotten (F-006).
    Unlock,
}

/// Why something was done, in a person's words: 3 to 500 characters.
#[derive(Clone, Debug)]
pub struct Reason(String);

/// The text is no reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("say how you made sure who they are, in 3 to 500 characters")]
pub struct NoReason;

impl Reason {
    /// Reads what a person typed.
    pub fn parse(text: &str) -> Result<Self, NoReason> {
        let text = text.trim();
        let letters = text.chars().filter(|letter| !letter.is_control()).count();
        let is_one = (3..=500).contains(&letters) && letters == text.chars().count();
        is_one.then(|| Self(text.to_owned())).ok_or(NoReason)
    }

    fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a person stays as they were.
#[derive(Debug, thiserror::Error)]
pub enum ChangeMemberError {
    /// Their roles cannot be bound so.
    #[error(transparent)]
    Binding(#[from] BindingError),
    /// There would be nobody left who can give roles.
    #[error("{0} is the last who manages people here; give somebody else that role first")]
    Last(String),
    /// The tenant has no such user.
    #[error("there is no such person; they may have been removed")]
    NotFound,
    /// There is nothing to reset.
    #[error("they have no second factor")]
    NoSecondFactor,
    /// Who was invited has nothing to switch off yet.
    #[error("they have not followed their invitation yet; remove them instead")]
    NotYet,
    /// They cannot have these roles.
    #[error(transparent)]
    Roles(#[from] RolesError),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Refuse for ChangeMemberError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Binding(error) => error.refusal(),
            Self::Last(_) => Class::Conflict.because("last_administrator", self),
            Self::NotFound => Class::NotFound.because("person_not_found", self),
            Self::NoSecondFactor => Class::Conflict.because("person_without_second_factor", self),
            Self::NotYet => Class::Conflict.because("person_not_active", self),
            Self::Roles(error) => error.refusal(),
            Self::Store(error) => error.refusal(),
        }
    }
}

/// Changes a person of the caller's tenant; `false` when they are so already.
pub async fn change_member(
    app: &App,
    caller: &Caller,
    giver: &Giver,
    user: UserId,
    change: Change,
) -> Result<bool, ChangeMemberError> {
    if let Change::Roles(roles) = &change {
        giver.roles.may_give(giver.level, roles)?;
    }
    let changing = Changing {
        app: app.clone(),
        caller: caller.clone(),
        giver: giver.clone(),
        user,
        change,
        now: app.now(),
    };
    let store = app.store(caller);
    store.decide(changing, load, decide, save).await
}

struct Changing {
    app: App,
    caller: Caller,
    giver: Giver,
    user: UserId,
    change: Change,
    now: Timestamp,
}

struct Facts {
    person: Option<Person>,
    /// How many others manage people here.
    others: u64,
    sessions: u64,
    is_counted: bool,
    /// How many of the parts there are to which they are to be bound.
    parts: usize,
}

/// What is stored; `None` when nothing changes.
type Decision = Option<Changed>;

struct Changed {
    of: TenantId,
    step: Step,
    entry: Entry,
    mail: Option<PreparedMail>,
}

enum Step {
    Bind(NewBinding),
    Disable(UserId),
    Enable(UserId),
    /// With what was counted under their address.
    Remove(Person, AttemptKey),
    ResetSecondFactor(UserId),
    Roles(Assignment),
    Unlock(AttemptKey),
}

async fn load(tx: &mut ReadTx, changing: &Changing) -> Result<Facts, store::Error> {
    let highest = Role::highest(changing.giver.level);
    let person = user::person_by_id(tx, &changing.user).await?;
    let is_counted = match &person {
        Some(person) => {
            let key = address_key(person.user.email.as_str());
            let counted = sign_in_lock::load(tx, &[key.clone(), key]).await?;
            counted.iter().any(|lockout| lockout.failures > 0)
        }
        None => false,
    };
    let parts = match &changing.change {
        Change::Bind(binding) => role_binding::count_parts(tx, binding).await?,
        Change::Disable
        | Change::Enable
        | Change::Remove
        | Change::ResetSecondFactor(_)
        | Change::Roles(_)
        | Change::Unlock => 0,
    };
    Ok(Facts {
        parts,
        person,
        others: role_assignment::count_others(tx, &(highest, changing.user)).await?,
        sessions: session::count_of_user(tx, &(changing.user, None)).await?,
        is_counted,
    })
}

fn decide(changing: &Changing, facts: Facts) -> Result<Decision, ChangeMemberError> {
    let person = facts.person.ok_or(ChangeMemberError::NotFound)?;
    changing.may_change(&person, facts.others)?;
    changing.may_bind(&person, facts.parts)?;
    let (of, mail) = (person.user.tenant, changing.notice(&person));
    let decided = changing.step(person, facts.sessions, facts.is_counted);
    Ok(decided.map(|(step, event)| {
        let (app, caller) = (&changing.app, &changing.caller);
        let entry = app.entry(caller, of, &event, changing.now);
        Changed {
            of,
            step,
            entry,
            mail,
        }
    }))
}

impl Changing {
    /// Whether the person can be changed so; `others` manage people here too.
    fn may_change(&self, person: &Person, others: u64) -> Result<(), ChangeMemberError> {
        let status = person.user.status;
        if status == Status::Removed {
            return Err(ChangeMemberError::NotFound);
        }
        // Nobody touches who holds more than they do.
        let (level, roles) = (self.giver.level, &self.giver.roles);
        roles.may_give(level, &person.roles)?;
        let highest = Role::highest(level);
        let is_last = status == Status::Active && person.roles.has(highest) && others == 0;
        let takes_it_away = match &self.change {
            Change::Disable | Change::Remove => true,
            Change::Roles(roles) => !roles.has(highest),
            Change::Bind(_) | Change::Enable | Change::ResetSecondFactor(_) | Change::Unlock => {
                false
            }
        };
        if is_last && takes_it_away {
            let name = person.user.display_name.as_str();
            return Err(ChangeMemberError::Last(name.to_owned()));
        }
        let can_switch = status != Status::Invited;
        match &self.change {
            Change::Disable | Change::Enable if !can_switch => Err(ChangeMemberError::NotYet),
            Change::ResetSecondFactor(_) if !person.has_second_factor => {
                Err(ChangeMemberError::NoSecondFactor)
            }
            Change::Bind(_)
            | Change::Disable
            | Change::Enable
            | Change::Remove
            | Change::ResetSecondFactor(_)
            | Change::Roles(_)
            | Change::Unlock => Ok(()),
        }
    }

    /// Whether roles and what they are bound to go together; so many of its parts are there.
    fn may_bind(&self, person: &Person, parts: usize) -> Result<(), BindingError> {
        match &self.change {
            Change::Bind(binding) => {
                if parts != binding.iter().count() {
                    return Err(BindingError::Unknown);
                }
                binding.check(&person.roles)
            }
            Change::Roles(roles) => person.binding.check(roles),
            Change::Disable
            | Change::Enable
            | Change::Remove
            | Change::ResetSecondFactor(_)
            | Change::Unlock => Ok(()),
        }
    }

    /// Who loses the second factor is told.
    fn notice(&self, person: &Person) -> Option<PreparedMail> {
        let is_told = matches!(self.change, Change::ResetSecondFactor(_));
        let (app, caller, user) = (&self.app, &self.caller, &person.user);
        is_told
            .then(|| second_factor_changed(app, caller, user, RESET, self.now))
            .flatten()
    }

    /// What is stored and told; `None` when the person is so already.
    fn step(&self, person: Person, sessions_ended: u64, is_counted: bool) -> Option<(Step, Event)> {
        let (user, status) = (person.user.id, person.user.status);
        let lock = address_key(person.user.email.as_str());
        match &self.change {
            Change::Bind(binding) => {
                (*binding != person.binding).then(|| self.bind(&person, binding))
            }
            Change::Disable => {
                let event = Event::UserDisabled {
                    user,
                    sessions_ended,
                };
                (status != Status::Disabled).then_some((Step::Disable(user), event))
            }
            Change::Enable => (status == Status::Disabled)
                .then_some((Step::Enable(user), Event::UserEnabled { user })),
            Change::Remove => {
                let event = Event::UserRemoved {
                    user,
                    email: Text::new(person.user.email.as_str()),
                    sessions_ended,
                };
                Some((Step::Remove(person, lock), event))
            }
            Change::ResetSecondFactor(reason) => {
                let event = Event::SecondFactorReset {
                    user,
                    reason: Text::new(reason.as_str()),
                    sessions_ended,
                };
                Some((Step::ResetSecondFactor(user), event))
            }
            Change::Roles(roles) => {
                (*roles != person.roles).then(|| self.roles(&person, roles, sessions_ended))
            }
            Change::Unlock => {
                is_counted.then_some((Step::Unlock(lock), Event::UserUnlocked { user }))
            }
        }
    }

    fn bind(&self, person: &Person, to: &Binding) -> (Step, Event) {
        let new = NewBinding {
            user: person.user.id,
            tenant: person.user.tenant,
            binding: to.clone(),
            at: self.now,
            by: self.caller.actor,
        };
        let event = Event::RolesBound {
            user: person.user.id,
            from: Document::new(&person.binding),
            to: Document::new(to),
        };
        (Step::Bind(new), event)
    }

    fn roles(&self, person: &Person, to: &Roles, sessions_ended: u64) -> (Step, Event) {
        let assignment = Assignment {
            user: person.user.id,
            tenant: person.user.tenant,
            roles: to.clone(),
            at: self.now,
            by: self.caller.actor,
        };
        let event = Event::RolesChanged {
            user: person.user.id,
            from: Document::new(&person.roles),
            to: Document::new(to),
            sessions_ended,
        };
        (Step::Roles(assignment), event)
    }
}

async fn save(tx: &mut WriteTx, decision: &Decision) -> Result<bool, store::Error> {
    let Some(changed) = decision else {
        return Ok(false);
    };
    // Of two who take each other's role away one comes second, and is asked again.
    tenant::lock(tx, &changed.of).await?;
    match &changed.step {
        Step::Bind(new) => role_binding::replace(tx, new).await?,
        Step::Disable(user) => {
            user::set_status(tx, &(*user, Status::Disabled)).await?;
            session::delete_of_user(tx, &(*user, None)).await?;
            sign_in_step::delete_of_user(tx, user).await?;
            invitation::delete_unused(tx, user).await?;
        }
        Step::Enable(user) => {
            user::set_status(tx, &(*user, Status::Active)).await?;
        }
        Step::Remove(person, lock) => {
            api_token::revoke_of_user(tx, &(person.user.id, changed.entry.at)).await?;
            remove(tx, person, lock).await?;
        }
        Step::ResetSecondFactor(user) => {
            second_factor::delete_totp(tx, user).await?;
            passkey::delete_of_user(tx, user).await?;
            second_factor::delete_codes(tx, user).await?;
            sign_in_step::delete_of_user(tx, user).await?;
            session::delete_of_user(tx, &(*user, None)).await?;
        }
        Step::Roles(assignment) => {
            role_assignment::replace(tx, assignment).await?;
            // Who may do something else signs in anew: nobody goes on under a token that another role was given.
            session::delete_of_user(tx, &(assignment.user, None)).await?;
            sign_in_step::delete_of_user(tx, &assignment.user).await?;
        }
        Step::Unlock(key) => {
            sign_in_lock::delete(tx, key).await?;
        }
    }
    audit::append(tx, &changed.entry).await?;
    mail::intend(tx, changed.mail.as_ref()).await?;
    Ok(true)
}

async fn remove(tx: &mut WriteTx, person: &Person, lock: &AttemptKey) -> Result<(), store::Error> {
    let user = person.user.id;
    session::delete_of_user(tx, &(user, None)).await?;
    sign_in_step::delete_of_user(tx, &user).await?;
    invitation::delete_of_user(tx, &user).await?;
    credential::delete_of_user(tx, &user).await?;
    role_assignment::delete_of_user(tx, &user).await?;
    role_binding::delete_of_user(tx, &user).await?;
    sign_in_lock::delete(tx, lock).await?;
    if !user::delete_invited(tx, &user).await? {
        user::erase(tx, &user).await?;
    }
    Ok(())
}
