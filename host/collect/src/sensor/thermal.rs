//! Zones that the kernel cools: `/sys/class/thermal`. Small boards have zones and no hwmon.

use std::path::Path;

use checkpost_model::metric::Snapshot;

use super::names::{Ids, numbered};
use super::reading::{CRITICAL, HIGH, Sensor, bounded};
use crate::files;

/// Reads every zone.
pub(super) fn collect(class: &Path, snapshot: &mut Snapshot) {
    let names = files::or_diagnose(files::names(class), "sensor", snapshot).unwrap_or_default();
    let mut ids = Ids::default();
    for name in numbered(names, "thermal_zone") {
        let zone = class.join(&name);
        let kind = files::or_diagnose(files::text(&zone.join("type")), "sensor", snapshot);
        let kind = kind.map(|kind| bounded(&kind)).filter(|kind| !kind.is_empty()).unwrap_or(name);
        let sensor = Sensor { id: ids.unique(format!("thermal/{kind}")), name: kind };
        let Some(millidegrees) = files::or_diagnose(files::number(&zone.join("temp")), "sensor", snapshot) else {
            continue;
        };
        if sensor.push_temperature(millidegrees, snapshot) {
            push_limits(&sensor, &zone, snapshot);
        }
    }
}

/// Adds the trip points that are limits. At the others, `active` and `passive`, cooling starts.
fn push_limits(sensor: &Sensor, zone: &Path, snapshot: &mut Snapshot) {
    let (mut high, mut critical) = (None, None);
    for number in 0_u32.. {
        let file = |suffix| zone.join(format!("trip_point_{number}_{suffix}"));
        let Some(kind) = files::or_diagnose(files::text(&file("type")), "sensor", snapshot) else { break };
        let limit = match &*kind {
            "hot" => &mut high,
            "critical" => &mut critical,
            _ => continue,
        };
        let millidegrees = files::or_diagnose(files::number::<i64>(&file("temp")), "sensor", snapshot);
        // Of several trip points the lowest counts.
        *limit = (*limit).into_iter().chain(millidegrees).min();
    }
    for (limit_type, millidegrees) in [(HIGH, high), (CRITICAL, critical)] {
        if let Some(millidegrees) = millidegrees {
            sensor.push_limit(limit_type, millidegrees, snapshot);
        }
    }
}
