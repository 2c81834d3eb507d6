//! The rules for a new password, ticked while somebody types it (feature F-014).

use askama::Template;
use axum::extract::State;
use flow::access::new_password;
use serde::Deserialize;
use tenancy::password::Password;

use crate::portal::gate::csrf::Form;
use crate::portal::gate::permitted::{Own, Permitted};
use crate::portal::page::frame::{Answer, page};
use crate::portal::state::Portal;

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
    let rules = rules(&portal, &who, &Password::new(typed.new)).await;
    let announcement = announcement(&rules);
    page(&RulesPart {
        rules,
        announcement,
    })
}

/// Before anything is typed nothing is met.
pub(super) async fn unmet(portal: &Portal, who: &Permitted<Own>) -> Vec<PasswordRule> {
    let unmet = |rule| PasswordRule {
        is_met: false,
        ..rule
    };
    let all = rules(portal, who, &Password::new("")).await;
    all.into_iter().map(unmet).collect()
}

async fn rules(portal: &Portal, who: &Permitted<Own>, typed: &Password) -> Vec<PasswordRule> {
    let owner = new_password::Owner::of(&who.signed_in);
    let rules = new_password::requirements(&portal.app, owner, typed).await;
    let rule = |(rule, is_met): (tenancy::password::Requirement, bool)| PasswordRule {
        text: rule.sentence().to_owned(),
        is_met,
    };
    rules.into_iter().map(rule).collect()
}

/// What is still missing, since that is what somebody who cannot see the list wants to know.
fn announcement(rules: &[PasswordRule]) -> String {
    let missing: Vec<&str> = rules
        .iter()
        .filter(|rule| !rule.is_met)
        .map(|rule| rule.text.as_str())
        .collect();
    if missing.is_empty() {
        return "The new password meets all rules".to_owned();
    }
    format!("Still missing: {}", missing.join("; "))
}

/// One rule for passwords.
#[derive(Clone, Debug)]
pub struct PasswordRule {
    /// Such as "At least 12 characters".
    pub text: String,
    /// Whether what was typed meets it.
    pub is_met: bool,
}

/// The list alone, for the script.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/access/settings/rules.html")]
pub struct RulesPart {
    /// All of them.
    pub rules: Vec<PasswordRule>,
    /// What is read out.
    pub announcement: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f014_what_is_missing_is_read_out() {
        let rule = |text: &str, is_met| PasswordRule {
            text: text.to_owned(),
            is_met,
        };
        let both = [rule("A digit", true), rule("A special character", false)];
        assert_eq!(announcement(&both), "Still missing: A special character");
        assert_eq!(announcement(&both[..1]), "The new password meets all rules");
    }
}
