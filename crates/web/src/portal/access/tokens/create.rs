//! Making a token. Its text is shown once.

use askama::Template;
use axum::extract::State;
use base::Refuse as _;
use flow::access::api_token::create_token::{CreateTokenError, CreatedToken, create_token};
use tenancy::api_token::{ApiTokenName, ApiTokenRequest, Networks, ScopesError, Validity};

use super::list::{TokenForm, view};
use crate::portal::gate::csrf::Form;
use crate::portal::gate::permitted::{Own, Permitted};
use crate::portal::gate::recent::prove_field;
use crate::portal::page::form::Problems;
use crate::portal::page::frame::{Answer, add_cookie, refused_form, secret_page};
use crate::portal::page::menu::Nav;
use crate::portal::page::moment::when;
use crate::portal::page::part::When;
use crate::portal::page::refused::problems;
use crate::portal::page::shell::Shell;
use crate::portal::page::words::sentence;
use crate::portal::state::Portal;

/// `POST /settings/tokens`.
pub(super) async fn create(
    State(portal): State<Portal>,
    who: Permitted<Own>,
    Form(typed): Form<TokenForm>,
) -> Answer {
    let request = match read(&typed) {
        Ok(request) => request,
        Err(problems) => return refused_form(&view(&portal, &who, &typed, problems).await?),
    };
    let cookie = match prove_field(&portal, &who, typed.password.clone()).await? {
        Ok(cookie) => cookie,
        Err(problems) => return refused_form(&view(&portal, &who, &typed, problems).await?),
    };
    let owner = (who.signed_in.user.id, who.signed_in.tenant.kind);
    let mut response = match create_token(&portal.app, &who.caller, owner, request).await {
        Ok(created) => secret_page(&shown(&portal, &who, &created))?,
        Err(error) => refused(&portal, &who, &typed, error).await?,
    };
    if let Some(cookie) = cookie {
        add_cookie(&mut response, &cookie);
    }
    Ok(response)
}

async fn refused(
    portal: &Portal,
    who: &Permitted<Own>,
    typed: &TokenForm,
    error: CreateTokenError,
) -> Answer {
    let problems = problems(error)?;
    refused_form(&view(portal, who, typed, problems).await?)
}

fn read(typed: &TokenForm) -> Result<ApiTokenRequest, Problems> {
    let mut problems = Problems::none();
    let name = ApiTokenName::parse(&typed.name);
    if let Err(error) = &name {
        problems = problems.and("name", &sentence(error));
    }
    let scopes = typed.scopes();
    if scopes.iter().next().is_none() {
        problems = problems.and("scopes", &sentence(&ScopesError::Empty));
    }
    let validity = Validity::parse(&typed.days);
    if let Err(error) = &validity {
        problems = problems.and("days", &sentence(error));
    }
    let networks = Networks::parse(&typed.networks);
    if let Err(error) = &networks {
        problems = problems.and("networks", &sentence(&error.refusal().sentence));
    }
    match (name, validity, networks) {
        (Ok(name), Ok(validity), Ok(networks)) if problems.is_empty() => Ok(ApiTokenRequest {
            name,
            scopes,
            networks,
            validity,
        }),
        _ => Err(problems),
    }
}

fn shown(portal: &Portal, who: &Permitted<Own>, created: &CreatedToken) -> CreatedTokenPage {
    CreatedTokenPage {
        shell: who.shell(Nav::Settings, "New API token"),
        name: created.token.name.as_str().to_owned(),
        token: created.bearer.reveal(),
        command: format!(
            "curl -H \"Authorization: Bearer $CHANCERY_TOKEN\" {}/api/v1/me",
            who.origin(portal)
        ),
        ends: when(created.token.expires_at, portal.app.now()),
    }
}

/// The token, shown once.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/access/tokens/created.html")]
pub struct CreatedTokenPage {
    /// The frame.
    pub shell: Shell,
    /// What its owner calls it.
    pub name: String,
    /// What its holder sends.
    pub token: String,
    /// A command that tries it, with the token in a variable.
    pub command: String,
    /// When it expires.
    pub ends: When,
}
