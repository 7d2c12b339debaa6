//! The sources of the host, parsed.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::root;

/// The crates of the host, in the order in which they may depend on each other.
pub const CRATES: [&str; 10] =
    ["model", "files", "collect", "sandbox", "alerting", "record", "store", "notify", "report", "app"];

/// A source file of a crate.
pub struct Source {
    /// Relative to the root of the project.
    pub path: PathBuf,
    /// Its module path in the crate: `["alert", "step"]`.
    pub module: Vec<String>,
    /// Its items, without those for tests only.
    pub items: Vec<syn::Item>,
}

/// Every file under `host/NAME/src`, without files for tests only.
pub fn sources(name: &str) -> Vec<Source> {
    let directory = root().join("host").join(name).join("src");
    let mut paths = Vec::new();
    walk(&directory, "rs", &mut paths);
    let is_for_tests = |path: &PathBuf| {
        let relative = path.strip_prefix(&directory).unwrap();
        relative.iter().any(|part| part == "tests") || relative.ends_with("tests.rs")
    };
    paths.retain(|path| !is_for_tests(path));
    assert!(!paths.is_empty(), "no sources in {}", directory.display());
    paths.iter().map(|path| source(&directory, path)).collect()
}

/// Every file below a directory with this extension, sorted.
pub fn walk(directory: &Path, extension: &str, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            walk(&path, extension, found);
        } else if path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
}

fn source(directory: &Path, path: &Path) -> Source {
    let text = fs::read_to_string(path).unwrap();
    let file = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let relative = path.strip_prefix(directory).unwrap().with_extension("");
    let mut module: Vec<_> = relative.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
    if module.last().is_some_and(|last| ["lib", "main", "mod"].contains(&last.as_str())) {
        module.pop();
    }
    let items = file.items.into_iter().filter(|item| !is_for_tests(item)).collect();
    Source { path: path.strip_prefix(root()).unwrap().to_owned(), module, items }
}

fn is_for_tests(item: &syn::Item) -> bool {
    let attributes = match item {
        syn::Item::Mod(item) => &item.attrs,
        syn::Item::Use(item) => &item.attrs,
        syn::Item::Fn(item) => &item.attrs,
        _ => return false,
    };
    let is_test = |attribute: &syn::Attribute| match &attribute.meta {
        syn::Meta::List(list) if list.path.is_ident("cfg") => {
            let condition = list.tokens.to_string();
            condition == "test" || condition.starts_with("all (test ,")
        }
        _ => false,
    };
    attributes.iter().any(is_test)
}
