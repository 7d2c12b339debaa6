//! Tables for commands that list what is stored. No borders: columns stand apart by two blanks.

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, ColumnConstraint, Table, Width};

use super::style::Style;

/// Columns between columns.
const GAP: u16 = 2;
/// The last column is not wrapped narrower than this: a table that cannot fit may as well stick out.
const LEAST_WIDTH: u16 = 20;

/// A column by its header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column<'a> {
    /// Left-aligned.
    Text(&'a str),
    /// Right-aligned.
    Number(&'a str),
}

impl<'a> Column<'a> {
    fn header(self) -> &'a str {
        match self {
            Self::Text(header) | Self::Number(header) => header,
        }
    }
}

/// A header line and the rows, each as long as the header. Columns are as wide as their content; the last one is
/// wrapped to what the style's width leaves it. Ends with one newline.
pub fn render(columns: &[Column], rows: Vec<Vec<String>>, style: &Style) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(columns.iter().map(|column| column.header()));
    for row in rows {
        table.add_row(row.iter().map(|cell| style.text(cell)));
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
        laid_out.set_constraint(match is_last && width > left {
            true => ColumnConstraint::Absolute(Width::Fixed(left.max(LEAST_WIDTH))),
            false => ColumnConstraint::ContentWidth,
        });
        left = left.saturating_sub(width.saturating_add(GAP));
    }

    let lines = table.lines().enumerate().map(|(number, line)| match number {
        0 => style.bold(line.trim_end()) + "\n",
        _ => line.trim_end().to_owned() + "\n",
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::Column::{Number, Text};
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
    fn columns_line_up_and_numbers_stand_right() {
        insta::assert_snapshot!("table_wide", rendered(&WIDE));
    }

    #[test]
    fn the_last_column_is_wrapped_to_the_width() {
        let text = rendered(&Style { width: 72, ..WIDE });
        assert!(text.lines().all(|line| textwrap::core::display_width(line) <= 72), "{text}");
        insta::assert_snapshot!("table_72", text);
    }

    #[test]
    fn a_table_that_cannot_fit_sticks_out_but_stays_readable() {
        insta::assert_snapshot!("table_40", rendered(&Style { width: 40, ..WIDE }));
    }

    #[test]
    fn only_the_header_is_bold_and_colour_changes_no_text() {
        let colored = rendered(&Style { color: true, ..WIDE });
        assert!(colored.starts_with("\u{1b}[1mTIME"), "{colored:?}");
        assert_eq!(anstream::adapter::strip_str(&colored).to_string(), rendered(&WIDE));
    }

    #[test]
    fn ascii_is_ascii() {
        assert!(rendered(&Style { ascii: true, ..WIDE }).is_ascii());
    }

    #[test]
    fn without_rows_there_is_the_header() {
        assert_eq!(render(&[Text("A"), Number("B")], Vec::new(), &WIDE), "A  B\n");
    }
}
