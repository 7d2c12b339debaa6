//! sysinfo, on this system.

use sysinfo::System;

use super::*;
use crate::process::portable::scan;

#[test]
fn sysinfo_reports_this_process() {
    let mut system = System::new().unwrap();
    let first = scan(&mut system).unwrap();
    let this = std::process::id();
    let name = first.processes.iter().find(|process| process.pid == this).unwrap().name.clone();
    let pattern = String::from_utf8(name.to_vec()).unwrap();
    let before = first.times();
    let second = scan(&mut system).unwrap();
    let patterns = [pattern];
    let selection = Selection { top: usize::MAX, patterns: &patterns, open_files: true };
    let mut snapshot = empty();
    readings::push(
        &second,
        Some((&before, Duration::from_secs(1))),
        &selection,
        &|_| Some(1.0),
        &system,
        &mut snapshot,
    );

    let of_this = |metric: &str| listed(&snapshot, metric).into_iter().find(|(pid, _)| *pid == this);
    assert!(of_this("process.memory.usage").unwrap().1 > 100_000.0);
    let counts = snapshot.samples.iter().filter(|sample| sample.name == "system.process.count");
    assert_eq!(counts.map(|sample| sample.value).sum::<f64>(), second.processes.len() as f64);
    assert!(watched(&snapshot, "count", &patterns[0]).unwrap() >= 1.0);
    assert!(watched(&snapshot, "cpu.utilization", &patterns[0]).unwrap() <= 1.0);
    // sysinfo reports starts and the time in whole seconds.
    assert!(watched(&snapshot, "uptime", &patterns[0]).unwrap() < 86_400.0);
    assert_eq!(watched(&snapshot, "open_file_descriptor.count", &patterns[0]), None);
    assert_eq!(snapshot.diagnostics, []);
}

#[cfg(target_os = "linux")]
#[test]
fn portable_and_linux_scans_report_the_same_process() {
    let mut system = System::new().unwrap();
    let portable = scan(&mut system).unwrap();
    let linux = crate::process::scan(&crate::roots::Roots::real()).unwrap();
    let this = |scan: &Scan| {
        let process = scan.processes.iter().find(|process| process.pid == std::process::id()).unwrap();
        let age_s = (scan.now_ticks.unwrap() - process.start_ticks) as f64 / scan.ticks_per_second;
        (process.name.clone(), age_s)
    };
    let ((portable_name, portable_age_s), (linux_name, linux_age_s)) = (this(&portable), this(&linux));
    assert_eq!(portable_name, linux_name);
    assert!((portable_age_s - linux_age_s).abs() <= 3.0, "{portable_age_s} {linux_age_s}");
}
