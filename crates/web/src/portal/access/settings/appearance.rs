//! Theme and shortcuts.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect};
use flow::access::preferences;
use serde::Deserialize;

use crate::portal::gate::csrf::Form;
use crate::portal::gate::permitted::{Own, Permitted};
use crate::portal::page::cookie;
use crate::portal::page::frame::{Answer, add_cookie, done};
use crate::portal::page::shell::Theme;
use crate::portal::state::Portal;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct AppearanceForm {
    theme: String,
    shortcuts: String,
    full: String,
    next: String,
}

/// `POST /settings/appearance`. The button in the sidebar sends the theme alone.
pub(super) async fn submit(
    State(portal): State<Portal>,
    who: Permitted<Own>,
    Form(typed): Form<AppearanceForm>,
) -> Answer {
    let theme = Theme::from_text(&typed.theme);
    let stored = tenancy::user::Theme::parse(theme.as_str());
    let stored = stored.unwrap_or(tenancy::user::Theme::System);
    preferences::set_theme(&portal.app, &who.caller, &who.signed_in, stored).await?;
    let is_full = !typed.full.is_empty();
    let mut response = if is_full {
        done("/settings", "The appearance was saved.")
    } else {
        Redirect::to(portal.routes.local_path(&typed.next)).into_response()
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
