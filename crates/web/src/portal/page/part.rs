//! The small pieces that pages are made of: chips, times, lifetimes, names.

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
#[template(path = "portal/page/part/chip.html")]
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
#[template(path = "portal/page/part/when.html")]
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
#[template(path = "portal/page/part/lifetime.html")]
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
