//! The paths that one file writes, each followed to the module it leads to.

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};

use super::tree::{Import, Tree, imports};
use crate::check::source::{self, Source};

/// Walks through one file, tests left out.
pub(crate) struct Mentions<'a> {
    source: &'a Source,
    tree: &'a Tree,
    /// The module that we are in: the file's own or a block in it.
    module: usize,
    found: Vec<(usize, usize)>,
}

impl<'a> Mentions<'a> {
    /// The line and the module of everything that the file, whose module is `module`, names.
    pub(crate) fn of(source: &'a Source, tree: &'a Tree, module: usize) -> Vec<(usize, usize)> {
        let mut mentions = Self {
            source,
            tree,
            module,
            found: Vec::new(),
        };
        mentions.visit_file(&source.syntax);
        mentions.found
    }

    fn add(&mut self, line: usize, named: Option<usize>) {
        if let Some(named) = named
            && !self.source.is_test_at(line)
        {
            self.found.push((line, named));
        }
    }

    /// A name that is only handed on from a module within is no mention.
    fn add_import(&mut self, import: &Import) {
        let named = self
            .tree
            .resolve(self.module, &import.path, import.is_absolute)
            .filter(|named| !(import.is_visible && self.tree.is_within(*named, self.module)));
        self.add(import.line, named);
    }

    fn add_path(&mut self, line: usize, path: &[String], is_absolute: bool) {
        let named = match path {
            [] => None,
            [name] => self.tree.handed_on(self.module, name),
            path => self.tree.resolve(self.module, path, is_absolute),
        };
        self.add(line, named);
    }

    fn add_tokens(&mut self, stream: &TokenStream) {
        source::for_each_sequence(stream, &mut |tokens| {
            let mut rest = tokens;
            while let [first, after @ ..] = rest {
                rest = after;
                if let TokenTree::Ident(start) = first {
                    let line = start.span().start().line;
                    let path;
                    (path, rest) = path_in_tokens(start.to_string(), after);
                    self.add_path(line, &path, false);
                }
            }
        });
    }
}

/// The path that begins with `first`, and what comes after it.
fn path_in_tokens(first: String, mut rest: &[TokenTree]) -> (Vec<String>, &[TokenTree]) {
    let mut path = vec![first];
    while let [
        TokenTree::Punct(one),
        TokenTree::Punct(two),
        TokenTree::Ident(name),
        after @ ..,
    ] = rest
        && one.as_char() == ':'
        && two.as_char() == ':'
    {
        path.push(name.to_string());
        rest = after;
    }
    (path, rest)
}

impl<'ast> Visit<'ast> for Mentions<'_> {
    fn visit_attribute(&mut self, _: &'ast syn::Attribute) {}

    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}

    fn visit_item_mod(&mut self, block: &'ast syn::ItemMod) {
        let Some((_, items)) = &block.content else {
            return;
        };
        let outer = self.module;
        let inner = self.tree.child(outer, &block.ident.to_string());
        self.module = inner.unwrap_or(outer);
        for item in items {
            self.visit_item(item);
        }
        self.module = outer;
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        for import in imports(item) {
            self.add_import(&import);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names: Vec<String> = path
            .segments
            .iter()
            .map(|segment| segment.ident.to_string())
            .collect();
        if let Some(first) = path.segments.first() {
            let line = first.ident.span().start().line;
            self.add_path(line, &names, path.leading_colon.is_some());
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        visit::visit_macro(self, call);
        self.add_tokens(&call.tokens);
    }
}
