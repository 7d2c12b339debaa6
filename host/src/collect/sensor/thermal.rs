//! Zones that the kernel keeps cool: `/sys/class/thermal`. Small boards have these and no hwmon.

use std::path::Path;

use super::{CRITICAL, HIGH, Ids, Sensor, bounded, numbered};
use crate::collect::files;
use crate::metric::Snapshot;

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

/// Adds the trip points that are limits. The others, `active` and `passive`, are where cooling begins.
fn push_limits(sensor: &Sensor, zone: &Path, snapshot: &mut Snapshot) {
    let (mut high, mut critical) = (None, None);
    for number in 0_u32.. {
        let file = |what| zone.join(format!("trip_point_{number}_{what}"));
        let Some(kind) = files::or_diagnose(files::text(&file("type")), "sensor", snapshot) else { break };
        let limit = match &*kind {
            "hot" => &mut high,
            "critical" => &mut critical,
            _ => continue,
        };
        let millidegrees = files::or_diagnose(files::number::<i64>(&file("temp")), "sensor", snapshot);
        // Of several the first that is passed counts.
        *limit = (*limit).into_iter().chain(millidegrees).min();
    }
    for (limit_type, millidegrees) in [(HIGH, high), (CRITICAL, critical)] {
        if let Some(millidegrees) = millidegrees {
            sensor.push_limit(limit_type, millidegrees, snapshot);
        }
    }
}
