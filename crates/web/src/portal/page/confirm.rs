//! The page before an action that takes something away: what exactly, with which consequences.

use askama::Template;

use super::form::{Choice, Problems};
use super::shell::Shell;

/// Something typed to show that it is meant; only for what cannot be undone.
#[derive(Clone, Debug)]
pub struct Typed {
    /// What must be typed, exactly; sent as `confirmation`.
    pub expected: String,
    /// What is wrong with the last try; field `confirmation`.
    pub problems: Problems,
}

/// One of several things to choose from.
#[derive(Clone, Debug)]
pub struct Choosing {
    /// The field.
    pub field: String,
    /// What is chosen.
    pub legend: String,
    /// What there is to choose from.
    pub list: Vec<Choice>,
}

/// What is asked besides whether it is meant.
#[derive(Clone, Debug, Default)]
pub struct Extras {
    /// A choice.
    pub choosing: Option<Choosing>,
    /// Whether the sign-in is too long ago for this; field `password`.
    pub asks_password: bool,
    /// What is wrong with these fields.
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
    /// What is asked besides.
    pub extras: Extras,
    /// Where the answer goes.
    pub action_href: String,
    /// Text of the button.
    pub action: String,
    /// Whether the button is red.
    pub is_dangerous: bool,
}
