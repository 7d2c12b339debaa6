//! Temperatures and fans: what is believed, and how sensors are called. Linux tells them in `hwmon` and in `thermal`
//! zones.

#[cfg(target_os = "linux")]
mod hwmon;
#[cfg(target_os = "linux")]
mod thermal;

#[cfg(target_os = "linux")]
use std::collections::HashMap;

#[cfg(target_os = "linux")]
use super::roots::Roots;
use crate::clean;
use crate::metric::{Labels, Snapshot};

/// A chip that is told to have a longer name has an odd one.
const NAME_CHARS: usize = 64;
/// The limit at which a part calls itself hot, and the one at which it is damaged or turns itself off; as OpenTelemetry
/// calls them.
#[cfg(target_os = "linux")]
const HIGH: &str = "high.degraded";
const CRITICAL: &str = "high.critical";

/// Reads `class/hwmon` below `/sys`, and `class/thermal` where hwmon tells no temperature: most zones are in both.
/// Virtual machines and containers have neither, which is no failure.
#[cfg(target_os = "linux")]
pub(super) fn collect(roots: &Roots, snapshot: &mut Snapshot) {
    let class = roots.sys.join("class");
    if !hwmon::collect(&class.join("hwmon"), snapshot) {
        thermal::collect(&class.join("thermal"), snapshot);
    }
}

/// Adds one temperature, as another system tells it: in degrees, with the one that its maker calls critical.
#[cfg(any(not(target_os = "linux"), test))]
pub(super) fn push(id: &str, name: &str, celsius: f64, critical_celsius: Option<f64>, snapshot: &mut Snapshot) {
    let sensor = Sensor { id: bounded(id), name: bounded(name) };
    let millidegrees = |celsius: f64| (celsius * 1e3).round() as i64;
    if sensor.push_temperature(millidegrees(celsius), snapshot)
        && let Some(critical) = critical_celsius
    {
        sensor.push_limit(CRITICAL, millidegrees(critical), snapshot);
    }
}

/// How a sensor is called.
#[derive(Debug, PartialEq, Eq)]
struct Sensor {
    /// `coretemp@coretemp.0/temp1`: the same in every boot, as far as the kernel's names are.
    id: String,
    /// `coretemp Package id 0`: for people.
    name: String,
}

impl Sensor {
    fn labels(&self) -> Labels {
        Labels::from([("hw.id", &*self.id), ("hw.name", &*self.name)])
    }

    /// Adds a temperature that is plausible, and says whether it was.
    fn push_temperature(&self, millidegrees: i64, snapshot: &mut Snapshot) -> bool {
        let temperature = plausible_celsius(millidegrees);
        match temperature {
            Some(celsius) => snapshot.push("hw.temperature", self.labels(), celsius),
            None => self.leave_out(&format!("{} °C", millidegrees as f64 / 1000.0), snapshot),
        }
        temperature.is_some()
    }

    /// Adds a limit of one of the types above. Many a disk has one of 65,262 °C or of 0, which is none: no diagnostic.
    fn push_limit(&self, limit_type: &str, millidegrees: i64, snapshot: &mut Snapshot) {
        if let Some(celsius) = plausible_celsius(millidegrees).filter(|celsius| *celsius > 0.0) {
            let labels = [("hw.id", &*self.id), ("hw.limit_type", limit_type), ("hw.name", &*self.name)];
            snapshot.push("hw.temperature.limit", labels, celsius);
        }
    }

    /// Adds a speed that is plausible. A fan that stands still has one: 0.
    #[cfg(target_os = "linux")]
    fn push_speed(&self, rpm: i64, snapshot: &mut Snapshot) {
        match rpm {
            0..=100_000 => snapshot.push("hw.fan.speed", self.labels(), rpm as f64),
            _ => self.leave_out(&format!("{rpm} rpm"), snapshot),
        }
    }

    fn leave_out(&self, reading: &str, snapshot: &mut Snapshot) {
        snapshot.diagnose("sensor", format!("{} ({}) tells {reading}: left out", self.name, self.id));
    }
}

/// What is no temperature of a computer is what a broken sensor, or none at all, gives: -128, 127 and 255 are the ends
/// of their registers, and 3,892,314 has been seen.
fn plausible_celsius(millidegrees: i64) -> Option<f64> {
    (-39_999..=126_999).contains(&millidegrees).then(|| millidegrees as f64 / 1000.0)
}

/// A name that firmware, a driver or a device gave.
fn bounded(name: &str) -> String {
    clean::bounded(name.trim(), NAME_CHARS)
}

/// Keeps things apart that call themselves the same, by their order.
#[cfg(target_os = "linux")]
#[derive(Default)]
struct Ids(HashMap<String, usize>);

#[cfg(target_os = "linux")]
impl Ids {
    /// `id`, then `id#2`, ...
    fn unique(&mut self, id: String) -> String {
        let count = self.0.entry(id.clone()).or_default();
        *count += 1;
        if *count == 1 { id } else { format!("{id}#{count}") }
    }
}

/// The names that are `prefix` and a number, by their number.
#[cfg(target_os = "linux")]
fn numbered(names: Vec<String>, prefix: &str) -> Vec<String> {
    let number = |name: &str| name.strip_prefix(prefix)?.parse::<u32>().ok();
    let mut numbered: Vec<_> = names.into_iter().filter_map(|name| Some((number(&name)?, name))).collect();
    numbered.sort();
    numbered.into_iter().map(|(_, name)| name).collect()
}

#[cfg(all(test, target_os = "linux"))]
mod tests;
