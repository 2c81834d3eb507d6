//! Which file names which, by `use` and by paths in code and in the arguments of macros.
//!
//! A name that a module only hands on (`pub use app::App`) is traced to the file that has it, so that
//! lists of re-exports tie nothing together. What other crates' macros write is not seen.

use std::collections::BTreeMap;

use super::source::Source;

mod mentions;
mod tree;

use mentions::Mentions;
use tree::Tree;

/// One file that names another one, possibly of another crate; both relative to the workspace root.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Name {
    /// The file that names.
    pub(crate) from: String,
    /// The line of the first mention, from 1.
    pub(crate) line: usize,
    /// The file that is named.
    pub(crate) to: String,
}

impl Name {
    /// Whether both files belong to the same crate.
    pub(crate) fn is_within_crate(&self) -> bool {
        let of_crate = |path| tree::place(path).map(|(krate, _)| krate);
        of_crate(&self.from) == of_crate(&self.to)
    }
}

/// The names of a module within its crate, outermost first; none for the crate itself.
pub(crate) fn module_path(path: &str) -> Vec<&str> {
    tree::place(path).map_or_else(Vec::new, |(_, module)| module)
}

/// The folder of the crate's modules, such as `crates/flow/src`.
pub(crate) fn crate_folder(path: &str) -> &str {
    path.split_once("/src/").map_or(path, |(krate, _)| {
        path.get(..krate.len() + "/src".len()).unwrap_or(path)
    })
}

/// Each pair of files once, in the order of their paths.
pub(crate) fn read(sources: &[Source]) -> Vec<Name> {
    let tree = Tree::new(sources);
    let mut first = BTreeMap::new();
    for source in sources.iter().filter(|source| !source.is_test) {
        let Some(module) = tree.module_of(&source.path) else {
            continue;
        };
        for (line, named) in Mentions::of(source, &tree, module) {
            let to = tree.file(named);
            if to != source.path {
                let known = first.entry((source.path.as_str(), to)).or_insert(line);
                *known = line.min(*known);
            }
        }
    }
    let name = |((from, to), line): ((&str, &str), usize)| Name {
        from: from.to_owned(),
        line,
        to: to.to_owned(),
    };
    first.into_iter().map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `text` is that of `crates/flow/src/issuance/new_order.rs`.
    #[track_caller]
    fn check(text: &str, expected: &[(usize, &str)]) {
        let files = [
            ("crates/base/src/lib.rs", "mod id;\npub use id::OrderId;"),
            ("crates/base/src/id.rs", "pub struct OrderId;"),
            (
                "crates/flow/src/lib.rs",
                "pub mod app;\npub mod issuance;\npub use app::App;\npub struct Root;",
            ),
            (
                "crates/flow/src/app.rs",
                "pub struct App;\n#[macro_export]\nmacro_rules! values { () => {} }",
            ),
            (
                "crates/flow/src/issuance.rs",
                "mod list;\nmod new_order;\npub use list::*;\npub fn own() {}",
            ),
            ("crates/flow/src/issuance/list.rs", "pub fn listed() {}"),
            ("crates/flow/src/issuance/new_order.rs", text),
        ];
        let sources: Vec<Source> = files
            .iter()
            .map(|(path, text)| Source::parse(path, text).unwrap())
            .collect();
        let names = read(&sources);
        let found: Vec<(usize, &str)> = names
            .iter()
            .filter(|name| name.from.ends_with("new_order.rs"))
            .map(|name| (name.line, name.to.trim_start_matches("crates/")))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn names_in_use_are_found() {
        let app = "flow/src/app.rs";
        check("use crate::app::App;", &[(1, app)]);
        check("use crate::{\n    app,\n};", &[(2, app)]);
        check("use super::super::app::App as It;", &[(1, app)]);
        check("use crate::app::*;", &[(1, app)]);
        check("fn a() {\n    use crate::app;\n}", &[(2, app)]);
    }

    #[test]
    fn names_in_code_and_macros_are_found() {
        let list = "flow/src/issuance/list.rs";
        check("fn a() {\n    super::list::listed();\n}", &[(2, list)]);
        check("fn a(b: crate::issuance::list::B) {}", &[(1, list)]);
        check("use super::list;\nfn a() { list::listed() }", &[(1, list)]);
        check(
            "fn a() {\n    call!(x, [super::list::listed()]);\n}",
            &[(2, list)],
        );
    }

    #[test]
    fn what_a_module_hands_on_is_traced() {
        check("use crate::App;", &[(1, "flow/src/app.rs")]);
        check("use super::listed;", &[(1, "flow/src/issuance/list.rs")]);
        check("use super::own;", &[(1, "flow/src/issuance.rs")]);
        check("use crate::Root;", &[(1, "flow/src/lib.rs")]);
        check("use crate::values;", &[(1, "flow/src/app.rs")]);
    }

    #[test]
    fn names_of_other_crates_are_traced() {
        check("use base::OrderId;", &[(1, "base/src/id.rs")]);
        check("fn a(id: ::base::id::OrderId) {}", &[(1, "base/src/id.rs")]);
        check("use std::sync::Arc;\nfn a() { Arc::new(1); }", &[]);
    }

    #[test]
    fn visibility_tests_and_attributes_name_nothing() {
        check("pub(in crate::app) struct A;", &[]);
        check("#[cfg(test)]\nmod tests { use crate::app::App; }", &[]);
        check("#[derive(crate::app::Made)]\nstruct A;", &[]);
        check("fn a(list: u8) -> u8 { list }", &[]);
    }

    #[test]
    fn handing_on_names_nothing_but_calling_does() {
        let sources = |code: &str| {
            let root = format!("mod a;\npub use a::run;\n{code}");
            [
                Source::parse("crates/x/src/lib.rs", &root).unwrap(),
                Source::parse("crates/x/src/a.rs", "pub fn run() {}").unwrap(),
            ]
        };
        assert_eq!(read(&sources("")), []);
        assert_eq!(read(&sources("fn b() { run() }")).len(), 1);
    }

    #[test]
    fn places_of_files() {
        assert_eq!(
            module_path("crates/flow/src/issuance/issue.rs"),
            ["issuance", "issue"]
        );
        assert!(module_path("crates/flow/src/lib.rs").is_empty());
        assert_eq!(crate_folder("crates/flow/src/a/b.rs"), "crates/flow/src");
        assert_eq!(crate_folder("xtask/src/main.rs"), "xtask/src");
    }
}
