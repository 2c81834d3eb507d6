//! The rules for one's own new password.

use axum::extract::State;
use flow::access::new_password::{Owner, requirements};
use serde::Deserialize;
use tenancy::password::{Password, Requirement};

use crate::portal::access::password_rules::{self, PasswordRule};
use crate::portal::gate::csrf::Form;
use crate::portal::gate::permitted::{Own, Permitted};
use crate::portal::page::frame::{Answer, page};
use crate::portal::state::Portal;

/// Where the list asks.
pub(super) const HREF: &str = "/settings/password/rules";

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    #[serde(rename = "new_password")]
    new: String,
}

/// `POST /settings/password/rules`. Looks at what was typed and keeps nothing of it.
pub(super) async fn show(
    State(portal): State<Portal>,
    who: Permitted<Own>,
    Form(typed): Form<Typed>,
) -> Answer {
    let found = found(&portal, &who, &typed.new).await;
    let rules = password_rules::list(found);
    page(&password_rules::part(rules, HREF.to_owned()))
}

/// The list before anything is typed.
pub(super) async fn unmet(portal: &Portal, who: &Permitted<Own>) -> Vec<PasswordRule> {
    password_rules::unmet(found(portal, who, "").await)
}

async fn found(portal: &Portal, who: &Permitted<Own>, typed: &str) -> Vec<(Requirement, bool)> {
    let owner = Owner::of(&who.signed_in);
    requirements(&portal.app, owner, &Password::new(typed)).await
}
