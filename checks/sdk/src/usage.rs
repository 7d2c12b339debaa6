//! The most common verdict: a usage in per cent, compared with thresholds in per cent.

use std::fmt::Write;

use crate::{Measure, Status, Thresholds, Verdict};

/// The bytes in a gigabyte, `GB` in messages: 2^30, as in the reports.
pub const GIB: f64 = (1u64 << 30) as f64;

/// The usage of a resource.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Usage<'a> {
    /// Name of the resource, with a capital letter, as in `Memory usage is`.
    pub resource: &'a str,
    /// Subject of the verdict: `/var`, or empty for the host.
    pub subject: &'a str,
    /// The usage, a ratio 0..1.
    pub ratio: f64,
    /// Used and total bytes, if known; shown in the message only.
    pub bytes: Option<(f64, f64)>,
}

impl<'a> Usage<'a> {
    /// Usage of a resource of the whole host: `CPU`, `Memory`.
    pub fn of(resource: &'a str, ratio: f64) -> Self {
        Self { resource, subject: "", ratio, bytes: None }
    }

    /// Compares the usage with thresholds in per cent:
    /// `Memory usage is 96.2% (7.70GB / 8.00GB, threshold: 85%)`.
    pub fn judge(&self, thresholds: &Thresholds, previous: Option<Status>) -> Verdict {
        let percent = self.ratio * 100.0;
        let status = thresholds.status(percent, previous);
        let title = if status == Status::Ok { self.title("") } else { self.title("High ") };
        Verdict::new(status, title, self.message(percent, thresholds, status != Status::Ok))
            .subject(self.subject)
            .measure(Measure::new("used", percent, "%").thresholds(thresholds))
    }

    fn title(&self, prefix: &str) -> String {
        let mut title = String::with_capacity(24);
        title.push_str(prefix);
        title.push_str(self.resource);
        title.push_str(" usage");
        if !prefix.is_empty() && !self.resource.chars().all(char::is_uppercase) {
            title[prefix.len()..].make_ascii_lowercase();
        }
        title
    }

    fn message(&self, percent: f64, thresholds: &Thresholds, raised: bool) -> String {
        let mut message = String::with_capacity(96);
        // Writing to a string cannot fail.
        let _ = write!(message, "{} usage", self.resource);
        if !self.subject.is_empty() {
            let _ = write!(message, " of {}", self.subject);
        }
        let _ = write!(message, " is {percent:.1}%");
        let mut separator = " (";
        if let Some((used, total)) = self.bytes {
            let _ = write!(message, "{separator}{:.2}GB / {:.2}GB", used / GIB, total / GIB);
            separator = ", ";
        }
        if raised {
            message.push_str(separator);
            separator = ", ";
            thresholds.append_to(&mut message, "threshold", percent, "%");
        }
        if separator == ", " {
            message.push(')');
        }
        message
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const THRESHOLDS: Thresholds = Thresholds { threshold: 85.0, critical: Some(95.0), clear: Some(70.0) };

    fn message(usage: Usage, previous: Option<Status>) -> String {
        usage.judge(&THRESHOLDS, previous).message
    }

    #[test]
    fn message_names_the_reading_and_its_threshold() {
        let memory = Usage { bytes: Some((7.7 * GIB, 8.0 * GIB)), ..Usage::of("Memory", 0.962) };
        assert_eq!(message(memory, None), "Memory usage is 96.2% (7.70GB / 8.00GB, threshold: 85%)");
        assert_eq!(message(Usage { ratio: 0.5, ..memory }, None), "Memory usage is 50.0% (7.70GB / 8.00GB)");
        assert_eq!(message(Usage::of("CPU", 0.855), None), "CPU usage is 85.5% (threshold: 85%)");
        assert_eq!(message(Usage::of("CPU", 0.123), None), "CPU usage is 12.3%");
        let disk = Usage { subject: "/var", ..Usage::of("Disk", 0.9) };
        assert_eq!(message(disk, None), "Disk usage of /var is 90.0% (threshold: 85%)");
    }

    #[test]
    fn message_of_a_raised_status_below_the_threshold_says_where_it_clears() {
        let expected = "CPU usage is 75.0% (threshold: 85%, clears at 70%)";
        assert_eq!(message(Usage::of("CPU", 0.75), Some(Status::Warning)), expected);
    }

    #[test]
    fn title_capitalizes_only_its_first_word_and_acronyms() {
        let title = |resource, ratio| Usage::of(resource, ratio).judge(&THRESHOLDS, None).title;
        assert_eq!(title("CPU", 0.9), "High CPU usage");
        assert_eq!(title("CPU", 0.1), "CPU usage");
        assert_eq!(title("Memory", 0.9), "High memory usage");
        assert_eq!(title("Memory", 0.1), "Memory usage");
    }

    #[test]
    fn measure_is_in_per_cent_and_the_verdict_has_the_subject() {
        let verdict = Usage { subject: "/", ..Usage::of("Disk", 0.5) }.judge(&THRESHOLDS, None);
        assert_eq!(verdict.subject, "/");
        assert_eq!(verdict.measures, [Measure::new("used", 50.0, "%").warning(85.0).critical(95.0)]);
    }
}
