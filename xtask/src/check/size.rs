//! Files of at most 600 lines and functions of at most 60, tests not counted.

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

use super::Finding;
use super::source::{Source, attributes, is_for_tests};

/// Lines that a file may have without what is compiled for tests only.
const FILE_LINES: usize = 600;
/// Lines that a function may have, from its signature to its closing brace.
const FUNCTION_LINES: usize = 60;

/// Checks one file and its functions.
pub(crate) fn check(source: &Source) -> Vec<Finding> {
    let mut sizes = Sizes {
        source,
        test_lines: 0,
        findings: Vec::new(),
    };
    sizes.visit_file(&source.syntax);
    let lines = source.text.lines().count().saturating_sub(sizes.test_lines);
    if lines > FILE_LINES && !source.is_test {
        let message = format!("{lines} lines, at most {FILE_LINES}: split it by what it does");
        sizes.findings.push(Finding::new(&source.path, 0, message));
    }
    sizes.findings
}

struct Sizes<'a> {
    source: &'a Source,
    test_lines: usize,
    findings: Vec<Finding>,
}

impl Sizes<'_> {
    fn measure(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let lines = lines_between(signature.span(), block.span());
        if lines > FUNCTION_LINES && !self.source.is_test {
            let message = format!(
                "{} has {lines} lines, at most {FUNCTION_LINES}: name its steps",
                signature.ident
            );
            let line = signature.span().start().line;
            self.findings
                .push(Finding::new(&self.source.path, line, message));
        }
    }
}

impl<'ast> Visit<'ast> for Sizes<'_> {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        if is_for_tests(attributes(item)) {
            self.test_lines += lines_between(item.span(), item.span());
        } else {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.measure(&function.sig, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.measure(&function.sig, &function.block);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast syn::TraitItemFn) {
        if let Some(block) = &function.default {
            self.measure(&function.sig, block);
        }
        visit::visit_trait_item_fn(self, function);
    }
}

fn lines_between(first: Span, last: Span) -> usize {
    last.end().line.saturating_sub(first.start().line) + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function(name: &str, lines: usize) -> String {
        format!("fn {name}() {{\n{}}}\n", "    work();\n".repeat(lines - 2))
    }

    #[track_caller]
    fn check_text(text: &str, expected: &[(usize, &str)]) {
        let source = Source::parse("crates/acme/src/order.rs", text).unwrap();
        let found = check(&source);
        let found: Vec<(usize, &str)> = found
            .iter()
            .map(|finding| (finding.line, finding.message.as_str()))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_function_has_at_most_60_lines() {
        check_text(&function("fits", 60), &[]);
        check_text(
            &format!(
                "/// Documentation\n/// does not count.\n{}",
                function("long", 61)
            ),
            &[(3, "long has 61 lines, at most 60: name its steps")],
        );
        let method = format!("struct A;\nimpl A {{\n{}}}\n", function("long", 61));
        check_text(
            &method,
            &[(3, "long has 61 lines, at most 60: name its steps")],
        );
    }

    #[test]
    fn tests_may_be_long() {
        let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", function("long", 900));
        check_text(&tests, &[]);
        check_text(
            &format!("#[tokio::test]\nasync {}", function("long", 100)),
            &[],
        );
    }

    #[test]
    fn a_file_has_at_most_600_lines_without_its_tests() {
        let line = "const A: u8 = 1;\n";
        check_text(&line.repeat(600), &[]);
        check_text(
            &line.repeat(601),
            &[(0, "601 lines, at most 600: split it by what it does")],
        );
        let with_tests = format!(
            "{}#[cfg(test)]\nmod tests {{\n{}}}\n",
            line.repeat(600),
            line
        );
        check_text(&with_tests, &[]);
    }
}
