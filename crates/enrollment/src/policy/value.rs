//! Values of a policy that are more than a word.

use std::fmt;
use std::num::NonZeroU16;

use serde_json::Value;

use super::setting::Setting;
use crate::subscription::Term;

/// The terms on offer; at least one, the shortest first.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TermChoices(Vec<Term>);

impl TermChoices {
    /// Whether a term is on offer.
    pub fn allow(&self, term: Term) -> bool {
        self.0.contains(&term)
    }

    /// All of them, the shortest first. That one is proposed.
    pub fn iter(&self) -> impl Iterator<Item = Term> {
        self.0.iter().copied()
    }
}

impl fmt::Display for TermChoices {
    /// As a sentence lists them: `1, 2 or 3`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut years: Vec<_> = self.iter().map(|term| term.years().to_string()).collect();
        let last = years.pop().unwrap_or_default();
        if years.is_empty() {
            return f.write_str(&last);
        }
        write!(f, "{} or {last}", years.join(", "))
    }
}

impl Default for TermChoices {
    fn default() -> Self {
        Self(Term::CHOICES.to_vec())
    }
}

impl Setting for TermChoices {
    fn read(text: &str) -> Option<Self> {
        let years = |text: &str| Term::from_years(text.trim().parse().ok()?).ok();
        let mut terms: Vec<Term> = text.split(',').map(years).collect::<Option<_>>()?;
        terms.sort_unstable();
        terms.dedup();
        Some(Self(terms))
    }

    fn write(&self) -> String {
        let years: Vec<_> = self.iter().map(|term| term.years().to_string()).collect();
        years.join(",")
    }

    fn allowed() -> String {
        "one or more of 1, 2 and 3, with commas between them".to_owned()
    }

    fn json(&self) -> Value {
        self.iter().map(Term::years).collect()
    }
}

/// Whether another term follows by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AutoRenew {
    /// Never.
    Off,
    /// If the owner says so.
    OptIn {
        /// How long before the end it is bought.
        lead_days: u16,
    },
    /// Always.
    On {
        /// How long before the end it is bought.
        lead_days: u16,
    },
}

impl AutoRenew {
    /// How long before the end the next term is bought, if nothing else is said.
    pub const LEAD_DAYS: u16 = 30;

    const OFF: &str = "off";
    const OPT_IN: &str = "opt_in";
    const ON: &str = "on";
}

impl Setting for AutoRenew {
    fn read(text: &str) -> Option<Self> {
        let (word, lead_days) = match text.split_once(':') {
            None => (text, None),
            Some((word, days)) => (word, Some(days.parse().ok()?)),
        };
        match (word, lead_days) {
            (Self::OFF, None) => Some(Self::Off),
            (Self::OPT_IN, days) => Some(Self::OptIn {
                lead_days: days.unwrap_or(Self::LEAD_DAYS),
            }),
            (Self::ON, days) => Some(Self::On {
                lead_days: days.unwrap_or(Self::LEAD_DAYS),
            }),
            _ => None,
        }
    }

    fn write(&self) -> String {
        match self {
            Self::Off => Self::OFF.to_owned(),
            Self::OptIn { lead_days } => format!("{}:{lead_days}", Self::OPT_IN),
            Self::On { lead_days } => format!("{}:{lead_days}", Self::ON),
        }
    }

    fn allowed() -> String {
        "off, opt_in:30 or on:30, with the days before the end after the colon".to_owned()
    }
}

/// When a term can be extended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ExtensionWindow {
    /// How many days before its end.
    pub before: u16,
    /// How many days after it.
    pub after: u16,
}

impl Setting for ExtensionWindow {
    fn read(text: &str) -> Option<Self> {
        let (before, after) = text.split_once(',')?;
        Some(Self {
            before: before.trim().parse().ok()?,
            after: after.trim().parse().ok()?,
        })
    }

    fn write(&self) -> String {
        format!("{},{}", self.before, self.after)
    }

    fn allowed() -> String {
        "two numbers of days, before the end and after it, such as 100,30".to_owned()
    }

    fn json(&self) -> Value {
        [self.before, self.after].into_iter().collect()
    }
}

/// What happens to an order that cannot be paid.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum InsufficientFunds {
    /// It is refused.
    Deny,
    /// It gets a certificate of this profile instead.
    Downgrade(String),
    /// It is carried out, and owed.
    AllowOnAccount,
}

impl InsufficientFunds {
    const DENY: &str = "deny";
    const DOWNGRADE: &str = "downgrade:";
    const ALLOW_ON_ACCOUNT: &str = "allow_on_account";
}

impl Setting for InsufficientFunds {
    fn read(text: &str) -> Option<Self> {
        match text {
            Self::DENY => Some(Self::Deny),
            Self::ALLOW_ON_ACCOUNT => Some(Self::AllowOnAccount),
            _ => {
                let profile = text.strip_prefix(Self::DOWNGRADE)?;
                let is_name =
                    |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
                let is_good = !profile.is_empty() && profile.chars().all(is_name);
                is_good.then(|| Self::Downgrade(profile.to_owned()))
            }
        }
    }

    fn write(&self) -> String {
        match self {
            Self::Deny => Self::DENY.to_owned(),
            Self::Downgrade(profile) => format!("{}{profile}", Self::DOWNGRADE),
            Self::AllowOnAccount => Self::ALLOW_ON_ACCOUNT.to_owned(),
        }
    }

    fn allowed() -> String {
        "deny, downgrade:PROFILE or allow_on_account".to_owned()
    }
}

/// The longest time that a certificate is valid for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MaxCertDays {
    /// So many days, or less if the profile says less.
    Days(NonZeroU16),
    /// As long as the profile says.
    Profile,
}

impl MaxCertDays {
    const PROFILE: &str = "profile";

    /// The number of days; `None` when only the profile decides.
    pub const fn days(self) -> Option<u16> {
        match self {
            Self::Days(days) => Some(days.get()),
            Self::Profile => None,
        }
    }
}

impl Setting for MaxCertDays {
    fn read(text: &str) -> Option<Self> {
        if text == Self::PROFILE {
            return Some(Self::Profile);
        }
        text.parse().ok().map(Self::Days)
    }

    fn write(&self) -> String {
        self.days()
            .map_or_else(|| Self::PROFILE.to_owned(), |days| days.to_string())
    }

    fn allowed() -> String {
        format!("{} or a whole number of days from 1", Self::PROFILE)
    }

    fn json(&self) -> Value {
        self.days()
            .map_or_else(|| Value::from(Self::PROFILE), Value::from)
    }
}
