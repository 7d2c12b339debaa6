//! Guests written as WebAssembly text: a well-behaved check, except for the fields that a test adds.

use std::fmt::Write;
use std::fs;

use super::root;

/// A guest under construction: see `tests/guests/wat/check.wat` and `fine.wat`.
pub struct Guest {
    fields: String,
    outer: String,
}

impl Guest {
    /// A well-behaved check, except for these fields of its core module.
    pub fn with(fields: &str) -> Self {
        Self { fields: fields.to_owned(), outer: "(core instance $outer)".to_owned() }
    }

    /// A check that executes these instructions before it returns that all is fine: the body of a function without
    /// parameters or result.
    pub fn with_work(instructions: &str) -> Self {
        Self::with(&format!("(func $work (export \"work\") {instructions})"))
    }

    /// Defines the core instance `$outer`, from which the guest may import.
    pub fn outer(mut self, definitions: &str) -> Self {
        self.outer = definitions.to_owned();
        self
    }

    /// The component, in binary.
    pub fn wasm(&self) -> Vec<u8> {
        self.wasm_of(&text("check"))
    }

    /// The component with every occurrence of one text replaced by another.
    pub fn component_with(&self, original: &str, other: &str) -> Vec<u8> {
        let component = text("check");
        assert!(component.contains(original), "{original}");
        self.wasm_of(&component.replace(original, other))
    }

    fn wasm_of(&self, component: &str) -> Vec<u8> {
        let component = component.replace("  OUTER\n", &self.outer).replace("    FIELDS\n", &self.module_fields());
        wat::parse_str(&component).unwrap_or_else(|error| panic!("{error:.2000}\n{:.2000}", self.fields))
    }

    /// Imports come first, as the text format demands, and the guest's own fields last, so that their data overwrite
    /// the usual data.
    fn module_fields(&self) -> String {
        let (imports, own): (Vec<&str>, Vec<&str>) = self.fields.lines().partition(|line| line.starts_with("(import "));
        let fine = text("fine");
        let usual = fine.split("\n\n").filter(|paragraph| !self.replaces(paragraph));
        imports.into_iter().chain(usual).chain(own).collect::<Vec<_>>().join("\n")
    }

    fn replaces(&self, paragraph: &str) -> bool {
        let export =
            |part: &str| part.split_once("(export ").map(|(_, rest)| rest[..rest.find(')').unwrap()].to_owned());
        export(paragraph).is_some_and(|name| self.fields.contains(&format!("(export {name})")))
    }
}

fn text(name: &str) -> String {
    fs::read_to_string(root().join("tests/guests/wat").join(name).with_extension("wat")).unwrap()
}

/// A data segment with these bytes at this address of the guest's memory.
pub fn data(at: u32, bytes: impl AsRef<[u8]>) -> String {
    let mut text = format!("(data (i32.const {at}) \"");
    for byte in bytes.as_ref() {
        // Writing to a string does not fail.
        let _ = write!(text, "\\{byte:02x}");
    }
    text + "\")\n"
}

/// [`data`] of little-endian words.
pub fn words(at: u32, words: &[u32]) -> String {
    data(at, words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<_>>())
}

/// A section of a module or a component, in binary.
pub fn section(id: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![id];
    let mut length = content.len();
    while length >= 0x80 {
        bytes.push(length as u8 | 0x80);
        length >>= 7;
    }
    bytes.push(length as u8);
    bytes.extend(content);
    bytes
}
