//! Whose rows a transaction may see is decided in few places: a `Scope` is made in the files listed here, in
//! jobs and in tests; everybody else hands on the one that was given.

use syn::visit::{self, Visit};

use crate::check::Finding;
use crate::check::code::Code;
use crate::check::source::{self, Source};

/// Where a scope may be made.
const MAKERS: &[&str] = &[
    "crates/base/src/scope.rs",
    "crates/flow/src/caller.rs",
    // The runner of migrations, what the tests of the engines are, and a transaction before anybody enters it.
    "crates/store/src/db/closures.rs",
    "crates/store/src/db/transaction.rs",
    "crates/store/src/migrate.rs",
    // What asks the database whether it guards a tenant's rows, and what takes a guard away that is not there.
    "crates/store/src/db/store.rs",
    "crates/store/src/migrate/wall.rs",
];
/// The variants.
const VARIANTS: &[&str] = &["Guarded", "System", "Tenant"];

/// Checks all files that are not listed.
pub(crate) fn check(code: &Code<'_>) -> Vec<Finding> {
    let may = |source: &&Source| MAKERS.contains(&source.path.as_str()) || is_job(&source.path);
    let mut findings = Vec::new();
    for source in code.product().filter(|source| !may(source)) {
        let mut scopes = Scopes {
            source,
            findings: Vec::new(),
        };
        scopes.visit_file(&source.syntax);
        findings.append(&mut scopes.findings);
    }
    findings
}

/// A file of jobs in flow: `jobs.rs` or in a folder of that name.
fn is_job(path: &str) -> bool {
    path.starts_with("crates/flow/src/") && (path.contains("/jobs/") || path.ends_with("/jobs.rs"))
}

struct Scopes<'a> {
    source: &'a Source,
    findings: Vec<Finding>,
}

impl Scopes<'_> {
    fn look_at(&mut self, path: &syn::Path) {
        let mut names = path.segments.iter().rev().map(|segment| &segment.ident);
        if let (Some(last), Some(before)) = (names.next(), names.next())
            && before == "Scope"
            && VARIANTS.iter().any(|variant| last == variant)
        {
            let line = last.span().start().line;
            if !self.source.is_test_at(line) {
                let message = format!("Scope::{last} is made here: take the caller's, or a job's");
                self.findings
                    .push(Finding::new(&self.source.path, line, message));
            }
        }
    }
}

impl<'ast> Visit<'ast> for Scopes<'_> {
    fn visit_expr_path(&mut self, expression: &'ast syn::ExprPath) {
        self.look_at(&expression.path);
    }

    fn visit_expr_struct(&mut self, expression: &'ast syn::ExprStruct) {
        self.look_at(&expression.path);
        visit::visit_expr_struct(self, expression);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        for argument in source::arguments(call) {
            Scopes::visit_expr(self, &argument);
        }
    }
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

    const MADE: &str =
        "fn a() {\n let a = Scope::System(\"why\");\n let b = base::Scope::Tenant { id, path };\n}";

    #[test]
    fn scopes_that_are_made_are_found() {
        check_text("crates/flow/src/issuance/issue.rs", MADE, &[2, 3]);
        check_text(
            "crates/web/src/internal.rs",
            "fn a() { call!(Scope::System(\"why\")) }",
            &[1],
        );
        check_text(
            "crates/flow/src/a.rs",
            "fn a() { b.map(Scope::System) }",
            &[1],
        );
    }

    #[test]
    fn the_listed_files_jobs_and_tests_may() {
        check_text("crates/base/src/scope.rs", MADE, &[]);
        check_text("crates/flow/src/caller.rs", MADE, &[]);
        check_text("crates/flow/src/jobs.rs", MADE, &[]);
        check_text("crates/flow/src/issuance/jobs/crl.rs", MADE, &[]);
        check_text("crates/store/tests/access.rs", MADE, &[]);
        check_text("crates/web/src/jobs.rs", MADE, &[2, 3]);
    }

    #[test]
    fn looking_at_one_is_fine() {
        let text = "fn a() { match b { Scope::System(why) => c, Scope::Tenant { id, .. } => d } }";
        check_text("crates/flow/src/a.rs", text, &[]);
        check_text(
            "crates/flow/src/a.rs",
            "fn a(b: &Scope) { Scope::of(b) }",
            &[],
        );
    }
}
