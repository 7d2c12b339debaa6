//! A `checkpost.toml` as it is written: headings, keys with values and origins, and tables of the file as they are.

use std::path::Path;

use toml::Value;

use checkpost_model::clean;

use super::file_table::{Entry, FileTable};
use super::value::{key_text, text, without_secrets};
use crate::config::source::Source;
use crate::config::{Config, ConfigError, Origin};

/// The page. `'a` is the lifetime of the file.
pub(super) struct Page<'a> {
    text: String,
    source: Source<'a>,
    base_dir: &'a Path,
    /// The top of the file.
    pub(super) root: FileTable<'a>,
    /// The table of the file under the last heading.
    current: FileTable<'a>,
    /// The last heading.
    heading: String,
    /// The tables at the top of the file that have been shown.
    shown: Vec<String>,
}

impl<'a> Page<'a> {
    /// The page that `fill` writes.
    pub(super) fn write(config: &Config, fill: impl FnOnce(&mut Page<'_>)) -> Result<String, ConfigError> {
        let file = config.file.as_deref().unwrap_or(Path::new(""));
        let source = Source::new(file, &config.text.0);
        let spans = source.table()?;
        let values: toml::Table = config.text.0.parse().unwrap_or_default();
        let root = FileTable::new(spans.get_ref(), &values);
        let title = match &config.file {
            Some(file) => {
                format!("# Effective configuration, read from {}\n", clean::line(&file.display().to_string()))
            }
            None => "# Effective configuration, without a configuration file\n".to_owned(),
        };
        let mut page = Page {
            text: title,
            source,
            base_dir: &config.base_dir,
            root,
            current: root,
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

    /// Begins a table such as `log` or `limits.ceiling`.
    pub(super) fn section(&mut self, name: &str) {
        let table = name.split('.').fold(self.root, FileTable::table);
        self.begin(name, &format!("[{name}]"), table);
    }

    /// Begins a `[[name]]` for this table of the file.
    pub(super) fn item(&mut self, name: &str, table: FileTable<'a>) {
        self.begin(name, &format!("[[{name}]]"), table);
    }

    /// Begins a table within the current one, such as `settings` of `[[check]]`.
    pub(super) fn subtable(&mut self, name: &str) {
        let heading = format!("{}.{}", self.heading, key_text(name));
        self.begin(&heading, &format!("[{heading}]"), self.current.table(name));
    }

    fn begin(&mut self, heading: &str, line: &str, table: FileTable<'a>) {
        self.line(&format!("\n{line}"));
        self.current = table;
        heading.clone_into(&mut self.heading);
        self.shown.push(heading.split('.').next().unwrap_or(heading).to_owned());
    }

    /// The line of a key of the current table, if the file has it.
    pub(super) fn origin(&self, key: &str) -> Option<Origin> {
        self.current.span(key).map(|span| self.source.origin(span))
    }

    /// The line of a key at the top of the file, if the file has it.
    pub(super) fn origin_at_top(&self, key: &str) -> Option<Origin> {
        self.root.span(key).map(|span| self.source.origin(span))
    }

    /// A key with its value, which comes from the file if the file has the key, or else is the default.
    pub(super) fn entry(&mut self, key: &str, value: impl Into<Value>) {
        let origin = self.origin(key).unwrap_or(Origin::Default);
        self.entry_from(key, value, &origin);
    }

    /// A key with its value from another origin.
    pub(super) fn entry_from(&mut self, key: &str, value: impl Into<Value>, origin: &Origin) {
        let origin = self.origin_text(origin);
        self.line(&format!("{} = {}  # {origin}", key_text(key), text(&value.into())));
    }

    /// The default of a key, unless the file has the key.
    pub(super) fn default(&mut self, key: &str, value: impl Into<Value>) {
        if self.current.span(key).is_none() {
            self.entry(key, value);
        }
    }

    /// A key without a value.
    pub(super) fn unset(&mut self, key: &str) {
        self.line(&format!("# {key} is not set"));
    }

    /// An origin as text. The path of a file is relative to the directory of the configuration.
    fn origin_text(&self, origin: &Origin) -> String {
        let text = match origin {
            Origin::File { path, line } | Origin::DotEnv { path, line } => {
                let path = path.strip_prefix(self.base_dir).unwrap_or(path);
                format!("{}:{line}", path.display())
            }
            other => other.to_string(),
        };
        clean::owned(&text)
    }

    /// The current table as the file has it, followed by the defaults of keys that the file leaves out.
    pub(super) fn written_with(&mut self, defaults: impl FnOnce(&mut Self)) {
        let entries = self.current.entries();
        let (tables, values): (Vec<_>, Vec<_>) = entries.into_iter().partition(|entry| self.has_heading(entry));
        for Entry { key, value, span, .. } in values {
            let value = without_secrets(&self.heading, key, value);
            let origin = self.source.origin(span);
            self.entry_from(key, value, &origin);
        }
        defaults(self);
        for Entry { key, .. } in tables {
            self.written_subtable(key);
        }
    }

    fn written(&mut self) {
        self.written_with(|_| ());
    }

    /// A table within the current one, if the file has it.
    pub(super) fn written_subtable(&mut self, name: &str) {
        if self.current.span(name).is_some() {
            let outer = (self.current, self.heading.clone());
            self.subtable(name);
            self.written();
            (self.current, self.heading) = outer;
        }
    }

    /// The tables at the top of the file that have not been shown yet, except one.
    pub(super) fn other_tables(&mut self, except: &str) {
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

    /// Whether an entry is a table with a heading, not one in braces.
    fn has_heading(&self, entry: &Entry<'_>) -> bool {
        entry.value.is_table() && self.source.text(entry.span.clone()).starts_with('[')
    }
}
