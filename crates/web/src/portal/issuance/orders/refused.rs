//! What was refused before it became an order or an account: rows among the orders, and a page that says what to do.

use acme::problem::Kind;
use askama::Template;
use base::{RefusalId, Timestamp};
use enrollment::delegated;
use flow::Caller;
use flow::issuance::list_orders::refusals::{
    RefusalDetail, RefusalRow, RefusedRequest, refusal, subscription_of,
};

use super::explain;
use super::table::{OrderRow, agent};
use crate::portal::gate::allowed::{Allowed, Object};
use crate::portal::gate::permitted::ViewActivity;
use crate::portal::page::account::label_or_stand_in;
use crate::portal::page::frame::{Answer, page};
use crate::portal::page::menu::Nav;
use crate::portal::page::part::{Chip, Tone, When};
use crate::portal::page::refused::Refusal;
use crate::portal::page::shell::Shell;
use crate::portal::page::words::{count, sentence};
use crate::portal::page::{links, moment};
use crate::portal::state::Portal;

/// How many letters of a sentence a list shows.
const SHORT: usize = 90;

/// A refusal as a row among orders.
pub(super) fn row(row: &RefusalRow, now: Timestamp) -> OrderRow {
    let request = &row.request;
    OrderRow {
        href: links::refusal(request.id),
        name: name(request),
        more: times(request),
        account: subscription_of(request)
            .map(|_| label_or_stand_in(&row.label))
            .unwrap_or_default(),
        agent: agent(&request.client_agent),
        stage: short(request),
        status: chip(),
        when: moment::when(request.last_at, now),
    }
}

fn chip() -> Chip {
    Chip::new(Tone::Warn, "Refused")
}

/// The name, or what else was asked for.
fn name(request: &RefusedRequest) -> String {
    match (request.name.as_str(), &request.eab_key_id) {
        ("", Some(_)) => "A client's registration".to_owned(),
        ("", None) => "A client's request".to_owned(),
        (name, _) => name.to_owned(),
    }
}

/// Empty for once.
pub(crate) fn times(request: &RefusedRequest) -> String {
    match request.count {
        ..=1 => String::new(),
        many => count(many, "time", "times"),
    }
}

/// Why, in a few words.
fn short(request: &RefusedRequest) -> String {
    match request.code.as_str() {
        "name_not_enrolled" => "Not in this ACME account".to_owned(),
        code if delegated::CODES.contains(&code) => "In no delegated, proven domain".to_owned(),
        "rate_limited" => "Too much in this time".to_owned(),
        "unauthorized" => "Key ID unknown, or wrong MAC key".to_owned(),
        _ => {
            let whole = sentence(&request.sentence);
            let short: String = whole.chars().take(SHORT).collect();
            if short == whole {
                whole
            } else {
                format!("{}…", short.trim_end())
            }
        }
    }
}

impl Object for RefusalDetail {
    async fn load(portal: &Portal, caller: &Caller, id: &str) -> Result<Option<Self>, Refusal> {
        let Ok(id) = RefusalId::from_suffix(id) else {
            return Ok(None);
        };
        Ok(refusal(&portal.app, caller, id).await?)
    }
}

pub(super) async fn show(
    Allowed { who, object: found }: Allowed<ViewActivity, RefusalDetail>,
) -> Answer {
    let now = found.now;
    let (request, label) = (&found.row.request, &found.row.label);
    let account = subscription_of(request);
    page(&RefusalPage {
        shell: who.shell(Nav::Activity, &format!("{} was refused", name(request))),
        back_href: links::ACTIVITY.to_owned(),
        status: chip(),
        sentence: sentence(&request.sentence),
        next_step: next_step(&found).to_owned(),
        action: action(&found),
        account: account
            .map(|_| label_or_stand_in(label))
            .unwrap_or_default(),
        account_href: account.map(links::account).unwrap_or_default(),
        agent: agent(&request.client_agent),
        address: request.client_address.clone(),
        key_id: request.eab_key_id.clone().unwrap_or_default(),
        times: count(request.count, "time", "times"),
        first: moment::when(request.first_at, now),
        last: moment::when(request.last_at, now),
        code: request.code.clone(),
        name: name(request),
    })
}

/// What to do about it, in a sentence.
fn next_step(found: &RefusalDetail) -> &'static str {
    let code = found.row.request.code.as_str();
    match code {
        "name_not_enrolled" if found.missing.is_some() => {
            "Add this name to the ACME account, then run the ACME client again."
        }
        "name_not_enrolled" => "The name was added since. Run the ACME client again.",
        code if delegated::CODES.contains(&code) => {
            "Open the domain that the sentence names, or add it: prove control of it, delegate it to the organization of the ACME account, then run the ACME client again."
        }
        "unauthorized"
        | "credential_revoked"
        | "credential_rotated"
        | "external_account_required" => {
            "Copy the key ID and the MAC key from the credentials page of the ACME account, and register the client again."
        }
        "credential_erased" => {
            "Rotate the credential on the credentials page of the ACME account, and register the client with the new one."
        }
        "rate_limited" => {
            "Wait until the moment that the sentence names, and let the ACME client run less often."
        }
        "credential_exhausted" => {
            "Release the client that holds the credential on the clients page of the ACME account, or rotate the credential."
        }
        _ => match Kind::of_code(code) {
            Some(kind) => explain::words(kind).next_step,
            None => "Look at the ACME account: the sentence says what stands in the way.",
        },
    }
}

/// Where that is done.
fn action(found: &RefusalDetail) -> Option<(String, &'static str)> {
    let account = subscription_of(&found.row.request)?;
    let path = links::account(account);
    let code = found.row.request.code.as_str();
    match (&found.missing, code) {
        (Some(name), _) => Some((links::add_domain(account, name), "Add this name")),
        (None, "name_not_enrolled") => None,
        (None, code) if delegated::CODES.contains(&code) => Some((
            links::DELEGATED_DOMAINS.to_owned(),
            "Show delegated domains",
        )),
        (None, "credential_exhausted") => Some((format!("{path}/clients"), "Show clients")),
        (
            None,
            "unauthorized" | "credential_erased" | "credential_revoked" | "credential_rotated",
        ) => Some((format!("{path}/credentials"), "Show credentials")),
        (None, _) => Some((path, "Open ACME account")),
    }
}

/// `GET /activity/refused/{id}`.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/issuance/orders/refused.html")]
pub struct RefusalPage {
    /// The frame.
    pub shell: Shell,
    /// The list to go back to.
    pub back_href: String,
    /// The name, as the headline.
    pub name: String,
    /// That it was refused.
    pub status: Chip,
    /// What the client was told.
    pub sentence: String,
    /// One next step.
    pub next_step: String,
    /// Where it is done, and the words of the button.
    pub action: Option<(String, &'static str)>,
    /// Label of the ACME account; empty when no credential of ours was brought.
    pub account: String,
    /// Path of that account.
    pub account_href: String,
    /// Such as "certbot/5.8.0"; empty when unknown.
    pub agent: String,
    /// Where the client came from; empty when unknown.
    pub address: String,
    /// The credential that it brought; empty when it brought none.
    pub key_id: String,
    /// Such as "6 times".
    pub times: String,
    /// The first time on that day.
    pub first: When,
    /// The last time on that day.
    pub last: When,
    /// The refusal's name for programs.
    pub code: String,
}
