//! The Rust files of the workspace, read and parsed once for all checks.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use proc_macro2::{TokenStream, TokenTree};

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
}

impl Source {
    /// Parses one file's text.
    pub(crate) fn parse(path: &str, text: &str) -> anyhow::Result<Self> {
        let tokens: TokenStream = text
            .parse()
            .map_err(|error| anyhow::anyhow!("{path} cannot be read as Rust: {error}"))?;
        let syntax = syn::parse2(tokens.clone())
            .with_context(|| format!("{path} cannot be read as Rust"))?;
        Ok(Self {
            path: path.to_owned(),
            text: text.to_owned(),
            tokens,
            syntax,
            is_test: path.contains("/tests/"),
        })
    }

    /// Where the files of the modules are that this file declares for tests only, without `.rs`.
    fn test_modules(&self) -> impl Iterator<Item = String> {
        let stem = self.path.trim_end_matches(".rs");
        let is_root = stem.ends_with("/lib") || stem.ends_with("/main");
        let folder = match stem.rsplit_once('/') {
            Some((parent, _)) if is_root => parent,
            _ => stem,
        };
        self.syntax.items.iter().filter_map(move |item| {
            let syn::Item::Mod(module) = item else {
                return None;
            };
            let is_elsewhere = module.content.is_none();
            (is_elsewhere && is_for_tests(&module.attrs))
                .then(|| format!("{folder}/{}", module.ident))
        })
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

/// A module that is compiled for tests takes its files and folders with it.
fn mark_tests(sources: &mut [Source]) {
    let modules: Vec<String> = sources.iter().flat_map(Source::test_modules).collect();
    for source in sources {
        source.is_test |= modules.iter().any(|module| {
            let rest = source.path.strip_prefix(module.as_str());
            rest.is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
        });
    }
}

/// Reads every Rust file under `crates/` and `xtask/`.
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

/// Every file under `crates/` and `xtask/`, in a fixed order.
pub(crate) fn files(root: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![root.join("crates"), root.join("xtask")];
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
            ("crates/a/src/order/tests.rs", ""),
            ("crates/a/src/order/status.rs", ""),
            ("crates/a/tests/issue.rs", ""),
        ];
        let mut sources: Vec<Source> = files
            .iter()
            .map(|(path, text)| Source::parse(path, text).unwrap())
            .collect();
        mark_tests(&mut sources);
        let found: Vec<bool> = sources.iter().map(|source| source.is_test).collect();
        assert_eq!(found, [false, true, true, false, true, false, true]);
    }
}
