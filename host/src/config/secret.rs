//! Secrets of the file: never in it, but by the name of a variable or of a file. Refusing one does not show it.

use std::path::Path;

use toml::Spanned;
use toml::de::DeValue;

use super::dotenv::Variables;
use super::paths::absolute;
use super::section::Section;
use super::{ConfigError, Sourced};
use crate::secret::{Guarded, Secret};

/// What the file is read in: where relative paths begin, and the variables that it may name.
pub(super) struct Surroundings<'a> {
    pub(super) base_dir: &'a Path,
    pub(super) variables: &'a Variables<'a>,
}

const SECRET: &str = "{ env = \"NAME\" } or { file = \"PATH\" }: it is a secret, and the file is no place for one";
const GUARDED: &str = "a string, { env = \"NAME\" } or { file = \"PATH\" }";

/// Where a secret is.
enum Place<'a> {
    Variable(&'a str),
    File(&'a str),
}

/// A secret, which must not stand in the file itself.
pub(super) fn secret(
    section: &Section<'_>,
    key: &str,
    around: &Surroundings<'_>,
) -> Result<Option<Sourced<Secret>>, ConfigError> {
    let place = section.read_hidden(key, SECRET, place)?;
    place.map(|Sourced { value, origin }| Ok(Sourced::new(of_place(&value, around)?, origin))).transpose()
}

/// What may be a secret and need not.
pub(super) fn guarded(
    section: &Section<'_>,
    key: &str,
    around: &Surroundings<'_>,
) -> Result<Option<Sourced<Guarded>>, ConfigError> {
    let either = section.read_hidden(key, GUARDED, |value| match value.as_str() {
        Some(text) => (!text.trim().is_empty()).then(|| Ok(text.to_owned())),
        None => place(value).map(Err),
    })?;
    let guarded = |Sourced { value, origin }| {
        let guarded = match value {
            Ok(plain) => Guarded::Plain(plain),
            Err(place) => Guarded::Secret(of_place(&place, around)?),
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

/// As shells have it.
fn is_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !text.is_empty() && text.bytes().all(allowed) && !text.starts_with(|first: char| first.is_ascii_digit())
}

fn of_place(place: &Place<'_>, around: &Surroundings<'_>) -> Result<Secret, ConfigError> {
    match place {
        Place::Variable(name) => Ok(Secret::variable(*name, around.variables.named(name)?)),
        Place::File(path) => Ok(Secret::file(absolute(around.base_dir, Path::new(path)))),
    }
}
