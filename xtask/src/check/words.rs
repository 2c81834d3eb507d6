//! Nothing unfinished: no placeholder macros, no ignored tests, no notes to do something later.

use proc_macro2::{Delimiter, TokenTree};

use super::Finding;
use super::source::{self, Source};

/// Macros that stand for code that is not there, or were left over.
const MACROS: &[&str] = &["dbg", "todo", "unimplemented"];
/// Notes in comments; an open end belongs in an issue.
const NOTES: &[&str] = &["TODO", "FIXME", "XXX"];

/// Checks one file.
pub(crate) fn check(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    source::for_each_sequence(&source.tokens, &mut |tokens| {
        for pair in tokens.windows(2) {
            if let [first, second] = pair
                && let Some(what) = forbidden(first, second)
            {
                let line = first.span().start().line;
                let message = format!("{what}: finish it or take it out");
                findings.push(Finding::new(&source.path, line, message));
            }
        }
    });
    findings.extend(notes(source));
    findings
}

fn forbidden(first: &TokenTree, second: &TokenTree) -> Option<String> {
    match (first, second) {
        (TokenTree::Ident(name), TokenTree::Punct(mark)) if mark.as_char() == '!' => MACROS
            .iter()
            .find(|forbidden| name == *forbidden)
            .map(|name| format!("{name}!")),
        (TokenTree::Punct(mark), TokenTree::Group(group))
            if mark.as_char() == '#' && group.delimiter() == Delimiter::Bracket =>
        {
            let ignored = matches!(
                group.stream().into_iter().next(),
                Some(TokenTree::Ident(name)) if name == "ignore"
            );
            ignored.then(|| "an ignored test".to_owned())
        }
        _ => None,
    }
}

fn notes(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in source.text.lines().enumerate() {
        let Some((_, comment)) = line.split_once("//") else {
            continue;
        };
        let mut words = comment.split(|c: char| !c.is_ascii_alphanumeric());
        if let Some(note) = words.find(|word| NOTES.contains(word)) {
            let message = format!("{note} in a comment: finish it or file an issue");
            findings.push(Finding::new(&source.path, index + 1, message));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_text(text: &str, expected: &[(usize, &str)]) {
        let source = Source::parse("crates/flow/src/a.rs", text).unwrap();
        let found = check(&source);
        let found: Vec<(usize, &str)> = found
            .iter()
            .map(|finding| (finding.line, finding.message.as_str()))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn placeholders_are_found() {
        let macros = "fn a() {\n    todo!()\n}\nfn b() { let x = [unimplemented!(\"later\")]; }";
        check_text(
            macros,
            &[
                (2, "todo!: finish it or take it out"),
                (4, "unimplemented!: finish it or take it out"),
            ],
        );
        check_text("fn todo() {}\nfn a() { if !todo() {} }", &[]);
    }

    #[test]
    fn ignored_tests_are_found() {
        let expected = &[(2, "an ignored test: finish it or take it out")];
        check_text("#[test]\n#[ignore]\nfn a() {}", expected);
        check_text("#[test]\n#[ignore = \"slow\"]\nfn a() {}", expected);
        check_text("#[must_use]\nfn a() {}", &[]);
    }

    #[test]
    fn notes_in_comments_are_found() {
        let note = ["TO", "DO"].concat();
        let text = format!("fn a() {{}} // {note}(someone): later");
        let message = format!("{note} in a comment: finish it or file an issue");
        check_text(&text, &[(1, &message)]);
        check_text("// to do is a verb\nfn a() {}", &[]);
    }
}
