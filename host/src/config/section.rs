//! A table of `checkpost.toml` or `checkpost.lock`, read key by key with an error that names the line. Which keys there are is in
//! `raw` and `lockfile`.

use std::fmt;
use std::ops::{Range, RangeInclusive};
use std::path::Path;
use std::rc::Rc;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::error::{VALUE_CHARS, bounded};
use super::{ConfigError, Origin, Sourced};
use crate::check::SettingValue;

/// The text of the file, and where it lies.
#[derive(Clone)]
pub(super) struct Source<'a> {
    path: &'a Path,
    text: &'a str,
    /// Where each line begins: every value is asked for its line, and a file may have thousands.
    line_starts: Rc<[usize]>,
}

impl<'a> Source<'a> {
    /// The text of the file at a path.
    pub(super) fn new(path: &'a Path, text: &'a str) -> Self {
        let after_newlines = text.match_indices('\n').map(|(newline, _)| newline + 1);
        Self { path, text, line_starts: std::iter::once(0).chain(after_newlines).collect() }
    }

    /// The whole file as a table.
    pub(super) fn table(&self) -> Result<Spanned<DeTable<'a>>, ConfigError> {
        DeTable::parse(self.text).map_err(|error| {
            let (line, column) = self.position(error.span().map_or(self.text.len(), |span| span.start));
            ConfigError::Syntax { path: self.path.to_owned(), line, column, why: error.message().to_owned() }
        })
    }

    /// The text of a span.
    pub(super) fn text(&self, span: Range<usize>) -> &'a str {
        self.text.get(span).unwrap_or_default()
    }

    /// The line on which a span begins.
    pub(super) fn origin(&self, span: Range<usize>) -> Origin {
        Origin::File { path: self.path.to_owned(), line: self.position(span.start).0 }
    }

    /// Line and character of an offset, both from 1.
    pub(super) fn position(&self, offset: usize) -> (usize, usize) {
        let line = self.line_starts.partition_point(|start| *start <= offset);
        let before = self.text.get(self.line_starts[line - 1]..offset).unwrap_or_default();
        (line, 1 + before.chars().count())
    }
}

/// A table whose keys are all known.
pub(super) struct Section<'a> {
    source: Source<'a>,
    /// How it is headed: `log` for `[log]`, empty for the top of the file.
    name: String,
    table: &'a DeTable<'a>,
    /// Where it begins; the file itself begins nowhere.
    origin: Origin,
}

impl<'a> Section<'a> {
    /// A table of which no key may be other than `allowed`.
    pub(super) fn new(
        source: Source<'a>,
        name: impl Into<String>,
        table: &'a DeTable<'a>,
        allowed: &[&str],
    ) -> Result<Self, ConfigError> {
        Self { source, name: name.into(), table, origin: Origin::Default }.with_keys(allowed)
    }

    /// This one, unless it has a key that is not `allowed`.
    fn with_keys(self, allowed: &[&str]) -> Result<Self, ConfigError> {
        let unknown = self.table.keys().filter(|key| !allowed.contains(&key.get_ref().as_ref()));
        match unknown.min_by_key(|key| key.span().start) {
            None => Ok(self),
            Some(key) => {
                let name = bounded(self.key(key.get_ref()), VALUE_CHARS);
                let allowed = if allowed.is_empty() { "none".to_owned() } else { allowed.join(", ") };
                let problem = format!("unknown key '{name}': allowed here are {allowed}");
                Err(ConfigError::line(self.source.origin(key.span()), problem))
            }
        }
    }

    /// Whether this is the file itself.
    pub(super) fn is_root(&self) -> bool {
        self.name.is_empty()
    }

    /// A key as an operator would look for it: `log.level`.
    pub(super) fn key(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }

    fn refuse(&self, key: &str, value: &Spanned<DeValue<'_>>, why: impl Into<String>) -> ConfigError {
        let origin = self.source.origin(value.span());
        ConfigError::value(origin, self.key(key), Shown(value.get_ref()).to_string(), why)
    }

    /// A value and its place; what `read` cannot make sense of is refused because it must be `allowed`.
    pub(super) fn read<T>(
        &self,
        key: &str,
        allowed: &str,
        read: impl FnOnce(&'a DeValue<'a>) -> Option<T>,
    ) -> Result<Option<Sourced<T>>, ConfigError> {
        let Some(spanned) = self.table.get(key) else { return Ok(None) };
        match read(spanned.get_ref()) {
            Some(value) => Ok(Some(Sourced::new(value, self.source.origin(spanned.span())))),
            None => Err(self.refuse(key, spanned, format!("must be {allowed}"))),
        }
    }

    /// As [`Section::read`], for what must not be shown when it is refused.
    pub(super) fn read_hidden<T>(
        &self,
        key: &str,
        allowed: &str,
        read: impl FnOnce(&'a DeValue<'a>) -> Option<T>,
    ) -> Result<Option<Sourced<T>>, ConfigError> {
        let Some(spanned) = self.table.get(key) else { return Ok(None) };
        let origin = self.source.origin(spanned.span());
        match read(spanned.get_ref()) {
            Some(value) => Ok(Some(Sourced::new(value, origin))),
            None => {
                let kind = kind(spanned.get_ref());
                Err(ConfigError::value(origin, self.key(key), kind, format!("must be {allowed}")))
            }
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
        let words: Vec<String> = choices.iter().map(|(word, _)| format!("\"{word}\"")).collect();
        let chosen = |value: &DeValue<'_>| {
            let text = value.as_str()?;
            choices.iter().find(|(word, _)| *word == text).map(|(_, choice)| *choice)
        };
        let choice = self.read(key, &words.join(" or "), chosen)?;
        Ok(choice.map(|choice| choice.value))
    }

    /// A whole number within a range.
    pub(super) fn whole<T: TryFrom<u64>>(
        &self,
        key: &str,
        range: RangeInclusive<u64>,
        default: T,
    ) -> Result<T, ConfigError> {
        let allowed = format!("a whole number from {} to {}", range.start(), range.end());
        let whole = self.read(key, &allowed, |value| {
            let value = u64::try_from(integer(value)?).ok().filter(|value| range.contains(value))?;
            T::try_from(value).ok()
        })?;
        Ok(whole.map_or(default, |whole| whole.value))
    }

    /// A number within a range.
    pub(super) fn share(&self, key: &str, range: RangeInclusive<f64>, default: f64) -> Result<f64, ConfigError> {
        let allowed = format!("a number from {} to {}", range.start(), range.end());
        let share = self.read(key, &allowed, |value| number(value).ok().filter(|value| range.contains(value)))?;
        Ok(share.map_or(default, |share| share.value))
    }

    /// A list of strings that all pass.
    pub(super) fn texts(
        &self,
        key: &str,
        allowed: &str,
        passes: impl Fn(&str) -> bool,
    ) -> Result<Option<Vec<String>>, ConfigError> {
        let texts = self.read(key, allowed, |value| texts(value, passes))?;
        Ok(texts.map(|texts| texts.value))
    }

    /// As [`Section::texts`], for what must not be shown when it is refused.
    pub(super) fn texts_hidden(
        &self,
        key: &str,
        allowed: &str,
        passes: impl Fn(&str) -> bool,
    ) -> Result<Option<Vec<String>>, ConfigError> {
        let texts = self.read_hidden(key, allowed, |value| texts(value, passes))?;
        Ok(texts.map(|texts| texts.value))
    }

    /// A list of strings of each of which something is made; what is wrong with one is told with its own line.
    pub(super) fn each_text<T>(
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

    /// A table within this one. What stands there instead is not shown: `slack = "https://hooks…"` is a secret.
    pub(super) fn section(&self, name: &'static str, allowed: &[&str]) -> Result<Option<Self>, ConfigError> {
        self.open_section(name)?.map(|section| section.with_keys(allowed)).transpose()
    }

    /// A table within this one whose keys may be any.
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

    /// An error about a key that is not there and must be.
    pub(super) fn missing(&self, key: &str, example: &str) -> ConfigError {
        let problem = format!("[{}] has no {key}: give it one, such as {key} = {example}", self.name);
        ConfigError::line(self.origin.clone(), problem)
    }

    /// An error about a table elsewhere that this one needs.
    pub(super) fn missing_beside(&self, heading: &str, what: &str) -> ConfigError {
        let problem = format!("[{}] needs {heading}: {what}", self.name);
        ConfigError::line(self.origin.clone(), problem)
    }

    /// The keys that are there, with the place of each, in no order.
    pub(super) fn keys(&self) -> impl Iterator<Item = Sourced<String>> {
        self.table.keys().map(|key| Sourced::new(key.get_ref().to_string(), self.source.origin(key.span())))
    }

    /// Whether a key is there.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// The tables of `[[name]]`, each with the place of its heading.
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

    /// Every key of a table, as settings of a check. Which of them the check knows is its own affair.
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

/// The largest integer up to which every one is a number of its own as a float.
const EXACT: u64 = 1 << 53;

const SETTING_TYPES: &str = "must be true or false, a finite number, a string, a list of numbers or a list of strings";

fn setting_value(value: &DeValue<'_>) -> Result<SettingValue, &'static str> {
    let items = match value {
        DeValue::Boolean(flag) => return Ok(SettingValue::Flag(*flag)),
        DeValue::String(text) => return Ok(SettingValue::Text(text.clone().into_owned())),
        DeValue::Integer(_) | DeValue::Float(_) => return number(value).map(SettingValue::Number),
        DeValue::Datetime(_) | DeValue::Table(_) => return Err(SETTING_TYPES),
        DeValue::Array(items) => items.iter().map(Spanned::get_ref),
    };
    let texts: Option<Vec<_>> = items.clone().map(|item| item.as_str().map(str::to_owned)).collect();
    match texts {
        Some(texts) => Ok(SettingValue::Texts(texts)),
        None => items.map(number).collect::<Result<_, _>>().map(SettingValue::Numbers),
    }
}

fn number(value: &DeValue<'_>) -> Result<f64, &'static str> {
    match value {
        DeValue::Integer(_) => match integer(value) {
            Some(whole) if whole.unsigned_abs() <= EXACT => Ok(whole as f64),
            _ => Err("an integer must be from -9007199254740992 to 9007199254740992"),
        },
        DeValue::Float(float) => {
            float.as_str().parse().ok().filter(|number: &f64| number.is_finite()).ok_or(SETTING_TYPES)
        }
        _ => Err(SETTING_TYPES),
    }
}

/// An integer that fits.
pub(super) fn integer(value: &DeValue<'_>) -> Option<i64> {
    let integer = value.as_integer()?;
    i64::from_str_radix(integer.as_str(), integer.radix()).ok()
}

/// A list of strings that all pass.
fn texts(value: &DeValue<'_>, passes: impl Fn(&str) -> bool) -> Option<Vec<String>> {
    let text = |value: &Spanned<DeValue<'_>>| value.get_ref().as_str().filter(|t| passes(t)).map(str::to_owned);
    value.as_array()?.iter().map(text).collect()
}

/// What a value is, for an error message that must not say more.
fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Table(_) => "a table",
        DeValue::Array(_) => "a list",
    }
}

/// A value for an error message: as it was written where that is short.
struct Shown<'a>(&'a DeValue<'a>);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            DeValue::String(text) => write!(f, "{text:?}"),
            DeValue::Integer(integer) => write!(f, "{integer}"),
            DeValue::Float(float) => write!(f, "{float}"),
            DeValue::Boolean(flag) => write!(f, "{flag}"),
            DeValue::Datetime(datetime) => write!(f, "the date {datetime}"),
            DeValue::Table(_) => write!(f, "a table"),
            DeValue::Array(items) => {
                write!(f, "[")?;
                for (index, item) in items.iter().enumerate() {
                    let comma = if index > 0 { ", " } else { "" };
                    write!(f, "{comma}{}", Shown(item.get_ref()))?;
                }
                write!(f, "]")
            }
        }
    }
}
