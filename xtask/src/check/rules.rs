//! Rules: what the product is asked for, by numbers, where each stands, and which tests show it.
//!
//! People write what a rule asks and its state in `docs/rules`; which tests cite it is read from the code, and
//! the tables of the documents are made from both. Whether a test asserts what its rule says, only people see.

use std::fs;
use std::path::Path;

use anyhow::{Context, bail};

use super::Finding;
use super::code::Code;
use book::{Book, Rule};
use citation::Known;
use test::Test;

mod book;
mod citation;
mod compare;
mod page;
mod place;
mod test;

/// The files of rules, each with the document that holds its tables.
const BOOKS: [(&str, &str); 2] = [
    ("docs/rules/features.toml", "docs/features.md"),
    ("docs/rules/security.toml", "docs/security.md"),
];
/// Ids without tables.
const FAMILIES: &str = "docs/rules/families.toml";

/// All that is known of rules and of the tests that cite them.
struct Shelf {
    books: Vec<Book>,
    known: Known,
    tests: Vec<Test>,
}

impl Shelf {
    fn read(root: &Path, code: &Code<'_>) -> anyhow::Result<Self> {
        let mut books = Vec::new();
        for (path, document) in BOOKS {
            books.push(Book::parse(path, document, &text_of(root, path)?)?);
        }
        let mut known = Known::parse(&text_of(root, FAMILIES)?).context(FAMILIES)?;
        for rule in books.iter().flat_map(Book::rules) {
            known.add_rule(&rule.id);
        }
        let tests = test::find(code.sources, &known);
        Ok(Self {
            books,
            known,
            tests,
        })
    }

    /// The tests that cite an id, those first that cite nothing else.
    fn citing(&self, id: &str) -> Vec<&Test> {
        test::citing(&self.tests, id)
    }
}

/// Compares files of rules, tests and documents.
pub(crate) fn check(root: &Path, code: &Code<'_>) -> anyhow::Result<Vec<Finding>> {
    let shelf = Shelf::read(root, code)?;
    let mut findings = compare::tests(&shelf.tests);
    for book in &shelf.books {
        findings.extend(compare::book(book, &shelf.tests));
        findings.extend(place::check(root, book));
        let text = text_of(root, book.document)?;
        if page::with_tables(&text, book, &shelf.tests)? != text {
            let message = "rules or their tests have changed: run `cargo xtask rules`";
            findings.push(Finding::new(book.document, 0, message));
        }
    }
    Ok(findings)
}

/// Writes the tables of the documents.
pub(crate) fn write(root: &Path, code: &Code<'_>) -> anyhow::Result<()> {
    let shelf = Shelf::read(root, code)?;
    for book in &shelf.books {
        let text = text_of(root, book.document)?;
        let made = page::with_tables(&text, book, &shelf.tests)?;
        fs::write(root.join(book.document), made)?;
    }
    Ok(())
}

/// Tells of one id, as `S-13` or as tests write it, what is known and which tests cite it.
pub(crate) fn show(root: &Path, code: &Code<'_>, asked: &str) -> anyhow::Result<String> {
    let shelf = Shelf::read(root, code)?;
    let Some(id) = shelf.known.id(asked) else {
        bail!("no rule has the id {asked}: ids stand in {FAMILIES} and in the files beside it");
    };
    let rule = shelf.books.iter().flat_map(Book::rules);
    let rule = rule.into_iter().find(|rule| rule.id == id);
    Ok(told(id, rule, &shelf.citing(id)))
}

fn told(id: &str, rule: Option<&Rule>, tests: &[&Test]) -> String {
    let mut lines = Vec::new();
    match rule {
        Some(rule) => {
            lines.push(format!("{id} {}: {}", rule.asks, rule.state_in_words()));
            lines.extend(rule.remarks().map(|remark| format!("  {remark}")));
            lines.extend(rule.places.iter().map(|place| format!("  {place}")));
        }
        None => lines.push(id.to_owned()),
    }
    let tests = tests
        .iter()
        .map(|test| format!("  {}:{}: {}", test.path, test.line, test.name));
    lines.extend(tests);
    lines.join("\n")
}

fn text_of(root: &Path, path: &str) -> anyhow::Result<String> {
    fs::read_to_string(root.join(path)).with_context(|| format!("{path} is unreadable"))
}
