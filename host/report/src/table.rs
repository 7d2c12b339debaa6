//! Tables for commands that list rows. Columns have no borders, and are two spaces apart.

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, ColumnConstraint, Table, Width};
use textwrap::core::display_width;

use crate::style::Style;

/// Spaces between columns.
const GAP: u16 = 2;
/// The last column is wrapped to this width at least; a table that does not fit then is wider than the style.
const MIN_WIDTH: u16 = 20;
/// The last column gets this width, if it needs it, before names are cut.
const PREFERRED_WIDTH: usize = 24;
/// A name is cut to this width at least.
const MIN_NAME_WIDTH: usize = 16;

/// A column, with its header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column<'a> {
    /// Left-aligned.
    Text(&'a str),
    /// Left-aligned, and cut in the middle if the table is too wide: a file name may have 255 bytes, a path 4096.
    Name(&'a str),
    /// Right-aligned.
    Number(&'a str),
}

impl<'a> Column<'a> {
    fn header(self) -> &'a str {
        match self {
            Self::Text(header) | Self::Name(header) | Self::Number(header) => header,
        }
    }
}

/// A header and rows with as many cells. Columns are as wide as their content; the last one is wrapped to the rest of the
/// style's width. Ends with one newline.
pub fn render(columns: &[Column], rows: Vec<Vec<String>>, style: &Style) -> String {
    lines(columns, &rows, style, true).into_iter().map(|line| line + "\n").collect()
}

/// The cells of a row, and the notes below it.
pub type RowWithNotes = (Vec<String>, Vec<String>);

/// Like [`render`], with notes below each row. Notes are wrapped, and begin at the second column; the last column is not
/// wrapped.
pub fn render_with_notes(columns: &[Column], rows: &[RowWithNotes], style: &Style) -> String {
    let cells: Vec<_> = rows.iter().map(|(cells, _)| cells.clone()).collect();
    let mut table = lines(columns, &cells, style, false).into_iter();
    let mut text: String = table.next().into_iter().map(|header| header + "\n").collect();
    let first = rows.iter().filter_map(|(cells, _)| cells.first());
    let first = first.map(|cell| display_width(&style.text(cell))).max().unwrap_or_default();
    let indent = " ".repeat(first.max(columns.first().map_or(0, |column| column.header().len())) + usize::from(GAP));
    // No hyphens, because people copy the notes.
    let wrapping = textwrap::Options::new(style.width.max(indent.len() + usize::from(MIN_WIDTH)))
        .initial_indent(&indent)
        .subsequent_indent(&indent)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    for (line, (_, notes)) in table.zip(rows) {
        text += &(line + "\n");
        for note in notes.iter().filter(|note| !note.is_empty()) {
            text += &(textwrap::fill(&style.text(note), &wrapping) + "\n");
        }
    }
    text
}

fn lines(columns: &[Column], rows: &[Vec<String>], style: &Style, wraps: bool) -> Vec<String> {
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(columns.iter().map(|column| column.header()));
    let mut rows: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| style.text(cell).into_owned()).collect()).collect();
    cut_names(columns, &mut rows, style);
    for row in rows {
        table.add_row(row);
    }

    let mut left = u16::try_from(style.width).unwrap_or(u16::MAX);
    let widths = table.column_max_content_widths();
    for ((index, column), width) in columns.iter().enumerate().zip(widths) {
        let is_last = index + 1 == columns.len();
        let Some(laid_out) = table.column_mut(index) else { continue };
        if matches!(column, Column::Number(_)) {
            laid_out.set_cell_alignment(CellAlignment::Right);
        }
        laid_out.set_padding((0, if is_last { 0 } else { GAP }));
        laid_out.set_constraint(match wraps && is_last && width > left {
            true => ColumnConstraint::Absolute(Width::Fixed(left.max(MIN_WIDTH))),
            false => ColumnConstraint::ContentWidth,
        });
        left = left.saturating_sub(width.saturating_add(GAP));
    }

    let lines = table.lines().enumerate().map(|(number, line)| match number {
        0 => style.bold(line.trim_end()),
        _ => line.trim_end().to_owned(),
    });
    lines.collect()
}

/// Cuts the longest names until the table fits, or until no name is long.
fn cut_names(columns: &[Column], rows: &mut [Vec<String>], style: &Style) {
    let width = |(index, column): (usize, &Column)| {
        let cells = rows.iter().filter_map(|row| row.get(index));
        cells.map(|cell| display_width(cell)).chain([display_width(column.header())]).max().unwrap_or_default()
    };
    let widths: Vec<usize> = columns.iter().enumerate().map(width).collect();
    let gaps = usize::from(GAP) * columns.len().saturating_sub(1);
    let is_name = |index: usize| matches!(columns.get(index), Some(Column::Name(_)));
    let names: Vec<usize> = widths.iter().enumerate().filter(|(index, _)| is_name(*index)).map(|(_, w)| *w).collect();
    let others = widths
        .iter()
        .enumerate()
        .filter(|(index, _)| !is_name(*index))
        .map(|(index, width)| if index + 1 == columns.len() { (*width).min(PREFERRED_WIDTH) } else { *width });
    let room = style.width.saturating_sub(gaps + others.sum::<usize>());
    let mut longest = names.iter().copied().max().unwrap_or_default();
    while longest > MIN_NAME_WIDTH && names.iter().map(|name| (*name).min(longest)).sum::<usize>() > room {
        longest -= 1;
    }
    for row in rows {
        for (_, cell) in row.iter_mut().enumerate().filter(|(index, _)| is_name(*index)) {
            *cell = cut_in_the_middle(cell, longest, if style.ascii { "..." } else { "…" });
        }
    }
}

/// Cuts a text to `width` columns. Both ends stay, because the ends of a path identify it.
fn cut_in_the_middle(text: &str, width: usize, mark: &str) -> String {
    if display_width(text) <= width {
        return text.to_owned();
    }
    let room = width.saturating_sub(display_width(mark));
    let fitting = |characters: &mut dyn Iterator<Item = char>, room: usize| -> Vec<char> {
        let mut used = 0;
        let fits = |character: &char| {
            used += display_width(character.encode_utf8(&mut [0; 4]));
            used <= room
        };
        characters.take_while(fits).collect()
    };
    let tail = fitting(&mut text.chars().rev(), room.div_ceil(2));
    let head = fitting(&mut text.chars(), room / 2);
    head.into_iter().chain(mark.chars()).chain(tail.into_iter().rev()).collect()
}

#[cfg(test)]
mod tests {
    use super::Column::{Name, Number, Text};
    use super::*;

    const WIDE: Style = Style { width: 100, color: false, ascii: false };

    fn notifications() -> Vec<Vec<String>> {
        let row = |cells: [&str; 4]| cells.map(str::to_owned).to_vec();
        vec![
            row(["2025-10-27 14:20:01", "CRITICAL", "96.2", "Memory usage is 96.2% (7.70GB / 8.00GB, threshold: 85%)"]),
            row(["2025-10-27 14:15:01", "WARNING", "8", "디스크 /데이터 is 91.0% full\nand \u{1b}[31mred"]),
            row(["2025-10-27 14:10:01", "OK", "n/a", ""]),
        ]
    }

    fn rendered(style: &Style) -> String {
        render(&[Text("TIME"), Text("LEVEL"), Number("VALUE"), Text("MESSAGE")], notifications(), style)
    }

    #[test]
    fn columns_line_up_and_numbers_are_right_aligned() {
        insta::assert_snapshot!("table_wide", rendered(&WIDE));
    }

    #[test]
    fn last_column_is_wrapped_to_the_width() {
        let text = rendered(&Style { width: 72, ..WIDE });
        assert!(text.lines().all(|line| textwrap::core::display_width(line) <= 72), "{text}");
        insta::assert_snapshot!("table_72", text);
    }

    #[test]
    fn table_that_cannot_fit_is_too_wide_but_readable() {
        insta::assert_snapshot!("table_40", rendered(&Style { width: 40, ..WIDE }));
    }

    #[test]
    fn names_that_are_too_long_lose_as_much_of_their_middle_as_necessary() {
        let columns = [Name("CHECK"), Name("MODULE"), Text("STATE")];
        let rows = |name: &str, path: &str| {
            let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
            vec![row([name, path, "ready (cached, pinned)"]), row(["cpu", "built-in cpu", "ready"])]
        };
        let all = render(&columns, rows("raid", "/etc/checkpost/checks.d/raid.wasm"), &WIDE);
        assert!(all.contains("raid   /etc/checkpost/checks.d/raid.wasm  ready (cached, pinned)\n"), "{all}");
        let (name, path) = (format!("{}end", "ab".repeat(120)), format!("/etc/{}/end.wasm", "디".repeat(120)));
        for style in [WIDE, Style { ascii: true, ..WIDE }, Style { width: 60, ..WIDE }] {
            let cut = render(&columns, rows(&name, &path), &style);
            assert!(cut.lines().all(|line| textwrap::core::display_width(line) <= style.width), "{cut}");
            let line = cut.lines().nth(1).unwrap_or_default();
            assert!(line.starts_with("abab") && line.contains("end  /etc/"), "{cut}");
            assert!(line.contains("nd.wasm  ready (cached, pinned)"), "{cut}");
        }
        // In a table that cannot fit, names can still be distinguished.
        let narrow = render(&columns, rows(&name, &path), &Style { width: 40, ..WIDE });
        assert!(narrow.contains("abababa…bababend  /etc/"), "{narrow}");
    }

    #[test]
    fn header_is_bold_and_color_changes_no_text() {
        let colored = rendered(&Style { color: true, ..WIDE });
        assert!(colored.starts_with("\u{1b}[1mTIME"), "{colored:?}");
        assert_eq!(anstream::adapter::strip_str(&colored).to_string(), rendered(&WIDE));
    }

    #[test]
    fn ascii_table_is_ascii() {
        assert!(rendered(&Style { ascii: true, ..WIDE }).is_ascii());
    }

    #[test]
    fn notes_are_below_their_row_and_wrapped() {
        let row = |cells: [&str; 3], notes: &[&str]| {
            (cells.map(str::to_owned).to_vec(), notes.iter().map(|note| (*note).to_owned()).collect())
        };
        let path = format!("/srv/{}/data", "very".repeat(10));
        let rows = [
            row(["CRITICAL", "memory", "2025-10-27 14:20:01 UTC"], &["96.2%  ▁▂ ▇█", "Memory usage is 96.2%\n!"]),
            row(["WARNING", &path, "2025-10-27 14:20:01 UTC"], &["", &"of a few words ".repeat(8)]),
        ];
        let columns = [Text("LEVEL"), Name("CHECK"), Text("SINCE")];
        let text = render_with_notes(&columns, &rows, &Style { width: 56, ..WIDE });
        assert!(text.lines().all(|line| display_width(line) <= 56), "{text}");
        insta::assert_snapshot!("table_notes", text);
        // At any width, each row is one line, and its notes follow it.
        let narrow = render_with_notes(&columns, &rows, &Style { width: 40, ..WIDE });
        assert!(narrow.contains("CRITICAL  memory            2025-10-27 14:20:01 UTC\n          96.2%"), "{narrow}");
        assert_eq!(render_with_notes(&columns, &[], &WIDE), "LEVEL  CHECK  SINCE\n");
    }

    #[test]
    fn table_without_rows_is_its_header() {
        assert_eq!(render(&[Text("A"), Number("B")], Vec::new(), &WIDE), "A  B\n");
    }
}
