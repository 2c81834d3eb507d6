//! Every job and every effect stands in `flow/src/jobs.rs`: one that does not is never run.

use std::collections::BTreeSet;

use proc_macro2::TokenTree;
use syn::visit::Visit;

use crate::check::Finding;
use crate::check::code::Code;
use crate::check::source::{self, Source};

const LIST: &str = "crates/flow/src/jobs.rs";
/// What is run by name.
const TRAITS: &[&str] = &["Effect", "Job"];

/// Looks for the type of every `impl Job<…> for` and `impl Effect for`.
pub(crate) fn check(code: &Code<'_>) -> Vec<Finding> {
    let listed = listed(code);
    let mut findings = Vec::new();
    for source in code.product() {
        let mut implemented = Implemented { found: Vec::new() };
        implemented.visit_file(&source.syntax);
        for (name, line) in implemented.found {
            if !listed.contains(&name) && !source.is_test_at(line) {
                let message = format!("{name} does not stand in {LIST}: nobody runs it");
                findings.push(Finding::new(&source.path, line, message));
            }
        }
    }
    findings
}

/// Every name that the list has outside of its `use` lines.
fn listed(code: &Code<'_>) -> BTreeSet<String> {
    let mut listed = Listed::default();
    let is_list = |source: &&Source| source.path == LIST;
    for source in code.product().filter(is_list) {
        listed.visit_file(&source.syntax);
    }
    listed.names
}

#[derive(Default)]
struct Listed {
    names: BTreeSet<String>,
}

impl<'ast> Visit<'ast> for Listed {
    fn visit_item_use(&mut self, _: &'ast syn::ItemUse) {}

    fn visit_ident(&mut self, name: &'ast syn::Ident) {
        self.names.insert(name.to_string());
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        source::for_each_sequence(&call.tokens, &mut |tokens| {
            for token in tokens {
                if let TokenTree::Ident(name) = token {
                    self.names.insert(name.to_string());
                }
            }
        });
    }
}

struct Implemented {
    found: Vec<(String, usize)>,
}

impl<'ast> Visit<'ast> for Implemented {
    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        let last = |path: &'ast syn::Path| path.segments.last().map(|segment| &segment.ident);
        let implements = item.trait_.as_ref().and_then(|(_, path, _)| last(path));
        if let Some(implements) = implements
            && TRAITS.iter().any(|name| implements == name)
            && let syn::Type::Path(path) = item.self_ty.as_ref()
            && let Some(name) = last(&path.path)
        {
            self.found
                .push((name.to_string(), name.span().start().line));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::code::places;

    #[track_caller]
    fn check_text(text: &str, list: &str, expected: &[usize]) {
        let path = "crates/flow/src/issuance/issue.rs";
        let expected: Vec<String> = expected
            .iter()
            .map(|line| format!("{path}:{line}"))
            .collect();
        assert_eq!(places(check, &[(path, text), (LIST, list)]), expected);
    }

    #[test]
    fn what_is_not_listed_is_found() {
        let issue = "pub struct Issue;\nimpl Job<App> for Issue {}";
        check_text(issue, "fn all() { [job::<App, Issue>()] }", &[]);
        check_text(issue, "use crate::issuance::Issue;\nfn all() {}", &[2]);
        check_text(issue, "use crate::issuance::{Issue, Other};", &[2]);
        check_text(issue, "jobs! { Issue, Other }", &[]);
        let effect = "impl effects::Effect for ChargeCard {}";
        check_text(
            effect,
            "fn all() { [job::<App, Deliver<ChargeCard>>()] }",
            &[],
        );
        check_text(effect, "", &[1]);
        check_text("impl Debug for Issue {}", "", &[]);
        check_text("#[cfg(test)]\nmod tests { impl Job<A> for B {} }", "", &[]);
    }
}
