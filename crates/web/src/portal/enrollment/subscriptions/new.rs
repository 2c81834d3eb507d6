//! Opening an account (features F-046, F-047).

use askama::Template;
use axum::extract::State;
use enrollment::eab::Reveal;
use enrollment::policy::{NameAdmission, TermUnit};
use enrollment::subscription::{Label, Term};
use flow::enrollment::open_subscription::{Opening, open_subscription};
use flow::memory::catalog::{Catalog, SoldOffer};
use flow::tenancy::entitle_tenant::{MayBuy, may_buy};
use serde::Deserialize;
use tenancy::certificate_type::CertificateType;
use tenancy::role::binding::Part;

use super::organization::is_for_one;
use crate::portal::gate::csrf::Form;
use crate::portal::gate::permitted::{ManageAccounts, Permitted};
use crate::portal::page::form::{Choice, Problems};
use crate::portal::page::frame::{Answer, done, page, refused_form};
use crate::portal::page::links;
use crate::portal::page::menu::Nav;
use crate::portal::page::moment::day;
use crate::portal::page::part_choice::choices;
use crate::portal::page::refused::{Refusal, problems};
use crate::portal::page::shell::Shell;
use crate::portal::page::words::sentence;
use crate::portal::state::Portal;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct NewSubscriptionForm {
    kind: String,
    label: String,
    organization: String,
    term_years: String,
}

/// `GET /accounts/new`.
pub(super) async fn form(State(portal): State<Portal>, who: Permitted<ManageAccounts>) -> Answer {
    let catalog = portal.app.catalog();
    let may_buy = may_buy(&portal.app, &who.caller).await?;
    let proposed = on_offer(&catalog, &may_buy).next();
    let term = proposed.and_then(|offer| offer.policy.term_choices_years.iter().next());
    let typed = NewSubscriptionForm {
        kind: proposed.map(|offer| offer.slug.clone()).unwrap_or_default(),
        term_years: term
            .map(|term| term.years().to_string())
            .unwrap_or_default(),
        ..NewSubscriptionForm::default()
    };
    page(&view(&portal, &who, typed, Problems::none()).await?)
}

/// `POST /accounts`.
pub(super) async fn create(
    State(portal): State<Portal>,
    who: Permitted<ManageAccounts>,
    Form(typed): Form<NewSubscriptionForm>,
) -> Answer {
    let opening = match read(&portal.app.catalog(), &typed) {
        Ok(opening) => opening,
        Err(problems) => return refused_form(&view(&portal, &who, typed, problems).await?),
    };
    let has_names = takes_names(&portal.app.catalog(), &opening.offer);
    // What was sold when the form was read may have gone meanwhile.
    let opened = match open_subscription(&portal.app, &who.caller, opening).await {
        Ok(opened) => opened,
        Err(error) => {
            let problems = problems(error)?;
            return refused_form(&view(&portal, &who, typed, problems).await?);
        }
    };
    let to = format!("{}/credentials", links::account(opened.subscription.id));
    let message = if has_names {
        "The ACME account was created. Add its first domain next."
    } else {
        "The ACME account was created. It may order the names of the domains that are delegated to its organization."
    };
    Ok(done(&to, message))
}

/// Whether names are added to the accounts of an offer.
fn takes_names(catalog: &Catalog, offer: &str) -> bool {
    let admission = catalog
        .offer(offer)
        .map(|offer| offer.policy.name_admission);
    admission != Some(NameAdmission::ValidatedDelegated)
}

fn read(catalog: &Catalog, typed: &NewSubscriptionForm) -> Result<Opening, Problems> {
    let mut problems = Problems::none();
    let offer = catalog.offer(&typed.kind);
    if offer.is_none() {
        problems = problems.and("kind", "Choose a certificate type.");
    }
    let label = Label::parse(&typed.label);
    if let Err(error) = &label {
        problems = problems.and("label", &sentence(error));
    }
    let terms = offer.map(|offer| offer.policy.term_choices_years.clone());
    let terms = terms.unwrap_or_default();
    let term = Term::from_years(typed.term_years.parse().unwrap_or(0));
    let term = term.ok().filter(|term| terms.allow(*term));
    if term.is_none() {
        let choose = format!("Choose a term of {terms} years.");
        problems = problems.and("term_years", &choose);
    }
    let organization = match typed.organization.as_str() {
        "" => Some(None),
        chosen => Part::parse(chosen).map(Some),
    };
    if organization.is_none() {
        problems = problems.and("organization", "Choose an organization of the list.");
    }
    match (offer, label, term, organization) {
        (Some(offer), Ok(label), Some(term), Some(organization)) => Ok(Opening {
            offer: offer.slug.clone(),
            label,
            term,
            organization: organization.map(|part| part.organization),
            department: organization.and_then(|part| part.department),
            max_bindings: None,
            shows_key: false,
        }),
        _ => Err(problems),
    }
}

async fn view(
    portal: &Portal,
    who: &Permitted<ManageAccounts>,
    typed: NewSubscriptionForm,
    problems: Problems,
) -> Result<NewSubscriptionPage, Refusal> {
    let now = portal.app.now();
    let catalog = portal.app.catalog();
    let may_buy = may_buy(&portal.app, &who.caller).await?;
    let is_sold = |term: &Term| {
        let mut offers = on_offer(&catalog, &may_buy);
        offers.any(|offer| offer.policy.term_choices_years.allow(*term))
    };
    let chosen = catalog
        .offer(&typed.kind)
        .or_else(|| on_offer(&catalog, &may_buy).next());
    let counted = chosen.map_or(TermUnit::Days365n, |offer| offer.policy.term_unit);
    let terms = Term::CHOICES.into_iter().filter(is_sold).map(|term| {
        let years = term.years().to_string();
        let unit = if term.years() == 1 { "year" } else { "years" };
        Choice {
            label: format!("{years} {unit}"),
            hint: format!("until {}", day(term.end(counted, now))),
            is_chosen: typed.term_years == years,
            value: years,
        }
    });
    let mut offers = on_offer(&catalog, &may_buy);
    let organizations = if offers.any(|offer| is_for_one(&catalog, offer)) {
        choices(portal, who.bounds(), ("None", &typed.organization)).await?
    } else {
        Vec::new()
    };
    Ok(NewSubscriptionPage {
        shell: who.shell(Nav::Accounts, "New ACME account"),
        ask: whom_to_ask(&catalog, &may_buy),
        kinds: on_offer(&catalog, &may_buy)
            .map(|offer| kind(&catalog, offer, &typed.kind))
            .collect(),
        key_note: key_note(on_offer(&catalog, &may_buy)).to_owned(),
        label: typed.label,
        organizations,
        terms: terms.collect(),
        problems,
    })
}

/// What is sold, as far as the tenant may buy it.
fn on_offer<'c>(catalog: &'c Catalog, may_buy: &'c MayBuy) -> impl Iterator<Item = &'c SoldOffer> {
    let offers = catalog.offers().iter();
    offers.filter(|offer| may_buy.products.allows(offer.product.as_str()))
}

/// Whom to ask for what is sold and not here; empty where all of it is.
fn whom_to_ask(catalog: &Catalog, may_buy: &MayBuy) -> String {
    let is_missing = |offer: &SoldOffer| !may_buy.products.allows(offer.product.as_str());
    if catalog.offers().iter().any(is_missing) {
        may_buy.ask.clone()
    } else {
        String::new()
    }
}

/// How often the MAC key of what is sold here is shown.
fn key_note<'c>(offers: impl Iterator<Item = &'c SoldOffer>) -> &'static str {
    let mut reveals = offers.map(|offer| offer.policy.eab_reveal);
    if reveals.all(|reveal| reveal == Reveal::Always) {
        "The credentials are shown on the next page and can be looked up again later, with your password."
    } else {
        "The credentials are on the next page. Some certificate types show the MAC key once, or until a client has \
         registered: copy it then."
    }
}

fn kind(catalog: &Catalog, offer: &SoldOffer, chosen: &str) -> Choice {
    Choice {
        value: offer.slug.clone(),
        label: format!("{} ({})", offer.name, offer.product.as_str().to_uppercase()),
        hint: hint(catalog, offer),
        is_chosen: offer.slug == chosen,
    }
}

/// What it is best for, what is checked, and whether an organization has to be chosen.
fn hint(catalog: &Catalog, offer: &SoldOffer) -> String {
    let named = catalog.certificate_type(&offer.product);
    let must = offer
        .policy
        .check_organization(named.is_some(), false)
        .is_err();
    let checked = match named {
        Some(kind) => format!(
            "Names an organization with a valid {} pre-validation; ",
            kind.title()
        ),
        None => "Control of the domain is checked, nothing else; ".to_owned(),
    };
    let next = match (must, named) {
        (true, _) => "choose the organization below.",
        (false, Some(_)) => "choose it below, or on the account's page later.",
        (false, None) => "issued within seconds.",
    };
    format!("{} {checked}{next}", best_for(named))
}

/// Who should choose it.
const fn best_for(named: Option<CertificateType>) -> &'static str {
    match named {
        None => "Best for sites, services and devices that need encryption.",
        Some(CertificateType::Ov) => {
            "Best for sites of companies and authorities whose visitors want to know who runs them."
        }
        Some(CertificateType::Ev) => {
            "Best for sites that take payments or trust, where the organization is checked most thoroughly."
        }
        Some(CertificateType::Qwac) => {
            "Best for payment services and authorities that have to show a qualified certificate in the European Union."
        }
    }
}

/// `GET /accounts/new` and its failures; sent to `POST /accounts`.
///
/// Fields: `kind`, `label`, `organization`, `term_years` (1, 2, 3). Companions are decided domain by domain.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/enrollment/subscriptions/new.html")]
pub struct NewSubscriptionPage {
    /// The frame.
    pub shell: Shell,
    /// Whom to ask for other types; empty where all that are sold are on offer.
    pub ask: String,
    /// Types on offer.
    pub kinds: Vec<Choice>,
    /// How often the credentials are shown.
    pub key_note: String,
    /// What was typed.
    pub label: String,
    /// Organizations to choose from, none first; empty where nothing on offer is for one.
    pub organizations: Vec<Choice>,
    /// Terms on offer, with their end in the hint.
    pub terms: Vec<Choice>,
    /// What is wrong; fields `kind`, `label`, `organization`, `term_years`.
    pub problems: Problems,
}
