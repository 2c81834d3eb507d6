//! Suspending, resuming and deactivating an account.

use axum::extract::State;
use flow::enrollment::move_subscription::{Move, MoveError, move_subscription};
use serde::Deserialize;

use crate::portal::gate::allowed::Allowed;
use crate::portal::gate::csrf::{Form, Nothing};
use crate::portal::gate::permitted::{ManageAccounts, Permitted};
use crate::portal::page::account::label;
use crate::portal::page::confirm::{ConfirmPage, Extras, Typed};
use crate::portal::page::form::Problems;
use crate::portal::page::frame::{Answer, done, not_done, page, refused_form};
use crate::portal::page::links;
use crate::portal::page::menu::Nav;
use crate::portal::page::shell::Shell;
use crate::portal::page::words::sentence;
use crate::portal::state::Portal;
use flow::enrollment::list_subscriptions::Summary;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct StateForm {
    confirmation: String,
}

/// `GET /accounts/{id}/suspend`.
pub(super) async fn suspend_form(
    Allowed { who, object: found }: Allowed<ManageAccounts, Summary>,
) -> Answer {
    let (label, href) = named(&found);
    let shell = who.shell(Nav::Accounts, &format!("Suspend “{label}”"));
    page(&suspend_page(shell, &label, &href))
}

/// `POST /accounts/{id}/suspend`.
pub(super) async fn suspend(
    State(portal): State<Portal>,
    Allowed { who, object: found }: Allowed<ManageAccounts, Summary>,
    Form(Nothing {}): Form<Nothing>,
) -> Answer {
    apply(&portal, &who, &found, Move::Suspend).await
}

/// `GET /accounts/{id}/resume`.
pub(super) async fn resume_form(
    Allowed { who, object: found }: Allowed<ManageAccounts, Summary>,
) -> Answer {
    let (label, href) = named(&found);
    let shell = who.shell(Nav::Accounts, &format!("Resume “{label}”"));
    page(&resume_page(shell, &label, &href))
}

/// `POST /accounts/{id}/resume`.
pub(super) async fn resume(
    State(portal): State<Portal>,
    Allowed { who, object: found }: Allowed<ManageAccounts, Summary>,
    Form(Nothing {}): Form<Nothing>,
) -> Answer {
    apply(&portal, &who, &found, Move::Resume).await
}

/// `GET /accounts/{id}/deactivate`.
pub(super) async fn deactivate_form(
    Allowed { who, object: found }: Allowed<ManageAccounts, Summary>,
) -> Answer {
    let (label, href) = named(&found);
    page(&deactivation(&who, &label, &href, Problems::none()))
}

/// `POST /accounts/{id}/deactivate`; the account's name must be typed.
pub(super) async fn deactivate(
    State(portal): State<Portal>,
    Allowed { who, object: found }: Allowed<ManageAccounts, Summary>,
    Form(typed): Form<StateForm>,
) -> Answer {
    let (label, href) = named(&found);
    if typed.confirmation.trim() != label {
        let message = format!("Type “{label}” exactly, or go back.");
        let problems = Problems::one("confirmation", &message);
        return refused_form(&deactivation(&who, &label, &href, problems));
    }
    apply(&portal, &who, &found, Move::Deactivate).await
}

fn deactivation(
    who: &Permitted<ManageAccounts>,
    label: &str,
    href: &str,
    problems: Problems,
) -> ConfirmPage {
    let shell = who.shell(Nav::Accounts, &format!("Deactivate “{label}”"));
    deactivate_page(shell, label, href, label, problems)
}

fn named(found: &Summary) -> (String, String) {
    let subscription = &found.subscription;
    (label(subscription), links::account(subscription.id))
}

async fn apply(
    portal: &Portal,
    who: &Permitted<ManageAccounts>,
    found: &Summary,
    to: Move,
) -> Answer {
    let id = found.subscription.id;
    let moved = move_subscription(&portal.app, &who.caller, id, to).await;
    let href = format!("{}/credentials", links::account(id));
    match moved {
        Ok(_) => Ok(done(&href, done_message(to))),
        Err(MoveError::Transition(error)) => Ok(not_done(&href, &sentence(&error))),
        Err(error @ (MoveError::NotFound | MoveError::Store(_))) => Err(error.into()),
    }
}

fn done_message(to: Move) -> &'static str {
    match to {
        Move::Deactivate => "The ACME account was deactivated for good.",
        Move::Resume => "The ACME account accepts orders again.",
        Move::Suspend => "The ACME account is suspended; new orders are refused.",
    }
}

/// The page of `GET /accounts/{id}/suspend`.
pub fn suspend_page(shell: Shell, label: &str, href: &str) -> ConfirmPage {
    ConfirmPage {
        lead: format!("The ACME account “{label}” will be suspended."),
        consequences: [
            "New orders are refused within a second; clients are told that the account is suspended.",
            "Orders that are running stop.",
            "Certificates already issued stay valid until they end, but are not renewed.",
            "You can resume it at any time; domains and clients are kept.",
        ]
        .map(str::to_owned)
        .to_vec(),
        action: "Suspend account".to_owned(),
        is_dangerous: true,
        ..about_account(shell, label, href, "suspend")
    }
}

/// The page of `GET /accounts/{id}/resume`.
pub fn resume_page(shell: Shell, label: &str, href: &str) -> ConfirmPage {
    ConfirmPage {
        lead: format!("The ACME account “{label}” will accept orders again."),
        consequences: [
            "Registered clients continue with the keys they have.",
            "The term was not extended by the time it was suspended.",
        ]
        .map(str::to_owned)
        .to_vec(),
        action: "Resume account".to_owned(),
        ..about_account(shell, label, href, "resume")
    }
}

/// The page of `GET` and failed `POST /accounts/{id}/deactivate`. `expected` is what must be typed.
pub fn deactivate_page(
    shell: Shell,
    label: &str,
    href: &str,
    expected: &str,
    problems: Problems,
) -> ConfirmPage {
    ConfirmPage {
        lead: format!("The ACME account “{label}” will be closed for good."),
        consequences: [
            "Its credentials stop working and no new ones can be made for it.",
            "Every client registered with it is deactivated (RFC 8555 §7.3.6).",
            "Certificates already issued stay valid until they end, but cannot be renewed.",
            "This cannot be undone.",
        ]
        .map(str::to_owned)
        .to_vec(),
        typed: Some(Typed {
            expected: expected.to_owned(),
            problems,
        }),
        action: "Deactivate for good".to_owned(),
        is_dangerous: true,
        ..about_account(shell, label, href, "deactivate")
    }
}

/// A question about an account, without the words.
pub(super) fn about_account(shell: Shell, label: &str, href: &str, verb: &str) -> ConfirmPage {
    ConfirmPage {
        shell,
        back: (label.to_owned(), format!("{href}/credentials")),
        lead: String::new(),
        consequences: Vec::new(),
        names: Vec::new(),
        names_title: String::new(),
        typed: None,
        extras: Extras::default(),
        action_href: format!("{href}/{verb}"),
        action: String::new(),
        is_dangerous: false,
    }
}
