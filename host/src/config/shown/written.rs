//! What the file says, each value with its place.

use std::ops::Range;

use toml::Value;
use toml::de::DeTable;

/// A table of the file; of one that is not there, nothing.
#[derive(Clone, Copy)]
pub(super) struct Written<'a> {
    /// The same table twice: the parser's has the places, the other one the values as they are meant.
    tables: Option<(&'a DeTable<'a>, &'a toml::Table)>,
}

/// A key of a table.
pub(super) struct Entry<'a> {
    pub(super) key: &'a str,
    pub(super) value: &'a Value,
    /// Where in the file the value is.
    pub(super) span: Range<usize>,
}

impl<'a> Written<'a> {
    pub(super) fn new(places: &'a DeTable<'a>, values: &'a toml::Table) -> Self {
        Self { tables: Some((places, values)) }
    }

    pub(super) fn nothing() -> Self {
        Self { tables: None }
    }

    /// A table within this one.
    pub(super) fn table(self, key: &str) -> Self {
        let within = |(places, values): (&'a DeTable<'a>, &'a toml::Table)| {
            Some((places.get(key)?.get_ref().as_table()?, values.get(key)?.as_table()?))
        };
        Self { tables: self.tables.and_then(within) }
    }

    /// The tables of `[[key]]`.
    pub(super) fn items(self, key: &str) -> Vec<Self> {
        let Some((places, values)) = self.tables else { return Vec::new() };
        let places = places.get(key).and_then(|place| place.get_ref().as_array());
        let values = values.get(key).and_then(Value::as_array);
        let items = places.into_iter().flat_map(|places| places.iter()).zip(values.into_iter().flatten());
        let item = |(place, value): (&'a toml::Spanned<toml::de::DeValue<'a>>, &'a Value)| {
            Some(Self::new(place.get_ref().as_table()?, value.as_table()?))
        };
        items.filter_map(item).collect()
    }

    /// Where the value of a key is.
    pub(super) fn place(self, key: &str) -> Option<Range<usize>> {
        Some(self.tables?.0.get(key)?.span())
    }

    pub(super) fn text(self, key: &str) -> Option<&'a str> {
        self.tables?.1.get(key)?.as_str()
    }

    /// Every key, in the order of the file.
    pub(super) fn entries(self) -> Vec<Entry<'a>> {
        let values = self.tables.into_iter().flat_map(|(_, values)| values);
        let entry = |(key, value): (&'a String, _)| Some(Entry { key, value, span: self.place(key)? });
        let mut entries: Vec<_> = values.filter_map(entry).collect();
        entries.sort_by_key(|entry| entry.span.start);
        entries
    }
}
