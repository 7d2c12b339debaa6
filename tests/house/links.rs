//! Links between documents lead somewhere, anchors included.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::sources::walk;
use crate::support::root;

/// The anchors of a document, as GitHub makes them from its headings.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut anchors = BTreeSet::new();
    for heading in prose(text).into_iter().filter(|line| line.starts_with('#')) {
        let title = heading.trim_start_matches('#').trim();
        let kept = title.chars().filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c));
        let anchor: String = kept.collect::<String>().to_lowercase().replace(' ', "-");
        let numbered = (1..).map(|number| format!("{anchor}-{number}"));
        let free = [anchor.clone()].into_iter().chain(numbered).find(|anchor| !anchors.contains(anchor));
        anchors.extend(free);
    }
    anchors
}

/// The lines outside of code blocks.
fn prose(text: &str) -> Vec<&str> {
    let mut in_code = false;
    let is_prose = |line: &&str| {
        let is_fence = line.trim_start().starts_with("```");
        in_code ^= is_fence;
        !in_code && !is_fence
    };
    text.lines().filter(is_prose).collect()
}

/// The targets of links: `](target)` and `[name]: target`.
fn targets(text: &str) -> Vec<String> {
    let text = prose(text).join("\n");
    let inline = text.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next());
    let named = text.lines().filter(|line| line.starts_with('[')).filter_map(|line| line.split_once("]: "));
    inline.chain(named.map(|(_, target)| target)).map(str::to_owned).collect()
}

/// Why a link of a document leads nowhere, if it does.
fn broken(document: &Path, target: &str) -> Option<String> {
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
    let file = if file.is_empty() { document.to_owned() } else { document.parent().unwrap().join(file) };
    if !file.exists() {
        return Some(format!("{}: there is no {target}", document.display()));
    }
    if anchor.is_empty() || file.extension().is_none_or(|extension| extension != "md") {
        return None;
    }
    let known = anchors(&fs::read_to_string(&file).unwrap());
    (!known.contains(anchor)).then(|| format!("{}: there is no heading {target}", document.display()))
}

fn documents() -> Vec<PathBuf> {
    let mut documents: Vec<_> =
        ["README.md", "README.ko.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(|name| root().join(name)).into();
    walk(&root().join("docs"), "md", &mut documents);
    documents
}

#[test]
fn links_between_documents_resolve() {
    let mut found = Vec::new();
    for document in documents() {
        let text = fs::read_to_string(&document).unwrap();
        found.extend(targets(&text).iter().filter_map(|target| broken(&document, target)));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn index_has_every_page() {
    let index = fs::read_to_string(root().join("docs/README.md")).unwrap();
    let mut pages = Vec::new();
    walk(&root().join("docs"), "md", &mut pages);
    let docs = root().join("docs");
    let names = pages.iter().map(|page| page.strip_prefix(&docs).unwrap().to_str().unwrap());
    // The decisions have an index of their own.
    let missing: Vec<_> = names
        .filter(|name| !name.starts_with("decisions/") && *name != "README.md")
        .filter(|name| !index.contains(&format!("({name})")))
        .collect();
    assert!(missing.is_empty(), "docs/README.md does not list {missing:?}");
}

/// The paths of files and directories that a document names in backticks.
fn named_paths(text: &str) -> Vec<String> {
    let spans = prose(text).join("\n");
    let spans = spans.split('`').skip(1).step_by(2);
    let is_path = |span: &&str| {
        let roots = ["host/", "tests/", "checks/", "wit/", "migrations/", "docs/"];
        roots.iter().any(|root| span.starts_with(root))
            && !span.contains([' ', '*', '{', '<'])
            && !span.contains("NAME")
    };
    spans.filter(is_path).map(str::to_owned).collect()
}

#[test]
fn files_that_documents_name_exist() {
    let mut found = Vec::new();
    for document in documents().iter().filter(|document| !document.ends_with("CHANGELOG.md")) {
        let text = fs::read_to_string(document).unwrap();
        let missing = named_paths(&text).into_iter().filter(|path| !root().join(path).exists());
        found.extend(missing.map(|path| format!("{}: there is no {path}", document.display())));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}
