//! The report as a Nagios plugin writes it: a status line with performance data, then a line for each verdict.
//!
//! The grammar is that of <https://nagios-plugins.org/doc/guidelines.html>; the exit code is
//! [`Status::exit_code`](crate::check::Status::exit_code) of the report's status.

use std::collections::HashSet;

use super::CycleReport;
use super::summary::{self, Finding, about};
use crate::check::{Measure, Status};
use crate::clean;

/// Findings that the status line spells out; the long output has them all.
const SPELLED_OUT: usize = 2;
/// Characters of a message in the status line, which pagers and tables show whole.
const SHORT_CHARS: usize = 160;

/// The plugin output. Ends with a newline; no text in it can start a line or performance data.
pub fn render(report: &CycleReport) -> String {
    let findings = summary::findings(report);
    let mut lines = vec![status_line(report, &findings)];
    lines.extend(findings.iter().map(|f| long_line(f.status, &f.about(), f.title, &f.message)));
    let verdicts = report.evaluations.iter().flat_map(|e| e.outcome.iter().flatten().map(move |verdict| (e, verdict)));
    let fine = verdicts.filter(|(_, verdict)| verdict.status == Status::Ok);
    lines.extend(fine.map(|(e, v)| long_line(Status::Ok, &about(&e.instance, &v.subject), &v.title, &v.message)));
    lines.extend(report.diagnostics.iter().map(|d| format!("note: {}: {}", d.source, text(&d.message))));
    lines.join("\n") + "\n"
}

/// The status line of a run that judged nothing, because it failed or did not take place.
pub fn unknown(why: &str) -> String {
    format!("CHECKPOST UNKNOWN - {}", text(why))
}

fn status_line(report: &CycleReport, findings: &[Finding]) -> String {
    let said = match findings {
        [] => summary::all_clear(report),
        _ => {
            let mut said: Vec<_> = findings.iter().take(SPELLED_OUT).map(headline).collect();
            if findings.len() > SPELLED_OUT {
                said.push(format!("and {} more", findings.len() - SPELLED_OUT));
            }
            format!("{}: {}", summary::counts(findings), said.join("; "))
        }
    };
    let line = format!("CHECKPOST {} - {said}", report.status().level());
    match performance_data(report) {
        data if data.is_empty() => line,
        data => format!("{line} | {}", data.join(" ")),
    }
}

fn headline(finding: &Finding) -> String {
    match finding.failure {
        Some(failure) => text(&format!("{} could not judge ({})", finding.check, failure.reason.as_str())),
        None if finding.message.is_empty() => short(&text(&format!("{}: {}", finding.about(), finding.title))),
        None => short(&text(&finding.message)),
    }
}

fn long_line(status: Status, about: &str, title: &str, message: &str) -> String {
    let said = if message.is_empty() { title } else { message };
    text(&format!("[{}] {about}: {said}", status.level()))
}

/// A text that stays in its line and out of the performance data, which `|` would start.
fn text(text: &str) -> String {
    clean::line(text).replace('|', "/").trim().to_owned()
}

fn short(text: &str) -> String {
    match text.char_indices().nth(SHORT_CHARS) {
        Some((end, _)) => format!("{}...", text[..end].trim_end()),
        None => text.to_owned(),
    }
}

fn performance_data(report: &CycleReport) -> Vec<String> {
    let mut taken = HashSet::new();
    let mut data = Vec::new();
    for evaluation in &report.evaluations {
        for verdict in evaluation.outcome.iter().flatten() {
            for measure in &verdict.measures {
                let label = label(&about(&evaluation.instance, &verdict.subject), &measure.name);
                data.push(datum(&unique(label, &mut taken), measure));
            }
        }
    }
    data
}

/// Instance, subject and measure. A measure called as its instance is not named twice: `cpu`, `disk /var used`.
fn label(about: &str, measure: &str) -> String {
    let label = if about == measure { about.to_owned() } else { format!("{about} {measure}") };
    text(&label).replace('=', "_")
}

/// What makes a label fit may make it equal to another one: `a=b` and `a_b`.
fn unique(label: String, taken: &mut HashSet<String>) -> String {
    let numbered = (2..).map(|number| format!("{label} {number}"));
    let free = std::iter::once(label.clone()).chain(numbered).find(|candidate| !taken.contains(candidate));
    let free = free.unwrap_or(label);
    taken.insert(free.clone());
    free
}

/// `'label'=value[UOM];warn;crit;min;max`, without the semicolons that nothing follows.
fn datum(label: &str, measure: &Measure) -> String {
    let line = |limit: Option<f64>| limit.filter(|limit| limit.is_finite()).map(number).unwrap_or_default();
    // `U` is undetermined, and has no unit.
    let value = match measure.value.is_finite() {
        true => format!("{}{}", number(measure.value), unit_of_measurement(&measure.unit)),
        false => "U".to_owned(),
    };
    let (min, max) = if measure.unit == "%" { ("0", "100") } else { ("", "") };
    let datum = format!("{value};{};{};{min};{max}", line(measure.warning), line(measure.critical));
    format!("'{}'={}", label.replace('\'', "''"), datum.trim_end_matches(';'))
}

/// Digits and a point in every locale, never an exponent, which the grammar does not know.
fn number(value: f64) -> String {
    format!("{value}")
}

/// What Nagios knows of UCUM. A rate has no unit of measurement there.
fn unit_of_measurement(ucum: &str) -> &'static str {
    match ucum {
        "%" => "%",
        "By" => "B",
        "s" => "s",
        "ms" => "ms",
        "us" => "us",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::super::fixture::{self, measure, verdict};
    use super::*;

    /// One datum as a monitoring system reads it: label, value (`None` for `U`), unit, and the four limits.
    type Datum = (String, Option<f64>, String, [Option<f64>; 4]);

    /// Reads performance data by the grammar of the guidelines, and panics on whatever is not in it.
    fn parse(mut data: &str) -> Vec<Datum> {
        let mut parsed = Vec::new();
        while !data.is_empty() {
            data = data.strip_prefix('\'').expect("a quoted label");
            let mut label = String::new();
            loop {
                let (part, rest) = data.split_once('\'').expect("an end of the label");
                label.push_str(part);
                data = rest;
                match data.strip_prefix('\'') {
                    Some(rest) => {
                        label.push('\'');
                        data = rest;
                    }
                    None => break,
                }
            }
            assert!(!label.is_empty() && !label.contains(['=', '|', '\n']), "{label:?}");
            data = data.strip_prefix('=').expect("a value");
            let (datum, rest) = data.split_once(' ').unwrap_or((data, ""));
            data = rest;
            let mut fields = datum.split(';');
            let value = fields.next().unwrap();
            let end = value.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-')).unwrap_or(value.len());
            let (digits, unit) = value.split_at(end);
            let (value, unit) = match unit {
                "U" => (None, ""),
                unit => (Some(digits.parse().unwrap()), unit),
            };
            assert!(["", "%", "B", "s", "ms", "us"].contains(&unit), "{unit}");
            let limits: Vec<_> = fields.map(|field| (!field.is_empty()).then(|| field.parse().unwrap())).collect();
            let limit = |index: usize| limits.get(index).copied().flatten();
            assert!(limits.len() <= 4);
            parsed.push((label, value, unit.to_owned(), [limit(0), limit(1), limit(2), limit(3)]));
        }
        parsed
    }

    /// The performance data of a report whose other lines hold none.
    fn performance(report: &CycleReport) -> Vec<Datum> {
        let output = render(report);
        let (first, rest) = output.split_once('\n').unwrap();
        assert!(!rest.contains('|'), "{rest}");
        let mut parts = first.splitn(3, '|');
        let (_, data) = (parts.next(), parts.next());
        assert_eq!(parts.next(), None, "{first}");
        parse(data.unwrap_or_default().trim_start())
    }

    fn of_measures(measures: Vec<Measure>) -> CycleReport {
        let mut report = fixture::clear();
        let verdict = verdict(Status::Ok, "", "", "", measures);
        report.evaluations = vec![fixture::evaluation("probe", "system_monitoring", Ok(vec![verdict]))];
        report
    }

    #[test]
    fn outputs_read_well() {
        insta::assert_snapshot!("nagios_clear", render(&fixture::clear()));
        insta::assert_snapshot!("nagios_mixed", render(&fixture::mixed()));
        insta::assert_snapshot!("nagios_absent", render(&fixture::absent()));
        insta::assert_snapshot!("nagios_hostile", render(&fixture::hostile()));
    }

    #[test]
    fn one_warning_is_spelled_out_in_the_status_line() {
        let mut report = fixture::mixed();
        report.evaluations.truncate(1);
        let expected = "CHECKPOST WARNING - 1 warning: CPU usage is 85.5% (threshold: 80%) | \
                        'cpu utilization'=85.5%;80;95;0;100\n";
        assert!(render(&report).starts_with(expected), "{}", render(&report));
    }

    #[test]
    fn units_are_mapped_and_rates_have_none() {
        let units =
            [("%", "%"), ("By", "B"), ("s", "s"), ("ms", "ms"), ("us", "us"), ("1", ""), ("By/s", ""), ("Cel", "")];
        let report = of_measures(units.map(|(ucum, _)| measure(ucum, 1.5, ucum, None)).to_vec());
        let read: Vec<_> = performance(&report).into_iter().map(|(_, value, unit, _)| (value, unit)).collect();
        assert_eq!(read, units.map(|(_, unit)| (Some(1.5), unit.to_owned())));
    }

    #[test]
    fn limits_stand_in_their_places() {
        let mut late = measure("late", 3.0, "s", None);
        late.critical = Some(9.5);
        let report = of_measures(vec![late, measure("used", 3.0, "%", None), measure("plain", -0.25, "1", None)]);
        let limits: Vec<_> = performance(&report).into_iter().map(|(_, _, _, limits)| limits).collect();
        assert_eq!(limits, [[None, Some(9.5), None, None], [None, None, Some(0.0), Some(100.0)], [None; 4]]);
        assert!(render(&report).contains("'probe late'=3s;;9.5 "), "{}", render(&report));
    }

    #[test]
    fn what_is_not_a_number_is_undetermined() {
        let report = of_measures(vec![measure("a", f64::NAN, "By", Some((1.0, f64::INFINITY)))]);
        assert_eq!(performance(&report), [("probe a".to_owned(), None, String::new(), [Some(1.0), None, None, None])]);
    }

    #[test]
    fn labels_are_unique_and_quotes_survive() {
        let labels: Vec<_> = performance(&fixture::hostile()).into_iter().map(|(label, ..)| label).collect();
        let subject = "it's /mnt/a'b / 'x'_1\\u{d}\\u{a}";
        let expected = [format!("{subject} a_b/c"), format!("{subject} a_b/c 2"), "it's n\\u{2028} load".to_owned()];
        assert_eq!(labels, expected);
    }

    #[test]
    fn a_measure_called_as_its_check_is_named_once() {
        let report = of_measures(vec![measure("probe", 1.0, "1", None)]);
        assert!(render(&report).contains("| 'probe'=1\n"), "{}", render(&report));
    }

    #[test]
    fn a_long_message_is_cut_in_the_status_line_only() {
        let mut report = fixture::clear();
        let message = "é".repeat(500);
        report.evaluations[0].outcome = Ok(vec![verdict(Status::Warning, "", "", &message, Vec::new())]);
        let output = render(&report);
        let (first, rest) = output.split_once('\n').unwrap();
        assert!(first.contains(&format!(": {}... |", "é".repeat(160))), "{first}");
        assert!(rest.starts_with(&format!("[WARNING] cpu: {message}\n")), "{rest}");
    }

    proptest! {
        #[test]
        fn any_text_and_number_gives_readable_performance_data(
            texts in proptest::array::uniform4(any::<String>()), value in any::<f64>(), limit in any::<f64>()
        ) {
            let [check, subject, name, message] = &texts;
            let measures = vec![measure(name, value, "%", Some((limit, limit))), measure("x", value, name, None)];
            let mut report = of_measures(Vec::new());
            let verdict = verdict(Status::Critical, subject, "", message, measures);
            report.evaluations = vec![fixture::evaluation(&format!("c{check}"), "", Ok(vec![verdict]))];
            let data = performance(&report);
            prop_assert_eq!(data.len(), 2);
            prop_assert_eq!(data[0].1, value.is_finite().then_some(value));
            prop_assert_ne!(&data[0].0, &data[1].0);
            prop_assert_eq!(render(&report).lines().count(), 2);
        }
    }
}
