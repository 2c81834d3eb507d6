//! No public type has the name of another one of its crate: whoever reads the name knows the thing.

use std::collections::BTreeMap;

use syn::visit::Visit;

use crate::check::Finding;
use crate::check::code::Code;
use crate::check::names::crate_folder;
use crate::check::source::Source;

/// Checks all crates; each finding is one of the types.
pub(crate) fn check(code: &Code<'_>) -> Vec<Finding> {
    let mut types: BTreeMap<(&str, String), Vec<(&str, usize)>> = BTreeMap::new();
    for source in code.product() {
        let mut public = PublicTypes {
            source,
            found: Vec::new(),
        };
        public.visit_file(&source.syntax);
        for (name, line) in public.found {
            let places = types.entry((crate_folder(&source.path), name)).or_default();
            places.push((&source.path, line));
        }
    }
    let mut findings = Vec::new();
    for ((_, name), places) in types.iter().filter(|(_, places)| places.len() > 1) {
        for (path, line) in places {
            let message = format!(
                "{} public types are called {name}: rename one",
                places.len()
            );
            findings.push(Finding::new(path, *line, message));
        }
    }
    findings
}

struct PublicTypes<'a> {
    source: &'a Source,
    found: Vec<(String, usize)>,
}

impl PublicTypes<'_> {
    fn add(&mut self, visibility: &syn::Visibility, name: &syn::Ident) {
        let line = name.span().start().line;
        if matches!(visibility, syn::Visibility::Public(_)) && !self.source.is_test_at(line) {
            self.found.push((name.to_string(), line));
        }
    }
}

impl<'ast> Visit<'ast> for PublicTypes<'_> {
    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        self.add(&item.vis, &item.ident);
    }

    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        self.add(&item.vis, &item.ident);
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        self.add(&item.vis, &item.ident);
    }

    fn visit_item_type(&mut self, item: &'ast syn::ItemType) {
        self.add(&item.vis, &item.ident);
    }

    fn visit_item_union(&mut self, item: &'ast syn::ItemUnion) {
        self.add(&item.vis, &item.ident);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::code::places;

    #[track_caller]
    fn check_texts(a: &str, b: &str, expected: &[&str]) {
        let files = [("crates/x/src/a.rs", a), ("crates/x/src/b.rs", b)];
        assert_eq!(places(check, &files), expected);
    }

    #[test]
    fn names_that_come_twice_are_found() {
        check_texts(
            "pub struct Page;",
            "\npub enum Page {}",
            &["crates/x/src/a.rs:1", "crates/x/src/b.rs:2"],
        );
        check_texts(
            "pub trait Page {}\npub mod c { pub type Page = u8; }",
            "",
            &["crates/x/src/a.rs:1", "crates/x/src/a.rs:2"],
        );
    }

    #[test]
    fn names_of_a_few_may_come_twice() {
        check_texts("pub struct Page;", "pub(crate) struct Page;", &[]);
        check_texts("pub struct Page;", "struct Page;\npub fn page() {}", &[]);
        check_texts(
            "pub struct Page;",
            "#[cfg(test)]\nmod tests { pub struct Page; }",
            &[],
        );
        let files = [
            ("crates/x/src/a.rs", "pub struct Page;"),
            ("crates/y/src/a.rs", "pub struct Page;"),
        ];
        assert_eq!(places(check, &files).len(), 0);
    }
}
