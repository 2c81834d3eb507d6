//! Inviting somebody (features F-001, F-011, F-030). The link is shown once, to be handed over; nobody else sees what they
//! choose.

use askama::Template;
use axum::extract::State;
use flow::access::link::make_link::{Made, MakeLinkError, make_link};
use flow::access::team::invite_user::{Invite, invite_user};
use flow::access::team::list_team::Member;
use serde::Deserialize;
use tenancy::role::binding::Binding;
use tenancy::role::{Role, Roles};
use tenancy::user::{DisplayName, Email, NameError, Status};

use super::list::{InvitationForm, view};
use super::{giver, sender};
use crate::portal::gate::allowed::Allowed;
use crate::portal::gate::csrf::{Form, Nothing};
use crate::portal::gate::permitted::{ManageUsers, Permitted};
use crate::portal::page::form::Problems;
use crate::portal::page::frame::{Answer, done, not_done, refused_form, secret_page};
use crate::portal::page::links;
use crate::portal::page::menu::Nav;
use crate::portal::page::moment::{distance, when};
use crate::portal::page::part::When;
use crate::portal::page::refused::problems;
use crate::portal::page::shell::Shell;
use crate::portal::page::words::sentence;
use crate::portal::state::Portal;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct InviteForm {
    email: String,
    role: String,
    binding: String,
}

/// `POST /team`.
pub(super) async fn invite(
    State(portal): State<Portal>,
    who: Permitted<ManageUsers>,
    Form(typed): Form<InviteForm>,
) -> Answer {
    let again = InvitationForm {
        email: typed.email.clone(),
        role: typed.role.clone(),
        binding: typed.binding.clone(),
    };
    let invite = match read(&typed) {
        Ok(invite) => invite,
        Err(problems) => return refused_form(&view(&portal, &who, again, problems).await?),
    };
    let (giver, sender) = (giver(&who.signed_in), sender(&portal, &who.signed_in));
    match invite_user(&portal.app, &who.caller, (&giver, &sender), invite).await {
        Ok(made) => sent_or_shown(&portal, &who, &made),
        Err(error) => {
            let problems = problems(error)?;
            refused_form(&view(&portal, &who, again, problems).await?)
        }
    }
}

/// `POST /team/{id}/invite`: another link, in place of the one that was lost or has ended.
pub(super) async fn again(
    State(portal): State<Portal>,
    Allowed {
        who,
        object: member,
    }: Allowed<ManageUsers, Member>,
    Form(Nothing {}): Form<Nothing>,
) -> Answer {
    let user = &member.person.user;
    if user.status != Status::Invited {
        let message = "They have followed their invitation already.";
        return Ok(not_done(&links::person(user.id), message));
    }
    let sender = sender(&portal, &who.signed_in);
    match make_link(&portal.app, &who.caller, &sender, user.id).await {
        Ok(made) => sent_or_shown(&portal, &who, &made),
        Err(error @ (MakeLinkError::Disabled | MakeLinkError::Limited(_))) => {
            Ok(not_done(&links::person(user.id), &sentence(&error)))
        }
        Err(error @ (MakeLinkError::NotFound | MakeLinkError::Store(_))) => Err(error.into()),
    }
}

/// A link that goes by mail is shown to nobody else.
fn sent_or_shown(portal: &Portal, who: &Permitted<ManageUsers>, made: &Made) -> Answer {
    if made.is_mailed {
        let email = made.person.user.email.as_str();
        return Ok(done("/team", &format!("A link was sent to {email}.")));
    }
    secret_page(&shown(portal, who, made))
}

fn read(typed: &InviteForm) -> Result<Invite, Problems> {
    let mut problems = Problems::none();
    let email = Email::parse(&typed.email);
    if let Err(error) = &email {
        problems = problems.and("email", &sentence(error));
    }
    let name = email.as_ref().ok().map(name_of);
    let role = Role::parse(&typed.role);
    if role.is_none() {
        problems = problems.and("roles", "Choose a role.");
    }
    let binding = Binding::parse(&typed.binding);
    if binding.is_none() {
        problems = problems.and("binding", "Choose one from the list.");
    }
    match (email, name, role, binding) {
        (Ok(email), Some(Ok(display_name)), Some(role), Some(binding)) => Ok(Invite {
            display_name,
            email,
            roles: Roles::one(role),
            binding,
        }),
        _ => Err(problems),
    }
}

/// What somebody is called until they say: what stands before the at sign.
pub(crate) fn name_of(email: &Email) -> Result<DisplayName, NameError> {
    let text = email.as_str();
    let local = text.split_once('@').map_or(text, |(local, _)| local);
    let short: String = local.chars().take(100).collect();
    DisplayName::parse(&short)
}

fn shown(portal: &Portal, who: &Permitted<ManageUsers>, made: &Made) -> InvitedPage {
    let shell = who.shell(Nav::Team, "Invitation");
    let back = ("Team".to_owned(), "/team".to_owned());
    let link = sender(portal, &who.signed_in).url(&made.token);
    invited_page(portal, (shell, back), made, link)
}

/// The page that shows a link to whoever made it.
pub(crate) fn invited_page(
    portal: &Portal,
    (shell, back): (Shell, (String, String)),
    made: &Made,
    link: String,
) -> InvitedPage {
    let now = portal.app.now();
    InvitedPage {
        shell,
        back,
        email: made.person.user.email.as_str().to_owned(),
        link,
        ends: when(made.link.expires_at, now),
        ends_in: distance(made.link.expires_at, now),
    }
}

/// The link, shown once.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/access/team/invited.html")]
pub struct InvitedPage {
    /// The frame.
    pub shell: Shell,
    /// The page that leads here: text and path.
    pub back: (String, String),
    /// Whom it is for.
    pub email: String,
    /// The link.
    pub link: String,
    /// When it ends.
    pub ends: When,
    /// The same in words.
    pub ends_in: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_is_called_as_their_address_until_they_say() {
        let email = Email::parse("Noor.Example@northwind.test").unwrap();
        assert_eq!(name_of(&email).unwrap().as_str(), "noor.example");
    }
}
