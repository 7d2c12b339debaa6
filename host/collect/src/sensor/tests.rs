//! Sensors of recorded machines, and of machines made for a case.
#![allow(clippy::unwrap_used)]

use checkpost_model::metric::Sample;

use super::reading::plausible_celsius;
use super::*;
use crate::tests::{Tree, fixture, measured, messages, readings, tree_with};

/// Readings of a tree with these files below `/sys/class`.
fn measure(files: &[(&str, &str)]) -> (Tree, Snapshot) {
    let files: Vec<_> = files.iter().map(|(path, text)| (format!("sys/class/{path}"), *text)).collect();
    let files: Vec<_> = files.iter().map(|(path, text)| (&**path, *text)).collect();
    let tree = tree_with(&files);
    let snapshot = measured(&tree.roots, collect);
    (tree, snapshot)
}

fn temperature(snapshot: &Snapshot, id: &str) -> Option<f64> {
    let has_id = |sample: &&Sample| sample.name == "hw.temperature" && sample.labels.get("hw.id") == Some(id);
    snapshot.samples.iter().find(has_id).map(|sample| sample.value)
}

#[test]
fn laptop_has_temperatures_limits_and_fans_and_its_gpu_sleeps_on() {
    let snapshot = measured(&fixture("laptop"), collect);
    let expected = [
        ("hw.fan.speed{hw.id=thinkpad/fan1,hw.name=thinkpad CPU fan}", 2_836.0),
        ("hw.fan.speed{hw.id=thinkpad/fan2,hw.name=thinkpad fan2}", 0.0),
        ("hw.temperature.limit{hw.id=coretemp/temp1,hw.limit_type=high.critical,hw.name=coretemp Package id 0}", 100.0),
        ("hw.temperature.limit{hw.id=coretemp/temp1,hw.limit_type=high.degraded,hw.name=coretemp Package id 0}", 100.0),
        ("hw.temperature.limit{hw.id=coretemp/temp2,hw.limit_type=high.critical,hw.name=coretemp Core 0}", 100.0),
        ("hw.temperature.limit{hw.id=coretemp/temp2,hw.limit_type=high.degraded,hw.name=coretemp Core 0}", 100.0),
        ("hw.temperature.limit{hw.id=nvme/temp1,hw.limit_type=high.critical,hw.name=nvme Composite}", 84.85),
        ("hw.temperature.limit{hw.id=nvme/temp1,hw.limit_type=high.degraded,hw.name=nvme Composite}", 81.85),
        ("hw.temperature{hw.id=coretemp/temp1,hw.name=coretemp Package id 0}", 52.0),
        ("hw.temperature{hw.id=coretemp/temp2,hw.name=coretemp Core 0}", 49.0),
        ("hw.temperature{hw.id=nvme/temp1,hw.name=nvme Composite}", 38.85),
        ("hw.temperature{hw.id=nvme/temp2,hw.name=nvme Sensor 1}", 38.85),
    ];
    assert_eq!(readings(&snapshot), expected.map(|(name, value)| (name.to_owned(), value)));
    assert_eq!(messages(&snapshot), ["iwlwifi_1 temp1 (iwlwifi_1/temp1) reports an implausible 3892314 °C: left out"]);
}

#[test]
fn board_without_hwmon_has_thermal_zones_and_limits_of_their_trip_points() {
    let snapshot = measured(&fixture("raspberry"), collect);
    let labels = "hw.id=thermal/cpu-thermal";
    let expected = [
        (format!("hw.temperature.limit{{{labels},hw.limit_type=high.critical,hw.name=cpu-thermal}}"), 110.0),
        (format!("hw.temperature.limit{{{labels},hw.limit_type=high.degraded,hw.name=cpu-thermal}}"), 80.0),
        (format!("hw.temperature{{{labels},hw.name=cpu-thermal}}"), 48.312),
    ];
    assert_eq!(readings(&snapshot), expected);
    assert_eq!(snapshot.diagnostics, []);
}

#[test]
fn thermal_zones_are_read_when_no_chip_has_a_temperature() {
    let zone = [("thermal/thermal_zone0/type", "acpitz\n"), ("thermal/thermal_zone0/temp", "27800\n")];
    let fan = [("hwmon/hwmon0/name", "pwmfan\n"), ("hwmon/hwmon0/fan1_input", "900\n")];
    let broken = [("hwmon/hwmon1/name", "acpitz\n"), ("hwmon/hwmon1/temp1_input", "127000\n")];
    let (_, snapshot) = measure(&[&zone[..], &fan, &broken].concat());
    assert_eq!(temperature(&snapshot, "thermal/acpitz"), Some(27.8));
    assert_eq!(snapshot.samples.len(), 2);
    let chip = [("hwmon/hwmon2/name", "acpitz\n"), ("hwmon/hwmon2/temp1_input", "27800\n")];
    let (_, snapshot) = measure(&[&zone[..], &chip].concat());
    assert_eq!(readings(&snapshot), [("hw.temperature{hw.id=acpitz/temp1,hw.name=acpitz temp1}".to_owned(), 27.8)]);
}

#[test]
fn machine_without_sensors_has_no_readings_and_no_diagnostic() {
    let (_, snapshot) = measure(&[("net/lo/address", "")]);
    assert_eq!((snapshot.samples.len(), snapshot.diagnostics.len()), (0, 0));
}

#[test]
fn temperatures_of_broken_sensors_are_implausible() {
    for (millidegrees, celsius) in [(-39_999, Some(-39.999)), (0, Some(0.0)), (126_999, Some(126.999))] {
        assert_eq!(plausible_celsius(millidegrees), celsius);
    }
    for millidegrees in [-40_000, -128_000, 127_000, 255_000, 3_892_314_000, i64::MIN, i64::MAX] {
        assert_eq!(plausible_celsius(millidegrees), None);
    }
}

#[test]
fn fan_speed_up_to_100000_rpm_is_plausible() {
    for (rpm, is_plausible) in [("0", true), ("100000", true), ("100001", false), ("-1", false)] {
        let (_, snapshot) = measure(&[("hwmon/hwmon0/name", "it87"), ("hwmon/hwmon0/fan1_input", rpm)]);
        assert_eq!((snapshot.samples.len(), snapshot.diagnostics.len()), if is_plausible { (1, 0) } else { (0, 1) });
    }
}

#[test]
fn limits_are_left_out_silently_unless_they_are_plausible_and_above_zero() {
    for (limit, is_limit) in [("1", true), ("126999", true), ("0", false), ("65261850", false), ("-5000", false)] {
        let (_, snapshot) = measure(&[
            ("hwmon/hwmon0/name", "nvme"),
            ("hwmon/hwmon0/temp1_input", "30000"),
            ("hwmon/hwmon0/temp1_crit", limit),
        ]);
        assert_eq!(snapshot.samples.len(), 1 + usize::from(is_limit), "{limit}");
        assert_eq!(snapshot.diagnostics, [], "{limit}");
    }
}

#[test]
fn sensor_with_a_fault_is_left_out_and_one_without_is_read() {
    let (_, snapshot) = measure(&[
        ("hwmon/hwmon0/name", "max31790"),
        ("hwmon/hwmon0/temp1_input", "30000"),
        ("hwmon/hwmon0/temp1_fault", "1"),
        ("hwmon/hwmon0/temp2_input", "31000"),
        ("hwmon/hwmon0/temp2_fault", "0"),
        ("hwmon/hwmon0/fan1_input", "0"),
        ("hwmon/hwmon0/fan1_fault", "1"),
    ]);
    assert_eq!(temperature(&snapshot, "max31790/temp2"), Some(31.0));
    assert_eq!(snapshot.samples.len(), 1);
    assert_eq!(
        messages(&snapshot),
        [
            "max31790 temp1 (max31790/temp1) reports a fault: left out",
            "max31790 fan1 (max31790/fan1) reports a fault: left out",
        ]
    );
}

#[test]
fn sensor_that_cannot_be_read_is_named_and_the_others_are_read() {
    let (_, snapshot) = measure(&[
        ("hwmon/hwmon0/name", "nct6775"),
        ("hwmon/hwmon0/temp1_input/unreadable", ""),
        ("hwmon/hwmon0/temp2_input", "cold"),
        ("hwmon/hwmon0/temp3_input", ""),
        ("hwmon/hwmon0/temp10_input", "40000"),
        ("hwmon/hwmon0/temp10_max", "hot"),
    ]);
    assert_eq!(temperature(&snapshot, "nct6775/temp10"), Some(40.0));
    assert_eq!(snapshot.samples.len(), 1);
    let messages = messages(&snapshot);
    assert_eq!(messages.len(), 4);
    assert!(messages[0].starts_with("cannot read ") && messages[0].contains("temp1_input: "), "{messages:?}");
    assert!(messages[1].ends_with("temp2_input: 'cold'"), "{messages:?}");
    assert!(messages[2].ends_with("temp3_input: ''"), "{messages:?}");
    assert!(messages[3].ends_with("temp10_max: 'hot'"), "{messages:?}");
}

#[test]
fn files_of_old_drivers_are_in_the_directory_of_the_device() {
    let (_, snapshot) = measure(&[
        ("hwmon/hwmon0/device/name", "w83627hf"),
        ("hwmon/hwmon0/device/temp1_input", "35000"),
        ("hwmon/hwmon0/device/fan1_input", "1200"),
    ]);
    assert_eq!(temperature(&snapshot, "w83627hf/temp1"), Some(35.0));
    assert_eq!(snapshot.samples.len(), 2);
}

#[test]
fn chip_is_named_by_its_device_and_not_by_its_number() {
    let (tree, _) = measure(&[
        ("hwmon/hwmon3/name", "nvme"),
        ("hwmon/hwmon3/temp1_input", "40000"),
        ("hwmon/hwmon5/name", "iwlwifi_1"),
        ("hwmon/hwmon5/temp1_input", "50000"),
    ]);
    let class = tree.roots.sys.join("class/hwmon");
    std::os::unix::fs::symlink("../../nvme0", class.join("hwmon3/device")).unwrap();
    std::os::unix::fs::symlink("../../thermal_zone7", class.join("hwmon5/device")).unwrap();
    let before = measured(&tree.roots, collect);
    assert_eq!(temperature(&before, "nvme@nvme0/temp1"), Some(40.0));
    assert_eq!(temperature(&before, "iwlwifi_1/temp1"), Some(50.0));
    std::fs::rename(class.join("hwmon3"), class.join("hwmon9")).unwrap();
    assert_eq!(readings(&measured(&tree.roots, collect)), readings(&before));
}

#[test]
fn chips_with_the_same_name_are_numbered_in_their_order() {
    let (_, snapshot) = measure(&[
        ("hwmon/hwmon2/name", "acpitz"),
        ("hwmon/hwmon2/temp1_input", "20000"),
        ("hwmon/hwmon10/name", "acpitz"),
        ("hwmon/hwmon10/temp1_input", "30000"),
    ]);
    assert_eq!(temperature(&snapshot, "acpitz/temp1"), Some(20.0));
    assert_eq!(temperature(&snapshot, "acpitz#2/temp1"), Some(30.0));
}

#[test]
fn suspended_device_is_not_read_and_an_active_one_is() {
    for (status, is_read) in
        [("suspended\n", false), ("suspending\n", false), ("active\n", true), ("unsupported", true)]
    {
        let (_, snapshot) = measure(&[
            ("hwmon/hwmon0/name", "amdgpu"),
            // Reading this file makes a diagnostic.
            ("hwmon/hwmon0/temp1_input", "asleep"),
            ("hwmon/hwmon0/device/power/runtime_status", status),
        ]);
        assert_eq!(snapshot.diagnostics.len(), usize::from(is_read), "{status}");
    }
}

#[test]
fn hostile_names_are_bounded_and_without_control_characters() {
    let long = "x".repeat(1_000);
    let (_, snapshot) = measure(&[
        ("hwmon/hwmon0/name", "evil\u{1b}[2J\nchip"),
        ("hwmon/hwmon0/temp1_input", "40000"),
        ("hwmon/hwmon0/temp1_label", &long),
        ("hwmon/hwmon1/name", "\n"),
        ("hwmon/hwmon1/temp1_input", "41000"),
        ("hwmon/hwmon1/temp1_label", " \n"),
    ]);
    let names: Vec<_> = snapshot.samples.iter().filter_map(|sample| sample.labels.get("hw.name")).collect();
    assert_eq!(names[0].len(), "evil\\u{1b}[2J\\u{a}chip ".len() + 63 + "…".len());
    assert!(names[0].starts_with("evil\\u{1b}[2J\\u{a}chip xxx"), "{names:?}");
    assert_eq!(names[1], "hwmon temp1");
    assert_eq!(snapshot.diagnostics, []);
}

#[test]
fn zone_with_an_invalid_file_is_named_and_the_others_are_read() {
    let (_, snapshot) = measure(&[
        ("thermal/cooling_device0/type", "Processor"),
        ("thermal/thermal_zone0/type", "acpitz"),
        ("thermal/thermal_zone0/temp", "warm"),
        ("thermal/thermal_zone1/type", "acpitz"),
        ("thermal/thermal_zone1/temp", "255000"),
        ("thermal/thermal_zone2/type", "acpitz"),
        ("thermal/thermal_zone2/temp", "45000"),
        ("thermal/thermal_zone2/trip_point_0_type", "critical"),
        ("thermal/thermal_zone2/trip_point_0_temp", "hot"),
        ("thermal/thermal_zone2/trip_point_1_type", "critical"),
        ("thermal/thermal_zone2/trip_point_1_temp", "105000"),
        ("thermal/thermal_zone2/trip_point_2_type", "critical"),
        ("thermal/thermal_zone2/trip_point_2_temp", "100000"),
        ("thermal/thermal_zone3/temp", "46000"),
        ("thermal/thermal_zone4/type", "switched-off"),
    ]);
    let critical = "hw.temperature.limit{hw.id=thermal/acpitz#3,hw.limit_type=high.critical,hw.name=acpitz}";
    let expected = [
        (critical, 100.0),
        ("hw.temperature{hw.id=thermal/acpitz#3,hw.name=acpitz}", 45.0),
        ("hw.temperature{hw.id=thermal/thermal_zone3,hw.name=thermal_zone3}", 46.0),
    ];
    assert_eq!(readings(&snapshot), expected.map(|(name, value)| (name.to_owned(), value)));
    let messages = messages(&snapshot);
    assert_eq!(messages.len(), 3, "{messages:?}");
    assert!(messages[0].ends_with("thermal_zone0/temp: 'warm'"), "{messages:?}");
    assert_eq!(messages[1], "acpitz (thermal/acpitz#2) reports an implausible 255 °C: left out");
    assert!(messages[2].ends_with("trip_point_0_temp: 'hot'"), "{messages:?}");
}
