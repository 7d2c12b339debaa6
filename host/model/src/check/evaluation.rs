//! One instance, evaluated once.

use std::ops::Not;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::failure::Failure;
use super::instance::ModuleInfo;
use super::settings::Settings;
use super::status::{Status, worst};
use super::verdict::Verdict;

/// One instance, evaluated once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// The instance's name.
    pub instance: String,
    /// The instance's channel.
    pub channel: String,
    /// The instance's owner, or empty.
    pub owner: String,
    /// Whether the instance is a module that was found in the checks directory, without an entry: an operator may not
    /// know of it.
    #[serde(rename = "found", default, skip_serializing_if = "Not::not")]
    pub is_found: bool,
    /// The module, unless it could not be loaded.
    pub module: Option<Arc<ModuleInfo>>,
    /// The settings that the operator made. The defaults are the module's, known by its digest.
    pub settings: Settings,
    /// Verdicts by subject, or the failure: `{"verdicts": […]}` or `{"failure": {…}}` in JSON.
    #[serde(with = "Outcome")]
    pub outcome: Result<Vec<Verdict>, Failure>,
    /// Fuel used, in wasmtime's units (about one a wasm instruction).
    pub fuel: u64,
    /// Wall-clock time of the evaluation. JSON holds whole microseconds.
    #[serde(rename = "duration_us", with = "micros")]
    pub duration: Duration,
}

/// The form of [`Evaluation::outcome`] in JSON.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Result<Vec<Verdict>, Failure>")]
enum Outcome {
    #[serde(rename = "verdicts")]
    Ok(Vec<Verdict>),
    #[serde(rename = "failure")]
    Err(Failure),
}

impl Evaluation {
    /// The worst verdict; `Ok` for a check without subjects, `Unknown` for a failure.
    pub fn status(&self) -> Status {
        match &self.outcome {
            Ok(verdicts) => worst(verdicts.iter().map(|verdict| verdict.status)),
            Err(_) => Status::Unknown,
        }
    }
}

/// A duration as whole microseconds.
mod micros {
    use super::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_micros)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::super::failure::Reason;
    use super::super::verdict::Measure;
    use super::*;
    use crate::json::assert_round_trip;
    use crate::metric::Labels;

    fn evaluation(outcome: Result<Vec<Verdict>, Failure>) -> Evaluation {
        let module = ModuleInfo {
            digest: "ab".repeat(32),
            name: "disk".to_owned(),
            version: "1.2.3".to_owned(),
            size_bytes: 12_345,
        };
        Evaluation {
            instance: "disk".to_owned(),
            channel: "system_monitoring".to_owned(),
            owner: "storage".to_owned(),
            is_found: true,
            module: Some(Arc::new(module)),
            settings: Settings::new(),
            outcome,
            fuel: u64::MAX,
            duration: Duration::from_micros(1_234_567),
        }
    }

    fn verdict() -> Verdict {
        let measure = Measure {
            name: "used".to_owned(),
            value: 0.1 + 0.2,
            unit: "%".to_owned(),
            warning: Some(80.0),
            critical: None,
        };
        Verdict {
            status: Status::Warning,
            subject: "/var".to_owned(),
            title: "High disk usage".to_owned(),
            message: "Disk usage of /var is 85.5% (threshold: 80%)".to_owned(),
            measures: vec![measure],
            attributes: Labels::from([("runbook", "https://example.org/disk")]),
        }
    }

    #[test]
    fn evaluation_with_verdicts_survives_json() {
        assert_round_trip(&evaluation(Ok(vec![verdict()])));
        assert_round_trip(&evaluation(Ok(vec![])));
    }

    #[test]
    fn evaluation_that_failed_survives_json() {
        let failed = evaluation(Err(Failure::new(Reason::OutOfFuel, "used up its fuel")));
        assert_round_trip(&failed);
        assert_round_trip(&Evaluation { module: None, ..failed });
    }

    #[test]
    fn evaluation_names_its_outcome_and_its_units_in_json() {
        let json = |outcome| serde_json::to_value(evaluation(outcome)).unwrap();
        assert_eq!(json(Ok(vec![verdict()]))["outcome"]["verdicts"][0]["status"], "warning");
        assert_eq!(json(Ok(vec![]))["duration_us"], 1_234_567);
        let failed = json(Err(Failure::new(Reason::OutOfFuel, "used up its fuel")));
        assert_eq!(failed["outcome"]["failure"]["reason"], "out_of_fuel");
        assert_eq!(failed["outcome"]["verdicts"], serde_json::Value::Null);
    }

    #[test]
    fn duration_is_cut_to_microseconds_in_json() {
        let exact = Evaluation { duration: Duration::from_nanos(1_999), ..evaluation(Ok(vec![])) };
        let read: Evaluation = serde_json::from_str(&serde_json::to_string(&exact).unwrap()).unwrap();
        assert_eq!(read.duration, Duration::from_micros(1));
    }
}
