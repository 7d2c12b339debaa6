//! Secrets: the configuration file names the variable or the file that has one. An error never shows the value.

use std::path::Path;

use toml::Spanned;
use toml::de::DeValue;

use checkpost_notify::secret::{Guarded, Secret};

use super::error::ConfigError;
use super::origin::Sourced;
use super::paths::absolute;
use super::section::Section;
use super::variables::Variables;

/// Everything that a value of the file may refer to: the directory that relative paths start from, and the variables.
pub(super) struct Context<'a> {
    pub(super) base_dir: &'a Path,
    pub(super) variables: &'a Variables<'a>,
}

const SECRET: &str = "{ env = \"NAME\" } or { file = \"PATH\" }: secrets do not belong in this file";
const GUARDED: &str = "a string, { env = \"NAME\" } or { file = \"PATH\" }";

/// The place of a secret.
enum Place<'a> {
    Variable(&'a str),
    File(&'a str),
}

/// A secret, which must not be in the file itself.
pub(super) fn secret(
    section: &Section<'_>,
    key: &str,
    context: &Context<'_>,
) -> Result<Option<Sourced<Secret>>, ConfigError> {
    let place = section.read_hidden(key, SECRET, place)?;
    place.map(|Sourced { value, origin }| Ok(Sourced::new(secret_at(&value, context)?, origin))).transpose()
}

/// A value that may be a secret or be in the file itself.
pub(super) fn guarded(
    section: &Section<'_>,
    key: &str,
    context: &Context<'_>,
) -> Result<Option<Sourced<Guarded>>, ConfigError> {
    let either = section.read_hidden(key, GUARDED, |value| match value.as_str() {
        Some(text) => (!text.trim().is_empty()).then(|| Ok(text.to_owned())),
        None => place(value).map(Err),
    })?;
    let guarded = |Sourced { value, origin }| {
        let guarded = match value {
            Ok(plain) => Guarded::Plain(plain),
            Err(place) => Guarded::Secret(secret_at(&place, context)?),
        };
        Ok(Sourced::new(guarded, origin))
    };
    either.map(guarded).transpose()
}

fn place<'a>(value: &'a DeValue<'a>) -> Option<Place<'a>> {
    let mut entries = value.as_table()?.iter();
    let (Some((key, value)), None) = (entries.next(), entries.next()) else { return None };
    let text = Spanned::get_ref(value).as_str()?;
    match key.get_ref().as_ref() {
        "env" if is_name(text) => Some(Place::Variable(text)),
        "file" if !text.trim().is_empty() => Some(Place::File(text)),
        _ => None,
    }
}

/// Whether a text is the name of a variable, as shells define it.
fn is_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !text.is_empty() && text.bytes().all(allowed) && !text.starts_with(|first: char| first.is_ascii_digit())
}

fn secret_at(place: &Place<'_>, context: &Context<'_>) -> Result<Secret, ConfigError> {
    match place {
        Place::Variable(name) => Ok(Secret::variable(*name, context.variables.named(name)?)),
        Place::File(path) => Ok(Secret::file(absolute(context.base_dir, Path::new(path)))),
    }
}
