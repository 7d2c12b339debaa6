//! What must not be shown: passwords, addresses that are passwords. They come from the environment or from files, are
//! read when they are used, and go into no log, error, report or database.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// A secret's place, and for a variable its value.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Place);

#[derive(Clone, PartialEq, Eq)]
enum Place {
    /// A variable, which the environment or `.env` may have.
    Variable { name: String, value: Option<String> },
    /// A file, absolute.
    File(PathBuf),
}

/// How long a secret may be.
const MAX_BYTES: usize = 16 << 10;

impl Secret {
    /// A variable of the environment or of `.env`; `None` when neither has it.
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
    /// Why there is none, as one line without it.
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
            _ => Err(format!("{self} is longer than {MAX_BYTES} bytes: that is no secret")),
        }
    }
}

fn read_file(path: &Path) -> Result<String, String> {
    let shown = crate::clean::owned(&path.display().to_string());
    let cannot = |why: String| format!("cannot read {shown}: {why}");
    let mut bytes = Vec::new();
    // One byte more than is allowed tells an endless file from one that just fits.
    let most = MAX_BYTES as u64 + 3;
    let read = File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes));
    read.map_err(|error| cannot(error.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|_| cannot("it is not UTF-8".to_owned()))?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    Ok(line.strip_suffix('\r').unwrap_or(line).to_owned())
}

/// The place, never the value.
impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::Variable { name, .. } => write!(f, "variable {name}"),
            Place::File(path) => write!(f, "{}", crate::clean::line(&path.display().to_string())),
        }
    }
}

/// The place, never the value.
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({self})")
    }
}

/// What may be a secret and may stand in the file as it is.
#[derive(Clone, PartialEq, Eq)]
pub enum Guarded {
    /// As it stands in the file.
    Plain(String),
    /// Elsewhere.
    Secret(Secret),
}

impl Guarded {
    /// The text itself.
    ///
    /// # Errors
    /// Why there is none, as one line without it.
    pub fn read(&self) -> Result<String, String> {
        match self {
            Self::Plain(text) => Ok(text.clone()),
            Self::Secret(secret) => secret.read(),
        }
    }
}

/// No value either: the address of a webhook may be all that it takes to use it.
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

    fn of_file(content: &[u8]) -> Result<String, String> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret");
        std::fs::write(&path, content).unwrap();
        Secret::file(&path).read().map_err(|error| error.replace(&directory.path().display().to_string(), "DIR"))
    }

    #[test]
    fn a_variable_is_taken_as_it_is() {
        assert_eq!(Secret::variable("PASSWORD", Some(" a b ".to_owned())).read(), Ok(" a b ".to_owned()));
    }

    #[test]
    fn one_line_break_at_the_end_of_a_file_is_not_of_the_secret() {
        assert_eq!(of_file(b"hunter2\n"), Ok("hunter2".to_owned()));
        assert_eq!(of_file(b"hunter2\r\n"), Ok("hunter2".to_owned()));
        assert_eq!(of_file(b" hunter2\n\n"), Ok(" hunter2\n".to_owned()));
    }

    #[test]
    fn what_is_no_secret_says_why_and_does_not_show_itself() {
        assert_eq!(
            Secret::variable("PASSWORD", None).read(),
            Err("PASSWORD is neither in the environment nor in .env".to_owned())
        );
        assert_eq!(
            Secret::variable("PASSWORD", Some(String::new())).read(),
            Err("variable PASSWORD is empty".to_owned())
        );
        assert_eq!(of_file(b"\n"), Err("DIR/secret is empty".to_owned()));
        assert_eq!(of_file(b"hunter2\xff"), Err("cannot read DIR/secret: it is not UTF-8".to_owned()));
        assert_eq!(
            of_file(&[b'x'; MAX_BYTES + 1]),
            Err("DIR/secret is longer than 16384 bytes: that is no secret".to_owned())
        );
        assert!(of_file(&[b'x'; MAX_BYTES]).is_ok());
        let missing = Secret::file("/nowhere/at/all").read().unwrap_err();
        assert!(missing.starts_with("cannot read /nowhere/at/all: "), "{missing}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn an_endless_file_ends() {
        assert!(Secret::file("/dev/zero").read().unwrap_err().ends_with("that is no secret"));
    }

    #[test]
    fn nothing_shows_a_secret() {
        let secret = Secret::variable("PASSWORD", Some("hunter2".to_owned()));
        assert_eq!(format!("{secret} {secret:?}"), "variable PASSWORD Secret(variable PASSWORD)");
        let guarded = [Guarded::Plain("hunter2".to_owned()), Guarded::Secret(secret)];
        assert_eq!(format!("{guarded:?}"), "[Plain(…), Secret(variable PASSWORD)]");
    }
}
