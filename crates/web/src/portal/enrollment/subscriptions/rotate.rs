//! Replacing the credential of an account (features C1). The new MAC key is then shown by Reveal, as any other.

use std::time::Duration;

use axum::extract::State;
use enrollment::policy::OnLoss;
use flow::enrollment::list_subscriptions::Summary;
use flow::enrollment::rotate_credential::{
    RotateCredentialError, Rotated, Rotation, rotate_credential,
};
use serde::Deserialize;

use super::state::about_account;
use crate::portal::gate::allowed::Allowed;
use crate::portal::gate::csrf::Form;
use crate::portal::gate::permitted::{Permitted, RotateCredentials};
use crate::portal::gate::recent;
use crate::portal::page::account::label;
use crate::portal::page::confirm::{Choosing, ConfirmPage, Extras};
use crate::portal::page::form::{Choice, Problems};
use crate::portal::page::frame::{Answer, add_cookie, done, not_done, page, refused_form};
use crate::portal::page::links;
use crate::portal::page::menu::Nav;
use crate::portal::page::moment::when;
use crate::portal::page::shell::Shell;
use crate::portal::page::words::sentence;
use crate::portal::state::Portal;

const FIELD: &str = "overlap_hours";
const SECONDS_AN_HOUR: u64 = 3_600;

/// For how long the old credential may go on: hours and words.
const OVERLAPS: [(u64, &str); 5] = [
    (0, "At once"),
    (24, "After 1 day"),
    (7 * 24, "After 7 days"),
    (14 * 24, "After 14 days"),
    (30 * 24, "After 30 days"),
];

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct RotateForm {
    overlap_hours: String,
    password: String,
}

/// `GET /accounts/{id}/rotate`.
pub(super) async fn form(
    State(portal): State<Portal>,
    Allowed { who, object: found }: Allowed<RotateCredentials, Summary>,
) -> Answer {
    let usual = Rotation::OVERLAP.as_secs() / SECONDS_AN_HOUR;
    let view = view(&portal, &who, &found, (Some(usual), Problems::none()));
    page(&view)
}

/// `POST /accounts/{id}/rotate`.
pub(super) async fn rotate(
    State(portal): State<Portal>,
    Allowed { who, object: found }: Allowed<RotateCredentials, Summary>,
    Form(typed): Form<RotateForm>,
) -> Answer {
    let ends_at_once = ends_at_once(&portal, &found);
    let hours = typed.overlap_hours.parse::<u64>().ok();
    let hours = hours.filter(|hours| OVERLAPS.iter().any(|(each, _)| each == hours));
    let refused = |problems| refused_form(&view(&portal, &who, &found, (hours, problems)));
    let Some(overlap) = hours.or(ends_at_once.then_some(0)) else {
        let message = "Choose when the old credential ends.";
        return refused(Problems::one(FIELD, message));
    };
    let cookie = match recent::prove_field(&portal, &who, typed.password).await? {
        Ok(cookie) => cookie,
        Err(problems) => return refused(problems),
    };
    let rotation = Rotation {
        subscription: found.subscription.id,
        overlap: Duration::from_secs(overlap.saturating_mul(SECONDS_AN_HOUR)),
        shows_key: false,
    };
    let href = links::account(found.subscription.id);
    let back = format!("{href}/credentials");
    let mut response = match rotate_credential(&portal.app, &who.caller, rotation).await {
        Ok(rotated) => done(&back, &message(&portal, &rotated)),
        Err(RotateCredentialError::Ended(error)) => not_done(&back, &sentence(&error)),
        Err(error) => return Err(error.into()),
    };
    if let Some(cookie) = cookie {
        add_cookie(&mut response, &cookie);
    }
    Ok(response)
}

fn message(portal: &Portal, rotated: &Rotated) -> String {
    let now = portal.app.now();
    let end = rotated.replaced.as_ref().and_then(|old| old.valid_until);
    let old = match end {
        Some(end) if end > now => {
            format!(
                " The old one binds clients until {} UTC.",
                when(end, now).text
            )
        }
        Some(_) => " The old one binds no more clients.".to_owned(),
        None => String::new(),
    };
    format!("A new credential was made; reveal its key and give it to your servers.{old}")
}

/// Whether the policy lets no old credential go on.
fn ends_at_once(portal: &Portal, found: &Summary) -> bool {
    let catalog = portal.app.catalog();
    let policy = catalog.policy(found.subscription.offer_version);
    policy.is_some_and(|policy| policy.eab_on_loss == OnLoss::Recreate)
}

fn view(
    portal: &Portal,
    who: &Permitted<RotateCredentials>,
    found: &Summary,
    (chosen, problems): (Option<u64>, Problems),
) -> ConfirmPage {
    let label = label(&found.subscription);
    let shell = who.shell(
        Nav::Accounts,
        &format!("Rotate the credential of “{label}”"),
    );
    let choosing = (!ends_at_once(portal, found)).then(|| overlaps(chosen));
    let extras = Extras {
        choosing,
        asks_password: !recent::is_recent(portal, who),
        problems,
    };
    let href = links::account(found.subscription.id);
    rotate_page(shell, &label, &href, extras)
}

/// The overlaps to choose from.
pub fn overlaps(chosen: Option<u64>) -> Choosing {
    let choice = |(hours, label): (u64, &str)| Choice {
        value: hours.to_string(),
        label: label.to_owned(),
        hint: String::new(),
        is_chosen: chosen == Some(hours),
    };
    Choosing {
        field: FIELD.to_owned(),
        legend: "The old credential ends".to_owned(),
        list: OVERLAPS.map(choice).to_vec(),
    }
}

/// The page of `GET` and failed `POST /accounts/{id}/rotate`; without a choice when the old credential ends at once.
pub fn rotate_page(shell: Shell, label: &str, href: &str, extras: Extras) -> ConfirmPage {
    let old = if extras.choosing.is_some() {
        "The old one registers further clients until it ends."
    } else {
        "The old one registers no further clients from that moment on."
    };
    ConfirmPage {
        lead: format!("The ACME account “{label}” will get a new EAB key ID and MAC key."),
        consequences: [
            "The new credential works at once.",
            old,
            "Clients that are registered go on; they need no new credential.",
        ]
        .map(str::to_owned)
        .to_vec(),
        action: "Rotate".to_owned(),
        extras,
        ..about_account(shell, label, href, "rotate")
    }
}
