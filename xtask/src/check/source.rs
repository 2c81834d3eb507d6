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
}

impl Source {
    /// Parses one file's text.
    pub(crate) fn parse(path: &str, text: &str) -> anyhow::Result<Self> {
        // Tokens are compared by position, so the text must outlive nothing: it is kept as it is.
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
        })
    }

    /// Whether the whole file is a test: an integration test, or the `tests` module of a file.
    pub(crate) fn is_test(&self) -> bool {
        self.path.contains("/tests/") || self.path.ends_with("/tests.rs")
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
