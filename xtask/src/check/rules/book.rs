//! A file of rules, as people write it.

use anyhow::Context;
use serde::Deserialize;
use toml::Spanned;

/// One file of rules, with the document that shows it.
#[derive(Debug)]
pub(super) struct Book {
    /// The file, relative to the workspace root.
    pub(super) path: String,
    /// The document that holds its tables.
    pub(super) document: &'static str,
    /// Its parts in order; each is a table.
    pub(super) sections: Vec<Section>,
}

/// Rules that stand under one heading.
#[derive(Debug)]
pub(super) struct Section {
    pub(super) title: String,
    pub(super) rules: Vec<Rule>,
}

/// One rule.
#[derive(Debug)]
pub(super) struct Rule {
    /// As documents write it, such as `F-073`.
    pub(super) id: String,
    /// Where it stands in its file, from 1.
    pub(super) line: usize,
    /// What is asked, in one sentence without a dot.
    pub(super) asks: String,
    pub(super) state: State,
    /// Files and folders that do it, as ARCHITECTURE.md names them, or documents.
    pub(super) places: Vec<String>,
    /// What is to be known beside the state.
    pub(super) note: Option<String>,
    /// What of it does not hold yet.
    pub(super) missing: Option<String>,
    /// The part of the product that has to come first.
    pub(super) waits_for: Option<String>,
    /// Why no test can show it.
    pub(super) untested: Option<String>,
}

/// Where a rule stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(super) enum State {
    #[serde(rename = "later")]
    Later,
    #[serde(rename = "met")]
    Met,
    #[serde(rename = "not built")]
    NotBuilt,
    #[serde(rename = "partly")]
    Partly,
}

impl State {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Later => "later",
            Self::Met => "met",
            Self::NotBuilt => "not built",
            Self::Partly => "partly",
        }
    }
}

impl Rule {
    /// The state, and what a later rule waits for.
    pub(super) fn state_in_words(&self) -> String {
        match &self.waits_for {
            Some(part) => format!("{} ({part})", self.state.word()),
            None => self.state.word().to_owned(),
        }
    }

    /// All that is said of it beside its state, in sentences.
    pub(super) fn remarks(&self) -> impl Iterator<Item = String> {
        let untested = self
            .untested
            .as_ref()
            .map(|why| format!("No test shows it: {why}"));
        [self.note.clone(), self.missing.clone(), untested]
            .into_iter()
            .flatten()
            .map(|remark| format!("{}.", remark.trim_end_matches('.')))
    }
}

impl Book {
    /// Reads a file of rules; unknown fields and states are refused.
    pub(super) fn parse(path: &str, document: &'static str, text: &str) -> anyhow::Result<Self> {
        let file: File = toml::from_str(text).with_context(|| path.to_owned())?;
        let line_of = |id: &Spanned<String>| {
            let before = text.bytes().take(id.span().start);
            before.filter(|byte| *byte == b'\n').count() + 1
        };
        let sections = file.section.into_iter().map(|section| Section {
            title: section.title,
            rules: section
                .rule
                .into_iter()
                .map(|rule| {
                    let line = line_of(&rule.id);
                    rule.at(line)
                })
                .collect(),
        });
        Ok(Self {
            path: path.to_owned(),
            document,
            sections: sections.collect(),
        })
    }

    /// Its rules in order.
    pub(super) fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.sections.iter().flat_map(|section| &section.rules)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    section: Vec<WrittenSection>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenSection {
    title: String,
    rule: Vec<Written>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    id: Spanned<String>,
    asks: String,
    state: State,
    #[serde(default, rename = "where")]
    places: Vec<String>,
    note: Option<String>,
    missing: Option<String>,
    waits_for: Option<String>,
    untested: Option<String>,
}

impl Written {
    fn at(self, line: usize) -> Rule {
        Rule {
            id: self.id.into_inner(),
            line,
            asks: self.asks,
            state: self.state,
            places: self.places,
            note: self.note,
            missing: self.missing,
            waits_for: self.waits_for,
            untested: self.untested,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"
[[section]]
title = "Access"

[[section.rule]]
id = "F-001"
asks = "nobody signs up"
state = "met"
where = ["flow/access/team"]

[[section.rule]]
id = "F-002"
asks = "a portal for each reseller"
state = "later"
waits_for = "brands"
note = "There is one portal"
"#;

    #[test]
    fn rules_are_read_with_their_lines() {
        let book = Book::parse("rules.toml", "rules.md", TEXT).unwrap();
        let told: Vec<(&str, usize, String)> = book
            .rules()
            .map(|rule| (rule.id.as_str(), rule.line, rule.state_in_words()))
            .collect();
        assert_eq!(
            told,
            [
                ("F-001", 6, "met".to_owned()),
                ("F-002", 12, "later (brands)".to_owned())
            ]
        );
        let remarks: Vec<String> = book.rules().flat_map(Rule::remarks).collect();
        assert_eq!(remarks, ["There is one portal."]);
    }

    #[track_caller]
    fn check_refused(from: &str, to: &str, expected: &str) {
        let text = TEXT.replace(from, to);
        assert_ne!(text, TEXT);
        let refused = Book::parse("rules.toml", "rules.md", &text).unwrap_err();
        let refused = format!("{refused:#}");
        assert!(refused.contains("rules.toml"), "{refused}");
        assert!(refused.contains(expected), "{refused}");
    }

    #[test]
    fn what_is_not_known_is_refused_with_its_place() {
        check_refused("waits_for", "wait_for", "unknown field `wait_for`");
        check_refused("\"later\"", "\"soon\"", "unknown variant `soon`");
        check_refused("\"later\"", "\"soon\"", "line 14");
        check_refused("asks = \"nobody signs up\"\n", "", "missing field `asks`");
    }
}
