//! Temperatures and fans: the sensors of this machine and, since most test machines have none, simulated ones mounted
//! over `/sys/class`.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use checkpost_model::metric::Labels;
use serde_json::Value;

use super::exposition::Exposition;
use super::node_exporter::NodeExporter;
use super::{Figures, Row, Scope, assert_agreement, mounts, same};
use crate::support::{Site, python, root, skip};

/// A file and its content.
type File = (&'static str, &'static str);

/// Two chips. checkpost omits the implausible reading `Broken`; the peers report it.
const CHIPS: &[File] = &[
    ("class/hwmon/hwmon0/name", "coretemp\n"),
    ("class/hwmon/hwmon0/temp1_label", "Package id 0\n"),
    ("class/hwmon/hwmon0/temp1_input", "45500\n"),
    ("class/hwmon/hwmon0/temp1_max", "80000\n"),
    ("class/hwmon/hwmon0/temp1_crit", "100000\n"),
    ("class/hwmon/hwmon0/temp2_label", "Core 0\n"),
    ("class/hwmon/hwmon0/temp2_input", "-3250\n"),
    ("class/hwmon/hwmon0/temp3_label", "Broken\n"),
    ("class/hwmon/hwmon0/temp3_input", "255000\n"),
    ("class/hwmon/hwmon1/name", "nct6775\n"),
    ("class/hwmon/hwmon1/fan1_label", "CPU fan\n"),
    ("class/hwmon/hwmon1/fan1_input", "1234\n"),
    ("class/hwmon/hwmon1/temp1_label", "SYSTIN\n"),
    ("class/hwmon/hwmon1/temp1_input", "38850\n"),
    ("devices/platform/coretemp.0/uevent", ""),
    ("devices/platform/nct6775.656/uevent", ""),
];
/// The devices that the chips are part of.
const DEVICES: [File; 2] = [
    ("class/hwmon/hwmon0/device", "../../../devices/platform/coretemp.0"),
    ("class/hwmon/hwmon1/device", "../../../devices/platform/nct6775.656"),
];
/// A board that has only thermal zones.
const ZONES: &[File] = &[
    ("class/thermal/thermal_zone0/type", "cpu-thermal\n"),
    ("class/thermal/thermal_zone0/temp", "52582\n"),
    ("class/thermal/thermal_zone0/mode", "enabled\n"),
    ("class/thermal/thermal_zone0/policy", "step_wise\n"),
    ("class/thermal/thermal_zone0/trip_point_0_type", "critical\n"),
    ("class/thermal/thermal_zone0/trip_point_0_temp", "110000\n"),
];

const COLLECTORS: [&str; 2] = ["--collector.hwmon", "--collector.thermal_zone"];

#[test]
fn simulated_chips_are_read_as_by_the_peers() {
    let sys = sys(CHIPS, &DEVICES);
    let agreed = assert_sensors_agree(sys.path(), &temperatures_and(&["hw.temperature.limit", "hw.fan.speed"]));
    let Some(ours) = agreed else { return };
    let package = Labels::from([("hw.name", "coretemp Package id 0")]);
    assert_eq!(ours.get("hw.temperature", &package), Some(45.5));
    assert_eq!(ours.of("hw.temperature").count(), 3);
    assert_eq!(ours.of("hw.temperature.limit").count(), 2);
    assert_eq!(ours.of("hw.fan.speed").count(), 1);
}

#[test]
fn simulated_zones_are_read_as_by_the_peers() {
    let sys = sys(ZONES, &[]);
    let Some(ours) = assert_sensors_agree(sys.path(), &temperatures_and(&[])) else { return };
    assert_eq!(ours.of("hw.temperature").count(), 1);
}

#[test]
fn sensors_of_this_machine_are_read_as_by_the_peers() {
    let site = Site::new();
    // The values change between two readings.
    let table =
        [same("hw.temperature").of(Scope::Some).within(3.0), same("hw.fan.speed").of(Scope::Some).within(100.0)];
    let ours = || super::collected(&site, &["--source", "sensor"]);
    if ours().0.is_empty() {
        skip("this machine has no sensors");
        return;
    }
    if let Some(python) = python("psutil") {
        assert_agreement(&table, ours, || {
            let output = psutil_sensors(&python).output().unwrap();
            Figures::of_samples(&serde_json::from_slice(&output.stdout).unwrap())
        });
    }
    if let Some(node_exporter) = NodeExporter::start(&COLLECTORS) {
        assert_agreement(&table, ours, || figures(&node_exporter.scrape()));
    }
}

fn temperatures_and(more: &[&'static str]) -> Vec<Row> {
    let metrics = ["hw.temperature"].iter().chain(more);
    metrics.map(|metric| same(metric).of(Scope::Some)).collect()
}

/// A command that prints psutil's readings of sensors.
fn psutil_sensors(python: &Path) -> Command {
    let mut psutil = Command::new(python);
    psutil.arg(root().join("tests/compare/psutil_peer.py")).arg("sensors");
    psutil
}

/// A tree like `/sys`.
fn sys(files: &[File], links: &[File]) -> tempfile::TempDir {
    let sys = tempfile::tempdir().unwrap();
    for (file, content) in files {
        let file = sys.path().join(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, content).unwrap();
    }
    links.iter().for_each(|(link, to)| symlink(to, sys.path().join(link)).unwrap());
    sys
}

/// Asserts that checkpost agrees with psutil and node_exporter on a tree like `/sys`, and returns checkpost's readings;
/// `None` where the tree cannot be mounted.
fn assert_sensors_agree(sys: &Path, table: &[Row]) -> Option<Figures> {
    let seeing = |command: &Command| -> Option<Value> {
        let output = mounts::with_mount("mount --bind \"$1\" /sys/class", sys.join("class"), command)?.output();
        let output = output.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Some(serde_json::from_slice(&output.stdout).unwrap())
    };
    let site = Site::new();
    let mut collect = Command::new(env!("CARGO_BIN_EXE_checkpost"));
    collect.args(["collect", "--format", "json", "--source", "sensor"]).current_dir(site.directory.path());
    let ours = Figures::of_samples(&seeing(&collect)?["samples"]);
    if let Some(python) = python("psutil") {
        let theirs = Figures::of_samples(&seeing(&psutil_sensors(&python))?);
        assert_agreement(table, || ours.clone(), || theirs.clone());
    }
    let sysfs = format!("--path.sysfs={}", sys.display());
    if let Some(node_exporter) = NodeExporter::start(&[COLLECTORS[0], COLLECTORS[1], &sysfs]) {
        assert_agreement(table, || ours.clone(), || figures(&node_exporter.scrape()));
    }
    Some(ours)
}

/// The sensors in node_exporter's exposition. It exposes the names of chips and the labels of sensors separately from
/// the readings; sensors whose name is not unique are left out.
fn figures(scraped: &Exposition) -> Figures {
    let chips: BTreeMap<_, _> = scraped
        .of("node_hwmon_chip_names")
        .map(|(labels, _)| (labels.get("chip").unwrap(), labels.get("chip_name").unwrap()))
        .collect();
    let name = |labels: &Labels| -> Option<String> {
        let (chip, sensor) = (labels.get("chip")?, labels.get("sensor")?);
        let this = Labels::from([("chip", chip), ("sensor", sensor)]);
        let of_this = scraped.of("node_hwmon_sensor_label").find(|(labels, _)| labels.contains(&this));
        Some(format!("{} {}", chips.get(chip)?, of_this.and_then(|(labels, _)| labels.get("label")).unwrap_or(sensor)))
    };
    let mut figures = Figures::default();
    let of_chips = [
        ("node_hwmon_temp_celsius", "hw.temperature", None),
        ("node_hwmon_temp_max_celsius", "hw.temperature.limit", Some("high.degraded")),
        ("node_hwmon_temp_crit_celsius", "hw.temperature.limit", Some("high.critical")),
        ("node_hwmon_fan_rpm", "hw.fan.speed", None),
    ];
    for (theirs, ours, limit) in of_chips {
        let names: Vec<_> = scraped.of(theirs).filter_map(|(labels, _)| name(labels)).collect();
        for (labels, value) in scraped.of(theirs) {
            let Some(name) = name(labels).filter(|name| names.iter().filter(|other| *other == name).count() == 1)
            else {
                continue;
            };
            let limit = limit.map(|limit| ("hw.limit_type", limit.to_owned()));
            figures.add(ours, [("hw.name", name)].into_iter().chain(limit).collect::<Labels>(), value);
        }
    }
    for (labels, celsius) in scraped.of("node_thermal_zone_temp") {
        figures.add("hw.temperature", [("hw.name", labels.get("type").unwrap())], celsius);
    }
    figures
}
