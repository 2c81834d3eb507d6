//! What is sold is data: no name of a product, a directory, an offer, a profile or a CA and no country stands in code outside
//! the seed of the catalogue.

use proc_macro2::TokenTree;

use crate::check::Finding;
use crate::check::code::Code;
use crate::check::source::{self, Source};

/// Products and directories that there may be, when a text is nothing else.
const PRODUCTS: &[&str] = &["EV", "OV", "QWAC", "ev", "ov", "qwac"];
/// Where the types of certificates are called what their standards call them.
const STANDARD: &str = "tenancy/src/certificate_type.rs";
/// CAs, also as a part of a text.
const CAS: &[&str] = &["Chancery DV", "Chancery Root"];
/// Countries, when a text is nothing else; ISO 3166-1 but for CN and ST, which are attributes of a name.
const COUNTRIES: &str = "AD AE AF AG AL AM AR AT AU AZ BA BB BD BE BG BR CA CH CL CO CR CY CZ DE DK EE EG ES FI FR GB GR \
                         HK HR HU IE IL IN IS IT JP KE KR LI LT LU LV MA MC MT MX MY NG NL NO NZ PE PL PT RO RS RU SE SG SI \
                         SK TH TR TW UA US UY VN ZA";
/// What a fresh database begins with, which nothing else may know by name.
const SEED: &str = include_str!("../../../../crates/flow/src/catalog/seed.json");
/// The parts of the seed whose keys or values are names.
const NAMED: [(&str, &str); 4] = [
    ("products", "code"),
    ("directories", "slug"),
    ("directories", "profile"),
    ("offers", "slug"),
];
/// A name of the seed that is a word of the code too.
const WORD: &str = "private";

/// Checks all crates without their tests.
pub(crate) fn check(code: &Code<'_>) -> Vec<Finding> {
    let may = |source: &&Source| {
        source.path.contains("/catalog/seed")
            || source.path.contains("/src/testing/")
            || source.path.ends_with(STANDARD)
    };
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
    PRODUCTS.contains(&text)
        || CAS.iter().any(|ca| text.contains(ca))
        || text.ends_with("} root CA")
        || text.ends_with("} issuing CA")
        || text.ends_with("} server CA")
        || COUNTRIES.split_ascii_whitespace().any(|code| code == text)
        || is_seeded(text)
}

/// Whether the seed calls something so.
fn is_seeded(text: &str) -> bool {
    let seed: serde_json::Value = serde_json::from_str(SEED).unwrap_or_default();
    let mut named = NAMED.iter().flat_map(|(list, key)| {
        let all = seed.get(list).and_then(serde_json::Value::as_array);
        let names = all
            .into_iter()
            .flatten()
            .filter_map(move |each| each.get(key));
        names.filter_map(serde_json::Value::as_str)
    });
    text != WORD && named.any(|name| name == text)
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
    fn names_of_the_seed_and_countries_are_found() {
        let text = "const A: [&str; 5] = [\n\"dv\",\n\"DV-TEST\",\n\"FI\",\n\"private\",\n\"{host} root CA\"];";
        check_text("crates/flow/src/a.rs", text, &[2, 3, 4, 6]);
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
