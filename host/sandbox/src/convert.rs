//! Conversion between the contract's types and the host's own. All text from a guest is cleaned here.

use checkpost_model::check::{Measure, SettingValue, Settings, Status, Verdict};
use checkpost_model::clean;
use checkpost_model::metric::{Labels, Sample, Series};

use crate::bindings::types;
use crate::description::{Description, SettingDescription};
use crate::input::Input;
use crate::need::Need;

impl From<types::Status> for Status {
    fn from(status: types::Status) -> Self {
        match status {
            types::Status::Ok => Self::Ok,
            types::Status::Warning => Self::Warning,
            types::Status::Critical => Self::Critical,
            types::Status::Unknown => Self::Unknown,
        }
    }
}

impl From<Status> for types::Status {
    fn from(status: Status) -> Self {
        match status {
            Status::Ok => Self::Ok,
            Status::Warning => Self::Warning,
            Status::Critical => Self::Critical,
            Status::Unknown => Self::Unknown,
        }
    }
}

impl From<types::Value> for SettingValue {
    fn from(value: types::Value) -> Self {
        match value {
            types::Value::Flag(value) => Self::Flag(value),
            types::Value::Number(value) => Self::Number(value),
            types::Value::Text(value) => Self::Text(line(&value)),
            types::Value::Numbers(values) => Self::Numbers(values),
            types::Value::Texts(values) => Self::Texts(values.iter().map(|value| line(value)).collect()),
        }
    }
}

impl From<&SettingValue> for types::Value {
    fn from(value: &SettingValue) -> Self {
        match value {
            SettingValue::Flag(value) => Self::Flag(*value),
            SettingValue::Number(value) => Self::Number(*value),
            SettingValue::Text(value) => Self::Text(value.clone()),
            SettingValue::Numbers(values) => Self::Numbers(values.clone()),
            SettingValue::Texts(values) => Self::Texts(values.clone()),
        }
    }
}

/// Settings as the contract has them.
pub(crate) fn settings(settings: &Settings) -> Vec<(String, types::Value)> {
    settings.iter().map(|(name, value)| (name.clone(), value.into())).collect()
}

fn pairs(labels: &Labels) -> Vec<(String, String)> {
    labels.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

/// Text of a guest, safe for a terminal, a log, a page and a message.
fn line(text: &str) -> String {
    clean::owned(text)
}

fn labels(pairs: Vec<(String, String)>) -> Labels {
    pairs.into_iter().map(|(key, value)| (line(&key), line(&value))).collect()
}

impl From<&Input<'_>> for types::Input {
    fn from(input: &Input<'_>) -> Self {
        let sample = |sample: &&Sample| types::Sample {
            name: sample.name.to_string(),
            labels: pairs(&sample.labels),
            value: sample.value,
        };
        let point = |(time_ms, value): &(i64, f64)| types::Point {
            time_ms: u64::try_from(*time_ms).unwrap_or(0),
            value: *value,
        };
        let series = |series: &Series| types::Series {
            name: series.name.clone(),
            labels: pairs(&series.labels),
            points: series.points.iter().map(point).collect(),
        };
        Self {
            time_ms: input.time_ms,
            host: pairs(input.host),
            settings: settings(input.settings),
            samples: input.samples.iter().map(sample).collect(),
            history: input.history.iter().map(series).collect(),
            previous: input.previous.iter().map(|(subject, status)| (subject.clone(), (*status).into())).collect(),
        }
    }
}

impl From<types::Need> for Need {
    fn from(need: types::Need) -> Self {
        Self { metric: line(&need.metric), labels: labels(need.labels), window_seconds: need.window_seconds }
    }
}

impl From<types::Description> for Description {
    fn from(description: types::Description) -> Self {
        let setting = |setting: types::Setting| SettingDescription {
            name: line(&setting.name),
            summary: line(&setting.summary),
            default: setting.default.map(Into::into),
            attributes: labels(setting.attributes),
        };
        Self {
            name: line(&description.name),
            version: line(&description.version),
            summary: line(&description.summary),
            settings: description.settings.into_iter().map(setting).collect(),
            attributes: labels(description.attributes),
        }
    }
}

impl From<types::Verdict> for Verdict {
    fn from(verdict: types::Verdict) -> Self {
        let measure = |measure: types::Measure| Measure {
            name: line(&measure.name),
            value: measure.value,
            unit: line(&measure.unit),
            warning: measure.warning,
            critical: measure.critical,
        };
        Self {
            status: verdict.status.into(),
            subject: line(&verdict.subject),
            title: line(&verdict.title),
            message: line(&verdict.message),
            measures: verdict.measures.into_iter().map(measure).collect(),
            attributes: labels(verdict.attributes),
        }
    }
}
