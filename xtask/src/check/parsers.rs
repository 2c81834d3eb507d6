//! Every function that reads text or bytes is called by a target of `fuzz`, or stands in `fuzz/left_out.txt` with its reason.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::Context;
use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};

use super::Finding;
use super::code::Code;
use super::source::Source;

const LEFT_OUT: &str = "fuzz/left_out.txt";
/// Crates that read what comes from outside; the store reads its own rows, and the binary what its operator wrote.
const READERS: [&str; 8] = [
    "acme",
    "base",
    "enrollment",
    "pki",
    "reach",
    "tenancy",
    "validation",
    "web",
];
/// How functions that read begin.
const VERBS: [&str; 7] = [
    "chain_from",
    "classify",
    "decode",
    "follow",
    "from_",
    "parse",
    "read",
];

/// One function that reads, as `Type::function` or `module::function`.
struct Parser<'a> {
    name: String,
    source: &'a Source,
    line: usize,
}

/// Compares the parsers with what the targets call.
pub(crate) fn check(root: &Path, code: &Code<'_>) -> anyhow::Result<Vec<Finding>> {
    let text = fs::read_to_string(root.join(LEFT_OUT))
        .with_context(|| format!("{LEFT_OUT} is unreadable"))?;
    Ok(compare(&parsers(code.sources), &calls(code.sources), &text))
}

fn compare(parsers: &[Parser<'_>], called: &BTreeSet<String>, text: &str) -> Vec<Finding> {
    let mut left_out = left_out(text);
    let mut findings = Vec::new();
    for parser in parsers {
        let alone = parser.name.rsplit("::").next().unwrap_or_default();
        let is_called = called.contains(&parser.name) || called.contains(alone);
        let is_left_out = left_out.remove(parser.name.as_str()).is_some();
        if is_called == is_left_out {
            let message = if is_called {
                format!(
                    "{} is called by a target: take it out of {LEFT_OUT}",
                    parser.name
                )
            } else {
                format!(
                    "call {} in a target of fuzz, or say in {LEFT_OUT} why not",
                    parser.name
                )
            };
            findings.push(Finding::new(&parser.source.path, parser.line, message));
        }
    }
    findings.extend(
        left_out
            .into_iter()
            .map(|(name, line)| Finding::new(LEFT_OUT, line, format!("there is no parser {name}"))),
    );
    findings
}

/// Each name of the list with its line; a reason has to follow.
fn left_out(text: &str) -> BTreeMap<&str, usize> {
    let lines = text.lines().zip(1..);
    lines
        .filter(|(line, _)| !line.starts_with('#'))
        .filter_map(|(line, number)| Some((line.split_once(": ")?.0, number)))
        .collect()
}

fn parsers(sources: &[Source]) -> Vec<Parser<'_>> {
    let is_reader = |source: &&Source| {
        let mut path = source.path.split('/').skip(1);
        source.is_product() && path.next().is_some_and(|name| READERS.contains(&name))
    };
    let mut found = Vec::new();
    for source in sources.iter().filter(is_reader) {
        for item in &source.syntax.items {
            collect(source, item, &mut found);
        }
    }
    found
}

fn collect<'a>(source: &'a Source, item: &syn::Item, found: &mut Vec<Parser<'a>>) {
    let mut add = |owner: &str, signature: &syn::Signature| {
        let line = signature.span().start().line;
        if reads(signature) && !source.is_test_at(line) {
            let name = format!("{owner}::{}", signature.ident);
            found.push(Parser { name, source, line });
        }
    };
    if let syn::Item::Fn(function) = item
        && is_open(&function.vis)
    {
        add(module(&source.path), &function.sig);
    } else if let syn::Item::Impl(block) = item {
        let is_trait = block.trait_.is_some();
        for function in block.items.iter().filter_map(method) {
            if is_trait || is_open(&function.vis) {
                add(&owner(&block.self_ty), &function.sig);
            }
        }
    }
}

fn method(item: &syn::ImplItem) -> Option<&syn::ImplItemFn> {
    if let syn::ImplItem::Fn(function) = item {
        Some(function)
    } else {
        None
    }
}

fn is_open(visibility: &syn::Visibility) -> bool {
    !matches!(visibility, syn::Visibility::Inherited)
}

/// The module that a file is.
fn module(path: &str) -> &str {
    let stem = path.trim_end_matches(".rs");
    stem.rsplit('/').next().unwrap_or(stem)
}

fn owner(of: &syn::Type) -> String {
    if let syn::Type::Path(path) = of
        && let Some(last) = path.path.segments.last()
    {
        return last.ident.to_string();
    }
    String::new()
}

/// Whether it takes text or bytes first, and is called as one that reads.
fn reads(signature: &syn::Signature) -> bool {
    let name = signature.ident.to_string();
    let has_verb = VERBS.iter().any(|verb| name.starts_with(verb));
    let first = signature.inputs.iter().find_map(|input| match input {
        syn::FnArg::Typed(argument) => Some(&*argument.ty),
        syn::FnArg::Receiver(_) => None,
    });
    has_verb && first.is_some_and(is_raw)
}

/// `&str`, `&[u8]`, or a part of a message that nobody has read.
fn is_raw(of: &syn::Type) -> bool {
    let syn::Type::Reference(reference) = of else {
        return owner(of) == "Element";
    };
    if let syn::Type::Slice(slice) = &*reference.elem {
        return owner(&slice.elem) == "u8";
    }
    ["HeaderMap", "HeaderValue", "RawValue", "str"].contains(&owner(&reference.elem).as_str())
}

/// What the targets name by a path, as its last two parts, and what they call by a name alone.
fn calls(sources: &[Source]) -> BTreeSet<String> {
    struct Calls(BTreeSet<String>);
    impl<'ast> Visit<'ast> for Calls {
        fn visit_expr_path(&mut self, expression: &'ast syn::ExprPath) {
            let mut parts = expression.path.segments.iter().rev();
            if let (Some(last), Some(owner)) = (parts.next(), parts.next()) {
                self.0.insert(format!("{}::{}", owner.ident, last.ident));
            }
            visit::visit_expr_path(self, expression);
        }

        fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
            // A name alone may be a variable, unless it is called.
            if let syn::Expr::Path(function) = &*call.func
                && let Some(name) = function.path.get_ident()
            {
                self.0.insert(name.to_string());
            }
            visit::visit_expr_call(self, call);
        }
    }
    let mut calls = Calls(BTreeSet::new());
    for source in sources {
        if source.path.starts_with("fuzz/src/") || source.path.ends_with("/src/fuzzing.rs") {
            calls.visit_file(&source.syntax);
        }
    }
    calls.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &str = "impl Order { pub fn parse(text: &str) -> Self { todo() } }
        impl FromStr for Name { fn from_str(text: &str) -> R { todo() } }
        pub(crate) fn read_rest(bytes: &[u8]) {}
        fn parse_inner(bytes: &[u8]) {}
        pub fn parse_number(number: u8) {}
        #[cfg(test)] mod tests { pub fn parse_sample(text: &str) {} }";

    #[track_caller]
    fn check_sources(target: &str, left_out: &str, expected: &[&str]) {
        let sources = [
            Source::parse("crates/acme/src/order.rs", RULES).unwrap(),
            Source::parse("fuzz/src/acme.rs", target).unwrap(),
        ];
        let findings = compare(&parsers(&sources), &calls(&sources), left_out);
        let lines: Vec<_> = findings.iter().map(ToString::to_string).collect();
        assert_eq!(lines.len(), expected.len(), "{lines:?}");
        for (line, expected) in lines.iter().zip(expected) {
            assert!(line.contains(expected), "{line}");
        }
    }

    #[test]
    fn every_parser_has_a_target_or_a_reason() {
        let all = "fn run() { Order::parse(a); base::Name::from_str(a); read_rest(a); }";
        check_sources(all, "", &[]);
        check_sources(
            "fn run() { Order::parse(a); }",
            "",
            &["call Name::from_str", "call order::read_rest"],
        );
        let reasons = "# reasons\nName::from_str: rows\norder::read_rest: rows\n";
        check_sources("fn run() { Order::parse(a); }", reasons, &[]);
        check_sources(all, "Order::parse: rows\n", &["Order::parse is called"]);
        check_sources(
            all,
            "Gone::parse: rows\n",
            &["there is no parser Gone::parse"],
        );
    }
}
