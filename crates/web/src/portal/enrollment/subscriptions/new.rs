//! Opening an account (features F-046, F-047).

use askama::Template;
use axum::extract::State;
use base::OrganizationId;
use enrollment::eab::Reveal;
use enrollment::subscription::{Label, Term};
use flow::enrollment::open_subscription::{Opening, open_subscription};
use flow::memory::catalog::{Catalog, SoldOffer};
use flow::tenancy::organization::list_organizations::list_organizations;
use flow::tenancy::organization::{OrganizationFilter, OrganizationQuery};
use serde::Deserialize;

use crate::portal::gate::csrf::Form;
use crate::portal::gate::permitted::{ManageAccounts, Permitted};
use crate::portal::page::form::{Choice, Problems};
use crate::portal::page::frame::{Answer, done, page, refused_form};
use crate::portal::page::links;
use crate::portal::page::menu::Nav;
use crate::portal::page::moment::day;
use crate::portal::page::refused::{Refusal, problems};
use crate::portal::page::shell::Shell;
use crate::portal::page::words::sentence;
use crate::portal::state::Portal;

/// How many organizations one can choose from.
const MAX_ORGANIZATIONS: usize = 100;

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
    let proposed = catalog.offers().first();
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
    // What was sold when the form was read may have gone meanwhile.
    let opened = match open_subscription(&portal.app, &who.caller, opening).await {
        Ok(opened) => opened,
        Err(error) => {
            let problems = problems(error)?;
            return refused_form(&view(&portal, &who, typed, problems).await?);
        }
    };
    let to = format!("{}/credentials", links::account(opened.subscription.id));
    Ok(done(
        &to,
        "The ACME account was created. Add its first domain next.",
    ))
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
        id => OrganizationId::from_suffix(id).ok().map(Some),
    };
    if organization.is_none() {
        problems = problems.and("organization", "Choose an organization of the list.");
    }
    match (offer, label, term, organization) {
        (Some(offer), Ok(label), Some(term), Some(organization)) => Ok(Opening {
            offer: offer.slug.clone(),
            label,
            term,
            organization,
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
    let is_sold = |term: &Term| {
        let mut offers = catalog.offers().iter();
        offers.any(|offer| offer.policy.term_choices_years.allow(*term))
    };
    let terms = Term::CHOICES.into_iter().filter(is_sold).map(|term| {
        let years = term.years().to_string();
        let unit = if term.years() == 1 { "year" } else { "years" };
        Choice {
            label: format!("{years} {unit}"),
            hint: format!("until {}", day(term.end(now))),
            is_chosen: typed.term_years == years,
            value: years,
        }
    });
    Ok(NewSubscriptionPage {
        shell: who.shell(Nav::Accounts, "New ACME account"),
        kinds: catalog
            .offers()
            .iter()
            .map(|offer| kind(&catalog, offer, &typed.kind))
            .collect(),
        organizations: organizations(portal, who, &typed.organization).await?,
        key_note: key_note(catalog.offers()).to_owned(),
        label: typed.label,
        terms: terms.collect(),
        problems,
    })
}

/// Whom certificates can name, the newest first; nobody where nothing is sold that names somebody, or asks for it.
async fn organizations(
    portal: &Portal,
    who: &Permitted<ManageAccounts>,
    chosen: &str,
) -> Result<Vec<Choice>, Refusal> {
    let catalog = portal.app.catalog();
    let takes_one = |offer: &SoldOffer| {
        let is_named = catalog.certificate_type(&offer.product).is_some();
        let rule = offer.policy.organization_at_creation;
        rule.check(is_named, true).is_ok()
    };
    if !catalog.offers().iter().any(takes_one) {
        return Ok(Vec::new());
    }
    let asked = OrganizationQuery::first(OrganizationFilter::default(), MAX_ORGANIZATIONS);
    let found = list_organizations(&portal.app, &who.caller, asked).await?;
    let own = found.rows.into_iter().map(|row| Choice {
        value: row.organization.id.suffix(),
        label: row.organization.fields.legal_name.clone(),
        hint: row.organization.fields.country.clone(),
        is_chosen: row.organization.id.suffix() == chosen,
    });
    let nobody = Choice {
        value: String::new(),
        label: "None".to_owned(),
        hint: "For certificates that name nobody, or to choose one later.".to_owned(),
        is_chosen: chosen.is_empty(),
    };
    Ok(std::iter::once(nobody).chain(own).collect())
}

/// How often the MAC key of what is sold here is shown.
fn key_note(offers: &[SoldOffer]) -> &'static str {
    let mut reveals = offers.iter().map(|offer| offer.policy.eab_reveal);
    if reveals.all(|reveal| reveal == Reveal::Always) {
        "The credentials are shown on the next page and can be looked up again later, with your password."
    } else {
        "The credentials are on the next page. Some certificate types show the MAC key once, or until a client has \
         registered: copy it then."
    }
}

fn kind(catalog: &Catalog, offer: &SoldOffer, chosen: &str) -> Choice {
    let checked = match catalog.certificate_type(&offer.product) {
        None => "Control of the domain is checked, nothing else.",
        Some(_) => "The organization is checked too, and the certificate names it.",
    };
    Choice {
        value: offer.slug.clone(),
        label: format!("{} ({})", offer.name, offer.product.as_str().to_uppercase()),
        hint: checked.to_owned(),
        is_chosen: offer.slug == chosen,
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
    /// Types on offer.
    pub kinds: Vec<Choice>,
    /// How often the credentials are shown.
    pub key_note: String,
    /// What was typed.
    pub label: String,
    /// Whom certificates can name; none where nothing on offer names anybody.
    pub organizations: Vec<Choice>,
    /// Terms on offer, with their end in the hint.
    pub terms: Vec<Choice>,
    /// What is wrong; fields `kind`, `label`, `organization`, `term_years`.
    pub problems: Problems,
}
