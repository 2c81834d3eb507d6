//! Sets of names as text, and what they are searched for.

use base::{DnsName, Identifier};

/// The names, separated by spaces.
pub(crate) fn joined(names: &[Identifier]) -> String {
    let mut text = String::new();
    for name in names {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(&name.as_text());
    }
    text
}

/// What the names of a row must be like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Names {
    /// Anything.
    #[default]
    Any,
    /// One of them contains this text, in lower case.
    Contain(String),
    /// One of them is below this.
    Below(DnsName),
    /// One of them is this.
    Include(DnsName),
}

/// Reversed names that stand together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    /// The first that may be in it.
    pub(crate) from: String,
    /// Where it ends.
    pub(crate) until: String,
}

impl Names {
    /// From what somebody typed; nothing means anything, a whole name with a dot before it what is below that.
    pub fn containing(text: &str) -> Self {
        if text.is_empty() {
            return Self::Any;
        }
        let text = DnsName::part_in_ascii(text);
        let above = text.strip_prefix('.').map(DnsName::parse);
        match above {
            Some(Ok(name)) if !name.is_wildcard() && text.ends_with(name.as_str()) => {
                Self::Below(name)
            }
            Some(_) | None => Self::Contain(text),
        }
    }

    /// Where all that fit stand and nothing else; `None` if they may stand anywhere.
    pub(crate) fn range(&self) -> Option<Range> {
        let (reversed, first, behind) = match self {
            Self::Any | Self::Contain(_) => return None,
            Self::Below(name) => (name.reversed(), ".", "/"),
            // Whatever a longer name goes on with stands behind a space.
            Self::Include(name) => (name.reversed(), "", " "),
        };
        Some(Range {
            from: format!("{reversed}{first}"),
            until: format!("{reversed}{behind}"),
        })
    }

    /// For a list of names with a space before and after each.
    pub(crate) fn pattern(&self) -> String {
        match self {
            Self::Any => "%".to_owned(),
            Self::Below(name) => format!("%.{} %", escape_like(name.as_str())),
            Self::Contain(text) => format!("%{}%", escape_like(text)),
            Self::Include(name) => format!("% {} %", escape_like(name.as_str())),
        }
    }

    /// What a reversed name holds if it fits, and perhaps others too: the longest label of the text. A range needs
    /// none.
    pub(crate) fn longest_label(&self) -> &str {
        match self {
            Self::Any | Self::Below(_) | Self::Include(_) => "",
            Self::Contain(text) => longest_label(text),
        }
    }
}

/// A name holds this label if it holds the text, whichever way its labels stand.
pub(crate) fn longest_label(text: &str) -> &str {
    let longest = text.split('.').max_by_key(|label| label.len());
    longest.unwrap_or_default()
}

/// The text with LIKE's own characters taken literally.
pub(crate) fn escape_like(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_")
}
