//! A cycle as the output of a Nagios plugin: a status line with performance data, then one line for each verdict.
//!
//! The grammar is that of <https://nagios-plugins.org/doc/guidelines.html>; the exit code is
//! [`Status::exit_code`] of the record's status.

use std::collections::{HashMap, HashSet};

use checkpost_alerting::alert::alert_name;
use checkpost_alerting::route::{Crowd, Member};
use checkpost_model::check::{Measure, Status};
use checkpost_model::clean;
use checkpost_record::CycleRecord;

use crate::format::decimal;
use crate::summary::{self, Finding};

/// Findings in the status line at most.
const MAX_FINDINGS: usize = 2;
/// Lines of findings, and of verdicts that are ok, at most: monitoring systems cut what is longer, whatever it hides.
const MAX_LINES: usize = 200;
/// Characters of a label of performance data.
const MAX_LABEL_CHARS: usize = 256;
/// Performance data of modules that were found in the checks directory.
const MAX_FOUND_BYTES: usize = 64 << 10;
/// Characters of a message in the status line at most, because pagers and tables show the whole line.
const MAX_MESSAGE_CHARS: usize = 160;

/// The plugin output. Ends with a newline. No text of a check can start a line or performance data.
pub fn render(record: &CycleRecord) -> String {
    let findings = summary::findings(record);
    let mut lines = vec![status_line(record, &findings)];
    let crowd = summary::crowd(&findings, MAX_LINES);
    let finding = |f: &Finding| long_line(f.status, &f.target(), f.title, &f.message);
    lines.extend(crowd.shown.iter().map(|position| finding(&findings[*position])).chain(omission_line(&crowd)));
    let verdicts = record.evaluations.iter().flat_map(|e| e.outcome.iter().flatten().map(move |verdict| (e, verdict)));
    let fine: Vec<_> = verdicts.filter(|(_, verdict)| verdict.status == Status::Ok).collect();
    let members: Vec<_> =
        fine.iter().map(|(e, _)| Member { check: &e.instance, is_found: e.is_found, is_overflow: false }).collect();
    let crowd = Crowd::of(&members, MAX_LINES);
    let shown = crowd.shown.iter().map(|position| fine[*position]);
    let shown = shown.map(|(e, v)| long_line(Status::Ok, &alert_name(&e.instance, &v.subject), &v.title, &v.message));
    lines.extend(shown.chain(omission_line(&crowd)));
    lines.extend(record.snapshot.diagnostics.iter().map(|d| format!("note: {}: {}", d.source, text(&d.message))));
    lines.join("\n") + "\n"
}

/// The status line of a run that judged nothing, because it failed or was skipped.
pub fn unknown(reason: &str) -> String {
    format!("CHECKPOST UNKNOWN - {}", text(reason))
}

fn status_line(record: &CycleRecord, findings: &[Finding]) -> String {
    let summary = match findings {
        [] => summary::all_clear(record),
        _ => {
            let shown = summary::crowd(findings, MAX_FINDINGS).shown;
            let mut headlines: Vec<_> = shown.into_iter().map(|position| headline(&findings[position])).collect();
            if findings.len() > MAX_FINDINGS {
                headlines.push(format!("and {} more", findings.len() - MAX_FINDINGS));
            }
            format!("{}: {}", summary::counts(findings), headlines.join("; "))
        }
    };
    let line = format!("CHECKPOST {} - {summary}", record.status().level());
    match performance_data(record) {
        data if data.is_empty() => line,
        data => format!("{line} | {}", data.join(" ")),
    }
}

/// What the lines above leave out, if anything.
fn omission_line(crowd: &Crowd<'_>) -> Option<String> {
    crowd.omission().map(|omission| text(&format!("note: {omission}")))
}

fn headline(finding: &Finding) -> String {
    match finding.failure {
        Some(failure) => text(&format!("{} could not judge ({})", finding.check, failure.reason.as_str())),
        None if finding.message.is_empty() => short(&text(&format!("{}: {}", finding.target(), finding.title))),
        None => short(&text(&finding.message)),
    }
}

fn long_line(status: Status, target: &str, title: &str, message: &str) -> String {
    let sentence = if message.is_empty() { title } else { message };
    text(&format!("[{}] {target}: {sentence}", status.level()))
}

/// Text on one line, without `|`, which would start performance data.
fn text(text: &str) -> String {
    clean::line(text).replace('|', "/").trim().to_owned()
}

fn short(text: &str) -> String {
    match text.char_indices().nth(MAX_MESSAGE_CHARS) {
        Some((end, _)) => format!("{}...", text[..end].trim_end()),
        None => text.to_owned(),
    }
}

fn performance_data(record: &CycleRecord) -> Vec<String> {
    let mut labels = Labels::default();
    let mut data = Vec::new();
    let mut found_bytes = 0;
    for evaluation in &record.evaluations {
        for verdict in evaluation.outcome.iter().flatten() {
            for measure in &verdict.measures {
                let label = label(&alert_name(&evaluation.instance, &verdict.subject), &measure.name);
                let datum = datum(&labels.unique(label), measure);
                if evaluation.is_found {
                    found_bytes += datum.len();
                    if found_bytes > MAX_FOUND_BYTES {
                        continue;
                    }
                }
                data.push(datum);
            }
        }
    }
    data
}

/// Instance, subject and measure: `disk /var used`. A measure with the name of its instance appears once: `cpu`.
fn label(target: &str, measure: &str) -> String {
    let label = if target == measure { target.to_owned() } else { format!("{target} {measure}") };
    clean::bounded(&text(&label).replace('=', "_"), MAX_LABEL_CHARS)
}

/// The labels so far.
#[derive(Default)]
struct Labels {
    taken: HashSet<String>,
    /// The number that a label had last.
    numbers: HashMap<String, usize>,
}

impl Labels {
    /// Numbers a label that equals another one after its characters were replaced, such as `a=b` and `a_b`, or after it
    /// was cut.
    fn unique(&mut self, label: String) -> String {
        if self.taken.insert(label.clone()) {
            return label;
        }
        let number = self.numbers.entry(label.clone()).or_insert(1);
        loop {
            *number += 1;
            let numbered = format!("{label} {number}");
            if self.taken.insert(numbered.clone()) {
                return numbered;
            }
        }
    }
}

/// `'label'=value[UOM];warn;crit;min;max`, without trailing semicolons.
fn datum(label: &str, measure: &Measure) -> String {
    let threshold = |value: Option<f64>| value.filter(|value| value.is_finite()).map(decimal).unwrap_or_default();
    // `U` means undetermined, and has no unit.
    let value = match measure.value.is_finite() {
        true => format!("{}{}", decimal(measure.value), unit_of_measurement(&measure.unit)),
        false => "U".to_owned(),
    };
    let (min, max) = if measure.unit == "%" { ("0", "100") } else { ("", "") };
    let datum = format!("{value};{};{};{min};{max}", threshold(measure.warning), threshold(measure.critical));
    format!("'{}'={}", label.replace('\'', "''"), datum.trim_end_matches(';'))
}

/// The Nagios unit of a UCUM unit. Nagios has none for rates.
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

    use super::*;
    use crate::fixture::{self, measure, verdict};

    /// A datum as a monitoring system reads it: label, value (`None` for `U`), unit, and the four limits.
    type Datum = (String, Option<f64>, String, [Option<f64>; 4]);

    /// Parses performance data by the grammar of the guidelines, and panics on anything else.
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

    /// The performance data of a record. Asserts that only the first line has any.
    fn performance(record: &CycleRecord) -> Vec<Datum> {
        let output = render(record);
        let (first, rest) = output.split_once('\n').unwrap();
        assert!(!rest.contains('|'), "{rest}");
        let mut parts = first.splitn(3, '|');
        let (_, data) = (parts.next(), parts.next());
        assert_eq!(parts.next(), None, "{first}");
        parse(data.unwrap_or_default().trim_start())
    }

    fn with_measures(measures: Vec<Measure>) -> CycleRecord {
        let mut record = fixture::clear();
        let verdict = verdict(Status::Ok, "", "", "", measures);
        record.evaluations = vec![fixture::evaluation("probe", "system_monitoring", Ok(vec![verdict]))];
        record
    }

    #[test]
    fn output_has_all_cases() {
        insta::assert_snapshot!("nagios_clear", render(&fixture::clear()));
        insta::assert_snapshot!("nagios_mixed", render(&fixture::mixed()));
        insta::assert_snapshot!("nagios_absent", render(&fixture::absent()));
        insta::assert_snapshot!("nagios_hostile", render(&fixture::hostile()));
    }

    #[test]
    fn warning_is_spelled_out_in_the_status_line() {
        let mut record = fixture::mixed();
        record.evaluations.truncate(1);
        let expected = "CHECKPOST WARNING - 1 warning: CPU usage is 85.5% (threshold: 80%) | \
                        'cpu utilization'=85.5%;80;95;0;100\n";
        assert!(render(&record).starts_with(expected), "{}", render(&record));
    }

    #[test]
    fn units_are_mapped_and_rates_have_none() {
        let units =
            [("%", "%"), ("By", "B"), ("s", "s"), ("ms", "ms"), ("us", "us"), ("1", ""), ("By/s", ""), ("Cel", "")];
        let record = with_measures(units.map(|(ucum, _)| measure(ucum, 1.5, ucum, None)).to_vec());
        let read: Vec<_> = performance(&record).into_iter().map(|(_, value, unit, _)| (value, unit)).collect();
        assert_eq!(read, units.map(|(_, unit)| (Some(1.5), unit.to_owned())));
    }

    #[test]
    fn thresholds_and_limits_are_in_their_fields() {
        let mut late = measure("late", 3.0, "s", None);
        late.critical = Some(9.5);
        let record = with_measures(vec![late, measure("used", 3.0, "%", None), measure("plain", -0.25, "1", None)]);
        let limits: Vec<_> = performance(&record).into_iter().map(|(_, _, _, limits)| limits).collect();
        assert_eq!(limits, [[None, Some(9.5), None, None], [None, None, Some(0.0), Some(100.0)], [None; 4]]);
        assert!(render(&record).contains("'probe late'=3s;;9.5 "), "{}", render(&record));
    }

    #[test]
    fn value_that_is_not_finite_is_undetermined() {
        let record = with_measures(vec![measure("a", f64::NAN, "By", Some((1.0, f64::INFINITY)))]);
        assert_eq!(performance(&record), [("probe a".to_owned(), None, String::new(), [Some(1.0), None, None, None])]);
    }

    #[test]
    fn labels_are_unique_and_quotes_are_escaped() {
        let labels: Vec<_> = performance(&fixture::hostile()).into_iter().map(|(label, ..)| label).collect();
        let subject = "it's /mnt/a'b / 'x'_1\\u{d}\\u{a}";
        let expected = [format!("{subject} a_b/c"), format!("{subject} a_b/c 2"), "it's n\\u{2028} load".to_owned()];
        assert_eq!(labels, expected);
    }

    #[test]
    fn measure_with_the_name_of_its_check_is_named_once() {
        let record = with_measures(vec![measure("probe", 1.0, "1", None)]);
        assert!(render(&record).contains("| 'probe'=1\n"), "{}", render(&record));
    }

    #[test]
    fn long_message_is_cut_in_the_status_line_only() {
        let mut record = fixture::clear();
        let message = "é".repeat(500);
        record.evaluations[0].outcome = Ok(vec![verdict(Status::Warning, "", "", &message, Vec::new())]);
        let output = render(&record);
        let (first, rest) = output.split_once('\n').unwrap();
        assert!(first.contains(&format!(": {}... |", "é".repeat(160))), "{first}");
        assert!(rest.starts_with(&format!("[WARNING] cpu: {message}\n")), "{rest}");
    }

    proptest! {
        #[test]
        fn performance_data_is_valid_for_any_text_and_number(
            texts in proptest::array::uniform4(any::<String>()), value in any::<f64>(), limit in any::<f64>()
        ) {
            let [check, subject, name, message] = &texts;
            let measures = vec![measure(name, value, "%", Some((limit, limit))), measure("x", value, name, None)];
            let mut record = with_measures(Vec::new());
            let verdict = verdict(Status::Critical, subject, "", message, measures);
            record.evaluations = vec![fixture::evaluation(&format!("c{check}"), "", Ok(vec![verdict]))];
            let data = performance(&record);
            prop_assert_eq!(data.len(), 2);
            let decimal = value.clamp(-1e18, 1e18);
            prop_assert_eq!(data[0].1.is_some(), value.is_finite());
            prop_assert!(data[0].1.is_none_or(|read| (read - decimal).abs() <= 1e-9), "{value} {:?}", data[0].1);
            prop_assert_ne!(&data[0].0, &data[1].0);
            prop_assert_eq!(render(&record).lines().count(), 2);
        }
    }
}
