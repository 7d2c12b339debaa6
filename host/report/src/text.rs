//! A cycle for people, on a terminal and in mails of cron: no wider than the style, without boxes and trailing spaces.

use textwrap::core::display_width;
use textwrap::{Options, WordSplitter};

use checkpost_alerting::alert::Kind::{DeEscalated, Escalated, Raised, Reminder, Unknown};
use checkpost_alerting::alert::{Notification, alert_name};
use checkpost_alerting::route::{Crowd, Member};
use checkpost_model::check::{DEFAULT_CHANNEL, Status};
use checkpost_model::metric::{Diagnostic, Headline, Host, ROOT};
use checkpost_record::{CycleRecord, Threshold};

use crate::format::{ABSENT, count, gb, mb, or_absent, percent, threshold, time};
use crate::style::Style;
use crate::summary::{self, Finding};

/// Findings in the report at most, because cron mails the report.
const MAX_FINDINGS: usize = 50;
/// Labels up to this width line up; a longer one moves its own value to the right.
const MAX_LABEL_WIDTH: usize = 16;
/// Indents the continuation of a line.
const INDENT: &str = "   ";

/// The report of a cycle. Ends with one newline.
pub fn render(record: &CycleRecord, style: &Style) -> String {
    let page = Page { style, label_width: label_width(&record.thresholds, style) };
    let blocks = [
        page.heading(record, &record.snapshot.host),
        page.metrics(&record.headline),
        page.thresholds(&record.thresholds),
        page.outcome(record),
        page.ended(record),
        page.notes(&record.snapshot.diagnostics),
    ];
    let blocks: Vec<_> = blocks.into_iter().filter(|lines| !lines.is_empty()).map(|lines| lines.join("\n")).collect();
    blocks.join("\n\n") + "\n"
}

/// One width for the labels of all blocks, so that all values line up.
fn label_width(thresholds: &[Threshold], style: &Style) -> usize {
    let widths = thresholds.iter().map(|threshold| display_width(&style.text(instance_name(threshold))));
    widths.filter(|width| *width <= MAX_LABEL_WIDTH).chain(["Platform".len()]).max().unwrap_or_default()
}

/// Built-in instances have the labels of their metrics.
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
    fn heading(&self, record: &CycleRecord, host: &Host) -> Vec<String> {
        let mut lines = vec![self.style.bold("Checkpost system report")];
        lines.extend(self.row("Time", &time(record.snapshot.time)));
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
        let row = |limit: &Threshold| {
            self.row(&self.style.text(instance_name(limit)), &format!("> {}", threshold(limit.percent)))
        };
        let title = self.style.bold("Thresholds");
        std::iter::once(title).chain(thresholds.iter().flat_map(row)).collect()
    }

    /// The findings, or the all-clear.
    fn outcome(&self, record: &CycleRecord) -> Vec<String> {
        let findings = summary::findings(record);
        if findings.is_empty() {
            let line = summary::all_clear(record);
            return match record.judged() {
                0 => self.marked(Status::Unknown, self.style.symbol(Status::Unknown), &line),
                _ => self.marked(Status::Ok, self.style.symbol(Status::Ok), &line),
            };
        }
        let title = format!("Alerts: {}", summary::counts(&findings));
        let mut lines = self.wrapped(&title, "", INDENT);
        lines.iter_mut().for_each(|line| *line = self.style.bold(line));
        let crowd = summary::crowd(&findings, MAX_FINDINGS);
        for position in &crowd.shown {
            lines.push(String::new());
            lines.extend(self.finding(&findings[*position]));
        }
        if let Some(omission) = crowd.omission() {
            lines.push(String::new());
            let omission = format!("{omission}, see 'checkpost alerts'");
            lines.extend(self.wrapped(&self.style.text(&omission), "", INDENT));
        }
        lines
    }

    /// Notifications without a finding, such as recoveries. Without them, a mail about a recovery would be an all-clear.
    fn ended(&self, record: &CycleRecord) -> Vec<String> {
        let is_finding = |kind| matches!(kind, Raised | Escalated | DeEscalated | Reminder | Unknown);
        let notified: Vec<_> =
            record.notifications.iter().filter(|n| n.suppressed.is_none() && !is_finding(n.kind)).collect();
        let members: Vec<_> = notified.iter().map(|notification| Member::of(notification)).collect();
        let crowd = Crowd::of(&members, MAX_FINDINGS);
        let lines = |n: &Notification| {
            let head = format!("{}: {}", alert_name(&n.check, &n.subject), n.title);
            self.marked(n.level, &self.style.badge(n.level), &self.style.text(&head))
        };
        let omission = crowd.omission().map(|omission| format!("{omission}, see 'checkpost notifications'"));
        let omission = omission.map(|omission| self.wrapped(&self.style.text(&omission), "", INDENT));
        let shown = crowd.shown.iter().flat_map(|position| lines(notified[*position]));
        shown.chain(omission.into_iter().flatten()).collect()
    }

    fn finding(&self, finding: &Finding) -> Vec<String> {
        let channel = match finding.channel {
            // Most checks have this channel.
            DEFAULT_CHANNEL => String::new(),
            other => format!(" ({other})"),
        };
        let head = format!("{}{channel}: {}", finding.target(), finding.title);
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

    /// A label and its value, wrapped below the start of the value.
    fn row(&self, label: &str, value: &str) -> Vec<String> {
        let padding = " ".repeat(self.label_width.saturating_sub(display_width(label)));
        let under = " ".repeat(2 + self.label_width + 2);
        self.wrapped(value, &format!("  {label}{padding}  "), &under)
    }

    /// A line after a colored mark. Terminals disagree on the width of the mark: continuation lines are indented by
    /// [`INDENT`], and one column stays free for terminals that draw it wider.
    fn marked(&self, status: Status, mark: &str, text: &str) -> Vec<String> {
        let room = " ".repeat(display_width(mark) + 2);
        let mut lines = self.wrapped(text, &room, INDENT);
        lines[0] = lines[0].trim_start().to_owned();
        lines.iter_mut().for_each(|line| *line = self.style.bold(line));
        lines[0] = format!("{} {}", self.style.level(status, mark), lines[0]);
        lines
    }

    /// Wraps text. Words break only if they do not fit into a line, never at hyphens.
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
    use super::*;
    use crate::fixture;

    const PLAIN: Style = Style { width: 80, color: false, ascii: false };
    const RECORDS: [fn() -> CycleRecord; 4] = [fixture::clear, fixture::mixed, fixture::absent, fixture::hostile];

    /// The report, with `/` as the root filesystem on every platform.
    fn rendered(record: &CycleRecord, style: &Style) -> String {
        render(record, style).replace(ROOT, "/")
    }

    #[test]
    fn machine_without_alerts_is_all_clear() {
        insta::assert_snapshot!("text_clear", rendered(&fixture::clear(), &PLAIN));
    }

    #[test]
    fn alerts_are_worst_first_and_include_checks_that_could_not_judge() {
        insta::assert_snapshot!("text_mixed", rendered(&fixture::mixed(), &PLAIN));
    }

    #[test]
    fn absent_figures_are_not_zero_and_a_failed_check_has_its_reason() {
        let text = rendered(&fixture::absent(), &PLAIN);
        assert!(!text.contains("0.00"), "{text}");
        insta::assert_snapshot!("text_absent", text);
    }

    #[test]
    fn cycle_without_judgement_is_not_called_clear() {
        let mut record = fixture::clear();
        record.evaluations.clear();
        let text = render(&record, &PLAIN);
        assert!(text.ends_with("\n❓ Nothing was judged: no check is enabled\n"), "{text}");
    }

    #[test]
    fn verdict_without_a_message_leaves_no_empty_line() {
        let mut record = fixture::mixed();
        record.evaluations.truncate(1);
        record.snapshot.diagnostics.clear();
        record.evaluations[0].outcome.as_mut().expect("verdicts")[0].message.clear();
        let text = render(&record, &PLAIN);
        assert!(text.ends_with("Alerts: 1 warning\n\n⚠️ WARNING cpu: High CPU usage\n"), "{text}");
    }

    #[test]
    fn pages_are_readable_at_40_and_120_columns() {
        insta::assert_snapshot!("text_mixed_40", rendered(&fixture::mixed(), &Style { width: 40, ..PLAIN }));
        insta::assert_snapshot!("text_mixed_120", rendered(&fixture::mixed(), &Style { width: 120, ..PLAIN }));
    }

    #[test]
    fn ascii_report_has_words_for_symbols() {
        insta::assert_snapshot!("text_mixed_ascii", rendered(&fixture::mixed(), &Style { ascii: true, ..PLAIN }));
    }

    #[test]
    fn hostile_text_is_escaped() {
        insta::assert_snapshot!("text_hostile", rendered(&fixture::hostile(), &PLAIN));
        let ascii = Style { ascii: true, ..PLAIN };
        insta::assert_snapshot!("text_hostile_ascii", rendered(&fixture::hostile(), &ascii));
    }

    #[test]
    fn color_marks_levels_and_changes_no_text() {
        let color = Style { color: true, ..PLAIN };
        for record in RECORDS.map(|record| record()) {
            let stripped = anstream::adapter::strip_str(&render(&record, &color)).to_string();
            assert_eq!(stripped, render(&record, &PLAIN));
        }
        insta::assert_snapshot!("text_mixed_color", rendered(&fixture::mixed(), &color).replace('\u{1b}', "ESC"));
    }

    #[test]
    fn pages_stay_within_their_width_and_characters() {
        for record in RECORDS.map(|record| record()) {
            for width in 40..=200 {
                for ascii in [false, true] {
                    let text = render(&record, &Style { width, ascii, color: false });
                    for line in text.lines() {
                        // Counts U+26A0 U+FE0F as two columns.
                        assert!(display_width(&line.replace("⚠️", "🔴")) <= width, "{width}: {line}");
                        assert_eq!(line, line.trim_end());
                        assert!(!line.contains(checkpost_model::clean::is_control), "{line:?}");
                    }
                    assert!(text.ends_with('\n') && !text.ends_with("\n\n"));
                    assert!(!ascii || text.is_ascii(), "{text}");
                }
            }
        }
    }

    #[test]
    fn findings_above_the_limit_are_counted() {
        let mut record = fixture::mixed();
        let warning = record.evaluations[0].clone();
        record.evaluations = vec![warning; MAX_FINDINGS + 1];
        record.snapshot.diagnostics.clear();
        let text = render(&record, &PLAIN);
        assert_eq!(text.matches("WARNING cpu: ").count(), MAX_FINDINGS);
        assert!(text.ends_with("\n\n1 more of cpu, see 'checkpost alerts'\n"), "{text}");
    }

    #[test]
    fn style_too_narrow_for_any_layout_still_renders() {
        for width in 0..40 {
            assert!(render(&fixture::hostile(), &Style { width, ..PLAIN }).contains("CRITICAL"), "{width}");
        }
    }
}
