//! The page before an action that takes something away: what exactly, with which consequences.

use askama::Template;

use super::form::Problems;
use super::shell::Shell;

/// Something typed to show that it is meant; only for what cannot be undone.
#[derive(Clone, Debug)]
pub struct Typed {
    /// What must be typed, exactly; sent as `confirmation`.
    pub expected: String,
    /// What is wrong with the last try; field `confirmation`.
    pub problems: Problems,
}

/// A question with consequences; its answer is a `POST` to `action_href`.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/page/confirm.html")]
pub struct ConfirmPage {
    /// The frame; its title is the headline.
    pub shell: Shell,
    /// The page that leads here: text and path.
    pub back: (String, String),
    /// One sentence that names the object.
    pub lead: String,
    /// What will happen, one sentence each.
    pub consequences: Vec<String>,
    /// Names concerned besides the object, such as companions; may be empty.
    pub names: Vec<String>,
    /// What those names are.
    pub names_title: String,
    /// Needed only for what cannot be undone.
    pub typed: Option<Typed>,
    /// Where the answer goes.
    pub action_href: String,
    /// Text of the button.
    pub action: String,
    /// Whether the button is red.
    pub is_dangerous: bool,
}
