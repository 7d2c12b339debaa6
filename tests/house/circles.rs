//! No two files of a crate import each other, also not by way of others.

use std::collections::{BTreeMap, BTreeSet};

use syn::Token;
use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};

use super::sources::{CRATES, Source, sources};

type Module = Vec<String>;

/// The modules of a crate that are files, with the names that each re-exports and where these come from.
struct Modules {
    files: BTreeSet<Module>,
    reexports: BTreeMap<(Module, String), Vec<String>>,
}

impl Modules {
    fn of(sources: &[Source]) -> Self {
        let files = sources.iter().map(|source| source.module.clone()).collect();
        let mut modules = Self { files, reexports: BTreeMap::new() };
        for source in sources {
            for item in &source.items {
                let syn::Item::Use(item) = item else { continue };
                if matches!(item.vis, syn::Visibility::Inherited) {
                    continue;
                }
                for path in paths(&item.tree, Vec::new()) {
                    let target = modules.absolute(&source.module, &path);
                    if let (Some(target), Some(name)) = (target, path.last()) {
                        modules.reexports.insert((source.module.clone(), name.clone()), target);
                    }
                }
            }
        }
        modules
    }

    /// A path as one from the root of the crate; nothing for a path into another crate.
    fn absolute(&self, from: &Module, path: &[String]) -> Option<Vec<String>> {
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => Some(rest.to_vec()),
            "self" => Some([from, rest].concat()),
            "super" => {
                let (_, parent) = from.split_last()?;
                self.absolute(&parent.to_vec(), rest).or_else(|| Some([parent, rest].concat()))
            }
            _ => {
                let child = [from.as_slice(), std::slice::from_ref(first)].concat();
                self.files.contains(&child).then(|| [from, path].concat())
            }
        }
    }

    /// The file that a path from the root of the crate leads to, through re-exports.
    fn file(&self, path: &[String]) -> Module {
        let length = (0..=path.len()).rev().find(|length| self.files.contains(&path[..*length])).unwrap_or(0);
        let file = path[..length].to_vec();
        let reexport = path.get(length).and_then(|name| self.reexports.get(&(file.clone(), name.clone())));
        match reexport {
            Some(target) if target[..] != path[..] => self.file(target),
            _ => file,
        }
    }
}

/// The paths of a `use` tree: `a::{b, c::d}` has `a::b` and `a::c::d`.
fn paths(tree: &syn::UseTree, mut before: Vec<String>) -> Vec<Vec<String>> {
    match tree {
        syn::UseTree::Path(path) => {
            before.push(path.ident.to_string());
            paths(&path.tree, before)
        }
        syn::UseTree::Name(name) if name.ident == "self" => vec![before],
        syn::UseTree::Name(name) => vec![[before, vec![name.ident.to_string()]].concat()],
        syn::UseTree::Rename(rename) => vec![[before, vec![rename.ident.to_string()]].concat()],
        syn::UseTree::Glob(_) => vec![before],
        syn::UseTree::Group(group) => group.items.iter().flat_map(|tree| paths(tree, before.clone())).collect(),
    }
}

/// The files that one file imports.
struct Imports<'a> {
    modules: &'a Modules,
    module: &'a Module,
    files: BTreeSet<Module>,
}

impl Imports<'_> {
    fn add(&mut self, path: &[String]) {
        if let Some(absolute) = self.modules.absolute(self.module, path) {
            let file = self.modules.file(&absolute);
            if file != *self.module {
                self.files.insert(file);
            }
        }
    }
}

impl<'ast> Visit<'ast> for Imports<'_> {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        // A module that re-exports its children does not use them.
        if matches!(item.vis, syn::Visibility::Inherited) {
            paths(&item.tree, Vec::new()).iter().for_each(|path| self.add(path));
        }
    }

    // `pub(super)` imports nothing.
    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names: Vec<_> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        // One name is a local one; a longer path into another crate leads to no file of this one.
        if names.len() > 1 {
            self.add(&names);
        }
        visit::visit_path(self, path);
    }

    /// The arguments of `format!`, `matches!` and the like are expressions.
    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        let parse = Punctuated::<syn::Expr, Token![,]>::parse_terminated;
        if let Ok(arguments) = call.parse_body_with(parse) {
            let mut inner = Imports { modules: self.modules, module: self.module, files: BTreeSet::new() };
            arguments.iter().for_each(|argument| inner.visit_expr(argument));
            self.files.append(&mut inner.files);
        }
    }
}

fn imports(source: &Source, modules: &Modules) -> BTreeSet<Module> {
    let mut imports = Imports { modules, module: &source.module, files: BTreeSet::new() };
    source.items.iter().for_each(|item| imports.visit_item(item));
    imports.files
}

/// The files that are reached from a file by at least one import.
fn reached(graph: &BTreeMap<Module, BTreeSet<Module>>, start: &Module) -> BTreeSet<Module> {
    let mut reached = BTreeSet::new();
    let mut next: Vec<_> = graph[start].iter().collect();
    while let Some(module) = next.pop() {
        if reached.insert(module.clone()) {
            next.extend(&graph[module]);
        }
    }
    reached
}

#[test]
fn files_of_a_crate_form_no_circle() {
    let mut found = Vec::new();
    for name in CRATES {
        let sources = sources(name);
        let modules = Modules::of(&sources);
        let graph = sources.iter().map(|source| (source.module.clone(), imports(source, &modules))).collect();
        let in_circle = |source: &&Source| reached(&graph, &source.module).contains(&source.module);
        for source in sources.iter().filter(in_circle) {
            let back = |file: &&Module| reached(&graph, file).contains(&source.module);
            let files: Vec<_> = graph[&source.module].iter().filter(back).map(|file| file.join("::")).collect();
            found.push(format!("{} imports {}", source.path.display(), files.join(", ")));
        }
    }
    assert!(found.is_empty(), "these files import each other:\n{}", found.join("\n"));
}
