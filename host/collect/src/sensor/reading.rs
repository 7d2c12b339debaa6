//! One sensor: its name, its labels and its plausible readings.

use checkpost_model::clean;
use checkpost_model::metric::{Labels, Snapshot};

/// Length of a name in a label. Longer names are not those of real chips.
const NAME_CHARS: usize = 64;
/// OpenTelemetry's name for the limit at which a part calls itself hot.
#[cfg(target_os = "linux")]
pub(super) const HIGH: &str = "high.degraded";
/// OpenTelemetry's name for the limit at which a part is damaged or turns itself off.
pub(super) const CRITICAL: &str = "high.critical";

/// The names of a sensor.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Sensor {
    /// `coretemp@coretemp.0/temp1`: the same in every boot, as far as the kernel's names are.
    pub(super) id: String,
    /// For people: `coretemp Package id 0`.
    pub(super) name: String,
}

impl Sensor {
    fn labels(&self) -> Labels {
        Labels::from([("hw.id", &*self.id), ("hw.name", &*self.name)])
    }

    /// Adds a temperature if it is plausible, and returns whether it is.
    pub(super) fn push_temperature(&self, millidegrees: i64, snapshot: &mut Snapshot) -> bool {
        let temperature = plausible_celsius(millidegrees);
        match temperature {
            Some(celsius) => snapshot.push("hw.temperature", self.labels(), celsius),
            None => self.leave_out(&format!("an implausible {} °C", millidegrees as f64 / 1000.0), snapshot),
        }
        temperature.is_some()
    }

    /// Adds a limit of one of the types above. Many disks report 65,262 °C or 0 for no limit, so that an implausible limit
    /// has no diagnostic.
    pub(super) fn push_limit(&self, limit_type: &str, millidegrees: i64, snapshot: &mut Snapshot) {
        if let Some(celsius) = plausible_celsius(millidegrees).filter(|celsius| *celsius > 0.0) {
            let labels = [("hw.id", &*self.id), ("hw.limit_type", limit_type), ("hw.name", &*self.name)];
            snapshot.push("hw.temperature.limit", labels, celsius);
        }
    }

    /// Adds a fan speed if it is plausible. The speed of a fan that stands still is 0.
    #[cfg(target_os = "linux")]
    pub(super) fn push_speed(&self, rpm: i64, snapshot: &mut Snapshot) {
        match rpm {
            0..=100_000 => snapshot.push("hw.fan.speed", self.labels(), rpm as f64),
            _ => self.leave_out(&format!("an implausible {rpm} rpm"), snapshot),
        }
    }

    /// Adds the diagnostic about a report of the sensor that is not used as a reading.
    pub(super) fn leave_out(&self, report: &str, snapshot: &mut Snapshot) {
        snapshot.diagnose("sensor", format!("{} ({}) reports {report}: left out", self.name, self.id));
    }
}

/// A temperature that a computer may have. Broken and absent sensors report the ends of their registers, -128, 127 and 255,
/// or nonsense such as 3,892,314.
pub(super) fn plausible_celsius(millidegrees: i64) -> Option<f64> {
    (-39_999..=126_999).contains(&millidegrees).then(|| millidegrees as f64 / 1000.0)
}

/// A name from firmware, a driver or a device, made fit for a label.
pub(super) fn bounded(name: &str) -> String {
    clean::bounded(name.trim(), NAME_CHARS)
}
