//! The report as people read it, on a terminal and in cron's mail: no wider than the style allows, no boxes, no
//! trailing blanks.

use textwrap::core::display_width;
use textwrap::{Options, WordSplitter};

use super::format::{ABSENT, count, gb, limit, mb, or_absent, percent, time};
use super::style::Style;
use super::summary::{self, Finding};
use super::{CycleReport, Threshold};
use crate::alert::Kind::{DeEscalated, Escalated, Raised, Reminder, Unknown};
use crate::alert::Notification;
use crate::check::{DEFAULT_CHANNEL, Status};
use crate::metric::{Diagnostic, Headline, Host, ROOT};

/// Alerts that the report spells out, the worst ones. Cron mails it.
const SPELLED_OUT: usize = 50;
/// Labels line up unless one is longer than this.
const WIDEST_LABEL: usize = 16;
/// What belongs to a line above it stands under its text.
const INDENT: &str = "   ";

/// The whole report. Ends with one newline.
pub fn render(report: &CycleReport, style: &Style) -> String {
    let page = Page { style, label_width: label_width(&report.thresholds, style) };
    let blocks = [
        page.heading(report, &report.host),
        page.metrics(&report.headline),
        page.thresholds(&report.thresholds),
        page.outcome(report),
        page.over(report),
        page.notes(&report.diagnostics),
    ];
    let blocks: Vec<_> = blocks.into_iter().filter(|lines| !lines.is_empty()).map(|lines| lines.join("\n")).collect();
    blocks.join("\n\n") + "\n"
}

/// One width for the labels of all blocks, so that the page has one edge.
fn label_width(thresholds: &[Threshold], style: &Style) -> usize {
    let of_thresholds = thresholds.iter().map(|threshold| display_width(&style.text(instance_name(threshold))));
    of_thresholds.filter(|width| *width <= WIDEST_LABEL).chain(["Platform".len()]).max().unwrap_or_default()
}

/// The built-in instances are called as the metrics above them are.
fn instance_name(threshold: &Threshold) -> &str {
    match threshold.instance.as_str() {
        "cpu" => "CPU",
        "memory" => "Memory",
        "disk" => "Disk",
        custom => custom,
    }
}

struct Page<'a> {
    style: &'a Style,
    label_width: usize,
}

impl Page<'_> {
    fn heading(&self, report: &CycleReport, host: &Host) -> Vec<String> {
        let mut lines = vec![self.style.bold("Checkpost system report")];
        lines.extend(self.row("Time", &time(report.time)));
        lines.extend(self.row("Host", &self.style.text(&host.name)));
        lines.extend(self.row("Platform", &self.style.text(&host.platform)));
        lines
    }

    fn metrics(&self, headline: &Headline) -> Vec<String> {
        let cores = headline.cpu_count.map_or_else(|| format!("{ABSENT} cores"), |cores| count(cores as usize, "core"));
        let memory = used_of_total(headline.memory_used_bytes, headline.memory_total_bytes);
        let disk = used_of_total(headline.disk_used_bytes, headline.disk_total_bytes);
        let detail_width = memory.len().max(disk.len());
        let figures = |value: Option<f64>, detail: &str| format!("{:>6}   {detail}", or_absent(value, percent));
        let sent = or_absent(headline.network_sent_bytes, mb);
        let received = or_absent(headline.network_received_bytes, mb);
        let network = format!("{} {sent}   {} {received}   since boot", self.style.up(), self.style.down());

        let mut lines = vec![self.style.bold("Metrics")];
        lines.extend(self.row("CPU", &figures(headline.cpu_percent, &cores)));
        lines.extend(self.row("Memory", &figures(headline.memory_percent, &format!("{memory:>detail_width$}"))));
        lines.extend(self.row("Disk", &figures(headline.disk_percent, &format!("{disk:>detail_width$} on {ROOT}"))));
        lines.extend(self.row("Network", &network));
        lines
    }

    fn thresholds(&self, thresholds: &[Threshold]) -> Vec<String> {
        if thresholds.is_empty() {
            return Vec::new();
        }
        let row = |threshold: &Threshold| {
            self.row(&self.style.text(instance_name(threshold)), &format!("> {}", limit(threshold.percent)))
        };
        let title = self.style.bold("Thresholds");
        std::iter::once(title).chain(thresholds.iter().flat_map(row)).collect()
    }

    /// The all-clear, or everything that is wrong.
    fn outcome(&self, report: &CycleReport) -> Vec<String> {
        let findings = summary::findings(report);
        if findings.is_empty() {
            let line = summary::all_clear(report);
            return match summary::judged(report) {
                0 => self.marked(Status::Unknown, self.style.symbol(Status::Unknown), &line),
                _ => self.marked(Status::Ok, self.style.symbol(Status::Ok), &line),
            };
        }
        let title = format!("Alerts: {}", summary::counts(&findings));
        let mut lines = self.wrapped(&title, "", INDENT);
        lines.iter_mut().for_each(|line| *line = self.style.bold(line));
        for finding in findings.iter().take(SPELLED_OUT) {
            lines.push(String::new());
            lines.extend(self.finding(finding));
        }
        if findings.len() > SPELLED_OUT {
            lines.push(String::new());
            let more = findings.len() - SPELLED_OUT;
            lines.push(format!("{more} more are not shown; see 'checkpost notifications'"));
        }
        lines
    }

    /// What was told of this run and is not wrong, or not any more: without it a mail about an end would be an all-clear.
    fn over(&self, report: &CycleReport) -> Vec<String> {
        let is_finding = |kind| matches!(kind, Raised | Escalated | DeEscalated | Reminder | Unknown);
        let news = report.notifications.iter().filter(|news| news.suppressed.is_none() && !is_finding(news.kind));
        let line = |news: &Notification| {
            let space = if news.subject.is_empty() { "" } else { " " };
            let head = format!("{}{space}{}: {}", news.check_name, news.subject, news.title);
            self.marked(news.level, &self.style.badge(news.level), &self.style.text(&head))
        };
        news.take(SPELLED_OUT).flat_map(line).collect()
    }

    fn finding(&self, finding: &Finding) -> Vec<String> {
        let channel = match finding.channel {
            // The one that everybody expects.
            DEFAULT_CHANNEL => String::new(),
            other => format!(" ({other})"),
        };
        let head = format!("{}{channel}: {}", finding.about(), finding.title);
        let mut lines = self.marked(finding.status, &self.style.badge(finding.status), &self.style.text(&head));
        if !finding.message.is_empty() {
            lines.extend(self.wrapped(&self.style.text(&finding.message), INDENT, INDENT));
        }
        lines
    }

    fn notes(&self, diagnostics: &[Diagnostic]) -> Vec<String> {
        if diagnostics.is_empty() {
            return Vec::new();
        }
        let note = |diagnostic: &Diagnostic| {
            let text = format!("{}: {}", diagnostic.source, diagnostic.message);
            self.wrapped(&self.style.text(&text), "  ", "    ")
        };
        let lines = std::iter::once("Notes".to_owned()).chain(diagnostics.iter().flat_map(note));
        lines.map(|line| self.style.dim(&line)).collect()
    }

    /// A label and its value, wrapped under itself.
    fn row(&self, label: &str, value: &str) -> Vec<String> {
        let padding = " ".repeat(self.label_width.saturating_sub(display_width(label)));
        let under = " ".repeat(2 + self.label_width + 2);
        self.wrapped(value, &format!("  {label}{padding}  "), &under)
    }

    /// A line behind a coloured mark. The mark is never measured by the terminal's idea of it: what is wrapped goes
    /// under [`INDENT`], and one column is left free for terminals that draw the mark wider.
    fn marked(&self, status: Status, mark: &str, text: &str) -> Vec<String> {
        let room = " ".repeat(display_width(mark) + 2);
        let mut lines = self.wrapped(text, &room, INDENT);
        lines[0] = lines[0].trim_start().to_owned();
        lines.iter_mut().for_each(|line| *line = self.style.bold(line));
        lines[0] = format!("{} {}", self.style.level(status, mark), lines[0]);
        lines
    }

    /// The one place that wraps: words are only broken where a line cannot hold them, never at their hyphens.
    fn wrapped(&self, text: &str, first: &str, under: &str) -> Vec<String> {
        let options = Options::new(self.style.width)
            .initial_indent(first)
            .subsequent_indent(under)
            .word_splitter(WordSplitter::NoHyphenation);
        textwrap::wrap(text, options).into_iter().map(|line| line.trim_end().to_owned()).collect()
    }
}

/// `5.35GB / 8.00GB`.
fn used_of_total(used_bytes: Option<u64>, total_bytes: Option<u64>) -> String {
    format!("{} / {}", or_absent(used_bytes, gb), or_absent(total_bytes, gb))
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    const PLAIN: Style = Style { width: 80, color: false, ascii: false };
    const REPORTS: [fn() -> CycleReport; 4] = [fixture::clear, fixture::mixed, fixture::absent, fixture::hostile];

    /// The report with the root filesystem called `/` on every platform.
    fn rendered(report: &CycleReport, style: &Style) -> String {
        render(report, style).replace(ROOT, "/")
    }

    #[test]
    fn a_calm_machine_is_all_clear() {
        insta::assert_snapshot!("text_clear", rendered(&fixture::clear(), &PLAIN));
    }

    #[test]
    fn alerts_come_worst_first_with_what_could_not_judge() {
        insta::assert_snapshot!("text_mixed", rendered(&fixture::mixed(), &PLAIN));
    }

    #[test]
    fn absent_figures_are_not_zero_and_a_failed_check_says_why() {
        let text = rendered(&fixture::absent(), &PLAIN);
        assert!(!text.contains("0.00"), "{text}");
        insta::assert_snapshot!("text_absent", text);
    }

    #[test]
    fn what_was_not_judged_is_not_called_clear() {
        let mut report = fixture::clear();
        report.evaluations.clear();
        let text = render(&report, &PLAIN);
        assert!(text.ends_with("\n❓ Nothing was judged: no check is enabled\n"), "{text}");
    }

    #[test]
    fn a_verdict_without_a_message_leaves_no_empty_line() {
        let mut report = fixture::mixed();
        report.evaluations.truncate(1);
        report.diagnostics.clear();
        report.evaluations[0].outcome.as_mut().expect("verdicts")[0].message.clear();
        let text = render(&report, &PLAIN);
        assert!(text.ends_with("Alerts: 1 warning\n\n⚠️ WARNING cpu: High CPU usage\n"), "{text}");
    }

    #[test]
    fn narrow_and_wide_pages_hold_together() {
        insta::assert_snapshot!("text_mixed_40", rendered(&fixture::mixed(), &Style { width: 40, ..PLAIN }));
        insta::assert_snapshot!("text_mixed_120", rendered(&fixture::mixed(), &Style { width: 120, ..PLAIN }));
    }

    #[test]
    fn ascii_spells_its_signs_out() {
        insta::assert_snapshot!("text_mixed_ascii", rendered(&fixture::mixed(), &Style { ascii: true, ..PLAIN }));
    }

    #[test]
    fn hostile_text_is_shown_and_not_obeyed() {
        insta::assert_snapshot!("text_hostile", rendered(&fixture::hostile(), &PLAIN));
        let ascii = Style { ascii: true, ..PLAIN };
        insta::assert_snapshot!("text_hostile_ascii", rendered(&fixture::hostile(), &ascii));
    }

    #[test]
    fn colour_marks_levels_and_changes_no_text() {
        let color = Style { color: true, ..PLAIN };
        for report in REPORTS.map(|report| report()) {
            let stripped = anstream::adapter::strip_str(&render(&report, &color)).to_string();
            assert_eq!(stripped, render(&report, &PLAIN));
        }
        insta::assert_snapshot!("text_mixed_color", rendered(&fixture::mixed(), &color).replace('\u{1b}', "ESC"));
    }

    #[test]
    fn every_page_keeps_to_its_width_and_its_characters() {
        for report in REPORTS.map(|report| report()) {
            for width in 40..=200 {
                for ascii in [false, true] {
                    let text = render(&report, &Style { width, ascii, color: false });
                    for line in text.lines() {
                        // Two columns, whatever this terminal thinks of U+26A0 U+FE0F.
                        assert!(display_width(&line.replace("⚠️", "🔴")) <= width, "{width}: {line}");
                        assert_eq!(line, line.trim_end());
                        assert!(!line.contains(crate::clean::is_control), "{line:?}");
                    }
                    assert!(text.ends_with('\n') && !text.ends_with("\n\n"));
                    assert!(!ascii || text.is_ascii(), "{text}");
                }
            }
        }
    }

    #[test]
    fn a_style_too_narrow_for_any_layout_still_renders() {
        for width in 0..40 {
            assert!(render(&fixture::hostile(), &Style { width, ..PLAIN }).contains("CRITICAL"), "{width}");
        }
    }
}
