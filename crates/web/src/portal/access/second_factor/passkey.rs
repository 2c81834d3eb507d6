//! One passkey: its name, when it was used, and its end.

use askama::Template;
use axum::extract::State;
use flow::Caller;
use flow::access::second_factor::TypedFactor;
use flow::access::second_factor::passkey::own_passkey;
use flow::access::second_factor::passkey::remove::{RemovePasskeyError, remove_passkey};
use flow::access::second_factor::passkey::rename::rename_passkey;
use flow::access::second_factor::show::own_factors;
use serde::Deserialize;
use tenancy::passkey::{Passkey, PasskeyName};

use super::passkey_href;
use super::show::href;
use crate::portal::gate::allowed::{Allowed, Object};
use crate::portal::gate::csrf::Form;
use crate::portal::gate::permitted::{Own, Permitted};
use crate::portal::gate::recent::{is_recent, prove_and_go_on};
use crate::portal::page::form::Problems;
use crate::portal::page::frame::{Answer, add_cookie, done, not_done, page, refused_form};
use crate::portal::page::menu::Nav;
use crate::portal::page::moment::{minutes_until, when};
use crate::portal::page::part::When;
use crate::portal::page::refused::{Refusal, problems};
use crate::portal::page::shell::Shell;
use crate::portal::page::words::{count, sentence};
use crate::portal::state::Portal;

impl Object for Passkey {
    async fn load(portal: &Portal, caller: &Caller, id: &str) -> Result<Option<Self>, Refusal> {
        Ok(own_passkey(&portal.app, caller, id).await?)
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct NameForm {
    name: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct RemoveForm {
    recovery: String,
    password: String,
}

/// `GET /settings/second-factor/passkeys/{id}`.
pub(super) async fn show(
    State(portal): State<Portal>,
    Allowed { who, object }: Allowed<Own, Passkey>,
) -> Answer {
    page(&view(&portal, &who, &object, Problems::none()).await?)
}

/// `POST /settings/second-factor/passkeys/{id}`.
pub(super) async fn rename(
    State(portal): State<Portal>,
    Allowed { who, object }: Allowed<Own, Passkey>,
    Form(typed): Form<NameForm>,
) -> Answer {
    let name = match PasskeyName::parse(&typed.name) {
        Ok(name) => name,
        Err(error) => {
            let problems = Problems::one("name", &sentence(&error));
            return refused_form(&view(&portal, &who, &object, problems).await?);
        }
    };
    let renamed = rename_passkey(&portal.app, &who.caller, &object, name).await?;
    Ok(if renamed {
        done(href(), "The passkey was renamed.")
    } else {
        not_done(href(), "The passkey was removed meanwhile.")
    })
}

/// `POST /settings/second-factor/passkeys/{id}/remove`.
pub(super) async fn remove(
    State(portal): State<Portal>,
    Allowed { mut who, object }: Allowed<Own, Passkey>,
    Form(typed): Form<RemoveForm>,
) -> Answer {
    let cookie = match prove_and_go_on(&portal, &mut who, typed.password).await? {
        Ok(cookie) => cookie,
        Err(problems) => return refused_form(&view(&portal, &who, &object, problems).await?),
    };
    let typed = Some(typed.recovery).filter(|code| !code.is_empty());
    let typed = typed.map(TypedFactor::Recovery);
    let (app, caller, client) = (&portal.app, &who.caller, who.address());
    let removed = remove_passkey(app, caller, &who.signed_in, &object, typed, client).await;
    let mut response = match removed {
        Ok(true) => done(href(), "The passkey was removed."),
        Ok(false) => not_done(href(), "The passkey was removed before."),
        Err(error) => {
            let problems = told(error, &portal)?;
            refused_form(&view(&portal, &who, &object, problems).await?)?
        }
    };
    if let Some(cookie) = cookie {
        add_cookie(&mut response, &cookie);
    }
    Ok(response)
}

fn told(error: RemovePasskeyError, portal: &Portal) -> Result<Problems, Refusal> {
    match error {
        RemovePasskeyError::Locked(locked) => {
            let minutes = i64::from(minutes_until(locked.until, portal.app.now()));
            let minutes = count(minutes, "minute", "minutes");
            let message = format!("Too many attempts. Try again in {minutes}.");
            Ok(Problems::one("recovery", &message))
        }
        error @ (RemovePasskeyError::Factor(_)
        | RemovePasskeyError::Last
        | RemovePasskeyError::Required
        | RemovePasskeyError::Store(_)) => problems(error),
    }
}

async fn view(
    portal: &Portal,
    who: &Permitted<Own>,
    passkey: &Passkey,
    problems: Problems,
) -> Result<PasskeyPage, Refusal> {
    let now = portal.app.now();
    let own = own_factors(&portal.app, &who.caller, &who.signed_in).await?;
    let name = passkey.name.as_str();
    Ok(PasskeyPage {
        shell: who.shell(Nav::Settings, name),
        href: passkey_href(passkey),
        name: name.to_owned(),
        added: when(passkey.created_at, now),
        last_used: passkey.last_used_at.map(|at| when(at, now)),
        is_last: own.totp_since.is_none() && own.passkeys.len() < 2,
        is_required: who.signed_in.must_have_second_factor(&portal.app),
        asks_password: !is_recent(portal, who),
        problems,
    })
}

/// `GET /settings/second-factor/passkeys/{id}`, and answers to its forms that failed.
///
/// Forms: `POST` to itself (`name`), and to `/remove` below it (`recovery` if it is the last second factor, `password` if
/// asked for).
#[derive(Clone, Debug, Template)]
#[template(path = "portal/access/second_factor/passkey.html")]
pub struct PasskeyPage {
    /// The frame; its title is the passkey's name.
    pub shell: Shell,
    /// This page.
    pub href: String,
    /// What its owner calls it.
    pub name: String,
    /// When it was added.
    pub added: When,
    /// When it was last used.
    pub last_used: Option<When>,
    /// Whether there is no other second factor.
    pub is_last: bool,
    /// Whether the person must have one.
    pub is_required: bool,
    /// Whether the sign-in is too long ago; field `password`.
    pub asks_password: bool,
    /// What is wrong; fields `name`, `recovery`, `password`.
    pub problems: Problems,
}
