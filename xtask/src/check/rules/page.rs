//! The tables of a document, made from rules and tests.

use std::fmt::Write as _;

use anyhow::bail;

use super::book::{Book, Rule, State};
use super::test::{self, Test};

const END: &str = "<!-- end -->";
/// How many tests a row names; `cargo xtask rules ID` names all.
const NAMED: usize = 2;

/// The document with its tables made anew, whatever stood between the marks.
pub(super) fn with_tables(text: &str, book: &Book, tests: &[Test]) -> anyhow::Result<String> {
    let begin = format!("<!-- made by `cargo xtask rules` from {} -->", book.path);
    let document = book.document;
    let Some((before, rest)) = text.split_once(&begin) else {
        bail!("{document} has no line {begin}");
    };
    let Some((_, after)) = rest.split_once(END) else {
        bail!("{document} has no line {END}");
    };
    Ok(format!(
        "{before}{begin}\n\n{}{END}{after}",
        tables(book, tests)
    ))
}

fn tables(book: &Book, tests: &[Test]) -> String {
    let mut made = counts(book);
    for section in &book.sections {
        // Writing to a string cannot fail.
        let _ = write!(
            made,
            "\n## {}\n\n| id | what is asked | state | where and test |\n|---|---|---|---|\n",
            section.title
        );
        for rule in &section.rules {
            let _ = writeln!(
                made,
                "| {} | {} | {} | {} |",
                rule.id,
                cell(&rule.asks),
                state(rule),
                cell(&remarks(rule, &test::citing(tests, &rule.id)))
            );
        }
    }
    made.push('\n');
    made
}

fn counts(book: &Book) -> String {
    let states = [State::Met, State::Partly, State::NotBuilt, State::Later];
    let count = |state| book.rules().filter(|rule| rule.state == state).count();
    let counts: Vec<String> = states
        .into_iter()
        .filter(|state| count(*state) > 0)
        .map(|state| format!("{} {}", count(state), state.word()))
        .collect();
    format!("{} rules: {}.\n", book.rules().count(), counts.join(", "))
}

fn state(rule: &Rule) -> String {
    let word = rule.state.word();
    match &rule.waits_for {
        Some(part) => format!("{word}: {}", cell(part)),
        None => format!("**{word}**"),
    }
}

/// Where it is, what is to be said of it, and its first tests.
fn remarks(rule: &Rule, tests: &[&Test]) -> String {
    let mut said = Vec::new();
    if !rule.places.is_empty() {
        let places: Vec<String> = rule.places.iter().map(|place| linked(place)).collect();
        said.push(format!("{}.", places.join(", ")));
    }
    said.extend(rule.remarks());
    let names: Vec<String> = tests
        .iter()
        .take(NAMED)
        .map(|test| format!("`{}`", test.name))
        .collect();
    if !names.is_empty() {
        let more = match tests.len() - names.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        said.push(format!("{}{more}", names.join(", ")));
    }
    said.join(" ")
}

/// Documents are linked from the folder in which they all are.
fn linked(place: &str) -> String {
    match place.strip_prefix("docs/") {
        Some(document) => format!("[{document}]({document})"),
        None => format!("`{place}`"),
    }
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::rules::citation::Known;
    use crate::check::source::Source;

    const RULES: &str = r#"
[[section]]
title = "Sessions"
[[section.rule]]
id = "S-01"
asks = "a|b"
state = "met"
where = ["tenancy/session", "docs/limits.md"]
note = "Always"
[[section.rule]]
id = "S-02"
asks = "c"
state = "later"
waits_for = "money"
"#;
    const DOCUMENT: &str = "# Rules\n\n\
        <!-- made by `cargo xtask rules` from rules.toml -->\nold\n<!-- end -->\n\nBehind.\n";

    fn made(text: &str) -> anyhow::Result<String> {
        let book = Book::parse("rules.toml", "rules.md", RULES)?;
        let mut known = Known::default();
        book.rules().for_each(|rule| known.add_rule(&rule.id));
        let code = "#[test] fn s01_a() {} #[test] fn s01_b() {} #[test] fn s01_c() {}";
        let source = Source::parse("crates/a/src/lib.rs", code)?;
        with_tables(text, &book, &test::find(&[source], &known))
    }

    #[test]
    fn tables_stand_between_the_marks_and_the_rest_stays() {
        let expected = "# Rules\n\n\
            <!-- made by `cargo xtask rules` from rules.toml -->\n\n\
            2 rules: 1 met, 1 later.\n\n\
            ## Sessions\n\n\
            | id | what is asked | state | where and test |\n|---|---|---|---|\n\
            | S-01 | a\\|b | **met** | `tenancy/session`, [limits.md](limits.md). Always. `s01_a`, `s01_b` and 1 more |\n\
            | S-02 | c | later: money |  |\n\n\
            <!-- end -->\n\nBehind.\n";
        assert_eq!(made(DOCUMENT).unwrap(), expected);
    }

    #[test]
    fn what_was_made_is_made_again_alike() {
        let once = made(DOCUMENT).unwrap();
        assert_eq!(made(&once).unwrap(), once);
    }

    #[test]
    fn a_document_without_marks_is_refused() {
        let refused = made("# Rules\n").unwrap_err().to_string();
        assert!(
            refused.contains("rules.md has no line <!-- made by"),
            "{refused}"
        );
    }
}
