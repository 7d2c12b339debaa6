//! Tables of the configuration file, each value with its position.

use std::ops::Range;

use toml::Value;
use toml::de::DeTable;

/// A table of the file. An absent one has no entries.
#[derive(Clone, Copy)]
pub(super) struct FileTable<'a> {
    /// The same table twice: as the parser returns it, with positions, and as plain values.
    tables: Option<(&'a DeTable<'a>, &'a toml::Table)>,
}

/// A key of a table.
pub(super) struct Entry<'a> {
    pub(super) key: &'a str,
    pub(super) value: &'a Value,
    /// The position of the value in the file.
    pub(super) span: Range<usize>,
}

impl<'a> FileTable<'a> {
    pub(super) fn new(spans: &'a DeTable<'a>, values: &'a toml::Table) -> Self {
        Self { tables: Some((spans, values)) }
    }

    pub(super) fn absent() -> Self {
        Self { tables: None }
    }

    /// A table within this one.
    pub(super) fn table(self, key: &str) -> Self {
        let subtable = |(spans, values): (&'a DeTable<'a>, &'a toml::Table)| {
            Some((spans.get(key)?.get_ref().as_table()?, values.get(key)?.as_table()?))
        };
        Self { tables: self.tables.and_then(subtable) }
    }

    /// The tables of `[[key]]`.
    pub(super) fn items(self, key: &str) -> Vec<Self> {
        let Some((spans, values)) = self.tables else { return Vec::new() };
        let spans = spans.get(key).and_then(|spanned| spanned.get_ref().as_array());
        let values = values.get(key).and_then(Value::as_array);
        let items = spans.into_iter().flat_map(|spans| spans.iter()).zip(values.into_iter().flatten());
        let item = |(spanned, value): (&'a toml::Spanned<toml::de::DeValue<'a>>, &'a Value)| {
            Some(Self::new(spanned.get_ref().as_table()?, value.as_table()?))
        };
        items.filter_map(item).collect()
    }

    /// The position of the value of a key.
    pub(super) fn span(self, key: &str) -> Option<Range<usize>> {
        Some(self.tables?.0.get(key)?.span())
    }

    pub(super) fn text(self, key: &str) -> Option<&'a str> {
        self.tables?.1.get(key)?.as_str()
    }

    /// All entries, in file order.
    pub(super) fn entries(self) -> Vec<Entry<'a>> {
        let values = self.tables.into_iter().flat_map(|(_, values)| values);
        let entry = |(key, value): (&'a String, _)| Some(Entry { key, value, span: self.span(key)? });
        let mut entries: Vec<_> = values.filter_map(entry).collect();
        entries.sort_by_key(|entry| entry.span.start);
        entries
    }
}
