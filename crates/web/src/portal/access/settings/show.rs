//! The person's own settings: profile, appearance, password, sessions (`ux.md` R25).

use askama::Template;
use axum::extract::State;
use flow::access::oidc::show::own_provider;
use flow::access::session;
use tenancy::role::Permission;

use super::browsers::{self, SessionRow};
use super::rules;
use crate::portal::access::password_rules::PasswordRule;
use crate::portal::access::team::words::role_names;
use crate::portal::gate::permitted::{Own, Permitted};
use crate::portal::page::form::Problems;
use crate::portal::page::frame::{Answer, page};
use crate::portal::page::menu::Nav;
use crate::portal::page::part::{Chip, Tone};
use crate::portal::page::refused::Refusal;
use crate::portal::page::shell::Shell;
use crate::portal::state::Portal;

/// `GET /settings`.
pub(super) async fn show(State(portal): State<Portal>, who: Permitted<Own>) -> Answer {
    page(&view(&portal, &who).await?)
}

/// The page as it is, without problems.
pub(super) async fn view(portal: &Portal, who: &Permitted<Own>) -> Result<SettingsPage, Refusal> {
    let now = portal.app.now();
    let mut sessions = session::sessions_of_user(&portal.app, &who.caller, &who.signed_in).await?;
    let provider = own_provider(&portal.app, &who.caller).await?;
    sessions.sort_by_key(|shown| !shown.is_current);
    Ok(SettingsPage {
        shell: who.shell(Nav::Settings, "Settings"),
        name: who.signed_in.user.display_name.as_str().to_owned(),
        role: role_names(&who.signed_in.roles),
        has_provider: provider.is_some(),
        has_second_factor: who.signed_in.has_second_factor,
        second_factor: on_or_off(who.signed_in.has_second_factor),
        profile_problems: Problems::none(),
        password_problems: Problems::none(),
        rules: rules::unmet(portal, who).await,
        may_brand: who.may(Permission::ManageBrand),
        sessions: sessions
            .into_iter()
            .map(|shown| browsers::row(shown, now))
            .collect(),
    })
}

/// Whether a second factor is asked for, as a chip.
pub fn on_or_off(is_on: bool) -> Chip {
    if is_on {
        Chip::new(Tone::Good, "On")
    } else {
        Chip::new(Tone::Idle, "Off")
    }
}

/// `GET /settings`, and answers to its forms that failed.
///
/// Forms: `POST /settings/profile` (`name`), `/settings/appearance` (`theme`, `shortcuts`,
/// `next`), `/settings/password` (`current_password`, `new_password`, `repeat_password`), `/settings/password/rules`
/// (`new_password`),
/// `/settings/sessions/{id}/end`, `/settings/sessions/end-others`.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/access/settings/show.html")]
pub struct SettingsPage {
    /// The frame; theme, e-mail and tenant come from it.
    pub shell: Shell,
    /// Display name.
    pub name: String,
    /// Roles in words.
    pub role: String,
    /// Whether the organisation has an identity provider.
    pub has_provider: bool,
    /// Whether a second factor is asked for.
    pub has_second_factor: bool,
    /// The same as a chip.
    pub second_factor: Chip,
    /// What is wrong with the profile; field `name`.
    pub profile_problems: Problems,
    /// What is wrong with the password form; fields as above.
    pub password_problems: Problems,
    /// Rules for a new password.
    pub rules: Vec<PasswordRule>,
    /// Whether the person may say how their tenant shows itself.
    pub may_brand: bool,
    /// Where the person is signed in, this session first.
    pub sessions: Vec<SessionRow>,
}
