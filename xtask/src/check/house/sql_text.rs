//! The statements that a file gives to `sql!`, as text.

use proc_macro2::{TokenStream, TokenTree};

use crate::check::source::{self, Source};

/// Stands for what another macro adds to a statement.
pub(crate) const ELSEWHERE: &str = "…";

/// One statement.
pub(crate) struct Statement {
    /// The line of `sql!`, from 1.
    pub(crate) line: usize,
    text: String,
}

impl Statement {
    /// The words of the statement and its marks, one by one.
    pub(crate) fn words(&self) -> Vec<&str> {
        let is_inside = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$';
        let mut words = Vec::new();
        let mut rest = self.text.trim_start();
        while let Some(first) = rest.chars().next() {
            let end = if is_inside(first) {
                rest.find(|c| !is_inside(c)).unwrap_or(rest.len())
            } else {
                first.len_utf8()
            };
            let (word, after) = rest.split_at(end);
            words.push(word);
            rest = after.trim_start();
        }
        words
    }
}

/// The statements of one file, those for its tests left out.
pub(crate) fn statements(source: &Source) -> Vec<Statement> {
    let mut found = Vec::new();
    source::for_each_sequence(&source.tokens, &mut |tokens| {
        for three in tokens.windows(3) {
            if let [
                TokenTree::Ident(name),
                TokenTree::Punct(mark),
                TokenTree::Group(arguments),
            ] = three
                && name == "sql"
                && mark.as_char() == '!'
            {
                let line = name.span().start().line;
                let mut text = String::new();
                join(&arguments.stream(), &mut text);
                if !source.is_test_at(line) {
                    found.push(Statement { line, text });
                }
            }
        }
    });
    found
}

/// Literals as they are, `ELSEWHERE` for any other name but the label in front.
fn join(stream: &TokenStream, text: &mut String) {
    let tokens: Vec<TokenTree> = stream.clone().into_iter().collect();
    for (place, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(group) => join(&group.stream(), text),
            TokenTree::Ident(name) if name == "concat" || is_label(&tokens, place) => {}
            TokenTree::Ident(_) => text.push_str(ELSEWHERE),
            TokenTree::Literal(literal) => {
                if let syn::Lit::Str(literal) = syn::Lit::new(literal.clone()) {
                    text.push_str(&literal.value());
                }
            }
            TokenTree::Punct(_) => {}
        }
    }
}

/// The `tenant` of `sql!(tenant: "…")`.
fn is_label(tokens: &[TokenTree], place: usize) -> bool {
    let is_colon =
        |place| matches!(tokens.get(place), Some(TokenTree::Punct(mark)) if mark.as_char() == ':');
    place == 0 && is_colon(1) && !is_colon(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let source = Source::parse("crates/store/src/a.rs", text).unwrap();
        let found: Vec<String> = statements(&source)
            .iter()
            .map(|statement| statement.words().join(" "))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn statements_are_put_together() {
        check(
            "fn a() { run(sql!(\"SELECT a,b\n  FROM c WHERE d = $1\")) }",
            &["SELECT a , b FROM c WHERE d = $1"],
        );
        check(
            "fn a() { sql!(tenant: \"SELECT \", listed!(), \" FROM a\") }",
            &["SELECT … FROM a"],
        );
        check(
            "macro_rules! b { () => { sql!(concat!(\"SELECT 1\", \" AS a\")) } }",
            &["SELECT 1 AS a"],
        );
        check(
            "#[cfg(test)]\nmod tests { fn a() { sql!(\"SELECT 1\") } }",
            &[],
        );
    }
}
