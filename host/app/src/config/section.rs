//! A table of `checkpost.toml` or `checkpost.lock`, read key by key; every error names the line. `raw` and `pins` know the
//! keys.

use std::ops::RangeInclusive;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use checkpost_model::check::SettingValue;

use super::error::{ConfigError, VALUE_CHARS, bounded};
use super::origin::{Origin, Sourced};
use super::source::Source;
use super::toml_value::{Shown, integer, number, setting_value, text_list, type_name};

/// A table whose keys are all known.
pub(super) struct Section<'a> {
    source: Source<'a>,
    /// The heading: `log` for `[log]`, empty for the top of the file.
    name: String,
    table: &'a DeTable<'a>,
    /// The line of the heading; [`Origin::Default`] for the top of the file.
    origin: Origin,
}

impl<'a> Section<'a> {
    /// A table; a key that is not `allowed` is an error.
    pub(super) fn new(
        source: Source<'a>,
        name: impl Into<String>,
        table: &'a DeTable<'a>,
        allowed: &[&str],
    ) -> Result<Self, ConfigError> {
        Self { source, name: name.into(), table, origin: Origin::Default }.with_keys(allowed)
    }

    fn with_keys(self, allowed: &[&str]) -> Result<Self, ConfigError> {
        let unknown = self.table.keys().filter(|key| !allowed.contains(&key.get_ref().as_ref()));
        match unknown.min_by_key(|key| key.span().start) {
            None => Ok(self),
            Some(key) => {
                let name = bounded(self.key(key.get_ref()), VALUE_CHARS);
                let problem = match allowed {
                    [] => format!("unknown key '{name}': no key is allowed here"),
                    _ => format!("unknown key '{name}': allowed keys are {}", allowed.join(", ")),
                };
                Err(ConfigError::line(self.source.origin(key.span()), problem))
            }
        }
    }

    /// Whether this is the top of the file.
    pub(super) fn is_root(&self) -> bool {
        self.name.is_empty()
    }

    /// A key as operators know it: `log.level`.
    pub(super) fn key(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }

    fn refuse(&self, key: &str, value: &Spanned<DeValue<'_>>, why: impl Into<String>) -> ConfigError {
        let origin = self.source.origin(value.span());
        ConfigError::value(origin, self.key(key), Shown(value.get_ref()).to_string(), why)
    }

    /// A value with its line. If `read` returns `None`, the error is that the value must be `allowed`.
    pub(super) fn read<T>(
        &self,
        key: &str,
        allowed: &str,
        read: impl FnOnce(&'a DeValue<'a>) -> Option<T>,
    ) -> Result<Option<Sourced<T>>, ConfigError> {
        self.read_or_show(key, allowed, read, |value| Shown(value).to_string())
    }

    /// [`Section::read`], with an error that shows only the type of the value.
    pub(super) fn read_hidden<T>(
        &self,
        key: &str,
        allowed: &str,
        read: impl FnOnce(&'a DeValue<'a>) -> Option<T>,
    ) -> Result<Option<Sourced<T>>, ConfigError> {
        self.read_or_show(key, allowed, read, |value| type_name(value).to_owned())
    }

    fn read_or_show<T>(
        &self,
        key: &str,
        allowed: &str,
        read: impl FnOnce(&'a DeValue<'a>) -> Option<T>,
        show: impl FnOnce(&DeValue<'_>) -> String,
    ) -> Result<Option<Sourced<T>>, ConfigError> {
        let Some(spanned) = self.table.get(key) else { return Ok(None) };
        let (value, origin) = (spanned.get_ref(), self.source.origin(spanned.span()));
        match read(value) {
            Some(value) => Ok(Some(Sourced::new(value, origin))),
            None => Err(ConfigError::value(origin, self.key(key), show(value), format!("must be {allowed}"))),
        }
    }

    /// A string that is not empty.
    pub(super) fn text(&self, key: &str) -> Result<Option<Sourced<String>>, ConfigError> {
        let text = |value: &DeValue<'_>| value.as_str().filter(|text| !text.trim().is_empty()).map(str::to_owned);
        self.read(key, "a string that is not empty", text)
    }

    /// `true` or `false`.
    pub(super) fn flag(&self, key: &str, default: bool) -> Result<bool, ConfigError> {
        let flag = self.read(key, "true or false", DeValue::as_bool)?;
        Ok(flag.map_or(default, |flag| flag.value))
    }

    /// One of a few words.
    pub(super) fn choice<T: Copy>(&self, key: &str, choices: &[(&str, T)]) -> Result<Option<T>, ConfigError> {
        let chosen = |value: &DeValue<'_>| {
            let text = value.as_str()?;
            choices.iter().find(|(word, _)| *word == text).map(|(_, choice)| *choice)
        };
        let choice = self.read(key, &one_of(choices), chosen)?;
        Ok(choice.map(|choice| choice.value))
    }

    /// An integer within a range.
    pub(super) fn integer<T: TryFrom<u64>>(
        &self,
        key: &str,
        range: RangeInclusive<u64>,
        default: T,
    ) -> Result<T, ConfigError> {
        let allowed = format!("a whole number from {} to {}", range.start(), range.end());
        let integer = self.read(key, &allowed, |value| {
            let value = u64::try_from(integer(value)?).ok().filter(|value| range.contains(value))?;
            T::try_from(value).ok()
        })?;
        Ok(integer.map_or(default, |integer| integer.value))
    }

    /// A number within a range.
    pub(super) fn number(&self, key: &str, range: RangeInclusive<f64>, default: f64) -> Result<f64, ConfigError> {
        let allowed = format!("a number from {} to {}", range.start(), range.end());
        let number = self.read(key, &allowed, |value| number(value).ok().filter(|value| range.contains(value)))?;
        Ok(number.map_or(default, |number| number.value))
    }

    /// A list of strings that all pass.
    pub(super) fn text_list(
        &self,
        key: &str,
        allowed: &str,
        passes: impl Fn(&str) -> bool,
    ) -> Result<Option<Vec<String>>, ConfigError> {
        let list = self.read(key, allowed, |value| text_list(value, passes))?;
        Ok(list.map(|list| list.value))
    }

    /// [`Section::text_list`], with an error that does not show the list.
    pub(super) fn text_list_hidden(
        &self,
        key: &str,
        allowed: &str,
        passes: impl Fn(&str) -> bool,
    ) -> Result<Option<Vec<String>>, ConfigError> {
        let list = self.read_hidden(key, allowed, |value| text_list(value, passes))?;
        Ok(list.map(|list| list.value))
    }

    /// A list of strings, each of them parsed. An error of `parse` has the line of its string.
    pub(super) fn parsed_list<T>(
        &self,
        key: &str,
        allowed: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Option<Vec<T>>, ConfigError> {
        let list = self.read(key, allowed, |value| {
            let list = value.as_array().filter(|list| !list.is_empty())?;
            list.iter().map(|item| Some((item, item.get_ref().as_str()?))).collect::<Option<Vec<_>>>()
        })?;
        let parse = |(item, text): (&_, &str)| parse(text).map_err(|why| self.refuse(key, item, why));
        list.map(|list| list.value.into_iter().map(parse).collect()).transpose()
    }

    /// A table within this one. A value of another type is not shown: `slack = "https://hooks…"` has a secret.
    pub(super) fn section(&self, name: &'static str, allowed: &[&str]) -> Result<Option<Self>, ConfigError> {
        self.open_section(name)?.map(|section| section.with_keys(allowed)).transpose()
    }

    /// A table within this one with any keys.
    pub(super) fn open_section(&self, name: &'static str) -> Result<Option<Self>, ConfigError> {
        let heading = self.key(name);
        let table = self.read_hidden(name, &format!("a table: [{heading}]"), DeValue::as_table)?;
        let open = |table: Sourced<&'a DeTable<'a>>| Self {
            source: self.source.clone(),
            name: heading,
            table: table.value,
            origin: table.origin,
        };
        Ok(table.map(open))
    }

    /// An error about a required key that is missing.
    pub(super) fn missing(&self, key: &str, example: &str) -> ConfigError {
        let problem = format!("[{}] has no {key}: add one, such as {key} = {example}", self.name);
        ConfigError::line(self.origin.clone(), problem)
    }

    /// An error about a missing table that this one needs.
    pub(super) fn missing_section(&self, heading: &str, purpose: &str) -> ConfigError {
        let problem = format!("[{}] needs {heading}, {purpose}", self.name);
        ConfigError::line(self.origin.clone(), problem)
    }

    /// The keys of the table with their lines, in no particular order.
    pub(super) fn keys(&self) -> impl Iterator<Item = Sourced<String>> {
        self.table.keys().map(|key| Sourced::new(key.get_ref().to_string(), self.source.origin(key.span())))
    }

    /// Whether the table has a key.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// The tables of `[[name]]`, each with the line of its heading.
    pub(super) fn sections(
        &self,
        name: &'static str,
        allowed: &[&str],
    ) -> Result<Vec<Sourced<Section<'a>>>, ConfigError> {
        let is_table = |value: &Spanned<DeValue<'_>>| value.get_ref().is_table();
        let tables =
            self.read_hidden(name, &format!("a list of tables, each headed [[{}]]", self.key(name)), |value| {
                value.as_array().filter(|tables| tables.iter().all(is_table))
            })?;
        let tables = tables.iter().flat_map(|tables| tables.value.iter());
        tables
            .filter_map(|spanned| Some((spanned.span(), spanned.get_ref().as_table()?)))
            .map(|(span, table)| {
                let origin = self.source.origin(span);
                let section = Self { origin: origin.clone(), ..Self::new(self.source.clone(), name, table, allowed)? };
                Ok(Sourced::new(section, origin))
            })
            .collect()
    }

    /// Every key of a table as a setting of a check. The check itself refuses unknown ones.
    pub(super) fn settings(&self, key: &str, check: &str) -> Result<Vec<(String, Sourced<SettingValue>)>, ConfigError> {
        let table = self.read_hidden(key, &format!("a table: [{}]", self.key(key)), DeValue::as_table)?;
        let entries = table.iter().flat_map(|table| table.value.iter());
        let setting = |(name, spanned): (&Spanned<DeString<'_>>, &Spanned<DeValue<'_>>)| {
            let (value, origin) = (spanned.get_ref(), self.source.origin(spanned.span()));
            match setting_value(value) {
                Ok(value) => Ok((name.get_ref().to_string(), Sourced::new(value, origin))),
                Err(why) => {
                    let key = format!("setting '{}' of check '{check}'", name.get_ref());
                    Err(ConfigError::value(origin, key, Shown(value).to_string(), why))
                }
            }
        };
        entries.map(setting).collect()
    }
}

/// The words of a choice: `"a", "b" or "c"`.
fn one_of<T>(choices: &[(&str, T)]) -> String {
    let words: Vec<String> = choices.iter().map(|(word, _)| format!("\"{word}\"")).collect();
    match words.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}
