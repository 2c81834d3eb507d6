//! Rows that are added and never changed: no UPDATE on those tables, and from the books no DELETE.
//!
//! That a statement on a tenant's table is bound to its tenant is tested in the store, where the schema is
//! known.

use super::sql_text;
use crate::check::Finding;
use crate::check::code::Code;

/// Tables whose rows stay as they were written.
const NEVER_CHANGED: &[&str] = &[
    "audit",
    "audit_seal",
    "certificate",
    "domain_validation",
    "event",
    "journal",
    "offer_version",
    "posting",
    "price",
    "profile_version",
];
/// Tables whose rows stay for good.
const NEVER_DELETED: &[&str] = &["audit_seal", "journal", "posting"];

/// Checks the statements of all crates.
pub(crate) fn check(code: &Code<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in code.product() {
        for statement in sql_text::statements(source) {
            for message in broken(&statement.words()) {
                findings.push(Finding::new(&source.path, statement.line, message));
            }
        }
    }
    findings
}

fn broken(words: &[&str]) -> Vec<String> {
    let mut inserted = None;
    let mut found = Vec::new();
    for (place, word) in words.iter().enumerate() {
        let before = place.checked_sub(1).and_then(|before| words.get(before));
        let [next, after] = [1, 2].map(|further| words.get(place + further).copied());
        match (*word, before.copied(), next) {
            ("INSERT", _, Some("INTO")) => inserted = after,
            ("DELETE", _, Some("FROM")) => found.extend(kept(after)),
            ("UPDATE", Some("DO"), _) => found.extend(unchanged(inserted)),
            ("UPDATE", Some("FOR" | "KEY"), _) => {}
            ("UPDATE", _, table) => found.extend(unchanged(table)),
            _ => {}
        }
    }
    found
}

fn unchanged(table: Option<&str>) -> Option<String> {
    let table = table.filter(|table| NEVER_CHANGED.contains(table))?;
    Some(format!(
        "UPDATE of {table}, whose rows never change: insert a new one"
    ))
}

fn kept(table: Option<&str>) -> Option<String> {
    let table = table.filter(|table| NEVER_DELETED.contains(table))?;
    Some(format!("DELETE from {table}, whose rows stay for good"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_words(statement: &str, expected: &[&str]) {
        let words: Vec<&str> = statement.split(' ').collect();
        assert_eq!(broken(&words), expected);
    }

    #[test]
    fn rows_that_never_change() {
        let message = "UPDATE of price, whose rows never change: insert a new one";
        check_words("UPDATE price SET amount = $1", &[message]);
        check_words(
            "INSERT INTO price … ON CONFLICT ( id ) DO UPDATE SET amount = $1",
            &[message],
        );
        check_words("UPDATE acme_order SET status = $1", &[]);
        check_words("SELECT id FROM price FOR UPDATE", &[]);
        check_words("SELECT id FROM price FOR NO KEY UPDATE", &[]);
        check_words("INSERT INTO price … ON CONFLICT DO NOTHING", &[]);
    }

    #[test]
    fn rows_that_stay() {
        check_words(
            "DELETE FROM journal WHERE id = $1",
            &["DELETE from journal, whose rows stay for good"],
        );
        check_words("DELETE FROM event WHERE id = $1", &[]);
    }

    #[test]
    fn statements_are_read_in_their_files() {
        let text = "fn a() {\n run(sql!(\"UPDATE audit SET at = 1\"));\n}";
        let path = "crates/store/src/audit.rs";
        let found = crate::check::code::places(check, &[(path, text)]);
        assert_eq!(found, ["crates/store/src/audit.rs:2"]);
    }
}
