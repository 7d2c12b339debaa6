//! How wide, in which colours and in which characters a text is written. Decided once, here; the renderings obey.

use std::borrow::Cow;
use std::io::IsTerminal;

use anstyle::{AnsiColor, Effects};

use crate::check::Status;
use crate::clean;

/// The width of what is not a terminal: a mail, a file.
const DEFAULT_WIDTH: usize = 80;
/// Narrower than this no layout holds together, and the terminal may as well wrap by itself.
const LEAST_WIDTH: usize = 40;

/// How text for people is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Columns that a line may fill.
    pub width: usize,
    /// Whether ANSI escape codes are written.
    pub color: bool,
    /// Whether nothing but ASCII is written.
    pub ascii: bool,
}

/// The text in ASCII: arrows as words, everything else that is not ASCII as `?`.
pub fn ascii(text: &str) -> String {
    let text = text.replace('↑', "up").replace('↓', "down");
    text.chars().map(|character| if character.is_ascii() { character } else { '?' }).collect()
}

impl Style {
    /// Decides by the output and the environment. A positive `COLUMNS` wins over the terminal's own width. Colour
    /// needs a terminal that is not `TERM=dumb`, and no `NO_COLOR` (<https://no-color.org>: set and not empty).
    pub fn detect(
        is_terminal: bool,
        terminal_width: Option<usize>,
        variable: impl Fn(&str) -> Option<String>,
        ascii: bool,
    ) -> Self {
        let columns = variable("COLUMNS").and_then(|columns| columns.parse().ok()).filter(|columns| *columns > 0);
        let width = columns.or(terminal_width.filter(|_| is_terminal)).unwrap_or(DEFAULT_WIDTH).max(LEAST_WIDTH);
        let no_color = variable("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = variable("TERM").is_some_and(|term| term == "dumb");
        Self { width, color: is_terminal && !no_color && !dumb, ascii }
    }

    /// [`Style::detect`] for this process's standard output.
    pub fn of_stdout(ascii: bool) -> Self {
        let variable = |name: &str| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
        let width = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
        Self::detect(std::io::stdout().is_terminal(), width, variable, ascii)
    }

    /// Foreign text, fit to be shown: without control characters, and in ASCII with `?` for what is not.
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let cleaned = clean::line(text);
        if !self.ascii || cleaned.is_ascii() {
            return cleaned;
        }
        Cow::Owned(ascii(&cleaned))
    }

    /// The sign of a status: `⚠️`, or `[WARNING]` in ASCII. Terminals disagree on how wide these are: put them at the
    /// start of a line and align nothing after them.
    pub fn symbol(&self, status: Status) -> &'static str {
        match (status, self.ascii) {
            (Status::Ok, false) => "✅",
            (Status::Warning, false) => "⚠️",
            (Status::Critical, false) => "🔴",
            (Status::Unknown, false) => "❓",
            (Status::Ok, true) => "[OK]",
            (Status::Warning, true) => "[WARNING]",
            (Status::Critical, true) => "[CRITICAL]",
            (Status::Unknown, true) => "[UNKNOWN]",
        }
    }

    /// The sign with the level spelled out, once: `⚠️ WARNING`, or `[WARNING]` in ASCII.
    pub fn badge(&self, status: Status) -> String {
        let symbol = self.symbol(status);
        if self.ascii { symbol.to_owned() } else { format!("{symbol} {}", status.level()) }
    }

    /// The sign of what is sent: `↑` or `up`.
    pub fn up(&self) -> &'static str {
        if self.ascii { "up" } else { "↑" }
    }

    /// The sign of what is received: `↓` or `down`.
    pub fn down(&self) -> &'static str {
        if self.ascii { "down" } else { "↓" }
    }

    /// Text in the colour of a status.
    pub fn level(&self, status: Status, text: &str) -> String {
        let color = match status {
            Status::Ok => AnsiColor::Green,
            Status::Warning => AnsiColor::Yellow,
            Status::Critical => AnsiColor::Red,
            Status::Unknown => AnsiColor::Magenta,
        };
        self.paint(color.on_default().effects(Effects::BOLD), text)
    }

    /// Text that leads: headings, titles.
    pub fn bold(&self, text: &str) -> String {
        self.paint(anstyle::Style::new().bold(), text)
    }

    /// Text that stays in the background: notes.
    pub fn dim(&self, text: &str) -> String {
        self.paint(anstyle::Style::new().dimmed(), text)
    }

    fn paint(&self, paint: anstyle::Style, text: &str) -> String {
        if self.color && !text.is_empty() { format!("{paint}{text}{paint:#}") } else { text.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERMINAL: (bool, Option<usize>) = (true, Some(120));
    const PIPE: (bool, Option<usize>) = (false, Some(120));

    /// (width, colour) with these variables set.
    fn detected((is_terminal, width): (bool, Option<usize>), variables: &[(&str, &str)]) -> (usize, bool) {
        let variable = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| value.to_string());
        let style = Style::detect(is_terminal, width, variable, false);
        (style.width, style.color)
    }

    #[test]
    fn a_terminal_gives_its_width_and_colour() {
        assert_eq!(detected(TERMINAL, &[("TERM", "xterm-256color")]), (120, true));
        assert_eq!(detected((true, None), &[]), (80, true));
    }

    #[test]
    fn a_pipe_is_80_columns_without_colour_even_beside_a_terminal() {
        assert_eq!(detected(PIPE, &[("TERM", "xterm")]), (80, false));
    }

    #[test]
    fn columns_win_when_they_are_a_positive_number() {
        assert_eq!(detected(TERMINAL, &[("COLUMNS", "100")]).0, 100);
        assert_eq!(detected(PIPE, &[("COLUMNS", "100")]).0, 100);
        for nonsense in ["", "0", "-5", "wide", "1e3"] {
            assert_eq!(detected(TERMINAL, &[("COLUMNS", nonsense)]).0, 120, "{nonsense}");
        }
    }

    #[test]
    fn no_layout_is_narrower_than_40_columns() {
        assert_eq!(detected(PIPE, &[("COLUMNS", "7")]).0, 40);
    }

    #[test]
    fn no_color_and_dumb_terminals_get_no_colour() {
        assert!(!detected(TERMINAL, &[("NO_COLOR", "1")]).1);
        assert!(!detected(TERMINAL, &[("TERM", "dumb")]).1);
        assert!(detected(TERMINAL, &[("NO_COLOR", "")]).1);
    }

    #[test]
    fn foreign_text_is_cleaned_and_in_ascii_questioned() {
        let style = Style { width: 80, color: false, ascii: false };
        assert_eq!(style.text("/데이터\u{1b}[2J"), "/데이터\\u{1b}[2J");
        assert_eq!(Style { ascii: true, ..style }.text("/데이터\u{1b}[2J"), "/???\\u{1b}[2J");
    }

    #[test]
    fn colour_wraps_the_text_and_plain_leaves_it() {
        let style = Style { width: 80, color: true, ascii: false };
        assert_eq!(style.bold("x"), "\u{1b}[1mx\u{1b}[0m");
        assert_eq!(style.level(Status::Critical, ""), "");
        assert_eq!(Style { color: false, ..style }.level(Status::Critical, "x"), "x");
    }
}
