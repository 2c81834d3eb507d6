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
    /// One of them is this.
    Include(DnsName),
}

impl Names {
    /// From what somebody typed; nothing means anything.
    pub fn containing(text: &str) -> Self {
        if text.is_empty() {
            Self::Any
        } else {
            Self::Contain(text.to_owned())
        }
    }

    /// For a list of names with a space before and after each.
    pub(crate) fn pattern(&self) -> String {
        match self {
            Self::Any => "%".to_owned(),
            Self::Contain(text) => format!("%{}%", escape_like(text)),
            Self::Include(name) => format!("% {} %", escape_like(name.as_str())),
        }
    }

    /// For one reversed name: fits whatever fits, and perhaps more. The labels of the text come in reverse order;
    /// its first may be the end of a label and its last the beginning of one.
    pub(crate) fn reversed_pattern(&self) -> String {
        match self {
            Self::Any => "%".to_owned(),
            Self::Contain(text) => {
                let labels: Vec<String> = text.rsplit('.').map(escape_like).collect();
                format!("%{}%", labels.join("%.%"))
            }
            Self::Include(name) => escape_like(&name.reversed()),
        }
    }
}

/// The text with LIKE's own characters taken literally.
pub(crate) fn escape_like(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_")
}
