//! The small pieces that pages are made of: chips, times, lifetimes, names.

use std::fmt;

use askama::Template;
use askama::filters::HtmlSafe;
use base::DnsName;

use super::icon::{self, Icon};

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

    /// Class of words that say it by themselves.
    pub(crate) fn ink(self) -> &'static str {
        match self {
            Self::Bad => "wrong",
            Self::Busy | Self::Idle => "muted",
            Self::Good => "good",
            Self::Warn => "caution",
        }
    }

    /// Drawing in chips.
    pub(crate) fn icon(self) -> Icon {
        match self {
            Self::Bad => icon::CROSS_CIRCLE,
            Self::Busy => icon::CLOCK,
            Self::Good => icon::CHECK,
            Self::Idle => icon::PAUSE,
            Self::Warn => icon::WARNING,
        }
    }

    /// Drawing in the small circle of a step or check.
    pub(crate) fn dot(self) -> Icon {
        match self {
            Self::Bad => icon::CROSS,
            Self::Idle => icon::DOTS,
            Self::Busy | Self::Good | Self::Warn => self.icon(),
        }
    }

    /// Drawing beside a sentence.
    pub(crate) fn sign(self) -> Icon {
        match self {
            Self::Good => icon::CHECK_CIRCLE,
            Self::Idle => icon::INFO,
            Self::Bad | Self::Busy | Self::Warn => self.icon(),
        }
    }

    /// What a check says to those who do not see its circle.
    pub(crate) fn verdict(self) -> &'static str {
        match self {
            Self::Bad => "Failed",
            Self::Busy => "Running",
            Self::Good => "Passed",
            Self::Idle => "Not checked",
            Self::Warn => "Warning",
        }
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
    /// In lists, such as "14 Mar 2028".
    pub day: String,
    /// Whether it is so near that lists say the hint instead of the day.
    pub is_near: bool,
}

impl HtmlSafe for When {}

impl When {
    /// Whether it has a time of day, which the script shows in the viewer's zone.
    pub(crate) fn is_moment(&self) -> bool {
        self.iso.contains('T')
    }

    /// The same for a cell: one line, with all of it on hover.
    pub(crate) fn short(&self) -> ShortWhen<'_> {
        ShortWhen { when: self }
    }
}

/// A moment in a cell of a list.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "portal/page/part/short.html")]
pub(crate) struct ShortWhen<'w> {
    when: &'w When,
}

impl HtmlSafe for ShortWhen<'_> {}

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

/// A DNS name, or a label in its place: set apart from the direction of the text around it, it wraps after its
/// dots; the text that is copied stays the same. A name with A-labels stands in Unicode, with the A-labels behind it,
/// since two names can look alike.
pub(crate) fn dots(name: &str) -> impl HtmlSafe {
    let parsed = name.contains("xn--").then(|| DnsName::parse(name).ok());
    let unicode = parsed.flatten().and_then(|name| name.to_unicode());
    Dotted {
        name: name.to_owned(),
        unicode,
    }
}

struct Dotted {
    name: String,
    unicode: Option<String>,
}

impl fmt::Display for Dotted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(unicode) = &self.unicode else {
            return write_dotted(f, &self.name);
        };
        write_dotted(f, unicode)?;
        f.write_str(" <span class=\"muted\">")?;
        write_dotted(f, &self.name)?;
        f.write_str("</span>")
    }
}

fn write_dotted(f: &mut fmt::Formatter<'_>, name: &str) -> fmt::Result {
    f.write_str("<bdi class=\"name\">")?;
    for letter in name.chars() {
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
    f.write_str("</bdi>")
}

impl HtmlSafe for Dotted {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_wrap_at_dots_and_are_escaped() {
        let check = |name: &str, inside: &str| {
            let expected = format!("<bdi class=\"name\">{inside}</bdi>");
            assert_eq!(dots(name).to_string(), expected);
        };
        check("www.example", "www.<wbr>example");
        check("<i>.'\"&", "&lt;i&gt;.<wbr>&#39;&quot;&amp;");
    }

    #[test]
    fn finding_4_a_name_stands_in_unicode_with_its_a_labels() {
        let shown = dots("xn--bcher-kva.de").to_string();
        assert_eq!(
            shown,
            "<bdi class=\"name\">b\u{fc}cher.<wbr>de</bdi> <span class=\"muted\"><bdi class=\"name\">xn--bcher-kva.<wbr>de</bdi></span>"
        );
        // What was typed in Unicode needs no second form.
        let typed = dots("b\u{fc}cher.de").to_string();
        assert!(!typed.contains("muted"), "{typed}");
    }
}
