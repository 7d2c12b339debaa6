//! Width, color and character set of text for people, detected once for each command.

use std::borrow::Cow;
use std::io::IsTerminal;

use anstyle::{AnsiColor, Effects};

use checkpost_model::check::Status;
use checkpost_model::clean;

/// The width of files and mails.
const DEFAULT_WIDTH: usize = 80;
/// A layout needs at least this width; a narrower terminal wraps the lines.
const MIN_WIDTH: usize = 40;

/// The style of text for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Columns of a line at most.
    pub width: usize,
    /// Whether text has ANSI escape codes.
    pub color: bool,
    /// Whether all text is ASCII.
    pub ascii: bool,
}

/// Text in ASCII: arrows become words, other characters `?`.
pub fn ascii(text: &str) -> String {
    let text = text.replace('↑', "up").replace('↓', "down");
    text.chars().map(|character| if character.is_ascii() { character } else { '?' }).collect()
}

impl Style {
    /// Detects the style from the output and the environment. A positive `COLUMNS` overrides the width of the terminal.
    /// Color needs a terminal other than `TERM=dumb`, and no `NO_COLOR` (<https://no-color.org>: set and not empty).
    fn detect(
        is_terminal: bool,
        terminal_width: Option<usize>,
        variable: impl Fn(&str) -> Option<String>,
        ascii: bool,
    ) -> Self {
        let columns = variable("COLUMNS").and_then(|columns| columns.parse().ok()).filter(|columns| *columns > 0);
        let width = columns.or(terminal_width.filter(|_| is_terminal)).unwrap_or(DEFAULT_WIDTH).max(MIN_WIDTH);
        let no_color = variable("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = variable("TERM").is_some_and(|term| term == "dumb");
        Self { width, color: is_terminal && !no_color && !dumb, ascii }
    }

    /// The style of this process's standard output. `ascii` restricts it to ASCII.
    pub fn of_stdout(ascii: bool) -> Self {
        let variable = |name: &str| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
        let width = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
        Self::detect(std::io::stdout().is_terminal(), width, variable, ascii)
    }

    /// Foreign text that is safe to show: control characters are escaped, and in ASCII other characters become `?`.
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let cleaned = clean::line(text);
        if !self.ascii || cleaned.is_ascii() {
            return cleaned;
        }
        Cow::Owned(ascii(&cleaned))
    }

    /// The symbol of a status: `⚠️`, or `[WARNING]` in ASCII. Terminals disagree on the width of symbols: put them at the
    /// start of a line, and align nothing after them.
    pub(crate) fn symbol(&self, status: Status) -> &'static str {
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

    /// The symbol and the level: `⚠️ WARNING`, or `[WARNING]` in ASCII.
    pub(crate) fn badge(&self, status: Status) -> String {
        let symbol = self.symbol(status);
        if self.ascii { symbol.to_owned() } else { format!("{symbol} {}", status.level()) }
    }

    /// The symbol of sent bytes: `↑` or `up`.
    pub(crate) fn up(&self) -> &'static str {
        if self.ascii { "up" } else { "↑" }
    }

    /// The symbol of received bytes: `↓` or `down`.
    pub(crate) fn down(&self) -> &'static str {
        if self.ascii { "down" } else { "↓" }
    }

    /// Text in the color of a status.
    pub(crate) fn level(&self, status: Status, text: &str) -> String {
        let color = match status {
            Status::Ok => AnsiColor::Green,
            Status::Warning => AnsiColor::Yellow,
            Status::Critical => AnsiColor::Red,
            Status::Unknown => AnsiColor::Magenta,
        };
        self.paint(color.on_default().effects(Effects::BOLD), text)
    }

    /// Bold text, for headings and titles.
    pub fn bold(&self, text: &str) -> String {
        self.paint(anstyle::Style::new().bold(), text)
    }

    /// Dimmed text, for notes.
    pub(crate) fn dim(&self, text: &str) -> String {
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

    /// The width, and whether there is color, with these variables set.
    fn detected((is_terminal, width): (bool, Option<usize>), variables: &[(&str, &str)]) -> (usize, bool) {
        let variable = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| value.to_string());
        let style = Style::detect(is_terminal, width, variable, false);
        (style.width, style.color)
    }

    #[test]
    fn terminal_has_its_width_and_color() {
        assert_eq!(detected(TERMINAL, &[("TERM", "xterm-256color")]), (120, true));
        assert_eq!(detected((true, None), &[]), (80, true));
    }

    #[test]
    fn pipe_has_80_columns_and_no_color_even_with_a_terminal() {
        assert_eq!(detected(PIPE, &[("TERM", "xterm")]), (80, false));
    }

    #[test]
    fn columns_variable_overrides_the_width_if_it_is_positive() {
        assert_eq!(detected(TERMINAL, &[("COLUMNS", "100")]).0, 100);
        assert_eq!(detected(PIPE, &[("COLUMNS", "100")]).0, 100);
        for nonsense in ["", "0", "-5", "wide", "1e3"] {
            assert_eq!(detected(TERMINAL, &[("COLUMNS", nonsense)]).0, 120, "{nonsense}");
        }
    }

    #[test]
    fn width_is_at_least_40_columns() {
        assert_eq!(detected(PIPE, &[("COLUMNS", "7")]).0, 40);
    }

    #[test]
    fn color_is_off_with_no_color_and_on_dumb_terminals() {
        assert!(!detected(TERMINAL, &[("NO_COLOR", "1")]).1);
        assert!(!detected(TERMINAL, &[("TERM", "dumb")]).1);
        assert!(detected(TERMINAL, &[("NO_COLOR", "")]).1);
    }

    #[test]
    fn foreign_text_is_escaped_and_replaced_in_ascii() {
        let style = Style { width: 80, color: false, ascii: false };
        assert_eq!(style.text("/데이터\u{1b}[2J"), "/데이터\\u{1b}[2J");
        assert_eq!(Style { ascii: true, ..style }.text("/데이터\u{1b}[2J"), "/???\\u{1b}[2J");
    }

    #[test]
    fn color_encloses_text_and_is_absent_in_plain_style() {
        let style = Style { width: 80, color: true, ascii: false };
        assert_eq!(style.bold("x"), "\u{1b}[1mx\u{1b}[0m");
        assert_eq!(style.level(Status::Critical, ""), "");
        assert_eq!(Style { color: false, ..style }.level(Status::Critical, "x"), "x");
    }
}
