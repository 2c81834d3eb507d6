//! Settings: as they are, and after a refused password.

use super::{Error, Nav, Pages, date, shell};
use crate::portal::access::password_rules::PasswordRule;
use crate::portal::access::settings::browsers::SessionRow;
use crate::portal::access::settings::show::{SettingsPage, on_or_off};
use crate::portal::page::form::Problems;

fn session(id: &str, browser: &str, address: &str, is_current: bool) -> SessionRow {
    SessionRow {
        id: id.to_owned(),
        browser: browser.to_owned(),
        address: address.to_owned(),
        began: date("23 Nov 2026", "2 hours ago"),
        last_seen: date("23 Nov 2026", "now"),
        is_current,
    }
}

pub(super) fn add(pages: &mut Pages) -> Result<(), Error> {
    let rule = |text: &str, is_met| PasswordRule {
        text: text.to_owned(),
        is_met,
    };
    let page = |password_problems| SettingsPage {
        shell: shell(Nav::Settings, "Settings"),
        name: "Astrid Berg".to_owned(),
        role: "Administrator".to_owned(),
        has_provider: true,
        has_second_factor: false,
        second_factor: on_or_off(false),
        profile_problems: Problems::none(),
        password_problems,
        rules: vec![
            rule(
                "At least 12 characters; a sentence is easy to remember",
                true,
            ),
            rule(
                "Not your e-mail address or the name of your organisation",
                false,
            ),
            rule("Different from the present one", false),
        ],
        may_brand: true,
        sessions: vec![
            session("s1", "Firefox on Linux", "203.0.113.7", true),
            session("s2", "Safari on iPhone", "2001:db8:40::17", false),
        ],
    };
    pages.add("settings", &page(Problems::none()))?;
    let problems = Problems::one("current_password", "That is not your present password.").and(
        "new_password",
        "The new password has 8 characters; use at least 12.",
    );
    pages.add("settings-error", &page(problems))
}
