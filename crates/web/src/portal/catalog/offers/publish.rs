//! Publishing the next version of an offer.

use axum::extract::State;
use base::{Class, Refuse as _};
use enrollment::policy::{Policy, Preset};
use flow::catalog::publish_offer::{OfferPlan, publish_offer};
use flow::catalog::show_offers::OfferDetail;
use serde::Deserialize;

use super::show::{Typed, view};
use crate::portal::gate::allowed::Allowed;
use crate::portal::gate::csrf::Form;
use crate::portal::gate::permitted::ManageOffers;
use crate::portal::gate::recent::prove_and_go_on;
use crate::portal::page::form::Problems;
use crate::portal::page::frame::{Answer, add_cookie, done, refused_form};
use crate::portal::page::links;
use crate::portal::page::words::sentence;
use crate::portal::state::Portal;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct PublishForm {
    preset: String,
    settings: String,
    password: String,
}

/// `POST /offers/{id}`.
pub(super) async fn publish(
    State(portal): State<Portal>,
    Allowed {
        mut who,
        object: found,
    }: Allowed<ManageOffers, OfferDetail>,
    Form(form): Form<PublishForm>,
) -> Answer {
    let typed = Typed {
        preset: form.preset,
        settings: form.settings,
    };
    let policy = match read(&found, &typed) {
        Ok(policy) => policy,
        Err(problems) => {
            return refused_form(&view(&portal, &who, (&found, None), (typed, problems))?);
        }
    };
    let cookie = match prove_and_go_on(&portal, &mut who, form.password).await? {
        Ok(cookie) => cookie,
        Err(problems) => {
            return refused_form(&view(&portal, &who, (&found, None), (typed, problems))?);
        }
    };
    let plan = OfferPlan {
        slug: found.offer.slug.clone(),
        name: None,
        product: None,
        policy,
    };
    let published = match publish_offer(&portal.app, &who.caller, plan).await {
        Ok(published) => published,
        Err(error) if matches!(error.refusal().class, Class::Conflict | Class::Invalid) => {
            let problems = Problems::one("settings", &sentence(&error));
            return refused_form(&view(&portal, &who, (&found, None), (typed, problems))?);
        }
        Err(error) => return Err(error.into()),
    };
    let number = published.version.number;
    let message = if published.is_new {
        format!("Version {number} is sold from now on. Accounts that were bought keep theirs.")
    } else {
        format!("Nothing differs: version {number} is sold as before.")
    };
    let mut answer = done(&links::offer(&found.offer.slug), &message);
    if let Some(cookie) = cookie {
        add_cookie(&mut answer, &cookie);
    }
    Ok(answer)
}

/// The policy that was typed: a preset or the present version, with what it has otherwise.
fn read(found: &OfferDetail, typed: &Typed) -> Result<Policy, Problems> {
    let present = found.versions.first().map(|line| &line.version.policy);
    let begun = match typed.preset.as_str() {
        "" => present,
        name => Preset::named(name).map(|preset| &preset.policy),
    };
    let Some(begun) = begun else {
        return Err(Problems::one("preset", "Choose one from the list."));
    };
    let mut policy = begun.clone();
    for (number, line) in (1_u32..).zip(typed.settings.lines()) {
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        let wrong = |what: String| Problems::one("settings", &format!("Line {number}: {what}"));
        let Some((key, value)) = line.split_once('=') else {
            return Err(wrong("write a key, = and its value.".to_owned()));
        };
        policy = policy
            .with(key.trim(), value)
            .map_err(|error| wrong(error.to_string()))?;
    }
    Ok(policy)
}
