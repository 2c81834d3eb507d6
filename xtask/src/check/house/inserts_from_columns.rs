//! An INSERT of the store takes its columns from `columns!`, which also reads the row: a column that one of
//! them forgets cannot be.

use super::sql_text::{self, ELSEWHERE};
use crate::check::Finding;
use crate::check::code::Code;

/// Checks the statements of the store.
pub(crate) fn check(code: &Code<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in code.product() {
        if !source.path.starts_with("crates/store/") {
            continue;
        }
        for statement in sql_text::statements(source) {
            for table in by_hand(&statement.words()) {
                let message = format!("INSERT INTO {table} written by hand: use columns!");
                findings.push(Finding::new(&source.path, statement.line, message));
            }
        }
    }
    findings
}

/// The tables whose columns are written out.
fn by_hand<'a>(words: &[&'a str]) -> Vec<&'a str> {
    words
        .windows(5)
        .filter_map(|words| match words {
            ["INSERT", "INTO", table, "(", column, ..]
                if ![*table, *column].contains(&ELSEWHERE) =>
            {
                Some(*table)
            }
            ["INSERT", "INTO", table, next, ..]
                if ![*table, *next].contains(&ELSEWHERE) && *next != "(" =>
            {
                Some(*table)
            }
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::code::places;

    #[track_caller]
    fn check_statement(arguments: &str, is_wrong: bool) {
        let text = format!("fn a() {{ run(sql!({arguments})) }}");
        let found = places(check, &[("crates/store/src/a.rs", &text)]);
        assert_eq!(!found.is_empty(), is_wrong, "{arguments}");
    }

    #[test]
    fn columns_by_hand_are_found() {
        check_statement("\"INSERT INTO node (id, seen_at) VALUES ($1, $2)\"", true);
        check_statement("\"INSERT INTO node SELECT id FROM other\"", true);
        check_statement(
            "tenant: \"INSERT INTO node (\", listed!(), \") VALUES ($1)\"",
            false,
        );
        check_statement("\"INSERT INTO node \", inserted!()", false);
        check_statement(
            "\"INSERT INTO \", $table, \" (\", columns!(@list a), \")\"",
            false,
        );
        check_statement("\"SELECT id FROM node\"", false);
    }
}
