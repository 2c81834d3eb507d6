//! The Rust files of the workspace, read and parsed once for all checks.

use std::fs;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use anyhow::Context;
use proc_macro2::{TokenStream, TokenTree};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;

/// One Rust file.
pub(crate) struct Source {
    /// Relative to the workspace root, with `/`.
    pub(crate) path: String,
    /// The file as it is.
    pub(crate) text: String,
    /// The file as tokens, macros' arguments included.
    pub(crate) tokens: TokenStream,
    /// The file as items.
    pub(crate) syntax: syn::File,
    /// Whether the whole file is compiled for tests only.
    pub(crate) is_test: bool,
    /// The lines of the items that are compiled for tests only.
    test_items: Vec<RangeInclusive<usize>>,
}

impl Source {
    /// Parses one file's text.
    pub(crate) fn parse(path: &str, text: &str) -> anyhow::Result<Self> {
        let tokens: TokenStream = text
            .parse()
            .map_err(|error| anyhow::anyhow!("{path} cannot be read as Rust: {error}"))?;
        let syntax: syn::File = syn::parse2(tokens.clone())
            .with_context(|| format!("{path} cannot be read as Rust"))?;
        let mut test_items = Vec::new();
        collect_test_items(&syntax.items, &mut test_items);
        Ok(Self {
            path: path.to_owned(),
            text: text.to_owned(),
            tokens,
            syntax,
            is_test: path.contains("/tests/"),
            test_items,
        })
    }

    /// Whether what stands on this line is compiled for tests only.
    pub(crate) fn is_test_at(&self, line: usize) -> bool {
        self.is_test || self.test_items.iter().any(|lines| lines.contains(&line))
    }

    /// Whether this is a file of a library or of the binary: no test, no example.
    pub(crate) fn is_product(&self) -> bool {
        self.path.starts_with("crates/") && self.path.contains("/src/") && !self.is_test
    }

    /// Where the files of the modules are that this file declares for tests only, without `.rs`.
    fn test_modules(&self) -> impl Iterator<Item = String> {
        let stem = self.path.trim_end_matches(".rs");
        let is_root = stem.ends_with("/lib") || stem.ends_with("/main");
        let parent = stem.rsplit_once('/').map_or("", |(parent, _)| parent);
        let folder = if is_root { parent } else { stem };
        self.syntax.items.iter().filter_map(move |item| {
            let syn::Item::Mod(module) = item else {
                return None;
            };
            if module.content.is_some() || !(self.is_test || is_for_tests(&module.attrs)) {
                return None;
            }
            Some(match path_attribute(&module.attrs) {
                Some(path) => format!("{parent}/{}", path.trim_end_matches(".rs")),
                None => format!("{folder}/{}", module.ident),
            })
        })
    }
}

/// The file that `#[path = "…"]` gives to a module.
fn path_attribute(attributes: &[syn::Attribute]) -> Option<String> {
    attributes.iter().find_map(|attribute| {
        if let syn::Meta::NameValue(pair) = &attribute.meta
            && pair.path.is_ident("path")
            && let syn::Expr::Lit(value) = &pair.value
            && let syn::Lit::Str(path) = &value.lit
        {
            return Some(path.value());
        }
        None
    })
}

fn collect_test_items(items: &[syn::Item], found: &mut Vec<RangeInclusive<usize>>) {
    for item in items {
        if is_for_tests(attributes(item)) {
            found.push(item.span().start().line..=item.span().end().line);
        } else if let syn::Item::Mod(module) = item
            && let Some((_, items)) = &module.content
        {
            collect_test_items(items, found);
        }
    }
}

/// The attributes of an item of any kind.
pub(crate) fn attributes(item: &syn::Item) -> &[syn::Attribute] {
    match item {
        syn::Item::Const(syn::ItemConst { attrs, .. })
        | syn::Item::Enum(syn::ItemEnum { attrs, .. })
        | syn::Item::ExternCrate(syn::ItemExternCrate { attrs, .. })
        | syn::Item::Fn(syn::ItemFn { attrs, .. })
        | syn::Item::ForeignMod(syn::ItemForeignMod { attrs, .. })
        | syn::Item::Impl(syn::ItemImpl { attrs, .. })
        | syn::Item::Macro(syn::ItemMacro { attrs, .. })
        | syn::Item::Mod(syn::ItemMod { attrs, .. })
        | syn::Item::Static(syn::ItemStatic { attrs, .. })
        | syn::Item::Struct(syn::ItemStruct { attrs, .. })
        | syn::Item::Trait(syn::ItemTrait { attrs, .. })
        | syn::Item::TraitAlias(syn::ItemTraitAlias { attrs, .. })
        | syn::Item::Type(syn::ItemType { attrs, .. })
        | syn::Item::Union(syn::ItemUnion { attrs, .. })
        | syn::Item::Use(syn::ItemUse { attrs, .. }) => attrs,
        syn::Item::Verbatim(_) | _ => &[],
    }
}

/// `#[cfg(test)]`, `#[test]` and the attributes of test runners, such as `#[tokio::test]`.
pub(crate) fn is_for_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        if let syn::Meta::List(list) = &attribute.meta
            && list.path.is_ident("cfg")
        {
            return list.tokens.to_string() == "test";
        }
        let name = attribute.path().segments.last();
        name.is_some_and(|name| name.ident == "test")
    })
}

/// A module that is compiled for tests takes its files and folders with it, and then what those declare
/// elsewhere.
pub(crate) fn mark_tests(sources: &mut [Source]) {
    loop {
        let modules: Vec<String> = sources.iter().flat_map(Source::test_modules).collect();
        let mut has_changed = false;
        for source in sources.iter_mut().filter(|source| !source.is_test) {
            source.is_test = modules.iter().any(|module| {
                let rest = source.path.strip_prefix(module.as_str());
                rest.is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
            });
            has_changed |= source.is_test;
        }
        if !has_changed {
            return;
        }
    }
}

/// Reads every Rust file of the workspace.
pub(crate) fn read_all(root: &Path) -> anyhow::Result<Vec<Source>> {
    let mut sources = Vec::new();
    for path in files(root)? {
        let name = relative(root, &path);
        if path.extension().is_some_and(|extension| extension == "rs") {
            let text =
                fs::read_to_string(&path).with_context(|| format!("{name} is unreadable"))?;
            sources.push(Source::parse(&name, &text)?);
        }
    }
    mark_tests(&mut sources);
    Ok(sources)
}

/// Every file under `crates/`, `fuzz/` (but its corpora) and `xtask/`, in a fixed order.
pub(crate) fn files(root: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = ["crates", "fuzz/src", "fuzz/tests", "xtask"]
        .map(|folder| root.join(folder))
        .to_vec();
    while let Some(directory) = open.pop() {
        let entries = fs::read_dir(&directory)
            .with_context(|| format!("{} is unreadable", directory.display()))?;
        for entry in entries {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                open.push(entry.path());
            } else {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The path below the workspace root, for messages.
pub(crate) fn relative(root: &Path, path: &Path) -> String {
    path.strip_prefix(root)
        .unwrap_or(path)
        .to_string_lossy()
        .into_owned()
}

/// Calls `visit` with every sequence of tokens: the file's own and that of every group in it.
pub(crate) fn for_each_sequence(stream: &TokenStream, visit: &mut impl FnMut(&[TokenTree])) {
    let tokens: Vec<TokenTree> = stream.clone().into_iter().collect();
    visit(&tokens);
    for token in &tokens {
        if let TokenTree::Group(group) = token {
            for_each_sequence(&group.stream(), visit);
        }
    }
}

/// The arguments of a macro that takes expressions, such as `assert!`; none when it takes anything else.
pub(crate) fn arguments(call: &syn::Macro) -> Vec<syn::Expr> {
    let parser = Punctuated::<syn::Expr, syn::Token![,]>::parse_terminated;
    call.parse_body_with(parser)
        .map_or_else(|_| Vec::new(), Vec::from_iter)
}

/// The inside of `#[doc = "…"]`, which is what a documentation comment is to the compiler.
pub(crate) fn is_documentation(tokens: &[TokenTree]) -> bool {
    matches!(tokens.first(), Some(TokenTree::Ident(first)) if first == "doc")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_for_tests_take_their_files_with_them() {
        let files = [
            (
                "crates/a/src/lib.rs",
                "#[cfg(test)]\nmod fixture;\nmod order;",
            ),
            ("crates/a/src/fixture.rs", ""),
            ("crates/a/src/fixture/key.rs", ""),
            ("crates/a/src/order.rs", "#[cfg(test)]\nmod tests;"),
            (
                "crates/a/src/order/tests.rs",
                "#[path = \"sample.rs\"]\nmod sample;",
            ),
            ("crates/a/src/order/sample.rs", ""),
            ("crates/a/src/order/status.rs", ""),
            ("crates/a/tests/issue.rs", ""),
        ];
        let mut sources: Vec<Source> = files
            .iter()
            .map(|(path, text)| Source::parse(path, text).unwrap())
            .collect();
        mark_tests(&mut sources);
        let found: Vec<bool> = sources.iter().map(|source| source.is_test).collect();
        assert_eq!(found, [false, true, true, false, true, true, false, true]);
    }
    #[test]
    fn items_for_tests_are_known_by_their_lines() {
        let text = "fn a() {}\nmod inner {\n#[cfg(test)]\nfn b() {\n}\nfn c() {}\n}";
        let source = Source::parse("crates/a/src/lib.rs", text).unwrap();
        let found: Vec<usize> = (1..=7).filter(|line| source.is_test_at(*line)).collect();
        assert_eq!(found, [3, 4, 5]);
    }
}
