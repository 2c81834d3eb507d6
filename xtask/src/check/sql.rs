//! SQL text is written in `crates/store` and nowhere else.
//!
//! Statements are recognised by upper-case key words in string literals, also inside macro
//! arguments; documentation is not looked at. The tools of `xtask` make and drop whole databases.

use proc_macro2::{Literal, TokenTree};

use super::Finding;
use super::source::{self, Source};

/// How a statement starts, and a word that must follow somewhere for it to be one.
const STATEMENTS: &[(&str, &str)] = &[
    ("ALTER TABLE ", ""),
    ("BEGIN IMMEDIATE", ""),
    ("CREATE DATABASE ", ""),
    ("CREATE INDEX ", " ON "),
    ("CREATE TABLE ", ""),
    ("CREATE UNIQUE INDEX ", " ON "),
    ("DELETE FROM ", ""),
    ("DROP DATABASE ", ""),
    ("DROP TABLE ", ""),
    ("INSERT INTO ", ""),
    ("PRAGMA ", ""),
    ("SELECT ", " FROM "),
    ("TRUNCATE ", ""),
    ("UPDATE ", " SET "),
];

/// Checks one file; those of the store and of the tools are exempt.
pub(crate) fn check(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    if source.path.starts_with("crates/store/") || source.path.starts_with("xtask/") {
        return findings;
    }
    source::for_each_sequence(&source.tokens, &mut |tokens| {
        if source::is_documentation(tokens) {
            return;
        }
        for token in tokens {
            if let TokenTree::Literal(literal) = token
                && is_sql(literal)
            {
                let line = literal.span().start().line;
                let message = "SQL text; move it to a function of crates/store";
                findings.push(Finding::new(&source.path, line, message));
            }
        }
    });
    findings
}

fn is_sql(literal: &Literal) -> bool {
    let text = literal.to_string();
    let text = text.trim_start_matches(|c: char| !c.is_ascii_alphabetic() || c == 'r' || c == 'b');
    // A statement that is broken over lines has its key words at the ends of lines.
    let text = text.replace("\\n", " ");
    let text: Vec<&str> = text.split_whitespace().collect();
    let text = format!("{} ", text.join(" "));
    STATEMENTS
        .iter()
        .any(|(start, inside)| text.starts_with(start) && text.contains(inside))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_text(path: &str, text: &str, expected_lines: &[usize]) {
        let source = Source::parse(path, text).unwrap();
        let lines: Vec<usize> = check(&source).iter().map(|finding| finding.line).collect();
        assert_eq!(lines, expected_lines);
    }

    #[test]
    fn statements_are_found_in_literals_and_macros() {
        let flow = "crates/flow/src/a.rs";
        check_text(flow, "const A: &str = \"SELECT id FROM tenant\";", &[1]);
        check_text(
            flow,
            "fn a() {\n  run(sql!(r#\"\n UPDATE tenant\n SET a = 1\"#)); }",
            &[2],
        );
        check_text(flow, "fn a() { run(\"PRAGMA wal_checkpoint\") }", &[1]);
    }

    #[test]
    fn prose_is_not_sql() {
        let flow = "crates/flow/src/a.rs";
        check_text(
            flow,
            "const A: &str = \"Select a domain from the list\";",
            &[],
        );
        check_text(flow, "/// SELECT id FROM tenant\nconst A: u8 = 1;", &[]);
        check_text(flow, "const A: &str = \"SELECTED\";", &[]);
    }

    #[test]
    fn the_store_may() {
        check_text(
            "crates/store/src/a.rs",
            "const A: &str = \"DELETE FROM tenant\";",
            &[],
        );
    }
}
