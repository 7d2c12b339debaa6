//! Temperatures and fans. Linux shows them in `hwmon` and in `thermal` zones.

#[cfg(target_os = "linux")]
mod hwmon;
#[cfg(target_os = "linux")]
mod names;
mod reading;
#[cfg(target_os = "linux")]
mod thermal;

use checkpost_model::metric::Snapshot;

#[cfg(target_os = "linux")]
use crate::roots::Roots;
#[cfg(any(not(target_os = "linux"), test))]
use reading::{CRITICAL, Sensor, bounded};

/// Reads `class/hwmon` below `/sys`, and `class/thermal` if hwmon has no temperature, because most zones are in both.
/// Virtual machines and containers have neither, which is not an error.
#[cfg(target_os = "linux")]
pub(super) fn collect(roots: &Roots, snapshot: &mut Snapshot) {
    let class = roots.sys.join("class");
    if !hwmon::collect(&class.join("hwmon"), snapshot) {
        thermal::collect(&class.join("thermal"), snapshot);
    }
}

/// Adds the temperature of a sensor of another system, with the critical limit that its manufacturer set.
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

#[cfg(all(test, target_os = "linux"))]
mod tests;
