//! Replacing one's own password (features F-011 to F-015).

use axum::extract::State;
use flow::access::change_password::{ChangePasswordError, change_password};
use serde::Deserialize;
use tenancy::password::Password;
use tenancy::session::set_cookie;

use super::show::{self, SettingsPage};
use crate::portal::gate::csrf::Form;
use crate::portal::gate::permitted::{Own, Permitted};
use crate::portal::gate::recent::proof_problem;
use crate::portal::page::form::Problems;
use crate::portal::page::frame::{Answer, add_cookie, done, refused_form};
use crate::portal::page::refused::{Refusal, problems};
use crate::portal::state::Portal;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct PasswordForm {
    #[serde(rename = "current_password")]
    current: String,
    #[serde(rename = "new_password")]
    new: String,
    #[serde(rename = "repeat_password")]
    repeat: String,
}

/// `POST /settings/password`. The browser at hand gets a new session, the others end.
pub(super) async fn change(
    State(portal): State<Portal>,
    who: Permitted<Own>,
    Form(typed): Form<PasswordForm>,
) -> Answer {
    if typed.new != typed.repeat {
        let problems = Problems::one("repeat_password", "The two new passwords differ.");
        return refused(&portal, &who, problems).await;
    }
    let current = Password::new(typed.current);
    let new = Password::new(typed.new);
    let (app, caller) = (&portal.app, &who.caller);
    let changed = change_password(app, caller, &who.signed_in, &current, &new, who.address());
    match changed.await {
        Ok(changed) => {
            let mut response = done("/settings", &changed_message(changed.ended));
            add_cookie(&mut response, &set_cookie(&changed.signed_in.token));
            Ok(response)
        }
        Err(error) => {
            let problems = told(error, &portal)?;
            refused(&portal, &who, problems).await
        }
    }
}

async fn refused(portal: &Portal, who: &Permitted<Own>, problems: Problems) -> Answer {
    refused_form(&SettingsPage {
        password_problems: problems,
        ..show::view(portal, who).await?
    })
}

/// How long a lock lasts only the clock can tell.
fn told(error: ChangePasswordError, portal: &Portal) -> Result<Problems, Refusal> {
    match error {
        ChangePasswordError::Proof(error) => {
            let message = proof_problem(error, portal)?;
            Ok(Problems::one("current_password", &message))
        }
        ChangePasswordError::Changed
        | ChangePasswordError::Password(_)
        | ChangePasswordError::Same
        | ChangePasswordError::Store(_)
        | ChangePasswordError::Unmet(_) => problems(error),
    }
}

fn changed_message(ended: u64) -> String {
    match ended {
        0 => "Your password was changed.".to_owned(),
        1 => "Your password was changed and one other session ended.".to_owned(),
        many => format!("Your password was changed and {many} other sessions ended."),
    }
}
