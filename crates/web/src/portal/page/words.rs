//! Numbers, names and messages in words.

/// A number with its noun, such as "12,408 domains".
pub(crate) fn count(number: i64, one: &str, many: &str) -> String {
    let noun = if number == 1 { one } else { many };
    format!("{} {noun}", grouped(number))
}

/// A number with its thousands set apart.
pub(crate) fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if number < 0 {
        text.push('-');
    }
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// What follows the first name of several.
pub(crate) fn more(names: &[String]) -> String {
    match names {
        [] | [_] => String::new(),
        [_, second] => format!("and {second}"),
        [_, others @ ..] => format!("and {} more", others.len()),
    }
}

/// The first letter in upper case, unless it is that of a name, and a full stop at the end: an error's message as a sentence.
pub(crate) fn sentence(error: &impl std::fmt::Display) -> String {
    let text = error.to_string();
    let mut letters = text.chars();
    let word = text.split_whitespace().next().unwrap_or_default();
    // A name begins as it is written.
    let is_name = word.trim_end_matches(['.', ',', ':', ';']).contains('.');
    let first: String = match letters.next() {
        Some(first) if is_name => first.to_string(),
        first => first.into_iter().flat_map(char::to_uppercase).collect(),
    };
    let end = if text.ends_with(['.', '!', '?']) {
        ""
    } else {
        "."
    };
    format!("{first}{}{end}", letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(count(1, "domain", "domains"), "1 domain");
        assert_eq!(count(12_408, "domain", "domains"), "12,408 domains");
        assert_eq!(grouped(-1_000_000), "-1,000,000");
        assert_eq!(grouped(0), "0");
    }

    #[test]
    fn further_names_are_told_or_counted() {
        let names = |count: usize| vec!["a.example".to_owned(); count];
        assert_eq!(more(&names(1)), "");
        assert_eq!(more(&names(2)), "and a.example");
        assert_eq!(more(&names(4)), "and 3 more");
    }

    #[test]
    fn messages_become_sentences() {
        assert_eq!(sentence(&"the label is long"), "The label is long.");
        assert_eq!(sentence(&""), ".");
    }
}
