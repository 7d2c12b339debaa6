//! Variables: those of the environment, and behind them those of `.env`. Neither is ever written.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, Read};
use std::path::Path;

use super::{ConfigError, Origin, Sourced};

/// What `.env` may say.
const OURS: [&str; 6] =
    ["CPU_THRESHOLD", "MEMORY_THRESHOLD", "DISK_THRESHOLD", "LOG_LEVEL", "DATABASE_URL", "CHECKPOST_CHECKS"];

/// The environment of a process, as a value. [`std::env::vars_os`] gives the names; one that is not UTF-8 is none of
/// ours.
pub type Environment = BTreeMap<String, OsString>;

/// The environment of this process.
pub fn process_environment() -> Environment {
    std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value))).collect()
}

/// What may be said by a variable. The environment wins over `.env`.
pub(super) struct Variables<'a> {
    environment: &'a Environment,
    dotenv: BTreeMap<String, Sourced<String>>,
    /// Lines that were left to other programs, in case they are asked for: what stands before the first `=`, and where.
    foreign: BTreeMap<String, Origin>,
}

impl<'a> Variables<'a> {
    /// The environment, and `.env` in a directory if it is there.
    pub(super) fn read(environment: &'a Environment, dir: &Path) -> Result<Self, ConfigError> {
        let path = dir.join(".env");
        let unreadable = |cause| ConfigError::Unreadable { path: path.clone(), cause };
        let (dotenv, foreign) = match std::fs::read(&path) {
            Ok(bytes) => parse(&bytes, &path)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Default::default(),
            Err(error) => return Err(unreadable(error)),
        };
        Ok(Self { environment, dotenv, foreign })
    }

    /// A variable's value without white space around it. One that is set to nothing is an error, which says what is
    /// `allowed`: it is more often a broken script than a wish for the default.
    pub(super) fn get(&self, name: &'static str, allowed: &str) -> Result<Option<Sourced<String>>, ConfigError> {
        let found = match self.environment.get(name) {
            Some(value) => Some(from_environment(name, value)?),
            None => self.dotenv.get(name).cloned(),
        };
        let Some(Sourced { value, origin }) = found else { return Ok(None) };
        match value.trim() {
            "" => Err(ConfigError::value(origin, name, "empty", format!("remove it or give {allowed}"))),
            trimmed => Ok(Some(Sourced::new(trimmed.to_owned(), origin))),
        }
    }
}

impl Variables<'_> {
    /// A variable that the file names, as it is. One that is not there is none; whether that is wrong shows when it is
    /// used.
    pub(super) fn named(&self, name: &str) -> Result<Option<String>, ConfigError> {
        match (self.environment.get(name), self.dotenv.get(name), self.foreign.get(name)) {
            (Some(value), ..) => match value.to_str() {
                Some(text) => Ok(Some(text.to_owned())),
                None => Err(ConfigError::NotUtf8 { name: name.into() }),
            },
            (None, Some(found), _) => Ok(Some(found.value.clone())),
            (None, None, Some(origin)) => Err(ConfigError::line(origin.clone(), BROKEN)),
            (None, None, None) => Ok(None),
        }
    }
}

fn from_environment(name: &'static str, value: &OsString) -> Result<Sourced<String>, ConfigError> {
    let origin = Origin::Environment(name);
    match value.to_str() {
        Some(text) => Ok(Sourced::new(text.to_owned(), origin)),
        None => Err(ConfigError::value(origin, name, format!("{value:?}"), "must be UTF-8")),
    }
}

// Never the line itself: this file is where passwords are kept.
const BROKEN: &str = "not of the form NAME=value; put a value with spaces or quotes in \"double quotes\"";

/// Variables by their names, and the lines of other programs.
type Parsed = (BTreeMap<String, Sourced<String>>, BTreeMap<String, Origin>);

/// The variables of a `.env` file, the last of several with one name. dotenvy expands `$NAME` from the environment of
/// the process, then from the lines above.
fn parse(bytes: &[u8], path: &Path) -> Result<Parsed, ConfigError> {
    let origin = |line| Origin::DotEnv { path: path.to_owned(), line };
    let text = utf8(bytes, origin)?;
    // Without a line break at the end dotenvy takes trailing white space for an unfinished value.
    let text = format!("{text}\n");
    let line = Cell::new(0);
    let (mut variables, mut foreign) = (BTreeMap::new(), BTreeMap::new());
    for item in dotenvy::from_read_iter(LineReader { rest: text.as_bytes(), line: &line }) {
        match item {
            Ok((name, value)) => {
                variables.insert(name, Sourced::new(value, origin(line.get())));
            }
            Err(error) => {
                let first_line = first_line(&error, line.get());
                // People share the file with other programs, whose parsers take what dotenvy does not. An open quote is
                // our business all the same: it may have swallowed a variable of ours.
                let assignment = assignment(text.lines().nth(first_line - 1).unwrap_or_default());
                if first_line != line.get() || OURS.iter().any(|name| assignment.starts_with(name)) {
                    return Err(ConfigError::line(origin(first_line), BROKEN));
                }
                let name = assignment.split('=').next().unwrap_or_default();
                foreign.insert(name.trim_end().to_owned(), origin(first_line));
            }
        }
    }
    Ok((variables, foreign))
}

/// A line without what may stand before its name.
fn assignment(line: &str) -> &str {
    let line = line.trim();
    line.strip_prefix("export ").unwrap_or(line).trim_start()
}

/// Text of a file, without the mark that some editors put before it; the error names the line that is not UTF-8.
pub(super) fn utf8(bytes: &[u8], origin: impl Fn(usize) -> Origin) -> Result<&str, ConfigError> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = 1 + bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
        ConfigError::line(origin(line), "not valid UTF-8: save the file as UTF-8")
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// Where a broken item begins: an open quote swallows lines, and the mistake is in the first of them.
fn first_line(error: &dotenvy::Error, last_line: usize) -> usize {
    match error {
        dotenvy::Error::LineParse(text, _) => last_line - text.strip_suffix('\n').unwrap_or(text).matches('\n').count(),
        _ => last_line,
    }
}

/// Hands out one line a read and counts them, because dotenvy does not say where it is.
struct LineReader<'a> {
    rest: &'a [u8],
    line: &'a Cell<usize>,
}

impl Read for LineReader<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let line = self.rest.split_inclusive(|byte| *byte == b'\n').next().unwrap_or_default();
        let len = line.len().min(buf.len());
        buf[..len].copy_from_slice(&line[..len]);
        if line[..len].ends_with(b"\n") {
            self.line.set(self.line.get() + 1);
        }
        self.rest = &self.rest[len..];
        Ok(len)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn variables(text: &str) -> Result<Vec<(String, String, usize)>, String> {
        let (variables, _) = parse(text.as_bytes(), Path::new(".env")).map_err(|error| error.to_string())?;
        let flat = variables.into_iter().map(|(name, Sourced { value, origin })| match origin {
            Origin::DotEnv { line, .. } => (name, value, line),
            other => panic!("{other}"),
        });
        Ok(flat.collect())
    }

    fn is(name: &str, value: &str, line: usize) -> (String, String, usize) {
        (name.to_owned(), value.to_owned(), line)
    }

    #[test]
    fn every_variable_knows_its_line() {
        let long = "x".repeat(50_000);
        let text = format!("\u{feff}# it's a comment\n\nexport A=1 # one\nLONG={long}\r\nB='two words'\nA=3  ");
        assert_eq!(variables(&text), Ok(vec![is("A", "3", 6), is("B", "two words", 5), is("LONG", &long, 4)]));
    }

    #[test]
    fn a_value_may_have_several_lines_and_name_earlier_ones() {
        let text = "KEY=\"a\nb\"\nCHECKPOST_TEST_DIR=data\nURL=sqlite:///${CHECKPOST_TEST_DIR}/a.db";
        let found = variables(text).unwrap();
        assert!(found.contains(&is("KEY", "a\nb", 2)), "{found:?}");
        assert!(found.contains(&is("URL", "sqlite:///data/a.db", 4)), "{found:?}");
    }

    #[test]
    fn a_broken_line_is_named_and_not_shown() {
        let why = "not of the form NAME=value; put a value with spaces or quotes in \"double quotes\"";
        for (text, line) in [
            ("A=1\nDATABASE_URL\nB=2", 2),
            ("A=1\n\n# x\nexport DATABASE_URL=two hunter2\n", 4),
            ("A=1\nB='hunter2\nC=3\n\n", 2),
            ("A=1\nB=\"hunter2\nmore\" and\nC=3", 2),
            ("CPU_THRESHOLD-B=hunter2", 1),
        ] {
            assert_eq!(variables(text), Err(format!(".env:{line}: {why}")), "{text}");
        }
    }

    #[test]
    fn a_broken_line_of_another_program_is_left_to_it() {
        let text = "GREETING=hello world\nhunter2\nA-B=1\nCPU_THRESHOLD=70";
        assert_eq!(variables(text), Ok(vec![is("CPU_THRESHOLD", "70", 4)]));
    }

    #[test]
    fn a_variable_that_the_file_names_is_taken_as_it_is() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join(".env"), "A=1\nPASSWORD=' hunter2 '\nTOKEN=two hunter2\n").unwrap();
        let environment = Environment::from([("A".to_owned(), " 2 ".into())]);
        let variables = Variables::read(&environment, directory.path()).unwrap();
        assert_eq!(variables.named("A").unwrap().as_deref(), Some(" 2 "));
        assert_eq!(variables.named("PASSWORD").unwrap().as_deref(), Some(" hunter2 "));
        assert_eq!(variables.named("NOBODY").unwrap(), None);
        let broken = variables.named("TOKEN").unwrap_err().to_string();
        assert!(
            broken.ends_with(
                ".env:3: not of the form NAME=value; put a value with spaces or quotes in \"double quotes\""
            ),
            "{broken}"
        );
    }

    #[test]
    fn a_line_in_another_encoding_is_named() {
        let error = parse(b"A=1\n# caf\xe9\n", Path::new(".env")).unwrap_err();
        assert_eq!(error.to_string(), ".env:2: not valid UTF-8: save the file as UTF-8");
    }
}
