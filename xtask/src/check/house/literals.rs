//! What is sold is data: no name of a product, a directory or a CA stands in code outside the seed of the
//! catalogue.

use proc_macro2::TokenTree;

use crate::check::Finding;
use crate::check::code::Code;
use crate::check::source::{self, Source};

/// Products and directories, when a text is nothing else.
const PRODUCTS: &[&str] = &["DV", "EV", "OV", "QWAC"];
/// CAs, also as a part of a text.
const CAS: &[&str] = &["Chancery DV", "Chancery Root"];

/// Checks all crates without their tests.
pub(crate) fn check(code: &Code<'_>) -> Vec<Finding> {
    let may = |source: &&Source| source.path.contains("/catalog/seed");
    code.product()
        .filter(|source| !may(source))
        .flat_map(check_file)
        .collect()
}

fn check_file(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    source::for_each_sequence(&source.tokens, &mut |tokens| {
        if source::is_documentation(tokens) {
            return;
        }
        for token in tokens {
            if let TokenTree::Literal(literal) = token
                && let syn::Lit::Str(text) = syn::Lit::new(literal.clone())
                && is_sold(&text.value())
            {
                let line = literal.span().start().line;
                if !source.is_test_at(line) {
                    let message = format!("{literal} in code: it is a row of the catalogue");
                    findings.push(Finding::new(&source.path, line, message));
                }
            }
        }
    });
    findings
}

fn is_sold(text: &str) -> bool {
    PRODUCTS.contains(&text) || CAS.iter().any(|ca| text.contains(ca))
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
    fn names_of_what_is_sold_are_found() {
        let flow = "crates/flow/src/a.rs";
        check_text(
            flow,
            "const A: &str = \"DV\";\nfn a() { b!(\"Chancery Root R1\") }",
            &[1, 2],
        );
        check_text(
            flow,
            "const A: &str = \"DVD\";\n/// DV\n/// \"DV\"\nconst B: u8 = 1;",
            &[],
        );
        check_text(flow, "#[doc = \"DV\"]\nconst B: u8 = 1;", &[]);
    }

    #[test]
    fn the_seed_and_tests_may() {
        let text = "const A: &str = \"QWAC\";";
        check_text("crates/flow/src/catalog/seed/products.rs", text, &[]);
        check_text("crates/flow/src/catalog/seed.rs", text, &[]);
        check_text("crates/chancery/tests/a.rs", text, &[]);
        check_text("crates/flow/src/catalog/product.rs", text, &[1]);
    }
}
