//! `xtask/breaches.txt`: the breaches of the rules of the house that we know of, which may only shrink.
//!
//! A breach that is not listed is a finding, and so is a listed one that is gone. Nothing here writes the
//! file: who adds a line means it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::Context;

use super::Finding;
use super::code::Code;
use super::house::{RULES, Rule};

/// The list.
pub(crate) const FILE: &str = "xtask/breaches.txt";

/// What will remove a breach.
const ISSUES: &[&str] = &["rooms", "catalogue", "jobs", "people", "money"];

const HEADER: &str = "\
# Breaches of the rules of the house that are still there: rule, path, count, and the issue that removes
# them, with tabs between. The list may only shrink; `cargo xtask check --list` prints it as it should be.
";

/// By rule and path, what was found.
type Found = BTreeMap<(&'static str, String), Vec<Finding>>;

/// One line of the list.
#[derive(Debug, PartialEq, Eq)]
struct Listed {
    rule: String,
    path: String,
    count: usize,
    issue: String,
    line: usize,
}

/// The findings that differ from the list, in either direction.
pub(crate) fn check(root: &Path, code: &Code<'_>) -> anyhow::Result<Vec<Finding>> {
    let (listed, mut findings) = parse(&read(root)?);
    findings.extend(compare(find(RULES, code), &listed));
    Ok(findings)
}

/// The list as it should be today; a line that stays keeps its issue.
pub(crate) fn list(root: &Path, code: &Code<'_>) -> anyhow::Result<String> {
    let (listed, _) = parse(&read(root)?);
    Ok(render(&find(RULES, code), &listed))
}

fn read(root: &Path) -> anyhow::Result<String> {
    fs::read_to_string(root.join(FILE)).with_context(|| format!("{FILE} is unreadable"))
}

fn find(rules: &[Rule], code: &Code<'_>) -> Found {
    let mut found = Found::new();
    for rule in rules {
        for finding in (rule.check)(code) {
            let place = (rule.name, finding.path.clone());
            found.entry(place).or_default().push(finding);
        }
    }
    found
}

fn parse(text: &str) -> (Vec<Listed>, Vec<Finding>) {
    let mut listed: Vec<Listed> = Vec::new();
    let mut findings = Vec::new();
    for (index, text) in text.lines().enumerate() {
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let line = index + 1;
        match parse_line(text, line) {
            Ok(new) => {
                let is_same = |old: &Listed| old.rule == new.rule && old.path == new.path;
                if listed.iter().any(is_same) {
                    findings.push(Finding::new(FILE, line, "listed twice: add the counts up"));
                }
                listed.push(new);
            }
            Err(message) => findings.push(Finding::new(FILE, line, message)),
        }
    }
    (listed, findings)
}

fn parse_line(text: &str, line: usize) -> Result<Listed, String> {
    let fields: Vec<&str> = text.split('\t').collect();
    let [rule, path, count, issue] = fields.as_slice() else {
        return Err("not rule, path, count and issue with tabs between".to_owned());
    };
    if !RULES.iter().any(|known| known.name == *rule) {
        return Err(format!("no rule is called {rule}"));
    }
    if !ISSUES.contains(issue) {
        return Err(format!("{issue} is none of {}", ISSUES.join(", ")));
    }
    let count = count.parse().ok().filter(|count| *count > 0);
    Ok(Listed {
        rule: (*rule).to_owned(),
        path: (*path).to_owned(),
        count: count.ok_or("the count is no number above 0")?,
        issue: (*issue).to_owned(),
        line,
    })
}

fn compare(found: Found, listed: &[Listed]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for line in listed {
        let place = found
            .iter()
            .find(|((rule, path), _)| *rule == line.rule && *path == line.path);
        let now = place.map_or(0, |(_, findings)| findings.len());
        if now < line.count {
            let message = format!(
                "shrink the list: {} finds {now} in {}, not {}",
                line.rule, line.path, line.count
            );
            findings.push(Finding::new(FILE, line.line, message));
        }
    }
    for ((rule, path), mut here) in found {
        let known: usize = listed
            .iter()
            .filter(|line| line.rule == rule && line.path == path)
            .map(|line| line.count)
            .sum();
        if here.len() > known {
            let count = here.len();
            for finding in &mut here {
                write!(finding.message, " ({rule}: {count} here, {known} listed)").ok();
            }
            findings.append(&mut here);
        }
    }
    findings
}

fn render(found: &Found, listed: &[Listed]) -> String {
    let mut text = HEADER.to_owned();
    for rule in RULES {
        for ((_, path), findings) in found.iter().filter(|((name, _), _)| *name == rule.name) {
            let known = listed
                .iter()
                .find(|line| line.rule == rule.name && line.path == *path);
            let issue = known.map_or(rule.issue, |line| &line.issue);
            let count = findings.len();
            writeln!(text, "{}\t{path}\t{count}\t{issue}", rule.name).ok();
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `broken` gives the lines at which a rule is broken in `a.rs`.
    fn found(broken: &[usize]) -> Found {
        let mut found = Found::new();
        for line in broken {
            let place = ("no-boxed-closures", "a.rs".to_owned());
            let finding = Finding::new("a.rs", *line, "Box::pin");
            found.entry(place).or_default().push(finding);
        }
        found
    }

    #[track_caller]
    fn check(list: &str, broken: &[usize], expected: &[&str]) {
        let (listed, mut findings) = parse(list);
        findings.extend(compare(found(broken), &listed));
        let findings: Vec<String> = findings.iter().map(ToString::to_string).collect();
        assert_eq!(findings, expected);
    }

    #[test]
    fn what_is_listed_is_no_finding() {
        check("", &[], &[]);
        check("# a note\n\n", &[], &[]);
        check("no-boxed-closures\ta.rs\t2\trooms\n", &[3, 4], &[]);
    }

    #[test]
    fn what_is_new_is_a_finding() {
        check(
            "",
            &[3],
            &["a.rs:3: Box::pin (no-boxed-closures: 1 here, 0 listed)"],
        );
        check(
            "no-boxed-closures\ta.rs\t1\trooms\n",
            &[3, 4],
            &[
                "a.rs:3: Box::pin (no-boxed-closures: 2 here, 1 listed)",
                "a.rs:4: Box::pin (no-boxed-closures: 2 here, 1 listed)",
            ],
        );
    }

    #[test]
    fn what_is_gone_is_a_finding() {
        let gone =
            "xtask/breaches.txt:1: shrink the list: no-boxed-closures finds 1 in a.rs, not 2";
        check("no-boxed-closures\ta.rs\t2\trooms\n", &[3], &[gone]);
        let gone =
            "xtask/breaches.txt:1: shrink the list: no-boxed-closures finds 0 in b.rs, not 1";
        check("no-boxed-closures\tb.rs\t1\trooms\n", &[], &[gone]);
    }

    #[test]
    fn lines_that_say_nothing_are_findings() {
        let wrong = |message: &str| format!("xtask/breaches.txt:1: {message}");
        check(
            "no-boxed-closures a.rs",
            &[],
            &[&wrong("not rule, path, count and issue with tabs between")],
        );
        check(
            "no-rule\ta.rs\t1\trooms",
            &[],
            &[&wrong("no rule is called no-rule")],
        );
        check(
            "no-boxed-closures\ta.rs\t0\trooms",
            &[],
            &[&wrong("the count is no number above 0")],
        );
        check(
            "no-boxed-closures\ta.rs\t1\t7",
            &[],
            &[&wrong("7 is none of rooms, catalogue, jobs, people, money")],
        );
        let twice = "no-boxed-closures\ta.rs\t1\trooms\n".repeat(2);
        check(
            &twice,
            &[1, 2],
            &["xtask/breaches.txt:2: listed twice: add the counts up"],
        );
    }

    #[test]
    fn the_list_keeps_the_issues_of_its_lines() {
        let (listed, _) = parse("no-boxed-closures\ta.rs\t9\tpeople\n");
        let text = render(&found(&[3, 4]), &listed);
        assert_eq!(
            text,
            format!("{HEADER}no-boxed-closures\ta.rs\t2\tpeople\n")
        );
        let text = render(&found(&[3]), &[]);
        assert!(text.ends_with("no-boxed-closures\ta.rs\t1\trooms\n"));
    }
}
