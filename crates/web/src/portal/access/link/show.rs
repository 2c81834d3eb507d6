//! The page behind a link: a name, a password, and it is done. Looking at it uses nothing up.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect};
use flow::access::link::follow_link::{
    Chosen, FollowLinkError, Followed, follow_link, look_at_link, requirements_of,
};
use serde::Deserialize;
use tenancy::invitation::Purpose;
use tenancy::password::Password;
use tenancy::user::DisplayName;

use crate::portal::access::password_rules::{self, PasswordRule};
use crate::portal::access::session::sign_in::PASSWORD_SET;
use crate::portal::gate::csrf::VisitorForm;
use crate::portal::gate::permitted::Public;
use crate::portal::page::form::Problems;
use crate::portal::page::frame::{Answer, page, refused_form, secret_page};
use crate::portal::page::refused::problems;
use crate::portal::page::shell::Shell;
use crate::portal::page::words::sentence;
use crate::portal::state::Portal;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct LinkForm {
    name: String,
    #[serde(rename = "new_password")]
    new: String,
    #[serde(rename = "repeat_password")]
    repeat: String,
}

/// `GET /link/{token}`.
pub(super) async fn form(
    State(portal): State<Portal>,
    who: Public,
    Path(token): Path<String>,
) -> Answer {
    let followed = match look_at_link(&portal.app, &who.caller, &token).await {
        Ok(followed) => followed,
        Err(error) => return gone(&who, error),
    };
    let name = String::new();
    let view = view(&portal, &who, &token, &followed, name, Problems::none()).await;
    secret_page(&view).map(|shown| who.remembered(shown))
}

/// `POST /link/{token}`.
pub(super) async fn submit(
    State(portal): State<Portal>,
    who: Public,
    Path(token): Path<String>,
    VisitorForm(typed): VisitorForm<LinkForm>,
) -> Answer {
    let followed = match look_at_link(&portal.app, &who.caller, &token).await {
        Ok(followed) => followed,
        Err(error) => return gone(&who, error),
    };
    let chosen = match read(&followed, &typed) {
        Ok(chosen) => chosen,
        Err(problems) => {
            return refused_form(
                &view(&portal, &who, &token, &followed, typed.name, problems).await,
            );
        }
    };
    match follow_link(&portal.app, &who.caller, &token, chosen).await {
        Ok(_) => Ok(Redirect::to(&format!("/sign-in?reason={PASSWORD_SET}")).into_response()),
        Err(error @ FollowLinkError::Unmet(_)) => {
            let problems = problems(error)?;
            refused_form(&view(&portal, &who, &token, &followed, typed.name, problems).await)
        }
        Err(error) => gone(&who, error),
    }
}

/// `POST /link/{token}/rules`. Looks at what was typed and keeps nothing of it.
pub(super) async fn rules(
    State(portal): State<Portal>,
    who: Public,
    Path(token): Path<String>,
    VisitorForm(typed): VisitorForm<LinkForm>,
) -> Answer {
    let followed = look_at_link(&portal.app, &who.caller, &token).await?;
    let found = requirements_of(&portal.app, &followed, &Password::new(typed.new)).await;
    let rules = password_rules::list(found);
    page(&password_rules::part(rules, rules_href(&token)))
}

fn read(followed: &Followed, typed: &LinkForm) -> Result<Chosen, Problems> {
    let mut problems = Problems::none();
    let mut display_name = None;
    if followed.link.purpose == Purpose::Invitation {
        match DisplayName::parse(&typed.name) {
            Ok(name) => display_name = Some(name),
            Err(error) => problems = problems.and("name", &sentence(&error)),
        }
    }
    if typed.new != typed.repeat {
        problems = problems.and("repeat_password", "The two passwords differ.");
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    Ok(Chosen {
        password: Password::new(typed.new.as_str()),
        display_name,
    })
}

/// A link that does not work, and what to do.
fn gone(who: &Public, error: FollowLinkError) -> Answer {
    match error {
        FollowLinkError::NotFound | FollowLinkError::Redeem(_) | FollowLinkError::Suspended(_) => {
            refused_form(&LinkGonePage {
                shell: who.shell("Link"),
                why: sentence(&error),
            })
        }
        FollowLinkError::Password(_) | FollowLinkError::Store(_) | FollowLinkError::Unmet(_) => {
            Err(error.into())
        }
    }
}

fn rules_href(token: &str) -> String {
    format!("/link/{token}/rules")
}

async fn view(
    portal: &Portal,
    who: &Public,
    token: &str,
    followed: &Followed,
    name: String,
    problems: Problems,
) -> LinkPage {
    let is_new = followed.link.purpose == Purpose::Invitation;
    let found = requirements_of(&portal.app, followed, &Password::new("")).await;
    LinkPage {
        shell: who.shell(if is_new { "Welcome" } else { "New password" }),
        email: followed.user.email.as_str().to_owned(),
        tenant: followed.tenant.name.as_str().to_owned(),
        is_new,
        name,
        rules: password_rules::unmet(found),
        href: format!("/link/{token}"),
        rules_href: rules_href(token),
        problems,
    }
}

/// `GET /link/{token}`, and its failures.
///
/// Fields: `name` (of somebody new), `new_password`, `repeat_password`.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/access/link/show.html")]
pub struct LinkPage {
    /// The frame, made by [`Shell::signed_out`].
    pub shell: Shell,
    /// Whom it is for.
    pub email: String,
    /// The organisation for which they act.
    pub tenant: String,
    /// Whether they are new, and say what they are called.
    pub is_new: bool,
    /// What was typed as name.
    pub name: String,
    /// Rules for the password.
    pub rules: Vec<PasswordRule>,
    /// Where the form goes.
    pub href: String,
    /// Where what is typed is looked at.
    pub rules_href: String,
    /// What is wrong with the form.
    pub problems: Problems,
}

/// A link that does not work.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/access/link/gone.html")]
pub struct LinkGonePage {
    /// The frame.
    pub shell: Shell,
    /// Why, and what to do.
    pub why: String,
}
