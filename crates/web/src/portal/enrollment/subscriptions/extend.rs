//! Extending an account by another term.

use axum::extract::State;
use base::Timestamp;
use flow::enrollment::extend_subscription::{ExtendSubscriptionError, extend_subscription};
use flow::enrollment::list_subscriptions::Summary;

use super::state::about_account;
use crate::portal::gate::allowed::Allowed;
use crate::portal::gate::csrf::{Form, Nothing};
use crate::portal::gate::permitted::ManageAccounts;
use crate::portal::page::account::label;
use crate::portal::page::confirm::ConfirmPage;
use crate::portal::page::frame::{Answer, done, not_done, page};
use crate::portal::page::links;
use crate::portal::page::menu::Nav;
use crate::portal::page::moment::day;
use crate::portal::page::shell::Shell;
use crate::portal::page::words::sentence;
use crate::portal::state::Portal;

/// `GET /accounts/{id}/extend`.
pub(super) async fn form(
    Allowed { who, object: found }: Allowed<ManageAccounts, Summary>,
) -> Answer {
    let (label, href) = (
        label(&found.subscription),
        links::account(found.subscription.id),
    );
    let terms = found.subscription.covered_until.zip(found.extends_to);
    let Some(terms) = terms else {
        return Ok(not_done(
            &format!("{href}/credentials"),
            "The ACME account cannot be extended now.",
        ));
    };
    let shell = who.shell(Nav::Accounts, &format!("Extend “{label}”"));
    page(&extend_page(shell, (&label, &href), terms))
}

/// `POST /accounts/{id}/extend`.
pub(super) async fn extend(
    State(portal): State<Portal>,
    Allowed { who, object: found }: Allowed<ManageAccounts, Summary>,
    Form(Nothing {}): Form<Nothing>,
) -> Answer {
    let id = found.subscription.id;
    let href = format!("{}/credentials", links::account(id));
    match extend_subscription(&portal.app, &who.caller, id).await {
        Ok(extended) => {
            let until = extended.covered_until.map(day).unwrap_or_default();
            Ok(done(
                &href,
                &format!("The ACME account was extended until {until}."),
            ))
        }
        Err(
            error @ (ExtendSubscriptionError::Extend(_)
            | ExtendSubscriptionError::NoRoom(_)
            | ExtendSubscriptionError::Suspended),
        ) => Ok(not_done(&href, &sentence(&error))),
        Err(error @ (ExtendSubscriptionError::NotFound | ExtendSubscriptionError::Store(_))) => {
            Err(error.into())
        }
    }
}

/// The page of `GET /accounts/{id}/extend`, with the present end and the new one.
pub fn extend_page(
    shell: Shell,
    (label, href): (&str, &str),
    (end, until): (Timestamp, Timestamp),
) -> ConfirmPage {
    ConfirmPage {
        lead: format!(
            "The ACME account “{label}” will be extended until {}.",
            day(until)
        ),
        consequences: vec![
            format!(
                "The further term begins where the present one ends, on {}, and not today.",
                day(end)
            ),
            "Its domains, credentials and clients stay as they are.".to_owned(),
            "Certificates go on being renewed by your ACME client.".to_owned(),
        ],
        action: "Extend account".to_owned(),
        ..about_account(shell, label, href, "extend")
    }
}
