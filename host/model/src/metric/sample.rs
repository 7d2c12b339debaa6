//! Readings of a metric: at one time, and over time.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::labels::Labels;

/// One reading, in the base unit of its metric. The value is finite.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// Name of the metric, by OpenTelemetry.
    pub name: Cow<'static, str>,
    /// Labels of the reading.
    pub labels: Labels,
    /// The reading.
    pub value: f64,
}

/// Past readings of one metric with the same labels, oldest first.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Name of the metric, by OpenTelemetry.
    pub name: String,
    /// Labels of the readings.
    pub labels: Labels,
    /// Time in milliseconds since the epoch, and reading.
    pub points: Vec<(i64, f64)>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::assert_round_trip;

    #[test]
    fn sample_survives_json() {
        let labels = Labels::from([("system.device", "vda"), ("disk.io.direction", "read")]);
        for value in [0.0, 0.1 + 0.2, -1e-300, f64::MAX, 9_007_199_254_740_993.0] {
            assert_round_trip(&Sample { name: "system.disk.io".into(), labels: labels.clone(), value });
        }
    }
}
