//! The person's own settings: profile, appearance, password, sessions (`ux.md` R25).

mod browser;
mod password;

use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect};
use axum::routing::{get, post};
use flow::access::session::{self, EndError, Shown};
use flow::access::{new_password, preferences};
use serde::Deserialize;
use tenancy::password::{Password, Requirement as Rule};
use tenancy::role::Role;
use tenancy::user::DisplayName;

use crate::portal::gate::csrf::{Form, Nothing};
use crate::portal::gate::permitted::{Own, Permitted};
use crate::portal::page::cookie;
use crate::portal::page::form::Problems;
use crate::portal::page::frame::{Answer, add_cookie, done, page, refused_form};
use crate::portal::page::links::local_path;
use crate::portal::page::moment::when;
use crate::portal::page::refused::Refusal;
use crate::portal::page::shell::{Nav, Theme};
use crate::portal::page::words::sentence;
use crate::portal::state::Portal;
use crate::portal::view::settings::{Requirement, SessionRow, SettingsPage};

pub(super) fn routes() -> Router<Portal> {
    Router::new()
        .route("/settings", get(settings))
        .route("/settings/profile", post(profile))
        .route("/settings/appearance", post(appearance))
        .route("/settings/password", post(password::change))
        .route("/settings/sessions/{id}/end", post(end_session))
        .route("/settings/sessions/end-others", post(end_others))
}

/// `GET /settings`.
async fn settings(State(portal): State<Portal>, who: Permitted<Own>) -> Answer {
    page(&view(&portal, &who).await?)
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Profile {
    name: String,
}

/// `POST /settings/profile`.
async fn profile(
    State(portal): State<Portal>,
    who: Permitted<Own>,
    Form(typed): Form<Profile>,
) -> Answer {
    match DisplayName::parse(&typed.name) {
        Ok(name) => {
            preferences::set_display_name(&portal.app, &who.caller(), &who.signed_in, name).await?;
            Ok(done("/settings", "Your profile was saved."))
        }
        Err(error) => refused_form(&SettingsPage {
            profile_problems: Problems::one("name", &sentence(&error)),
            name: typed.name,
            ..view(&portal, &who).await?
        }),
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Appearance {
    theme: String,
    shortcuts: String,
    full: String,
    next: String,
}

/// `POST /settings/appearance`. The button in the sidebar sends the theme alone.
async fn appearance(
    State(portal): State<Portal>,
    who: Permitted<Own>,
    Form(typed): Form<Appearance>,
) -> Answer {
    let theme = Theme::from_text(&typed.theme);
    let stored = tenancy::user::Theme::parse(theme.as_str());
    let stored = stored.unwrap_or(tenancy::user::Theme::System);
    preferences::set_theme(&portal.app, &who.caller(), &who.signed_in, stored).await?;
    let is_full = !typed.full.is_empty();
    let mut response = if is_full {
        done("/settings", "The appearance was saved.")
    } else {
        Redirect::to(local_path(&typed.next)).into_response()
    };
    add_cookie(&mut response, &cookie::set_theme(theme));
    if is_full {
        add_cookie(
            &mut response,
            &cookie::set_shortcuts(typed.shortcuts == "on"),
        );
    }
    Ok(response)
}

/// `POST /settings/sessions/{id}/end`.
async fn end_session(
    State(portal): State<Portal>,
    who: Permitted<Own>,
    Path(id): Path<String>,
    Form(Nothing {}): Form<Nothing>,
) -> Answer {
    match session::end_session(&portal.app, &who.caller(), &who.signed_in, &id).await {
        Ok(()) => Ok(done("/settings", "The session was ended.")),
        Err(EndError::NotFound) => Err(Refusal::NotFound),
        Err(EndError::Store(error)) => Err(error.into()),
    }
}

/// `POST /settings/sessions/end-others`.
async fn end_others(
    State(portal): State<Portal>,
    who: Permitted<Own>,
    Form(Nothing {}): Form<Nothing>,
) -> Answer {
    let ended = session::end_other_sessions(&portal.app, &who.caller(), &who.signed_in).await?;
    let message = match ended {
        0 => "There was no other session.".to_owned(),
        1 => "One other session was ended.".to_owned(),
        many => format!("{many} other sessions were ended."),
    };
    Ok(done("/settings", &message))
}

/// The page as it is, without problems.
async fn view(portal: &Portal, who: &Permitted<Own>) -> Result<SettingsPage, Refusal> {
    let now = portal.app.clock.now();
    let mut sessions = session::sessions_of_user(&portal.app, &who.signed_in).await?;
    sessions.sort_by_key(|shown| !shown.is_current);
    let mut shell = who.shell(Nav::Settings, "Settings");
    if who.signed_in.must_change_password {
        shell.flashes.push(password::must_change());
    }
    Ok(SettingsPage {
        shell,
        name: who.signed_in.user.display_name.as_str().to_owned(),
        role: role(who.signed_in.user.role).to_owned(),
        profile_problems: Problems::none(),
        password_problems: Problems::none(),
        requirements: requirements(who),
        sessions: sessions.into_iter().map(|shown| row(shown, now)).collect(),
    })
}

fn row(shown: Shown, now: base::Timestamp) -> SessionRow {
    SessionRow {
        browser: browser::name(&shown.client_agent),
        address: shown.client_address,
        began: when(shown.session.created_at, now),
        last_seen: when(shown.session.last_seen_at, now),
        is_current: shown.is_current,
        id: shown.id,
    }
}

fn requirements(who: &Permitted<Own>) -> Vec<Requirement> {
    let owner = new_password::Owner::of(&who.signed_in);
    new_password::requirements(owner, &Password::new(""))
        .into_iter()
        .map(|(rule, _)| Requirement {
            text: rule.sentence().to_owned(),
            min_length: if rule == Rule::MinLength {
                MIN_LENGTH
            } else {
                0
            },
        })
        .collect()
}

fn role(role: Role) -> &'static str {
    match role {
        Role::Admin => "Administrator",
        Role::Member => "Member",
        Role::Viewer => "Viewer",
    }
}

/// What the script ticks while somebody types; the server decides (F-012).
const MIN_LENGTH: usize = 8;
