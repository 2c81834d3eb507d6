//! A person who signs in to the portal (features F-001, F-011, F-018).
//!
//! The password and failed attempts are kept apart, so that what pages show about a user never
//! carries a hash.

use std::fmt;

use base::{TenantId, Timestamp, UserId};
use serde::{Serialize, Serializer};

use crate::line;
use base::words;

mod email;

pub use crate::line::NameError;
pub use email::{Email, EmailError};

words! {
    /// Whether a user may sign in at all.
    pub enum Status {
        /// May.
        Active = "active",
        /// May not; was switched off by an administrator.
        Disabled = "disabled",
        /// May not yet: has not followed the link of the invitation (F-030).
        Invited = "invited",
        /// Never again; the name and the address are gone.
        Removed = "removed",
    }
}

words! {
    /// The colours of the portal (F-018).
    pub enum Theme {
        /// As the browser says.
        System = "system",
        /// Light.
        Light = "light",
        /// Dark.
        Dark = "dark",
    }
}

words! {
    /// The language of the portal, as a language tag (BCP 47).
    pub enum Locale {
        /// English.
        English = "en",
    }
}

/// What the portal calls a person: 1 to 100 characters on one line.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct DisplayName(String);

impl DisplayName {
    /// Reads what a person typed.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        line::parse(text).map(Self)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DisplayName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for DisplayName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// A person who signs in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct User {
    /// Their identifier.
    pub id: UserId,
    /// The tenant for which they act.
    pub tenant: TenantId,
    /// Where they get mail and what they sign in with; unique in the installation.
    pub email: Email,
    /// What the portal calls them.
    pub display_name: DisplayName,
    /// Whether they may sign in.
    pub status: Status,
    /// The colours they chose.
    pub theme: Theme,
    /// The language they chose.
    pub locale: Locale,
    /// When they were invited.
    pub created_at: Timestamp,
}

impl User {
    /// A user who has been invited, with the default preferences.
    pub fn invited(
        id: UserId,
        tenant: TenantId,
        email: Email,
        display_name: DisplayName,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            tenant,
            email,
            display_name,
            status: Status::Invited,
            theme: Theme::System,
            locale: Locale::English,
            created_at: now,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f018_the_theme_has_three_values_that_round_trip() {
        assert_eq!(Theme::ALL.len(), 3);
        for theme in Theme::ALL {
            assert_eq!(Theme::parse(theme.as_str()), Some(*theme));
        }
        assert_eq!(Locale::parse("en"), Some(Locale::English));
        assert_eq!(Status::parse("disabled"), Some(Status::Disabled));
    }

    #[test]
    fn display_names_are_one_line() {
        assert_eq!(
            DisplayName::parse(" Ann Example ").unwrap().as_str(),
            "Ann Example"
        );
        assert_eq!(DisplayName::parse("a\nb"), Err(NameError::Control));
    }
}
