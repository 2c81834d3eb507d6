//! The owner's name for a subscription (F-046): free text that stays on one line.

use std::fmt;

use serde::{Serialize, Serializer};

/// At most 64 characters without control characters and without space around them; none are no label.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Label(String);

/// Why a text cannot be a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LabelError {
    /// A line break, a tab, or a character that changes the direction of the text around it.
    #[error("the label contains a control character; use letters, digits, spaces and punctuation")]
    Control,
    /// More than 64 characters.
    #[error("the label has {0} characters; at most {max} fit", max = Label::MAX_CHARS)]
    TooLong(usize),
}

impl Label {
    /// The longest label, in characters.
    pub const MAX_CHARS: usize = 64;

    /// Reads what a person typed; nothing but space is no label.
    pub fn parse(text: &str) -> Result<Self, LabelError> {
        let text = text.trim();
        if text.chars().any(is_control) {
            return Err(LabelError::Control);
        }
        match text.chars().count() {
            0..=Self::MAX_CHARS => Ok(Self(text.to_owned())),
            length => Err(LabelError::TooLong(length)),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Control characters, and the bidirectional ones that can make a text read as another.
fn is_control(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Label {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<&str, LabelError>) {
        let found = Label::parse(text).map(|label| label.to_string());
        assert_eq!(found, expected.map(str::to_owned));
    }

    #[test]
    fn f046_labels_are_trimmed_and_bounded() {
        check(" Web server 1 ", Ok("Web server 1"));
        check("K\u{f6}ln", Ok("K\u{f6}ln"));
        check("  ", Ok(""));
        check(&"\u{e9}".repeat(64), Ok(&"\u{e9}".repeat(64)));
        check(&"a".repeat(65), Err(LabelError::TooLong(65)));
        check("a\nb", Err(LabelError::Control));
        check("a\u{202e}b", Err(LabelError::Control));
    }

    #[test]
    fn f046_the_sentence_names_the_limit() {
        assert_eq!(
            LabelError::TooLong(70).to_string(),
            "the label has 70 characters; at most 64 fit"
        );
    }
}
