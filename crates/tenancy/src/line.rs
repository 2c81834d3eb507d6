//! Names that people give to things: one line of text, bounded, without characters that hide or
//! reorder what is around them.

/// Why a text cannot be a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// A line break, a tab, or a character that changes the direction of the text around it.
    #[error("the name contains a control character; use letters, digits, spaces and punctuation")]
    Control,
    /// Nothing but space.
    #[error("the name is empty")]
    Empty,
    /// Too many characters.
    #[error("the name has {length} characters; at most {MAX_CHARS} fit")]
    TooLong {
        /// How many it has.
        length: usize,
    },
}

/// The longest name, in characters.
pub(crate) const MAX_CHARS: usize = 100;

/// The trimmed text, if it is fit for a name.
pub(crate) fn parse(text: &str) -> Result<String, NameError> {
    let text = text.trim();
    if text.chars().any(is_control) {
        return Err(NameError::Control);
    }
    match text.chars().count() {
        0 => Err(NameError::Empty),
        1..=MAX_CHARS => Ok(text.to_owned()),
        length => Err(NameError::TooLong { length }),
    }
}

/// Whether a character hides or reorders what is around it.
pub(crate) fn is_control(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<&str, NameError>) {
        assert_eq!(parse(text), expected.map(str::to_owned));
    }

    #[test]
    fn names_are_trimmed_and_bounded() {
        check("  Example Hosting ", Ok("Example Hosting"));
        check("J\u{f6}rg \u{738b}", Ok("J\u{f6}rg \u{738b}"));
        check(" ", Err(NameError::Empty));
        check("a\tb", Err(NameError::Control));
        check("a\u{202e}b", Err(NameError::Control));
        check(&"\u{e9}".repeat(100), Ok(&"\u{e9}".repeat(100)));
        check(&"a".repeat(101), Err(NameError::TooLong { length: 101 }));
    }
}
