//! The file `.env`, which checkpost shares with other programs.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::Path;

use super::error::ConfigError;
use super::origin::{Origin, Sourced};
use super::source::utf8;

/// Variables of checkpost that `.env` can set.
const OWN: [&str; 6] =
    ["CPU_THRESHOLD", "MEMORY_THRESHOLD", "DISK_THRESHOLD", "LOG_LEVEL", "DATABASE_URL", "CHECKPOST_CHECKS"];

/// A parsed `.env`.
#[derive(Default)]
pub(super) struct DotEnv {
    /// The variables by name; of several with one name, the last.
    pub(super) variables: BTreeMap<String, Sourced<String>>,
    /// Lines that cannot be parsed, by the text before their `=`. They belong to other programs, and are an error only if
    /// the configuration names such a variable.
    pub(super) broken: BTreeMap<String, Origin>,
}

/// The error about a line. It never shows the line: this file is where passwords are.
pub(super) fn broken_line(origin: Origin) -> ConfigError {
    let problem = "not of the form NAME=value; put a value with spaces or quotes in \"double quotes\"";
    ConfigError::line(origin, problem)
}

/// Parses a `.env` file. dotenvy expands `$NAME` from the environment of the process, then from the lines above.
pub(super) fn parse(bytes: &[u8], path: &Path) -> Result<DotEnv, ConfigError> {
    let origin = |line| Origin::DotEnv { path: path.to_owned(), line };
    let text = utf8(bytes, origin)?;
    // Without a final line break, dotenvy takes trailing white space for an unfinished value.
    let text = format!("{text}\n");
    let line = Cell::new(0);
    let mut dotenv = DotEnv::default();
    for item in dotenvy::from_read_iter(LineReader { rest: text.as_bytes(), line: &line }) {
        match item {
            Ok((name, value)) => {
                dotenv.variables.insert(name, Sourced::new(value, origin(line.get())));
            }
            Err(error) => {
                let first_line = first_line(&error, line.get());
                // The parsers of other programs accept lines that dotenvy does not. An open quote is an error all the
                // same: the lines that it took in may have had a variable of checkpost.
                let assignment = assignment(text.lines().nth(first_line - 1).unwrap_or_default());
                if first_line != line.get() || OWN.iter().any(|name| assignment.starts_with(name)) {
                    return Err(broken_line(origin(first_line)));
                }
                let name = assignment.split('=').next().unwrap_or_default();
                dotenv.broken.insert(name.trim_end().to_owned(), origin(first_line));
            }
        }
    }
    Ok(dotenv)
}

/// A line without white space and `export` in front of its name.
fn assignment(line: &str) -> &str {
    let line = line.trim();
    line.strip_prefix("export ").unwrap_or(line).trim_start()
}

/// The first line of a broken item: an open quote takes in more lines, and the mistake is in the first of them.
fn first_line(error: &dotenvy::Error, last_line: usize) -> usize {
    match error {
        dotenvy::Error::LineParse(text, _) => last_line - text.strip_suffix('\n').unwrap_or(text).matches('\n').count(),
        _ => last_line,
    }
}

/// Returns one line per read and counts the lines, because dotenvy does not report line numbers.
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
        let DotEnv { variables, .. } = parse(text.as_bytes(), Path::new(".env")).map_err(|error| error.to_string())?;
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
    fn variable_has_the_line_of_its_assignment() {
        let long = "x".repeat(50_000);
        let text = format!("\u{feff}# it's a comment\n\nexport A=1 # one\nLONG={long}\r\nB='two words'\nA=3  ");
        assert_eq!(variables(&text), Ok(vec![is("A", "3", 6), is("B", "two words", 5), is("LONG", &long, 4)]));
    }

    #[test]
    fn value_may_have_several_lines_and_name_earlier_variables() {
        let text = "KEY=\"a\nb\"\nCHECKPOST_TEST_DIR=data\nURL=sqlite:///${CHECKPOST_TEST_DIR}/a.db";
        let found = variables(text).unwrap();
        assert!(found.contains(&is("KEY", "a\nb", 2)), "{found:?}");
        assert!(found.contains(&is("URL", "sqlite:///data/a.db", 4)), "{found:?}");
    }

    #[test]
    fn broken_line_is_named_and_not_shown() {
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
    fn broken_line_of_another_program_is_ignored() {
        let text = "GREETING=hello world\nhunter2\nA-B=1\nCPU_THRESHOLD=70";
        assert_eq!(variables(text), Ok(vec![is("CPU_THRESHOLD", "70", 4)]));
    }

    #[test]
    fn line_that_is_not_utf8_is_named() {
        let error = parse(b"A=1\n# caf\xe9\n", Path::new(".env")).err().unwrap();
        assert_eq!(error.to_string(), ".env:2: not valid UTF-8: save the file as UTF-8");
    }
}
