//! The tokens of whoever looks, and the form for another one.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use base::Timestamp;
use flow::access::api_token::list_tokens::list_tokens;
use serde::Deserialize;
use tenancy::api_token::{ApiToken, Scopes, Validity};
use tenancy::role::Permission;

use super::LIST;
use crate::portal::access::team::words::permission_name;
use crate::portal::gate::permitted::{Own, Permitted};
use crate::portal::gate::recent::is_recent;
use crate::portal::page::form::{Choice, Problems};
use crate::portal::page::frame::{Answer, page};
use crate::portal::page::menu::Nav;
use crate::portal::page::moment::when;
use crate::portal::page::part::{Chip, Tone, When};
use crate::portal::page::refused::Refusal;
use crate::portal::page::shell::Shell;
use crate::portal::state::Portal;

/// `GET /settings/tokens`.
pub(super) async fn list(State(portal): State<Portal>, who: Permitted<Own>) -> Answer {
    page(&view(&portal, &who, &TokenForm::default(), Problems::none()).await?)
}

/// What was typed to make a token: besides these fields a tick for each permission.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct TokenForm {
    pub(super) name: String,
    pub(super) days: String,
    pub(super) networks: String,
    pub(super) password: String,
    #[serde(flatten)]
    ticked: BTreeMap<String, String>,
}

impl TokenForm {
    /// The permissions that were ticked.
    pub(super) fn scopes(&self) -> Scopes {
        let words = self.ticked.keys();
        words.filter_map(|word| Permission::parse(word)).collect()
    }
}

pub(super) async fn view(
    portal: &Portal,
    who: &Permitted<Own>,
    typed: &TokenForm,
    problems: Problems,
) -> Result<TokensPage, Refusal> {
    let now = portal.app.now();
    let signed_in = &who.signed_in;
    let tokens = list_tokens(&portal.app, &who.caller, signed_in.user.id).await?;
    let held = Scopes::possible().held_by(&signed_in.roles, signed_in.tenant.kind);
    Ok(TokensPage {
        shell: who.shell(Nav::Settings, "API tokens"),
        tokens: tokens.iter().map(|token| row(token, now)).collect(),
        name: typed.name.clone(),
        scopes: scope_choices(&held, &typed.scopes()),
        days: day_choices(&typed.days),
        networks: typed.networks.clone(),
        asks_password: !is_recent(portal, who),
        problems,
    })
}

fn row(token: &ApiToken, now: Timestamp) -> TokenRow {
    let networks: Vec<_> = token.networks.iter().map(|each| each.to_string()).collect();
    let scopes: Vec<_> = token.scopes.iter().map(Permission::as_str).collect();
    TokenRow {
        name: token.name.as_str().to_owned(),
        scopes: scopes.join(", "),
        networks: networks.join(", "),
        last_used: token.last_used_at.map(|at| when(at, now)),
        ends: when(token.expires_at, now),
        status: status(token, now),
        revoke_href: if token.is_live(now) {
            revoke_href(token)
        } else {
            String::new()
        },
    }
}

/// The page on which a token is ended.
pub(super) fn revoke_href(token: &ApiToken) -> String {
    format!("{LIST}/{}/revoke", token.id.suffix())
}

fn status(token: &ApiToken, now: Timestamp) -> Chip {
    if token.revoked_at.is_some() {
        Chip::new(Tone::Idle, "Revoked")
    } else if token.is_live(now) {
        Chip::new(Tone::Good, "Active")
    } else {
        Chip::new(Tone::Idle, "Expired")
    }
}

/// What a token of somebody may do who holds these, with those that were ticked.
pub fn scope_choices(held: &Scopes, ticked: &Scopes) -> Vec<Choice> {
    let mut choices: Vec<_> = held
        .iter()
        .map(|permission| Choice {
            value: permission.as_str().to_owned(),
            label: permission_name(permission).to_owned(),
            hint: permission.as_str().to_owned(),
            is_chosen: ticked.has(permission),
        })
        .collect();
    choices.sort_by(|one, other| one.label.cmp(&other.label));
    choices
}

/// For how long it works.
pub fn day_choices(chosen: &str) -> Vec<Choice> {
    let choice = |days: u16| Choice {
        value: days.to_string(),
        label: format!("{days} days"),
        hint: String::new(),
        is_chosen: days.to_string() == chosen,
    };
    Validity::CHOICES.map(choice).to_vec()
}

/// A line of the list.
#[derive(Clone, Debug)]
pub struct TokenRow {
    /// What its owner calls it.
    pub name: String,
    /// What it may do, in the words of the API.
    pub scopes: String,
    /// From where it works; empty is anywhere.
    pub networks: String,
    /// When it was used last, to the hour.
    pub last_used: Option<When>,
    /// When it expires.
    pub ends: When,
    /// Whether it works.
    pub status: Chip,
    /// Where it is revoked; empty when it has ended.
    pub revoke_href: String,
}

/// `GET /settings/tokens`, and a form that failed.
///
/// Form: `POST /settings/tokens` (`name`, `cert.view` and the other words of permissions: a tick for each, `days`,
/// `networks`, `password` if asked for).
#[derive(Clone, Debug, Template)]
#[template(path = "portal/access/tokens/list.html")]
pub struct TokensPage {
    /// The frame.
    pub shell: Shell,
    /// Those that work, and those that ended within a day; the newest first.
    pub tokens: Vec<TokenRow>,
    /// What was typed as name.
    pub name: String,
    /// What a new one may do: what the one who looks may.
    pub scopes: Vec<Choice>,
    /// For how long it works.
    pub days: Vec<Choice>,
    /// What was typed as networks.
    pub networks: String,
    /// Whether the sign-in is too long ago; field `password`.
    pub asks_password: bool,
    /// What is wrong; fields `name`, `scopes`, `days`, `networks`, `password`.
    pub problems: Problems,
}

#[cfg(test)]
mod tests {
    use tenancy::role::{Role, Roles};
    use tenancy::tenant::TenantKind;

    use super::*;

    #[test]
    fn s33_only_what_a_person_holds_is_offered() {
        let offered = |role| {
            let held = Scopes::possible().held_by(&Roles::one(role), TenantKind::Reseller);
            let choices = scope_choices(&held, &Scopes::default());
            let mut words: Vec<_> = choices.into_iter().map(|choice| choice.value).collect();
            words.sort();
            words
        };
        let looking = [
            "account.view",
            "activity.view",
            "cert.view",
            "domain.view",
            "organization.view",
        ];
        assert_eq!(offered(Role::Viewer), looking);
        assert_eq!(offered(Role::Manager).len(), 9);
        assert_eq!(offered(Role::Admin), offered(Role::Manager));
    }
}
