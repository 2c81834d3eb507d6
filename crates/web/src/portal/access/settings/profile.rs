//! The person's own name.

use axum::extract::State;
use flow::access::preferences;
use serde::Deserialize;
use tenancy::user::DisplayName;

use super::show::{self, SettingsPage};
use crate::portal::gate::csrf::Form;
use crate::portal::gate::permitted::{Own, Permitted};
use crate::portal::page::form::Problems;
use crate::portal::page::frame::{Answer, done, refused_form};
use crate::portal::page::words::sentence;
use crate::portal::state::Portal;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct ProfileForm {
    name: String,
}

/// `POST /settings/profile`.
pub(super) async fn submit(
    State(portal): State<Portal>,
    who: Permitted<Own>,
    Form(typed): Form<ProfileForm>,
) -> Answer {
    match DisplayName::parse(&typed.name) {
        Ok(name) => {
            preferences::set_display_name(&portal.app, &who.caller, &who.signed_in, name).await?;
            Ok(done("/settings", "Your profile was saved."))
        }
        Err(error) => refused_form(&SettingsPage {
            profile_problems: Problems::one("name", &sentence(&error)),
            name: typed.name,
            ..show::view(&portal, &who).await?
        }),
    }
}
