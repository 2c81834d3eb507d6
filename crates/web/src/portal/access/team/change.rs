//! What becomes of a person of the tenant.

use std::collections::BTreeMap;

use axum::extract::State;
use base::{Class, Refuse as _};
use flow::access::team::change_member::{Change, ChangeMemberError, Reason, change_member};
use flow::access::team::list_team::Member;
use serde::Deserialize;
use tenancy::role::binding::{Binding, BindingError, Part};
use tenancy::role::{Role, Roles};

use super::{giver, show};
use crate::portal::gate::allowed::Allowed;
use crate::portal::gate::csrf::{Form, Nothing};
use crate::portal::gate::permitted::{ManageUsers, Permitted};
use crate::portal::page::confirm::{ConfirmPage, Extras};
use crate::portal::page::form::Problems;
use crate::portal::page::frame::{Answer, done, not_done, page, refused_form};
use crate::portal::page::links;
use crate::portal::page::menu::Nav;
use crate::portal::page::refused::problems;
use crate::portal::page::shell::Shell;
use crate::portal::page::words::sentence;
use crate::portal::state::Portal;

/// `POST /team/{id}/roles`: a tick for each role.
pub(super) async fn roles(
    State(portal): State<Portal>,
    Allowed {
        who,
        object: member,
    }: Allowed<ManageUsers, Member>,
    Form(ticked): Form<BTreeMap<String, String>>,
) -> Answer {
    let roles: Roles = ticked.keys().filter_map(|word| Role::parse(word)).collect();
    let change = Change::Roles(roles);
    let user = member.person.user.id;
    let giver = giver(&who.signed_in);
    match change_member(&portal.app, &who.caller, &giver, user, change).await {
        Ok(_) => Ok(done(&links::person(user), "The roles were saved.")),
        Err(error @ ChangeMemberError::Roles(_)) if error.refusal().class == Class::Invalid => {
            let problems = problems(error)?;
            refused_form(&show::view(&portal, &who, &member, problems).await?)
        }
        Err(
            error @ (ChangeMemberError::Binding(_)
            | ChangeMemberError::Last(_)
            | ChangeMemberError::Roles(_)),
        ) => {
            let problems = Problems::one("roles", &sentence(&error));
            refused_form(&show::view(&portal, &who, &member, problems).await?)
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /team/{id}/binding`: a tick for each organization and department; none for the whole organisation.
pub(super) async fn bind(
    State(portal): State<Portal>,
    Allowed {
        who,
        object: member,
    }: Allowed<ManageUsers, Member>,
    Form(ticked): Form<BTreeMap<String, String>>,
) -> Answer {
    // What cannot be read must not count as nothing ticked, which is the whole.
    let ticks = ticked.keys().filter(|name| *name != "csrf");
    let parts: Option<Vec<Part>> = ticks.map(|name| Part::parse(name)).collect();
    let Some(parts) = parts else {
        let problems = problems(BindingError::Unknown)?;
        return refused_form(&show::view(&portal, &who, &member, problems).await?);
    };
    let binding = Binding::to(parts);
    let user = member.person.user.id;
    let giver = giver(&who.signed_in);
    match change_member(
        &portal.app,
        &who.caller,
        &giver,
        user,
        Change::Bind(binding),
    )
    .await
    {
        Ok(_) => Ok(done(
            &links::person(user),
            "It was saved, and counts at their next request.",
        )),
        Err(error @ ChangeMemberError::Binding(_)) => {
            let problems = problems(error)?;
            refused_form(&show::view(&portal, &who, &member, problems).await?)
        }
        Err(error) => told(&links::person(user), error),
    }
}

/// `POST /team/{id}/disable`.
pub(super) async fn disable(
    State(portal): State<Portal>,
    Allowed { who, object }: Allowed<ManageUsers, Member>,
    Form(Nothing {}): Form<Nothing>,
) -> Answer {
    let message = "They can no longer sign in, and their sessions have ended.";
    apply(&portal, &who, &object, Change::Disable, message).await
}

/// `POST /team/{id}/enable`.
pub(super) async fn enable(
    State(portal): State<Portal>,
    Allowed { who, object }: Allowed<ManageUsers, Member>,
    Form(Nothing {}): Form<Nothing>,
) -> Answer {
    let message = "They can sign in again.";
    apply(&portal, &who, &object, Change::Enable, message).await
}

/// `POST /team/{id}/unlock`.
pub(super) async fn unlock(
    State(portal): State<Portal>,
    Allowed { who, object }: Allowed<ManageUsers, Member>,
    Form(Nothing {}): Form<Nothing>,
) -> Answer {
    let message = "They can try again at once.";
    apply(&portal, &who, &object, Change::Unlock, message).await
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct ResetForm {
    reason: String,
}

/// `POST /team/{id}/second-factor`: takes it away, with the reason.
pub(super) async fn reset_factor(
    State(portal): State<Portal>,
    Allowed { who, object }: Allowed<ManageUsers, Member>,
    Form(typed): Form<ResetForm>,
) -> Answer {
    let reason = match Reason::parse(&typed.reason) {
        Ok(reason) => reason,
        Err(error) => {
            let problems = Problems::one("reason", &sentence(&error));
            return refused_form(&show::view(&portal, &who, &object, problems).await?);
        }
    };
    let message = "Their second factor is gone and their sessions have ended. Their password alone signs them in now.";
    apply(
        &portal,
        &who,
        &object,
        Change::ResetSecondFactor(reason),
        message,
    )
    .await
}

/// `GET /team/{id}/remove`.
pub(super) async fn remove_form(Allowed { who, object }: Allowed<ManageUsers, Member>) -> Answer {
    let name = object.person.user.display_name.as_str();
    let shell = who.shell(Nav::Team, &format!("Remove {name}"));
    let href = links::person(object.person.user.id);
    page(&remove_page(shell, name, &href))
}

/// `POST /team/{id}/remove`.
pub(super) async fn remove(
    State(portal): State<Portal>,
    Allowed { who, object }: Allowed<ManageUsers, Member>,
    Form(Nothing {}): Form<Nothing>,
) -> Answer {
    let user = object.person.user.id;
    let giver = giver(&who.signed_in);
    match change_member(&portal.app, &who.caller, &giver, user, Change::Remove).await {
        Ok(_) if user == who.signed_in.user.id => Ok(done("/sign-in", "You were removed.")),
        Ok(_) => Ok(done("/team", "They were removed.")),
        Err(error) => told(&links::person(user), error),
    }
}

async fn apply(
    portal: &Portal,
    who: &Permitted<ManageUsers>,
    member: &Member,
    change: Change,
    message: &str,
) -> Answer {
    let user = member.person.user.id;
    let giver = giver(&who.signed_in);
    match change_member(&portal.app, &who.caller, &giver, user, change).await {
        Ok(_) => Ok(done(&links::person(user), message)),
        Err(error) => told(&links::person(user), error),
    }
}

/// What the person's own page can tell.
fn told(href: &str, error: ChangeMemberError) -> Answer {
    match error {
        ChangeMemberError::Binding(_)
        | ChangeMemberError::Last(_)
        | ChangeMemberError::NoSecondFactor
        | ChangeMemberError::NotYet
        | ChangeMemberError::Roles(_) => Ok(not_done(href, &sentence(&error))),
        ChangeMemberError::NotFound | ChangeMemberError::Store(_) => Err(error.into()),
    }
}

/// The page of `GET /team/{id}/remove`.
pub fn remove_page(shell: Shell, name: &str, href: &str) -> ConfirmPage {
    ConfirmPage {
        shell,
        back: (name.to_owned(), href.to_owned()),
        lead: format!("{name} will no longer belong to this organisation."),
        consequences: [
            "Their sessions end at once, and their password works no more.",
            "Their name and address are deleted; what they did stays in the audit log under a pseudonym.",
            "What they set up, such as ACME accounts and domains, stays.",
            "This cannot be undone. They can be invited anew.",
        ]
        .map(str::to_owned)
        .to_vec(),
        names: Vec::new(),
        names_title: String::new(),
        typed: None,
        extras: Extras::default(),
        action_href: format!("{href}/remove"),
        action: "Remove".to_owned(),
        is_dangerous: true,
    }
}
