//! The small pieces that pages are made of: chips, times, filters, paging, form problems.

use std::fmt;

use askama::Template;
use askama::filters::HtmlSafe;

/// How good or bad something is; chooses icon and colour together, so colour never stands alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Broken, refused or over.
    Bad,
    /// Running at this moment.
    Busy,
    /// As it should be.
    Good,
    /// Neither good nor bad: drafts, ended things.
    Idle,
    /// Needs somebody's attention.
    Warn,
}

impl Tone {
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Bad => "bad",
            Self::Busy => "busy",
            Self::Good => "ok",
            Self::Idle => "idle",
            Self::Warn => "warn",
        }
    }

    pub(crate) fn is(self, class: &str) -> bool {
        self.class() == class
    }
}

/// A status: icon, colour and a word of the fixed vocabulary (`ux.md` 5.2).
#[derive(Clone, Debug, Template)]
#[template(path = "portal/part/chip.html")]
pub struct Chip {
    /// Chooses colour and icon.
    pub tone: Tone,
    /// One or two words, such as "Active".
    pub text: String,
}

impl Chip {
    /// A chip of one tone.
    pub fn new(tone: Tone, text: &str) -> Self {
        Self {
            tone,
            text: text.to_owned(),
        }
    }
}

impl HtmlSafe for Chip {}

/// A moment, absolute with a relative hint.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/part/when.html")]
pub struct When {
    /// RFC 3339 in UTC, for machines; the script shows it in the viewer's zone.
    pub iso: String,
    /// Absolute, in UTC, such as "14 March 2028, 09:12".
    pub text: String,
    /// Relative, such as "in 12 days"; may be empty.
    pub hint: String,
}

impl HtmlSafe for When {}

/// How much of a lifetime has passed, drawn as a bar.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/part/lifetime.html")]
pub struct Lifetime {
    /// 0 to 100; larger values count as 100.
    pub percent: u8,
    /// Colour of the bar.
    pub tone: Tone,
    /// The same in words, for those who cannot see the bar.
    pub text: String,
}

impl Lifetime {
    pub(crate) fn width(&self) -> u8 {
        self.percent.min(100)
    }
}

impl HtmlSafe for Lifetime {}

/// One entry of a select, radio group or list of links.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// Value the form sends.
    pub value: String,
    /// What the person reads.
    pub label: String,
    /// A few more words; may be empty.
    pub hint: String,
    /// Whether it is the one chosen now.
    pub is_chosen: bool,
}

/// A link that sets one filter; the state lives in the address.
#[derive(Clone, Debug)]
pub struct FilterChip {
    /// Text of the chip.
    pub label: String,
    /// How many rows it leads to; empty when that is not counted.
    pub count: String,
    /// This page with the filter set.
    pub href: String,
    /// Whether the filter is set now.
    pub is_current: bool,
}

/// Filters of which one is set at a time.
#[derive(Clone, Debug)]
pub struct FilterGroup {
    /// What is filtered, such as "Status".
    pub label: String,
    /// Its values, the first one being "all".
    pub chips: Vec<FilterChip>,
    /// Long lists, such as accounts, open as a menu instead of standing in a row.
    pub is_menu: bool,
}

impl FilterGroup {
    /// Text of the chip that is set, for the closed menu.
    pub(crate) fn current(&self) -> &str {
        self.chips
            .iter()
            .find(|chip| chip.is_current)
            .map_or("", |chip| chip.label.as_str())
    }

    /// The menu is highlighted when anything but the first value is set.
    pub(crate) fn is_set(&self) -> bool {
        self.chips.iter().skip(1).any(|chip| chip.is_current)
    }
}

/// The search field of a list.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// Path of the list, without a query.
    pub href: String,
    /// What is searched for now; sent as `q`.
    pub value: String,
    /// Shown while it is empty, such as "Search 12,408 domains".
    pub placeholder: String,
    /// Other filters to keep, as name and value.
    pub kept: Vec<(String, String)>,
    /// Result in words, announced after each search, such as "14 domains match".
    pub outcome: String,
}

/// Links to the pages before and after, by keyset.
#[derive(Clone, Debug, Default)]
pub struct Paging {
    /// Address of the page before; none on the first page.
    pub previous: Option<String>,
    /// Address of the page after; none on the last page.
    pub next: Option<String>,
    /// Such as "50 of 12,408 domains".
    pub text: String,
    /// Rows per page to choose from; empty hides the choice.
    pub sizes: Vec<FilterChip>,
}

impl Paging {
    pub(crate) fn is_needed(&self) -> bool {
        self.previous.is_some() || self.next.is_some() || !self.text.is_empty()
    }
}

/// One thing wrong with one field.
#[derive(Clone, Debug)]
pub struct Problem {
    /// Name and id of the field.
    pub field: String,
    /// What to change, in one sentence.
    pub message: String,
}

/// What is wrong with a form: a summary on top with links, and text at each field.
#[derive(Clone, Debug, Default)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Nothing wrong.
    pub fn none() -> Self {
        Self::default()
    }

    /// One problem; more follow with [`and`](Self::and).
    pub fn one(field: &str, message: &str) -> Self {
        Self::none().and(field, message)
    }

    /// Adds a problem.
    #[must_use]
    pub fn and(mut self, field: &str, message: &str) -> Self {
        self.0.push(Problem {
            field: field.to_owned(),
            message: message.to_owned(),
        });
        self
    }

    /// Whether the form may be accepted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn all(&self) -> &[Problem] {
        &self.0
    }

    /// What is wrong with one field; empty when nothing is.
    pub(crate) fn of(&self, field: &str) -> &str {
        let found = self.0.iter().find(|problem| problem.field == field);
        found.map_or("", |problem| problem.message.as_str())
    }
}

/// Lets a DNS name wrap after its dots, and escapes it; the text that is copied stays the same.
pub(crate) fn dots(name: &str) -> impl HtmlSafe {
    Dotted(name.to_owned())
}

struct Dotted(String);

impl fmt::Display for Dotted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in self.0.chars() {
            match letter {
                '.' => f.write_str(".<wbr>")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '&' => f.write_str("&amp;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                other => write!(f, "{other}")?,
            }
        }
        Ok(())
    }
}

impl HtmlSafe for Dotted {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_wrap_at_dots_and_are_escaped() {
        assert_eq!(dots("www.example").to_string(), "www.<wbr>example");
        assert_eq!(
            dots("<i>.'\"&").to_string(),
            "&lt;i&gt;.<wbr>&#39;&quot;&amp;"
        );
    }
}
