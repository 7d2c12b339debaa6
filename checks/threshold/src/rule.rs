//! The settings as one rule that holds together.

use checkpost_sdk::{Need, NotARange, Range, Status, whole};

use crate::Threshold;
use crate::selector::Matcher;

/// What the settings say, parsed.
pub struct Rule<'a> {
    pub metric: &'a str,
    pub matchers: Vec<Matcher>,
    window_seconds: u32,
    pub warning: Option<Range>,
    pub critical: Option<Range>,
    clear: Option<Range>,
}

impl<'a> Rule<'a> {
    /// The rule, or the sentence that refuses a setting.
    pub fn parse(settings: &'a Threshold) -> Result<Self, String> {
        let metric = settings.metric.as_deref().ok_or("metric is not set, allowed is the name of a metric")?;
        if metric.is_empty() || metric.strip_suffix('*').unwrap_or(metric).contains('*') {
            return Err(format!("metric is {metric:?}, allowed is a name, or the beginning of names and a *"));
        }
        let matchers = settings.labels.iter().map(|text| Matcher::parse(text)).collect::<Result<_, _>>()?;
        whole("window_seconds", settings.window_seconds)?;
        if settings.window_seconds == 0.0 && settings.function != "last" {
            let function = &settings.function;
            return Err(format!("function is {function:?}, allowed is that only with window_seconds above 0"));
        }
        if settings.scale == 0.0 {
            return Err("scale is 0, allowed is any other number".to_owned());
        }
        let rule = Self {
            metric,
            matchers,
            // Whole and within the range of the setting.
            window_seconds: settings.window_seconds as u32,
            warning: range("warning", settings.warning.as_deref())?,
            critical: range("critical", settings.critical.as_deref())?,
            clear: range("clear", settings.clear.as_deref())?,
        };
        if rule.warning.or(rule.critical).is_none() {
            return Err("neither warning nor critical is set, allowed is at least one of them".to_owned());
        }
        Ok(rule)
    }

    /// What the host is asked for: as little as can be said with labels.
    pub fn need(&self) -> Need {
        let mut need = Need::current(self.metric).window(self.window_seconds);
        for (key, value) in self.matchers.iter().filter_map(Matcher::exact) {
            if need.labels.iter().all(|(name, _)| name != key) {
                need = need.label(key, value);
            }
        }
        need
    }

    /// How a number is, and if it is not ok the range that it should be in, and what to call that.
    pub fn status(&self, value: f64, previous: Option<Status>) -> (Status, Option<(&'static str, Range)>) {
        let alerting = |range: Option<Range>| range.filter(|range| range.alerts(value));
        let was_raised = matches!(previous, Some(Status::Warning | Status::Critical));
        match (alerting(self.critical), alerting(self.warning)) {
            (Some(range), _) => (Status::Critical, Some(("allowed", range))),
            (None, Some(range)) => (Status::Warning, Some(("allowed", range))),
            (None, None) => match alerting(self.clear).filter(|_| was_raised) {
                // A rule that knows only one level stays on it.
                Some(range) if self.warning.is_none() => (Status::Critical, Some(("allowed again", range))),
                Some(range) => (Status::Warning, Some(("allowed again", range))),
                None => (Status::Ok, None),
            },
        }
    }
}

fn range(setting: &str, text: Option<&str>) -> Result<Option<Range>, String> {
    let refused = |text: &str, allowed| format!("{setting} is {text:?}, allowed is {allowed}");
    text.map(|text| text.parse().map_err(|allowed: NotARange| refused(text, allowed))).transpose()
}
