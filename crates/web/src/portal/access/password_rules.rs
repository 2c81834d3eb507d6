//! The rules for a new password, ticked while somebody types it (feature F-014).

use askama::Template;
use tenancy::password::Requirement;

/// What was found, as the list shows it.
pub(super) fn list(found: Vec<(Requirement, bool)>) -> Vec<PasswordRule> {
    let rule = |(rule, is_met): (Requirement, bool)| PasswordRule {
        text: rule.sentence().to_owned(),
        is_met,
    };
    found.into_iter().map(rule).collect()
}

/// Before anything is typed nothing is met.
pub(super) fn unmet(found: Vec<(Requirement, bool)>) -> Vec<PasswordRule> {
    let unmet = |rule| PasswordRule {
        is_met: false,
        ..rule
    };
    list(found).into_iter().map(unmet).collect()
}

/// The list alone, for the script that asks at this address.
pub(super) fn part(rules: Vec<PasswordRule>, rules_href: String) -> RulesPart {
    RulesPart {
        announcement: announcement(&rules),
        rules,
        rules_href,
    }
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
#[template(path = "portal/access/password_rules.html")]
pub struct RulesPart {
    /// All of them.
    pub rules: Vec<PasswordRule>,
    /// What is read out.
    pub announcement: String,
    /// Where what is typed is looked at.
    pub rules_href: String,
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
