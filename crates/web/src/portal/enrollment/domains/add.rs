//! Adding domains: the form, what would happen, what happened (features F-072 to F-082).

use askama::Template;
use axum::extract::{Query, State};
use enrollment::subscription::Subscription;
use flow::enrollment::enroll_domains::{self, enroll_domains};
use flow::enrollment::list_subscriptions;
use serde::Deserialize;

use super::form::{AddDomainsForm, read};
use super::verdict;
use crate::portal::gate::csrf::Form;
use crate::portal::gate::permitted::{ManageDomains, Permitted};
use crate::portal::page::account::label;
use crate::portal::page::form::{Choice, Problems};
use crate::portal::page::frame::{Answer, page, refused_form};
use crate::portal::page::menu::Nav;
use crate::portal::page::moment::day;
use crate::portal::page::refused::{Refusal, problems};
use crate::portal::page::shell::Shell;
use crate::portal::state::Portal;

/// What a link to the form fills in.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Filled {
    account: String,
    names: String,
}

/// `GET /domains/new`, with `account` and `names`.
pub(super) async fn form(
    State(portal): State<Portal>,
    who: Permitted<ManageDomains>,
    Query(Filled { account, names }): Query<Filled>,
) -> Answer {
    let typed = AddDomainsForm {
        account,
        names,
        ..AddDomainsForm::default()
    };
    page(&view(&portal, &who, typed, Problems::none()).await?)
}

/// `POST /domains/edit`: the form with what was typed before.
pub(super) async fn edit(
    State(portal): State<Portal>,
    who: Permitted<ManageDomains>,
    Form(typed): Form<AddDomainsForm>,
) -> Answer {
    page(&view(&portal, &who, typed, Problems::none()).await?)
}

/// `POST /domains/preview`.
pub(super) async fn preview(
    State(portal): State<Portal>,
    who: Permitted<ManageDomains>,
    Form(typed): Form<AddDomainsForm>,
) -> Answer {
    let wanted = match read(&typed) {
        Ok(wanted) => wanted,
        Err(problems) => return refused(&portal, &who, typed, problems).await,
    };
    let account = wanted.subscription;
    match enroll_domains::preview(&portal.app, &who.caller, wanted).await {
        Ok(rows) => page(&verdict::view(&portal, &who, account, &typed, &rows, true).await?),
        Err(error) => refused(&portal, &who, typed, problems(error)?).await,
    }
}

/// `POST /domains`.
pub(super) async fn add(
    State(portal): State<Portal>,
    who: Permitted<ManageDomains>,
    Form(typed): Form<AddDomainsForm>,
) -> Answer {
    let wanted = match read(&typed) {
        Ok(wanted) => wanted,
        Err(problems) => return refused(&portal, &who, typed, problems).await,
    };
    let account = wanted.subscription;
    match enroll_domains(&portal.app, &who.caller, wanted).await {
        Ok(done) => page(&verdict::view(&portal, &who, account, &typed, &done.rows, false).await?),
        Err(error) => refused(&portal, &who, typed, problems(error)?).await,
    }
}

async fn refused(
    portal: &Portal,
    who: &Permitted<ManageDomains>,
    typed: AddDomainsForm,
    problems: Problems,
) -> Answer {
    refused_form(&view(portal, who, typed, problems).await?)
}

async fn view(
    portal: &Portal,
    who: &Permitted<ManageDomains>,
    typed: AddDomainsForm,
    problems: Problems,
) -> Result<AddDomainsPage, Refusal> {
    let now = portal.app.now();
    let accounts = list_subscriptions::choices(&portal.app, &who.caller).await?;
    let accounts = accounts
        .iter()
        .filter(|account| account.may_enroll(now).is_ok());
    let catalog = portal.app.catalog();
    let accounts: Vec<_> = accounts.collect();
    let mut products = accounts.iter().map(|account| &account.product);
    let asks_for_anchor = products.any(|product| catalog.certificate_type(product).is_some());
    Ok(AddDomainsPage {
        shell: who.shell(Nav::Domains, "Add domains"),
        accounts: accounts
            .into_iter()
            .map(|found| choice(found, &typed.account))
            .collect(),
        anchor: asks_for_anchor.then_some(typed.anchor),
        names: typed.names,
        is_only_this_name: typed.only_this_name == "on",
        problems,
    })
}

fn choice(account: &Subscription, chosen: &str) -> Choice {
    let value = account.id.suffix();
    Choice {
        label: label(account),
        hint: match account.covered_until {
            Some(at) => format!("ends {}", day(at)),
            None => "starts with its first domain".to_owned(),
        },
        is_chosen: value == chosen,
        value,
    }
}

/// `GET /domains/new` and its failures; sent to `POST /domains`, or to `POST /domains/preview`.
///
/// Fields: `account`, `names` (one per line), `anchor`, `only_this_name` (`on` when ticked).
#[derive(Clone, Debug, Template)]
#[template(path = "portal/enrollment/domains/add.html")]
pub struct AddDomainsPage {
    /// The frame.
    pub shell: Shell,
    /// Accounts that take domains; empty leads to creating one.
    pub accounts: Vec<Choice>,
    /// What was typed, one name per line.
    pub names: String,
    /// What was typed as anchor number; none where no account's certificates name an organization.
    pub anchor: Option<String>,
    /// Whether companions are left out.
    pub is_only_this_name: bool,
    /// What is wrong; fields `account`, `anchor`, `names`.
    pub problems: Problems,
}
