//! Opening an account (features F-046, F-047).

use askama::Template;
use axum::extract::State;
use enrollment::subscription::{Label, Term};
use flow::enrollment::open_subscription::{Opening, open_subscription};
use serde::Deserialize;

use crate::portal::gate::csrf::Form;
use crate::portal::gate::permitted::{ManageAccounts, Permitted};
use crate::portal::page::form::{Choice, Problems};
use crate::portal::page::frame::{Answer, done, page, refused_form};
use crate::portal::page::links;
use crate::portal::page::moment::day;
use crate::portal::page::shell::{Nav, Shell};
use crate::portal::page::words::sentence;
use crate::portal::state::Portal;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct NewSubscriptionForm {
    kind: String,
    label: String,
    term_years: String,
}

/// `GET /accounts/new`.
pub(super) async fn form(State(portal): State<Portal>, who: Permitted<ManageAccounts>) -> Answer {
    let typed = NewSubscriptionForm {
        kind: "DV".to_owned(),
        term_years: "1".to_owned(),
        ..NewSubscriptionForm::default()
    };
    page(&view(&portal, &who, typed, Problems::none()))
}

/// `POST /accounts`.
pub(super) async fn create(
    State(portal): State<Portal>,
    who: Permitted<ManageAccounts>,
    Form(typed): Form<NewSubscriptionForm>,
) -> Answer {
    let (label, term) = match read(&typed) {
        Ok(read) => read,
        Err(problems) => return refused_form(&view(&portal, &who, typed, problems)),
    };
    let opening = Opening {
        label,
        term,
        max_bindings: None,
    };
    let opened = open_subscription(&portal.app, &who.caller, opening).await?;
    let to = format!("{}/credentials", links::account(opened.subscription.id));
    Ok(done(
        &to,
        "The ACME account was created. Add its first domain next.",
    ))
}

fn read(typed: &NewSubscriptionForm) -> Result<(Label, Term), Problems> {
    let mut problems = Problems::none();
    if typed.kind != "DV" {
        problems = problems.and("kind", "Choose a certificate type.");
    }
    let label = Label::parse(&typed.label);
    if let Err(error) = &label {
        problems = problems.and("label", &sentence(error));
    }
    let term = Term::from_years(typed.term_years.parse().unwrap_or(0));
    if term.is_err() {
        problems = problems.and("term_years", "Choose a term of 1, 2 or 3 years.");
    }
    match (label, term) {
        (Ok(label), Ok(term)) if problems.is_empty() => Ok((label, term)),
        _ => Err(problems),
    }
}

fn view(
    portal: &Portal,
    who: &Permitted<ManageAccounts>,
    typed: NewSubscriptionForm,
    problems: Problems,
) -> NewSubscriptionPage {
    let now = portal.app.now();
    let terms = Term::CHOICES.map(|term| {
        let years = term.years().to_string();
        let unit = if term.years() == 1 { "year" } else { "years" };
        Choice {
            label: format!("{years} {unit}"),
            hint: format!("until {}", day(term.end(now))),
            is_chosen: typed.term_years == years,
            value: years,
        }
    });
    NewSubscriptionPage {
        shell: who.shell(Nav::Accounts, "New ACME account"),
        kinds: vec![Choice {
            value: "DV".to_owned(),
            label: "Domain validated (DV)".to_owned(),
            hint: "Control of the domain is checked, nothing else.".to_owned(),
            is_chosen: typed.kind == "DV",
        }],
        label: typed.label,
        terms: terms.to_vec(),
        problems,
    }
}

/// `GET /accounts/new` and its failures; sent to `POST /accounts`.
///
/// Fields: `kind`, `label`, `term_years` (1, 2, 3). Companions are decided domain by domain.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/enrollment/subscriptions/new.html")]
pub struct NewSubscriptionPage {
    /// The frame.
    pub shell: Shell,
    /// Types on offer.
    pub kinds: Vec<Choice>,
    /// What was typed.
    pub label: String,
    /// Terms on offer, with their end in the hint.
    pub terms: Vec<Choice>,
    /// What is wrong; fields `kind`, `label`, `term_years`.
    pub problems: Problems,
}
