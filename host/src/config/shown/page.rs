//! A `checkpost.toml` in the making: headings, keys with their values and origins, and what the file itself says.

use std::path::Path;

use toml::Value;

use super::super::section::Source;
use super::super::{Config, ConfigError, Origin};
use super::value::{key_text, text, without_secrets};
use super::written::{Entry, Written};
use crate::clean;

/// The document. `'a` is the file's.
pub(super) struct Page<'a> {
    text: String,
    source: Source<'a>,
    base_dir: &'a Path,
    /// The file.
    pub(super) root: Written<'a>,
    /// The table of the file that the last heading stands for, and the name of that.
    at: Written<'a>,
    heading: String,
    /// The tables at the top of the file that are shown.
    shown: Vec<String>,
}

impl<'a> Page<'a> {
    /// The document that `fill` makes.
    pub(super) fn write(config: &Config, fill: impl FnOnce(&mut Page<'_>)) -> Result<String, ConfigError> {
        let file = config.file.as_deref().unwrap_or(Path::new(""));
        let source = Source::new(file, &config.text.0);
        let places = source.table()?;
        let values: toml::Table = config.text.0.parse().unwrap_or_default();
        let root = Written::new(places.get_ref(), &values);
        let from = config.file.as_ref().map_or("no file".to_owned(), |file| file.display().to_string());
        let mut page = Page {
            text: format!("# The configuration as it holds, with {}.\n", clean::line(&from)),
            source,
            base_dir: &config.base_dir,
            root,
            at: root,
            heading: String::new(),
            shown: Vec::new(),
        };
        fill(&mut page);
        Ok(page.text)
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// Begins a table: `log`, or `limits.ceiling`.
    pub(super) fn section(&mut self, name: &str) {
        let written = name.split('.').fold(self.root, Written::table);
        self.begin(name, &format!("[{name}]"), written);
    }

    /// Begins one more `[[name]]`, which is this table of the file.
    pub(super) fn item(&mut self, name: &str, written: Written<'a>) {
        self.begin(name, &format!("[[{name}]]"), written);
    }

    /// Begins a table within the one that was begun last: `settings` of `[[check]]`.
    pub(super) fn within(&mut self, name: &str) {
        let heading = format!("{}.{}", self.heading, key_text(name));
        self.begin(&heading, &format!("[{heading}]"), self.at.table(name));
    }

    fn begin(&mut self, heading: &str, line: &str, written: Written<'a>) {
        self.line(&format!("\n{line}"));
        self.at = written;
        heading.clone_into(&mut self.heading);
        self.shown.push(heading.split('.').next().unwrap_or(heading).to_owned());
    }

    /// Where the file has a key of this table.
    pub(super) fn origin(&self, key: &str) -> Option<Origin> {
        self.at.place(key).map(|span| self.source.origin(span))
    }

    /// Where the file has a key at its top.
    pub(super) fn origin_at_top(&self, key: &str) -> Option<Origin> {
        self.root.place(key).map(|span| self.source.origin(span))
    }

    /// A key with its value: of the file when it is there, or else the default.
    pub(super) fn entry(&mut self, key: &str, value: impl Into<Value>) {
        let origin = self.origin(key).unwrap_or(Origin::Default);
        self.entry_from(key, value, &origin);
    }

    /// A key with its value from anywhere.
    pub(super) fn entry_from(&mut self, key: &str, value: impl Into<Value>, origin: &Origin) {
        let origin = self.words(origin);
        self.line(&format!("{} = {}  # {origin}", key_text(key), text(&value.into())));
    }

    /// What holds for a key that the table, which is shown as it is written, leaves out.
    pub(super) fn default(&mut self, key: &str, value: impl Into<Value>) {
        if self.at.place(key).is_none() {
            self.entry(key, value);
        }
    }

    /// A key that has no value.
    pub(super) fn unset(&mut self, key: &str) {
        self.line(&format!("# {key} is not set"));
    }

    /// The place of a value; within the directory of the file by its name there.
    fn words(&self, origin: &Origin) -> String {
        let words = match origin {
            Origin::File { path, line } | Origin::DotEnv { path, line } => {
                let path = path.strip_prefix(self.base_dir).unwrap_or(path);
                format!("{}:{line}", path.display())
            }
            other => other.to_string(),
        };
        clean::owned(&words)
    }

    /// All of this table as the file has it, and the defaults that it leaves out.
    pub(super) fn written_with(&mut self, defaults: impl FnOnce(&mut Self)) {
        let entries = self.at.entries();
        let (tables, values): (Vec<_>, Vec<_>) = entries.into_iter().partition(|entry| self.has_heading(entry));
        for Entry { key, value, span, .. } in values {
            let value = without_secrets(&self.heading, key, value);
            let origin = self.source.origin(span);
            self.entry_from(key, value, &origin);
        }
        defaults(self);
        for Entry { key, .. } in tables {
            self.written_within(key);
        }
    }

    fn written(&mut self) {
        self.written_with(|_| ());
    }

    /// A table within this one as the file has it, if it has.
    pub(super) fn written_within(&mut self, name: &str) {
        if self.at.place(name).is_some() {
            let outer = (self.at, self.heading.clone());
            self.within(name);
            self.written();
            (self.at, self.heading) = outer;
        }
    }

    /// The tables at the top of the file that are not shown yet, but for one.
    pub(super) fn rest(&mut self, except: &str) {
        let root = self.root;
        for Entry { key, value, .. } in root.entries() {
            if key == except || self.shown.iter().any(|shown| shown == key) {
                continue;
            }
            if value.is_table() {
                self.section(key);
                self.written();
            }
            for item in root.items(key) {
                self.item(key, item);
                self.written();
            }
        }
    }

    /// Whether an entry is a table under a heading of its own, not one in braces.
    fn has_heading(&self, entry: &Entry<'_>) -> bool {
        entry.value.is_table() && self.source.text(entry.span.clone()).starts_with('[')
    }
}
