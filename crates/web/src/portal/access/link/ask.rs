//! Asking for a link by mail: whatever address is typed, the answer is the same (security S-07).

use askama::Template;
use axum::extract::State;
use flow::access::link::ask_for_link::{AskForLinkError, ask_for_link};
use serde::Deserialize;
use tenancy::user::Email;

use crate::portal::gate::csrf::VisitorForm;
use crate::portal::gate::permitted::Public;
use crate::portal::page::form::Problems;
use crate::portal::page::frame::{Answer, page, refused_form};
use crate::portal::page::shell::Shell;
use crate::portal::page::words::sentence;
use crate::portal::state::Portal;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct AskForm {
    email: String,
}

/// `GET /forgotten`.
pub(super) async fn form(who: Public) -> Answer {
    page(&view(&who, String::new(), Problems::none())).map(|shown| who.remembered(shown))
}

/// `POST /forgotten`.
pub(super) async fn submit(
    State(portal): State<Portal>,
    who: Public,
    VisitorForm(typed): VisitorForm<AskForm>,
) -> Answer {
    let email = match Email::parse(&typed.email) {
        Ok(email) => email,
        Err(error) => {
            let problems = Problems::one("email", &sentence(&error));
            return refused_form(&view(&who, typed.email, problems));
        }
    };
    match ask_for_link(&portal.app, &who.caller, email, &portal.origin).await {
        Ok(()) => page(&AskPage {
            is_sent: true,
            ..view(&who, typed.email, Problems::none())
        }),
        Err(error @ AskForLinkError::NoMail) => {
            let problems = Problems::one("email", &sentence(&error));
            refused_form(&view(&who, typed.email, problems))
        }
        Err(error @ AskForLinkError::Store(_)) => Err(error.into()),
    }
}

fn view(who: &Public, email: String, problems: Problems) -> AskPage {
    AskPage {
        shell: who.shell("Forgotten password"),
        email,
        is_sent: false,
        problems,
    }
}

/// `GET` and `POST /forgotten`; field `email`.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/access/link/ask.html")]
pub struct AskPage {
    /// The frame, made by [`Shell::signed_out`].
    pub shell: Shell,
    /// What was typed.
    pub email: String,
    /// Whether a link is on its way, if somebody has the address.
    pub is_sent: bool,
    /// What is wrong; field `email`.
    pub problems: Problems,
}
