//! Whether states, remarks and tests of rules fit together.

use super::book::{Book, Rule, State};
use super::test::{self, Test};
use crate::check::Finding;

/// Tests that cite what is no rule.
pub(super) fn tests(tests: &[Test]) -> Vec<Finding> {
    let wrong = tests
        .iter()
        .filter_map(|test| Some((test, test.cited.unknown.as_ref()?)));
    wrong
        .map(|(test, id)| {
            let message = format!(
                "{} cites {id}, which no file of docs/rules has: correct the id, or add it there",
                test.name
            );
            Finding::new(&test.path, test.line, message)
        })
        .collect()
}

/// Ids that are out of order, and rules whose fields or tests do not fit their state.
pub(super) fn book(book: &Book, tests: &[Test]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut before: Option<&Rule> = None;
    for rule in book.rules() {
        let mut wrong = |message: String| {
            let message = format!("{} {message}", rule.id);
            findings.push(Finding::new(&book.path, rule.line, message));
        };
        match before {
            Some(other) if other.id == rule.id => wrong("stands here twice: keep one".to_owned()),
            Some(other) if other.id > rule.id => {
                wrong(format!("stands behind {}: put it in its order", other.id));
            }
            _ => {}
        }
        let citing = test::citing(tests, &rule.id);
        for message in fields(rule).into_iter().chain(shown(rule, &citing)) {
            wrong(message);
        }
        before = Some(rule);
    }
    findings
}

/// What has to be said with a state, and what may not.
fn fields(rule: &Rule) -> Vec<String> {
    let state = rule.state;
    let mut wrong = Vec::new();
    if state == State::Partly && rule.missing.is_none() {
        wrong.push("is partly there: say in `missing` what does not hold".to_owned());
    }
    if state == State::Met && rule.missing.is_some() {
        wrong.push("is met and misses something: it is `partly`, or that is a `note`".to_owned());
    }
    if (state == State::Later) != rule.waits_for.is_some() {
        wrong.push(
            "has to say in `waits_for` what it waits for if it is `later`, and only then"
                .to_owned(),
        );
    }
    if matches!(state, State::Met | State::Partly) && rule.places.is_empty() {
        wrong.push(format!("is {}: say in `where` what does it", state.word()));
    }
    wrong
}

/// Whether its tests are there if they have to be, and only then.
fn shown(rule: &Rule, citing: &[&Test]) -> Option<String> {
    let state = rule.state;
    match (state, citing.first()) {
        (State::Met, None) if rule.untested.is_none() => Some(
            "is met and no test cites it: name one after it, or say in `untested` why none can show it"
                .to_owned(),
        ),
        (State::Met | State::Partly, Some(test)) if rule.untested.is_some() => Some(format!(
            "says that no test can show it, but {} cites it: take `untested` out",
            test.name
        )),
        (State::NotBuilt | State::Later, Some(test)) => Some(format!(
            "is {}, but {} ({}:{}) cites it: correct the state or the test's name",
            state.word(),
            test.name,
            test.path,
            test.line
        )),
        (State::Met | State::Partly, _) | (State::NotBuilt | State::Later, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::rules::citation::Known;
    use crate::check::source::Source;

    /// What is found in rules given as lines, against tests of these names.
    fn found(rules: &[&str], names: &[&str]) -> Vec<String> {
        let mut text = String::from("[[section]]\ntitle = \"A\"\n");
        for rule in rules {
            text.push_str("[[section.rule]]\nasks = \"x\"\n");
            text.push_str(rule);
            text.push('\n');
        }
        let read = Book::parse("rules.toml", "rules.md", &text).unwrap();
        let mut known = Known::default();
        read.rules().for_each(|rule| known.add_rule(&rule.id));
        let code: Vec<String> = names
            .iter()
            .map(|name| format!("#[test]\nfn {name}() {{}}\n"))
            .collect();
        let source = Source::parse("crates/a/src/lib.rs", &code.concat()).unwrap();
        let all = test::find(&[source], &known);
        let mut findings = book(&read, &all);
        findings.extend(tests(&all));
        findings.iter().map(ToString::to_string).collect()
    }

    #[track_caller]
    fn check(rules: &[&str], names: &[&str], expected: &[&str]) {
        let found = found(rules, names);
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(found.contains(expected), "{found}");
        }
    }

    const MET: &str = "id = \"S-01\"\nstate = \"met\"\nwhere = [\"a\"]";
    const PARTLY: &str = "id = \"S-02\"\nstate = \"partly\"\nwhere = [\"a\"]\nmissing = \"b\"";
    const NOT_BUILT: &str = "id = \"S-03\"\nstate = \"not built\"";
    const LATER: &str = "id = \"S-04\"\nstate = \"later\"\nwaits_for = \"money\"";

    #[test]
    fn states_and_tests_that_fit_are_good() {
        let all = [MET, PARTLY, NOT_BUILT, LATER];
        check(&all, &["s01_a", "s02_a", "other"], &[]);
        check(&all, &["s01_s02_a"], &[]);
        check(&[&format!("{MET}\nuntested = \"it is prose\"")], &[], &[]);
    }

    #[test]
    fn a_test_of_no_rule_is_found() {
        check(
            &[MET],
            &["s01_a", "s77_b"],
            &["crates/a/src/lib.rs:4: s77_b cites s77"],
        );
    }

    #[test]
    fn a_state_that_tests_contradict_is_found() {
        check(&[MET], &[], &["rules.toml:5: S-01 is met and no test"]);
        check(
            &[NOT_BUILT],
            &["s03_a"],
            &["S-03 is not built, but s03_a (crates/a/src/lib.rs:2)"],
        );
        check(&[LATER], &["s04_a"], &["S-04 is later, but s04_a"]);
        check(
            &[&format!("{MET}\nuntested = \"it is prose\"")],
            &["s01_a"],
            &["take `untested` out"],
        );
    }

    #[test]
    fn ids_stand_once_and_in_order() {
        check(
            &[PARTLY, MET],
            &["s01_a"],
            &["rules.toml:11: S-01 stands behind S-02"],
        );
        check(&[PARTLY, PARTLY], &[], &["S-02 stands here twice"]);
    }

    #[test]
    fn a_state_says_what_belongs_to_it() {
        check(&[&PARTLY.replace("missing", "note")], &[], &["`missing`"]);
        check(
            &[&format!("{MET}\nmissing = \"b\"")],
            &["s01_a"],
            &["is met and misses"],
        );
        check(
            &[&MET.replace("where = [\"a\"]", "")],
            &["s01_a"],
            &["`where`"],
        );
        check(
            &[&LATER.replace("waits_for", "note")],
            &[],
            &["`waits_for`"],
        );
        check(
            &[&format!("{NOT_BUILT}\nwaits_for = \"b\"")],
            &[],
            &["`waits_for`"],
        );
    }
}
