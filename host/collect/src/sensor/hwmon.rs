//! Chips that monitor the hardware: `/sys/class/hwmon`.

use std::path::{Path, PathBuf};

use checkpost_model::metric::Snapshot;

use super::names::{Ids, numbered};
use super::reading::{CRITICAL, HIGH, Sensor, bounded};
use crate::files;

/// Reads every chip, and returns whether any has a temperature.
pub(super) fn collect(class: &Path, snapshot: &mut Snapshot) -> bool {
    let names = files::or_diagnose(files::names(class), "sensor", snapshot).unwrap_or_default();
    let mut ids = Ids::default();
    let mut has_temperature = false;
    for name in numbered(names, "hwmon") {
        let chip = Chip::at(class.join(name), &mut ids, snapshot);
        if !chip.is_asleep() {
            has_temperature |= chip.read(snapshot);
        }
    }
    has_temperature
}

/// One chip, or a device that monitors itself.
struct Chip {
    directory: PathBuf,
    /// `coretemp@coretemp.0`.
    id: String,
    /// `coretemp`.
    name: String,
}

impl Chip {
    /// Names a chip by its driver and device, because its number depends on the order in which drivers are loaded.
    fn at(directory: PathBuf, ids: &mut Ids, snapshot: &mut Snapshot) -> Self {
        let mut name_in = |directory: &Path| {
            let name = files::or_diagnose(files::text(&directory.join("name")), "sensor", snapshot);
            name.map(|name| bounded(&name)).filter(|name| !name.is_empty())
        };
        let name = name_in(&directory).or_else(|| name_in(&directory.join("device")));
        let name = name.unwrap_or_else(|| "hwmon".to_owned());
        let device = std::fs::read_link(directory.join("device")).ok();
        let device = device.as_deref().and_then(Path::file_name).map(|device| bounded(&device.to_string_lossy()));
        // The numbers of zones depend on the order of drivers too.
        let id = match device.filter(|device| !device.starts_with("thermal_zone")) {
            Some(device) => format!("{name}@{device}"),
            None => name.clone(),
        };
        Self { directory, id: ids.unique(id), name }
    }

    /// Whether the device is suspended. Reading a sensor would wake it, which costs battery in a laptop.
    fn is_asleep(&self) -> bool {
        let status = files::read(&self.directory.join("device/power/runtime_status"));
        status.is_ok_and(|status| matches!(&*status, "suspended" | "suspending"))
    }

    /// Reads the temperatures and fans, and returns whether there is a temperature.
    fn read(&self, snapshot: &mut Snapshot) -> bool {
        // Old drivers have their files in the directory of the device.
        for directory in [self.directory.clone(), self.directory.join("device")] {
            let names = files::or_diagnose(files::names(&directory), "sensor", snapshot).unwrap_or_default();
            let (temperatures, fans) = (inputs(&names, "temp"), inputs(&names, "fan"));
            if temperatures.is_empty() && fans.is_empty() {
                continue;
            }
            let mut has_temperature = false;
            for sensor in temperatures {
                has_temperature |= self.read_temperature(&directory, &sensor, snapshot).is_some();
            }
            for sensor in fans {
                if let Some((sensor, rpm)) = self.read_input(&directory, &sensor, snapshot) {
                    sensor.push_speed(rpm, snapshot);
                }
            }
            return has_temperature;
        }
        false
    }

    fn read_temperature(&self, directory: &Path, sensor: &str, snapshot: &mut Snapshot) -> Option<()> {
        let (chip_sensor, millidegrees) = self.read_input(directory, sensor, snapshot)?;
        // A sensor with an implausible temperature has no reliable limits either.
        chip_sensor.push_temperature(millidegrees, snapshot).then_some(())?;
        for (suffix, limit_type) in [("max", HIGH), ("crit", CRITICAL)] {
            let limit = files::number(&directory.join(format!("{sensor}_{suffix}")));
            if let Some(limit) = files::or_diagnose(limit, "sensor", snapshot) {
                chip_sensor.push_limit(limit_type, limit, snapshot);
            }
        }
        Some(())
    }

    /// Reads one sensor, unless it reports a fault.
    fn read_input(&self, directory: &Path, sensor: &str, snapshot: &mut Snapshot) -> Option<(Sensor, i64)> {
        let file = |suffix| directory.join(format!("{sensor}_{suffix}"));
        let label = files::text(&file("label")).ok().flatten().map(|label| bounded(&label));
        let label = label.filter(|label| !label.is_empty());
        let chip_sensor = Sensor {
            id: format!("{}/{sensor}", self.id),
            name: format!("{} {}", self.name, label.as_deref().unwrap_or(sensor)),
        };
        if files::number(&file("fault")) == Ok(Some(1)) {
            chip_sensor.leave_out("a fault", snapshot);
            return None;
        }
        let value = files::or_diagnose(files::number(&file("input")), "sensor", snapshot)?;
        Some((chip_sensor, value))
    }
}

/// The sensors of a kind, sorted by number: `temp1` for `temp1_input`.
fn inputs(names: &[String], kind: &str) -> Vec<String> {
    let inputs = names.iter().filter_map(|name| name.strip_suffix("_input"));
    numbered(inputs.map(str::to_owned).collect(), kind)
}
