//! The settings as one validated rule.

use checkpost_sdk::{Need, NotARange, Range, Status, whole};

use crate::Threshold;
use crate::selector::Matcher;

/// The parsed settings.
pub struct Rule<'a> {
    pub metric: &'a str,
    pub matchers: Vec<Matcher>,
    window_seconds: u32,
    pub warning: Option<Range>,
    pub critical: Option<Range>,
    clear: Option<Range>,
}

impl<'a> Rule<'a> {
    /// Parses the settings, or returns the message that refuses one of them.
    pub fn parse(settings: &'a Threshold) -> Result<Self, String> {
        let metric = settings.metric.as_deref().ok_or("metric is not set: must be the name of a metric")?;
        if metric.is_empty() || metric.strip_suffix('*').unwrap_or(metric).contains('*') {
            return Err(format!("metric is {metric:?}: must be a name, or a prefix of names followed by *"));
        }
        let matchers = settings.labels.iter().map(|text| Matcher::parse(text)).collect::<Result<_, _>>()?;
        whole("window_seconds", settings.window_seconds)?;
        if settings.window_seconds == 0.0 && settings.function != "last" {
            let function = &settings.function;
            return Err(format!("function is {function:?}: requires window_seconds above 0"));
        }
        if settings.scale == 0.0 {
            return Err("scale is 0: must be a number other than 0".to_owned());
        }
        let rule = Self {
            metric,
            matchers,
            // Lossless: the number is whole and within the range of the setting.
            window_seconds: settings.window_seconds as u32,
            warning: range("warning", settings.warning.as_deref())?,
            critical: range("critical", settings.critical.as_deref())?,
            clear: range("clear", settings.clear.as_deref())?,
        };
        if rule.warning.or(rule.critical).is_none() {
            return Err("neither warning nor critical is set: at least one of them is required".to_owned());
        }
        Ok(rule)
    }

    /// The readings that the rule needs, narrowed as far as exact labels allow.
    pub fn need(&self) -> Need {
        let mut need = Need::current(self.metric).window(self.window_seconds);
        for (key, value) in self.matchers.iter().filter_map(Matcher::exact) {
            if need.labels.iter().all(|(name, _)| name != key) {
                need = need.label(key, value);
            }
        }
        need
    }

    /// The status of a number. If the status is not ok, also the range that the number should be in, and the word for that
    /// range in messages.
    pub fn status(&self, value: f64, previous: Option<Status>) -> (Status, Option<(&'static str, Range)>) {
        let alerting = |range: Option<Range>| range.filter(|range| range.alerts(value));
        let was_raised = matches!(previous, Some(Status::Warning | Status::Critical));
        match (alerting(self.critical), alerting(self.warning)) {
            (Some(range), _) => (Status::Critical, Some(("allowed", range))),
            (None, Some(range)) => (Status::Warning, Some(("allowed", range))),
            (None, None) => match alerting(self.clear).filter(|_| was_raised) {
                // A rule with only a critical range stays critical until the status clears.
                Some(range) if self.warning.is_none() => (Status::Critical, Some(("allowed again", range))),
                Some(range) => (Status::Warning, Some(("allowed again", range))),
                None => (Status::Ok, None),
            },
        }
    }
}

fn range(setting: &str, text: Option<&str>) -> Result<Option<Range>, String> {
    let refused = |text: &str, allowed| format!("{setting} is {text:?}: must be {allowed}");
    text.map(|text| text.parse().map_err(|allowed: NotARange| refused(text, allowed))).transpose()
}
