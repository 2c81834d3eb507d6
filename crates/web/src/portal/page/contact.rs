//! Whom people ask, as pages show it: plain text, of which a mail address can be followed.

use tenancy::user::Email;

/// A line of a contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HelpLine {
    /// What it says.
    pub text: String,
    /// Whether it is a mail address.
    pub is_address: bool,
}

impl HelpLine {
    /// A line as somebody typed it.
    pub fn new(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            is_address: Email::parse(text).is_ok(),
        }
    }
}
