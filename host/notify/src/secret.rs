//! Secrets: passwords, tokens, and URLs that are as good as passwords. They come from the environment or from files,
//! are read when they are used, and are never part of a log, an error, a report or the database.

use std::fmt;
use std::path::{Path, PathBuf};

use checkpost_files::FileError;
use checkpost_model::clean;

/// The place of a secret; for a variable, with its value.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Place);

#[derive(Clone, PartialEq, Eq)]
enum Place {
    /// A variable; no value if neither the environment nor `.env` has it.
    Variable { name: String, value: Option<String> },
    /// A file, absolute.
    File(PathBuf),
}

/// Bytes of a secret.
const MAX_BYTES: usize = 16 << 10;

impl Secret {
    /// A variable of the environment or of `.env`; `None` if neither has it.
    pub fn variable(name: impl Into<String>, value: Option<String>) -> Self {
        Self(Place::Variable { name: name.into(), value })
    }

    /// The content of a file, without the line break at its end.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self(Place::File(path.into()))
    }

    /// The secret itself: text that is not empty.
    ///
    /// # Errors
    /// Why it cannot be read, as one line without the secret.
    pub fn read(&self) -> Result<String, String> {
        let text = match &self.0 {
            Place::Variable { name, value: None } => {
                return Err(format!("{name} is neither in the environment nor in .env"));
            }
            Place::Variable { value: Some(value), .. } => value.clone(),
            Place::File(path) => read_file(path)?,
        };
        match text.len() {
            0 => Err(format!("{self} is empty")),
            1..=MAX_BYTES => Ok(text),
            _ => Err(too_long(self)),
        }
    }
}

fn read_file(path: &Path) -> Result<String, String> {
    let shown = clean::owned(&path.display().to_string());
    // With a line break of two bytes.
    let bytes = checkpost_files::read(path, MAX_BYTES as u64 + 2).map_err(|error| match error {
        FileError::TooLarge { .. } => too_long(&shown),
        error => format!("cannot read {shown}: {error}"),
    })?;
    let text = String::from_utf8(bytes).map_err(|_| format!("cannot read {shown}: not UTF-8"))?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    Ok(line.strip_suffix('\r').unwrap_or(line).to_owned())
}

fn too_long(place: &impl fmt::Display) -> String {
    format!("{place} is too long for a secret: the limit is {MAX_BYTES} bytes")
}

/// The place, never the value.
impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::Variable { name, .. } => write!(f, "variable {name}"),
            Place::File(path) => write!(f, "{}", clean::line(&path.display().to_string())),
        }
    }
}

/// The place, never the value.
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({self})")
    }
}

/// A value that may be a secret, or may be written in the configuration file itself.
#[derive(Clone, PartialEq, Eq)]
pub enum Guarded {
    /// The value, as written in the file.
    Plain(String),
    /// A secret.
    Secret(Secret),
}

impl Guarded {
    /// Whether the value is a secret.
    pub fn is_secret(&self) -> bool {
        matches!(self, Self::Secret(_))
    }

    /// The value itself.
    ///
    /// # Errors
    /// Why it cannot be read, as one line without the value.
    pub fn read(&self) -> Result<String, String> {
        match self {
            Self::Plain(text) => Ok(text.clone()),
            Self::Secret(secret) => secret.read(),
        }
    }
}

/// Shows no plain value either: the URL of a webhook may be as good as a password.
impl fmt::Debug for Guarded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(_) => write!(f, "Plain(…)"),
            Self::Secret(secret) => secret.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn read_of_file(content: &[u8]) -> Result<String, String> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret");
        std::fs::write(&path, content).unwrap();
        Secret::file(&path).read().map_err(|error| error.replace(&directory.path().display().to_string(), "DIR"))
    }

    #[test]
    fn variable_is_read_unchanged() {
        assert_eq!(Secret::variable("PASSWORD", Some(" a b ".to_owned())).read(), Ok(" a b ".to_owned()));
    }

    #[test]
    fn line_break_at_the_end_of_a_file_is_not_part_of_the_secret() {
        assert_eq!(read_of_file(b"hunter2\n"), Ok("hunter2".to_owned()));
        assert_eq!(read_of_file(b"hunter2\r\n"), Ok("hunter2".to_owned()));
        assert_eq!(read_of_file(b" hunter2\n\n"), Ok(" hunter2\n".to_owned()));
    }

    #[test]
    fn invalid_secret_is_refused_with_its_reason_and_not_shown() {
        assert_eq!(
            Secret::variable("PASSWORD", None).read(),
            Err("PASSWORD is neither in the environment nor in .env".to_owned())
        );
        assert_eq!(
            Secret::variable("PASSWORD", Some(String::new())).read(),
            Err("variable PASSWORD is empty".to_owned())
        );
        assert_eq!(read_of_file(b"\n"), Err("DIR/secret is empty".to_owned()));
        assert_eq!(read_of_file(b"hunter2\xff"), Err("cannot read DIR/secret: not UTF-8".to_owned()));
        assert_eq!(
            read_of_file(&[b'x'; MAX_BYTES + 1]),
            Err("DIR/secret is too long for a secret: the limit is 16384 bytes".to_owned())
        );
        assert!(read_of_file(&[b'x'; MAX_BYTES]).is_ok());
        let missing = Secret::file("/nowhere/at/all").read().unwrap_err();
        assert!(missing.starts_with("cannot read /nowhere/at/all: "), "{missing}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn endless_file_is_refused_by_what_it_is() {
        assert_eq!(Secret::file("/dev/zero").read(), Err("cannot read /dev/zero: is a device, not a file".to_owned()));
    }

    #[test]
    fn secret_is_never_shown() {
        let secret = Secret::variable("PASSWORD", Some("hunter2".to_owned()));
        assert_eq!(format!("{secret} {secret:?}"), "variable PASSWORD Secret(variable PASSWORD)");
        let guarded = [Guarded::Plain("hunter2".to_owned()), Guarded::Secret(secret)];
        assert_eq!(format!("{guarded:?}"), "[Plain(…), Secret(variable PASSWORD)]");
    }
}
