//! The modules of all our crates, what each defines and what it brings in, so that a path can be
//! followed to the file that has the name.

use std::collections::{BTreeMap, BTreeSet};

use syn::spanned::Spanned;

use crate::check::source::Source;

/// How many names may stand for other names before we take it for a circle.
const MAX_DEPTH: u8 = 16;

/// All modules of all crates.
pub(crate) struct Tree {
    modules: Vec<Module>,
    /// By the crate's name, its outermost module.
    crates: BTreeMap<String, usize>,
    /// By the file's path, its module.
    files: BTreeMap<String, usize>,
}

/// One module: a file, or a block in one.
#[derive(Default)]
struct Module {
    file: String,
    root: usize,
    parent: Option<usize>,
    children: BTreeMap<String, usize>,
    items: BTreeSet<String>,
    /// What `use` brings in, by the name it has here.
    uses: BTreeMap<String, Import>,
    /// The modules of which everything is brought in.
    globs: Vec<Import>,
    /// For the outermost module: macros that are exported to there.
    exports: BTreeMap<String, usize>,
}

/// One name that a `use` brings in.
#[derive(Clone)]
pub(crate) struct Import {
    /// The path as it is written, without `self` at its end.
    pub(crate) path: Vec<String>,
    /// Written with `::` in front: the first name is that of a crate.
    pub(crate) is_absolute: bool,
    /// Handed on: others can name it through this module.
    pub(crate) is_visible: bool,
    /// The name it has here, `*` for everything.
    pub(crate) name: String,
    /// The line, from 1.
    pub(crate) line: usize,
}

/// Where a path leads.
#[derive(Clone, Copy)]
enum Found {
    Module(usize),
    /// Something that this module defines.
    Item(usize),
}

impl Tree {
    /// The modules of the files that are compiled into a crate.
    pub(crate) fn new(sources: &[Source]) -> Self {
        let mut tree = Self {
            modules: Vec::new(),
            crates: BTreeMap::new(),
            files: BTreeMap::new(),
        };
        for source in sources.iter().filter(|source| !source.is_test) {
            let Some((krate, path)) = place(&source.path) else {
                continue;
            };
            let module = tree.add(krate, &path);
            if let Some(module) = tree.modules.get_mut(module) {
                module.file.clone_from(&source.path);
            }
            tree.files.insert(source.path.clone(), module);
            tree.fill(module, &source.syntax.items);
        }
        tree
    }

    /// The module of a file.
    pub(crate) fn module_of(&self, path: &str) -> Option<usize> {
        self.files.get(path).copied()
    }

    /// The block of that name in a module.
    pub(crate) fn child(&self, module: usize, name: &str) -> Option<usize> {
        self.module(module)?.children.get(name).copied()
    }

    /// The file that a module is written in.
    pub(crate) fn file(&self, module: usize) -> &str {
        self.module(module).map_or("", |module| &module.file)
    }

    /// Whether `inner` is `outer` or stands in it.
    pub(crate) fn is_within(&self, inner: usize, outer: usize) -> bool {
        let mut next = Some(inner);
        while let Some(module) = next {
            if module == outer {
                return true;
            }
            next = self.module(module).and_then(|module| module.parent);
        }
        false
    }

    /// The module that has what a path in `from` leads to; `None` when it is none of ours.
    pub(crate) fn resolve(&self, from: usize, path: &[String], is_absolute: bool) -> Option<usize> {
        let found = self.walk(from, path, is_absolute, 0)?;
        let (Found::Module(module) | Found::Item(module)) = found;
        Some(module)
    }

    /// What a single name in `from` stands for, if a `use` that hands it on says so. Any other `use` is a
    /// mention itself.
    pub(crate) fn handed_on(&self, from: usize, name: &str) -> Option<usize> {
        let import = self.module(from)?.uses.get(name)?;
        let is_handed_on = import.is_visible;
        is_handed_on
            .then(|| self.resolve(from, &import.path, import.is_absolute))
            .flatten()
    }

    fn module(&self, module: usize) -> Option<&Module> {
        self.modules.get(module)
    }

    /// The module of this path in a crate, made with its parents when it is not there yet.
    fn add(&mut self, krate: &str, path: &[&str]) -> usize {
        let root = self.crates.get(krate).copied().unwrap_or_else(|| {
            let root = self.modules.len();
            self.modules.push(Module {
                root,
                ..Module::default()
            });
            self.crates.insert(krate.to_owned(), root);
            root
        });
        path.iter()
            .fold(root, |parent, name| self.add_child(parent, name))
    }

    fn add_child(&mut self, parent: usize, name: &str) -> usize {
        let next = self.modules.len();
        let Some(above) = self.modules.get_mut(parent) else {
            return parent;
        };
        if let Some(known) = above.children.get(name) {
            return *known;
        }
        above.children.insert(name.to_owned(), next);
        let child = Module {
            // A block is written where its parent is; a file says its own path later.
            file: above.file.clone(),
            root: above.root,
            parent: Some(parent),
            ..Module::default()
        };
        self.modules.push(child);
        next
    }

    fn fill(&mut self, module: usize, items: &[syn::Item]) {
        for item in items {
            if let syn::Item::Mod(block) = item
                && let Some((_, items)) = &block.content
            {
                let child = self.add_child(module, &block.ident.to_string());
                self.fill(child, items);
            } else if let syn::Item::Use(item) = item {
                self.bring_in(module, item);
            } else if let syn::Item::Macro(item) = item {
                self.define_macro(module, item);
            } else if let Some(name) = item_name(item)
                && let Some(module) = self.modules.get_mut(module)
            {
                module.items.insert(name.to_string());
            }
        }
    }

    fn bring_in(&mut self, module: usize, item: &syn::ItemUse) {
        let Some(module) = self.modules.get_mut(module) else {
            return;
        };
        for import in imports(item) {
            if import.name == "*" {
                module.globs.push(import);
            } else {
                module.uses.insert(import.name.clone(), import);
            }
        }
    }

    fn define_macro(&mut self, module: usize, item: &syn::ItemMacro) {
        let Some(name) = &item.ident else {
            return;
        };
        let is_exported = item
            .attrs
            .iter()
            .any(|attribute| attribute.path().is_ident("macro_export"));
        let root = self.module(module).map(|module| module.root);
        if is_exported
            && let Some(root) = root
            && let Some(root) = self.modules.get_mut(root)
        {
            root.exports.insert(name.to_string(), module);
        } else if let Some(module) = self.modules.get_mut(module) {
            module.items.insert(name.to_string());
        }
    }

    fn walk(&self, from: usize, path: &[String], is_absolute: bool, depth: u8) -> Option<Found> {
        let (first, rest) = path.split_first()?;
        if depth > MAX_DEPTH {
            return None;
        }
        let module = self.module(from)?;
        let start = match first.as_str() {
            _ if is_absolute => Found::Module(*self.crates.get(first)?),
            "crate" => Found::Module(module.root),
            "self" => Found::Module(from),
            "super" => Found::Module(module.parent?),
            name => match self.look_up(from, name, depth) {
                Some(found) => found,
                None if module.uses.contains_key(name) => return None,
                None => Found::Module(*self.crates.get(name)?),
            },
        };
        let mut found = start;
        for name in rest {
            let Found::Module(module) = found else {
                break;
            };
            found = if name == "super" {
                Found::Module(self.module(module)?.parent?)
            } else {
                self.look_up(module, name, depth)
                    .unwrap_or(Found::Item(module))
            };
        }
        Some(found)
    }

    /// What `name` is in a module.
    fn look_up(&self, module: usize, name: &str, depth: u8) -> Option<Found> {
        if depth > MAX_DEPTH {
            return None;
        }
        let here = self.module(module)?;
        if let Some(child) = here.children.get(name) {
            return Some(Found::Module(*child));
        }
        if here.items.contains(name) {
            return Some(Found::Item(module));
        }
        if let Some(import) = here.uses.get(name) {
            return self.walk(module, &import.path, import.is_absolute, depth + 1);
        }
        if let Some(place) = here.exports.get(name) {
            return Some(Found::Item(*place));
        }
        here.globs.iter().find_map(|import| {
            match self.walk(module, &import.path, import.is_absolute, depth + 1)? {
                Found::Module(other) if other != module => self.look_up(other, name, depth + 1),
                Found::Module(_) | Found::Item(_) => None,
            }
        })
    }
}

/// The crate of a file and its place there: `crates/flow/src/a/b.rs` is `flow` and `a`, `b`.
pub(crate) fn place(path: &str) -> Option<(&str, Vec<&str>)> {
    let (krate, file) = path.split_once("/src/")?;
    let krate = krate.rsplit('/').next()?;
    let module = match file.strip_suffix(".rs")? {
        "lib" | "main" => Vec::new(),
        inner => inner.split('/').collect(),
    };
    Some((krate, module))
}

/// Every name that a `use` brings in.
pub(crate) fn imports(item: &syn::ItemUse) -> Vec<Import> {
    let mut found = Vec::new();
    let start = Import {
        path: Vec::new(),
        is_absolute: item.leading_colon.is_some(),
        is_visible: !matches!(item.vis, syn::Visibility::Inherited),
        name: String::new(),
        line: 0,
    };
    flatten(&item.tree, &start, &mut found);
    found
}

fn flatten(tree: &syn::UseTree, above: &Import, found: &mut Vec<Import>) {
    match tree {
        syn::UseTree::Path(path) => flatten(&path.tree, &below(above, &path.ident), found),
        syn::UseTree::Name(name) if name.ident == "self" => {
            let line = name.ident.span().start().line;
            found.push(Import {
                line,
                ..above.clone()
            });
        }
        syn::UseTree::Name(name) => found.push(below(above, &name.ident)),
        syn::UseTree::Rename(rename) => {
            let import = if rename.ident == "self" {
                above.clone()
            } else {
                below(above, &rename.ident)
            };
            found.push(Import {
                name: rename.rename.to_string(),
                line: rename.ident.span().start().line,
                ..import
            });
        }
        syn::UseTree::Glob(glob) => found.push(Import {
            name: "*".to_owned(),
            line: glob.star_token.span().start().line,
            ..above.clone()
        }),
        syn::UseTree::Group(group) => {
            for tree in &group.items {
                flatten(tree, above, found);
            }
        }
    }
}

/// The same path with one more name.
fn below(above: &Import, name: &syn::Ident) -> Import {
    let mut import = above.clone();
    import.path.push(name.to_string());
    import.name = name.to_string();
    import.line = name.span().start().line;
    import
}

fn item_name(item: &syn::Item) -> Option<&syn::Ident> {
    match item {
        syn::Item::Const(syn::ItemConst { ident, .. })
        | syn::Item::Enum(syn::ItemEnum { ident, .. })
        | syn::Item::Static(syn::ItemStatic { ident, .. })
        | syn::Item::Struct(syn::ItemStruct { ident, .. })
        | syn::Item::Trait(syn::ItemTrait { ident, .. })
        | syn::Item::TraitAlias(syn::ItemTraitAlias { ident, .. })
        | syn::Item::Type(syn::ItemType { ident, .. })
        | syn::Item::Union(syn::ItemUnion { ident, .. }) => Some(ident),
        syn::Item::Fn(function) => Some(&function.sig.ident),
        syn::Item::ExternCrate(_)
        | syn::Item::ForeignMod(_)
        | syn::Item::Impl(_)
        | syn::Item::Macro(_)
        | syn::Item::Mod(_)
        | syn::Item::Use(_)
        | syn::Item::Verbatim(_)
        | _ => None,
    }
}
