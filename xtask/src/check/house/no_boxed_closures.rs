//! A transaction is plain functions, passed by name: no boxed future, and no closure for the store to run.

use proc_macro2::{TokenStream, TokenTree};

use crate::check::Finding;
use crate::check::code::Code;
use crate::check::source::{self, Source};

/// The crates that call the store, or call who does.
const CRATES: &[&str] = &[
    "crates/chancery/",
    "crates/flow/",
    "crates/testkit/",
    "crates/web/",
];
/// What runs its argument in a transaction.
const RUNNERS: &[&str] = &[
    "decide",
    "read",
    "scan",
    "write",
    "write_bulk",
    "write_keyed",
];

/// Checks those crates without their tests.
pub(crate) fn check(code: &Code<'_>) -> Vec<Finding> {
    let is_bound = |source: &&Source| CRATES.iter().any(|start| source.path.starts_with(start));
    code.product()
        .filter(is_bound)
        .flat_map(check_file)
        .collect()
}

fn check_file(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    source::for_each_sequence(&source.tokens, &mut |tokens| {
        for place in 0..tokens.len() {
            let Some(rest) = tokens.get(place..) else {
                continue;
            };
            if let Some((line, message)) = broken(rest)
                && !source.is_test_at(line)
            {
                findings.push(Finding::new(&source.path, line, message));
            }
        }
    });
    findings
}

fn broken(tokens: &[TokenTree]) -> Option<(usize, String)> {
    match tokens {
        [
            TokenTree::Ident(first),
            TokenTree::Punct(one),
            TokenTree::Punct(two),
            TokenTree::Ident(last),
            ..,
        ] if first == "Box" && one.as_char() == ':' && two.as_char() == ':' && last == "pin" => {
            let message = "Box::pin: pass an async function by its name".to_owned();
            Some((first.span().start().line, message))
        }
        [
            TokenTree::Punct(dot),
            TokenTree::Ident(name),
            TokenTree::Group(arguments),
            ..,
        ] if dot.as_char() == '.' && RUNNERS.iter().any(|runner| name == runner) => {
            has_closure(&arguments.stream()).then(|| {
                let message = format!("a closure for {name}: pass a function by its name");
                (name.span().start().line, message)
            })
        }
        _ => None,
    }
}

/// Whether one of the arguments is a closure that takes something.
fn has_closure(arguments: &TokenStream) -> bool {
    let tokens: Vec<TokenTree> = arguments.clone().into_iter().collect();
    tokens
        .split(|token| is_mark(token, ','))
        .any(|argument| match after_key_words(argument) {
            [first, second, ..] => is_mark(first, '|') && !is_mark(second, '|'),
            _ => false,
        })
}

fn after_key_words(mut tokens: &[TokenTree]) -> &[TokenTree] {
    while let [TokenTree::Ident(word), rest @ ..] = tokens
        && (word == "async" || word == "move")
    {
        tokens = rest;
    }
    tokens
}

fn is_mark(token: &TokenTree, mark: char) -> bool {
    matches!(token, TokenTree::Punct(found) if found.as_char() == mark)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::code::places;

    #[track_caller]
    fn check_text(path: &str, text: &str, expected: &[usize]) {
        let expected: Vec<String> = expected
            .iter()
            .map(|line| format!("{path}:{line}"))
            .collect();
        assert_eq!(places(check, &[(path, text)]), expected);
    }

    #[test]
    fn boxed_futures_and_closures_are_found() {
        let flow = "crates/flow/src/a.rs";
        check_text(
            flow,
            "fn a() { store.write((a, b),\n |tx, (a, b)| Box::pin(c(tx))) }",
            &[1, 2],
        );
        check_text(flow, "fn a() { store.read(a, async |tx, a| c(tx)) }", &[1]);
        check_text(
            flow,
            "fn a() { join!(\nstore.scan((), move |tx, ()| c(tx))) }",
            &[2],
        );
        check_text(
            flow,
            "fn a() { store.write_keyed(k, i, async move |tx| {}) }",
            &[1],
        );
    }

    #[test]
    fn functions_by_name_are_fine() {
        let flow = "crates/flow/src/a.rs";
        check_text(
            flow,
            "fn a() { store.decide(draft, load, decide, save) }",
            &[],
        );
        check_text(
            flow,
            "fn a() { lock.write(); lock.read(|| 1); map(|tx| 2) }",
            &[],
        );
        check_text(flow, "fn a() { store.write(a | b, save) }", &[]);
        check_text(flow, "fn a() { Pin::new(Box::new(1)) }", &[]);
    }

    #[test]
    fn tests_and_the_engines_may() {
        let text = "#[cfg(test)]\nmod tests { fn a() { Box::pin(b()) } }";
        check_text("crates/flow/src/a.rs", text, &[]);
        check_text("crates/store/src/db.rs", "fn a() { Box::pin(b()) }", &[]);
        check_text(
            "crates/chancery/tests/a.rs",
            "fn a() { Box::pin(b()) }",
            &[],
        );
    }
}
