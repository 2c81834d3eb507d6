//! Adding domains: the form, what would happen, what happened (features F-072 to F-082).

mod verdict;

use axum::extract::{Query, State};
use base::SubscriptionId;
use enrollment::enrolled_domain::Companions;
use enrollment::subscription::Subscription;
use flow::enrollment::enroll_domains::{self, EnrollError, Enrollment, enroll_domains};
use flow::enrollment::list_subscriptions;
use serde::Deserialize;

use crate::portal::gate::csrf::Form;
use crate::portal::gate::permitted::{ManageDomains, Permitted};
use crate::portal::page::account::label;
use crate::portal::page::form::{Choice, Problems};
use crate::portal::page::frame::{Answer, page, refused_form};
use crate::portal::page::listing::ListQuery;
use crate::portal::page::moment::day;
use crate::portal::page::refused::Refusal;
use crate::portal::page::shell::Nav;
use crate::portal::page::words::sentence;
use crate::portal::state::Portal;
use crate::portal::view::domains::NewDomainsPage;

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct AddDomainsForm {
    account: String,
    names: String,
    only_this_name: String,
}

/// `GET /domains/new`.
pub(super) async fn form(
    State(portal): State<Portal>,
    who: Permitted<ManageDomains>,
    Query(query): Query<ListQuery>,
) -> Answer {
    let typed = AddDomainsForm {
        account: query.account,
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
    let wanted = match read(&typed, &who) {
        Ok(wanted) => wanted,
        Err(problems) => return refused(&portal, &who, typed, problems).await,
    };
    let account = wanted.subscription;
    match enroll_domains::preview(&portal.app, wanted).await {
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
    let wanted = match read(&typed, &who) {
        Ok(wanted) => wanted,
        Err(problems) => return refused(&portal, &who, typed, problems).await,
    };
    let account = wanted.subscription;
    match enroll_domains(&portal.app, &who.caller(), wanted).await {
        Ok(done) => page(&verdict::view(&portal, &who, account, &typed, &done.rows, false).await?),
        Err(error) => refused(&portal, &who, typed, problems(error)?).await,
    }
}

fn read(typed: &AddDomainsForm, who: &Permitted<ManageDomains>) -> Result<Enrollment, Problems> {
    let subscription = SubscriptionId::from_suffix(&typed.account);
    let subscription =
        subscription.map_err(|_| Problems::one("account", "Choose an ACME account."))?;
    if typed.names.trim().is_empty() {
        let message = "Type at least one name, such as example.com.";
        return Err(Problems::one("names", message));
    }
    Ok(Enrollment {
        tenant: who.tenant(),
        subscription,
        text: typed.names.clone(),
        companions: if typed.only_this_name == "on" {
            Companions::Off
        } else {
            Companions::Auto
        },
    })
}

fn problems(error: EnrollError) -> Result<Problems, Refusal> {
    match error {
        EnrollError::Changed => Err(Refusal::Conflict),
        EnrollError::NotFound => Err(Refusal::NotFound),
        EnrollError::Store(error) => Err(error.into()),
        EnrollError::NotIssuing(error) => Ok(Problems::one("account", &sentence(&error))),
        EnrollError::Sponsor(error) => Ok(Problems::one("names", &sentence(&error))),
        EnrollError::TooManyRows(error) => Ok(Problems::one("names", &sentence(&error))),
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
) -> Result<NewDomainsPage, Refusal> {
    let now = portal.app.clock.now();
    let accounts = list_subscriptions::choices(&portal.app, who.tenant()).await?;
    let accounts = accounts
        .iter()
        .filter(|account| account.may_enroll(now).is_ok());
    Ok(NewDomainsPage {
        shell: who.shell(Nav::Domains, "Add domains"),
        accounts: accounts
            .map(|found| choice(found, &typed.account))
            .collect(),
        names: typed.names,
        is_only_this_name: typed.only_this_name == "on",
        problems,
    })
}

fn choice(account: &Subscription, chosen: &str) -> Choice {
    let value = account.id.suffix();
    Choice {
        label: label(account),
        hint: match account.ends_at {
            Some(at) => format!("ends {}", day(at)),
            None => "starts with its first domain".to_owned(),
        },
        is_chosen: value == chosen,
        value,
    }
}
