//! The tests of the workspace, by their names.

use proc_macro2::{Delimiter, Group, TokenTree};

use super::citation::{Cited, Known};
use crate::check::source::{self, Source};

/// The macro that makes two tests of each function that it names.
const ON_BOTH_ENGINES: &str = "on_both_engines";

/// One test; one that runs on both databases is one.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Test {
    pub(super) name: String,
    /// Relative to the workspace root.
    pub(super) path: String,
    pub(super) line: usize,
    pub(super) cited: Cited,
}

/// Every test of the files that is not ignored.
pub(super) fn find(sources: &[Source], known: &Known) -> Vec<Test> {
    let mut found = Vec::new();
    for source in sources {
        source::for_each_sequence(&source.tokens, &mut |tokens| {
            for name in functions(tokens).chain(named(tokens)) {
                found.push(Test {
                    name: name.to_string(),
                    path: source.path.clone(),
                    line: name.span().start().line,
                    cited: known.cited(&name.to_string()),
                });
            }
        });
    }
    found
}

/// The tests that cite an id, those first that cite fewest others.
pub(super) fn citing<'t>(tests: &'t [Test], id: &str) -> Vec<&'t Test> {
    let cites = |test: &&Test| test.cited.ids.iter().any(|each| each == id);
    let mut found: Vec<&Test> = tests.iter().filter(cites).collect();
    found.sort_by_key(|test| (test.cited.ids.len(), &test.name, &test.path));
    found
}

/// Functions with an attribute `#[test]` or `#[….test]`, in macros too.
fn functions(tokens: &[TokenTree]) -> impl Iterator<Item = proc_macro2::Ident> {
    let (mut is_test, mut is_ignored) = (false, false);
    let mut found = Vec::new();
    for pair in tokens.windows(2) {
        match pair {
            [TokenTree::Punct(mark), TokenTree::Group(group)] if mark.as_char() == '#' => {
                match word(group).as_deref() {
                    Some("test") => is_test = true,
                    Some("ignore") => is_ignored = true,
                    _ => {}
                }
            }
            [TokenTree::Ident(word), TokenTree::Ident(name)] if word == "fn" => {
                if is_test && !is_ignored {
                    found.push(name.clone());
                }
                (is_test, is_ignored) = (false, false);
            }
            [TokenTree::Group(body), _] if body.delimiter() == Delimiter::Brace => {
                (is_test, is_ignored) = (false, false);
            }
            _ => {}
        }
    }
    found.into_iter()
}

/// The last word of an attribute's path.
fn word(attribute: &Group) -> Option<String> {
    let path = attribute
        .stream()
        .into_iter()
        .take_while(|token| match token {
            TokenTree::Ident(_) => true,
            TokenTree::Punct(mark) => mark.as_char() == ':',
            TokenTree::Group(_) | TokenTree::Literal(_) => false,
        });
    path.filter_map(|token| match token {
        TokenTree::Ident(word) => Some(word.to_string()),
        TokenTree::Punct(_) | TokenTree::Group(_) | TokenTree::Literal(_) => None,
    })
    .last()
}

/// The functions that the macro is given.
fn named(tokens: &[TokenTree]) -> impl Iterator<Item = proc_macro2::Ident> {
    let mut found = Vec::new();
    for call in tokens.windows(3) {
        if let [
            TokenTree::Ident(name),
            TokenTree::Punct(mark),
            TokenTree::Group(list),
        ] = call
            && name == ON_BOTH_ENGINES
            && mark.as_char() == '!'
        {
            let names = list.stream().into_iter();
            found.extend(names.filter_map(|token| match token {
                TokenTree::Ident(name) => Some(name),
                TokenTree::Group(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => None,
            }));
        }
    }
    found.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[(&str, usize)]) {
        let source = Source::parse("crates/a/src/lib.rs", text).unwrap();
        let found = find(&[source], &Known::default());
        let found: Vec<(&str, usize)> = found
            .iter()
            .map(|test| (test.name.as_str(), test.line))
            .collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn tests_are_found_by_their_attribute() {
        check("#[test]\nfn a() {}", &[("a", 2)]);
        check("mod tests {\n#[test]\nfn a() {}\n}", &[("a", 3)]);
        check(
            "#[tokio::test(flavor = \"multi_thread\")]\n/// Why.\nasync fn a() {}",
            &[("a", 3)],
        );
        check(
            "#[test]\n#[expect(dead_code, reason = \"x\")]\npub(crate) fn a() {}\nfn b() {}",
            &[("a", 3)],
        );
        check("#[cfg(test)]\nmod tests {}\nfn b() {}", &[]);
        check("fn a() { let text = \"#[test] fn b() {}\"; }", &[]);
    }

    #[test]
    fn tests_in_macros_are_found() {
        let text = "proptest! {\n#[test]\nfn a(x in 0..9) {}\n}";
        check(text, &[("a", 3)]);
        let text =
            "testkit::on_both_engines![\n    a,\n    b,\n];\nasync fn a(server: &TestServer) {}";
        check(text, &[("a", 2), ("b", 3)]);
        let text = "macro_rules! on_both_engines { ($($test:ident),+) => { $( #[test] fn $test() {} )+ } }";
        check(text, &[]);
    }

    #[test]
    fn ignored_tests_do_not_count() {
        check(
            "#[test]\n#[ignore]\nfn a() {}\n#[test]\nfn b() {}",
            &[("b", 5)],
        );
        check("#[ignore = \"slow\"]\n#[test]\nfn a() {}", &[]);
    }

    #[test]
    fn those_that_cite_one_rule_alone_come_first() {
        let mut known = Known::default();
        known.add_rule("S-01");
        known.add_rule("S-02");
        let text = "#[test] fn s01_s02_a() {} #[test] fn s01_c() {} #[test] fn s01_b() {} \
                    #[test] fn s02_d() {}";
        let source = Source::parse("crates/a/src/lib.rs", text).unwrap();
        let tests = find(&[source], &known);
        let names: Vec<&str> = citing(&tests, "S-01")
            .iter()
            .map(|test| test.name.as_str())
            .collect();
        assert_eq!(names, ["s01_b", "s01_c", "s01_s02_a"]);
    }
}
