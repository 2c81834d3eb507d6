//! Who vouches for the people of the organisation (security S-67).

use askama::Template;
use axum::extract::State;
use base::Part;
use base::Refuse as _;
use flow::access::oidc::remove_provider::remove_provider;
use flow::access::oidc::set_provider::{ProviderPlan, SetProviderError, set_provider};
use flow::access::oidc::show::own_provider;
use serde::Deserialize;
use tenancy::oidc::{ClientId, ClientSecret, Issuer, ProviderSettingError, ProviderShortName};

use crate::portal::gate::csrf::Form;
use crate::portal::gate::permitted::{ManageUsers, Permitted};
use crate::portal::gate::recent::{is_recent, prove_and_go_on};
use crate::portal::page::form::Problems;
use crate::portal::page::frame::{Answer, add_cookie, done, not_done, page, refused_form};
use crate::portal::page::menu::Nav;
use crate::portal::page::refused::{Refusal, problems};
use crate::portal::page::shell::Shell;
use crate::portal::page::words::sentence;
use crate::portal::state::Portal;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ProviderForm {
    short_name: String,
    issuer: String,
    client_id: String,
    client_secret: String,
    required: String,
    password: String,
}

/// `GET /team/provider`.
pub(super) async fn show(State(portal): State<Portal>, who: Permitted<ManageUsers>) -> Answer {
    page(&view(&portal, &who, None, Problems::none()).await?)
}

/// `POST /team/provider`.
pub(super) async fn set(
    State(portal): State<Portal>,
    mut who: Permitted<ManageUsers>,
    Form(mut typed): Form<ProviderForm>,
) -> Answer {
    let password = std::mem::take(&mut typed.password);
    let cookie = match prove_and_go_on(&portal, &mut who, password).await? {
        Ok(cookie) => cookie,
        Err(problems) => return refused_form(&view(&portal, &who, Some(typed), problems).await?),
    };
    let set = match plan(&typed) {
        Ok(plan) => set_provider(&portal.app, &who.caller, plan).await,
        Err(wrong) => return refused_form(&view(&portal, &who, Some(typed), wrong).await?),
    };
    let mut response = match set {
        Ok(_) => done("/team/provider", "The identity provider is set."),
        Err(error @ (SetProviderError::Seal(_) | SetProviderError::Store(_))) => {
            return Err(error.into());
        }
        Err(error) => {
            let problems = problems(error)?;
            refused_form(&view(&portal, &who, Some(typed), problems).await?)?
        }
    };
    if let Some(cookie) = cookie {
        add_cookie(&mut response, &cookie);
    }
    Ok(response)
}

/// `POST /team/provider/remove`.
pub(super) async fn remove(
    State(portal): State<Portal>,
    mut who: Permitted<ManageUsers>,
    Form(typed): Form<ProviderForm>,
) -> Answer {
    let cookie = match prove_and_go_on(&portal, &mut who, typed.password).await? {
        Ok(cookie) => cookie,
        Err(problems) => {
            let problems = Problems::one("remove_password", problems.of("password"));
            return refused_form(&view(&portal, &who, None, problems).await?);
        }
    };
    let mut response = if remove_provider(&portal.app, &who.caller).await? {
        let message = "The identity provider is gone; everybody signs in with their password.";
        done("/team/provider", message)
    } else {
        not_done("/team/provider", "There is no identity provider.")
    };
    if let Some(cookie) = cookie {
        add_cookie(&mut response, &cookie);
    }
    Ok(response)
}

/// What was typed, if all of it can be meant.
fn plan(typed: &ProviderForm) -> Result<ProviderPlan, Problems> {
    let mut problems = Problems::none();
    let mut note = |error: ProviderSettingError| {
        let said = std::mem::replace(&mut problems, Problems::none());
        problems = match error.refusal().about.first().map(|about| &about.part) {
            Some(Part::Field(field)) => said.and(field, &sentence(&error)),
            Some(Part::Identifier { .. }) | None => said,
        };
    };
    let short_name = ProviderShortName::parse(&typed.short_name).map_err(&mut note);
    let issuer = Issuer::parse(typed.issuer.trim()).map_err(&mut note);
    let client = ClientId::parse(&typed.client_id).map_err(&mut note);
    let is_kept = typed.client_secret.trim().is_empty();
    let secret = (!is_kept).then(|| ClientSecret::parse(&typed.client_secret));
    let secret = secret.transpose().map_err(&mut note);
    match (short_name, issuer, client, secret) {
        (Ok(short_name), Ok(issuer), Ok(client), Ok(secret)) => Ok(ProviderPlan {
            short_name,
            issuer,
            client,
            secret,
            is_required: typed.required == "on",
        }),
        _ => Err(problems),
    }
}

async fn view(
    portal: &Portal,
    who: &Permitted<ManageUsers>,
    typed: Option<ProviderForm>,
    problems: Problems,
) -> Result<ProviderPage, Refusal> {
    let provider = own_provider(&portal.app, &who.caller).await?;
    let known = provider.as_ref().map(|provider| ProviderForm {
        short_name: provider.short_name.as_str().to_owned(),
        issuer: provider.issuer.as_str().to_owned(),
        client_id: provider.client.as_str().to_owned(),
        required: if provider.is_required { "on" } else { "" }.to_owned(),
        ..ProviderForm::default()
    });
    let shown = typed.or(known).unwrap_or_default();
    let (start_url, redirect_uri) = provider
        .map(|provider| (provider.start_url, provider.redirect_uri))
        .unzip();
    let origin = who.origin(portal);
    Ok(ProviderPage {
        shell: who.shell(Nav::Team, "Identity provider"),
        redirect_pattern: format!("{origin}/sign-in/oidc/SHORT-NAME/callback"),
        start_url,
        redirect_uri,
        short_name: shown.short_name,
        issuer: shown.issuer,
        client_id: shown.client_id,
        is_required: shown.required == "on",
        asks_password: !is_recent(portal, who),
        problems,
    })
}

/// `GET /team/provider`, and answers to its forms that failed.
///
/// Forms: `POST /team/provider` (`short_name`, `issuer`, `client_id`, `client_secret`, `required`, `password` if asked for) and
/// `/team/provider/remove` (`password` if asked for).
#[derive(Clone, Debug, Template)]
#[template(path = "portal/access/team/provider.html")]
pub struct ProviderPage {
    /// The frame.
    pub shell: Shell,
    /// Where a sign-in begins, if a provider is set.
    pub start_url: Option<String>,
    /// Where it sends people back to, if one is set.
    pub redirect_uri: Option<String>,
    /// The same before the short name is known.
    pub redirect_pattern: String,
    /// By what people name their organisation.
    pub short_name: String,
    /// Who vouches.
    pub issuer: String,
    /// What it calls this portal.
    pub client_id: String,
    /// Whether whoever is linked signs in by it alone.
    pub is_required: bool,
    /// Whether the sign-in is too long ago.
    pub asks_password: bool,
    /// What is wrong; the fields of the form, and `remove_password`.
    pub problems: Problems,
}
