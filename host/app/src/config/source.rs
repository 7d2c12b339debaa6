//! The text of a configuration file, and the lines on which its values are.

use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::rc::Rc;

use checkpost_files::FileError;
use toml::Spanned;
use toml::de::DeTable;

use super::error::ConfigError;
use super::origin::Origin;

/// The text of a file, as the configuration retains it. The text may hold URLs that are as good as passwords, so `Debug`
/// does not show it.
#[derive(Clone)]
pub(super) struct FileText(pub(super) String);

impl fmt::Debug for FileText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileText(…)")
    }
}

/// Bytes of a file that people write: twenty thousand checks.
const MAX_BYTES: u64 = 1 << 20;

/// The bytes of a file that people write, which may be anything until it is read.
pub(super) fn read_file(path: &Path) -> Result<Vec<u8>, FileError> {
    checkpost_files::read(path, MAX_BYTES)
}

/// The bytes of a file as text, without a byte order mark; the error names the line that is not UTF-8.
pub(super) fn utf8(bytes: &[u8], origin: impl Fn(usize) -> Origin) -> Result<&str, ConfigError> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = 1 + bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
        ConfigError::line(origin(line), "not valid UTF-8: save the file as UTF-8")
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// A TOML file with its path and the beginnings of its lines.
#[derive(Clone)]
pub(super) struct Source<'a> {
    path: &'a Path,
    text: &'a str,
    /// The offset of each line. Every value needs its line, and a file may have thousands of both.
    line_starts: Rc<[usize]>,
}

impl<'a> Source<'a> {
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
    fn position(&self, offset: usize) -> (usize, usize) {
        let line = self.line_starts.partition_point(|start| *start <= offset);
        let before = self.text.get(self.line_starts[line - 1]..offset).unwrap_or_default();
        (line, 1 + before.chars().count())
    }
}
