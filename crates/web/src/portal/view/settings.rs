//! The person's own settings: profile, appearance, password, sessions (`ux.md` R25).

use askama::Template;

use crate::portal::page::form::Problems;
use crate::portal::page::part::When;
use crate::portal::page::shell::Shell;

/// One rule for passwords.
#[derive(Clone, Debug)]
pub struct Requirement {
    /// Such as "At least 12 characters".
    pub text: String,
    /// Least length, for the rule that the script can check while typing; 0 for others.
    pub min_length: usize,
}

/// One place where the person is signed in.
#[derive(Clone, Debug)]
pub struct SessionRow {
    /// Opaque handle; never the session's secret.
    pub id: String,
    /// Such as "Firefox on Linux".
    pub browser: String,
    /// Network address.
    pub address: String,
    /// When it was signed in.
    pub began: When,
    /// When it was last used.
    pub last_seen: When,
    /// Whether it is the one that asks.
    pub is_current: bool,
}

/// `GET /settings`, and answers to its forms that failed.
///
/// Forms: `POST /settings/profile` (`name`), `/settings/appearance` (`theme`, `shortcuts`,
/// `next`), `/settings/password` (`current_password`, `new_password`, `repeat_password`),
/// `/settings/sessions/{id}/end`, `/settings/sessions/end-others`.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/settings/settings.html")]
pub struct SettingsPage {
    /// The frame; theme, e-mail and tenant come from it.
    pub shell: Shell,
    /// Display name.
    pub name: String,
    /// Role in words.
    pub role: String,
    /// What is wrong with the profile; field `name`.
    pub profile_problems: Problems,
    /// What is wrong with the password form; fields as above.
    pub password_problems: Problems,
    /// Rules for a new password.
    pub requirements: Vec<Requirement>,
    /// Where the person is signed in, this session first.
    pub sessions: Vec<SessionRow>,
}
