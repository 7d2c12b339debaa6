//! Pressure stall information: the time that tasks waited for a resource.

use std::io;

use checkpost_model::metric::{Labels, Snapshot};

use crate::files;
use crate::roots::Roots;

/// Resources and their meaningful stalls. `full` of the CPU is always 0 and absent in older kernels, because while all
/// tasks of a host wait for a CPU, none could occupy it.
const RESOURCES: [(&str, &[&str]); 3] = [("cpu", &["some"]), ("memory", &["some", "full"]), ("io", &["some", "full"])];
/// The names of the kernel for averages, and their windows.
const WINDOWS: [(&str, &str); 3] = [("avg10", "10s"), ("avg60", "60s"), ("avg300", "300s")];

/// Reads `pressure` below `/proc`, which is absent if the kernel was built without it.
pub(super) fn collect(roots: &Roots, snapshot: &mut Snapshot) {
    let directory = roots.proc.join("pressure");
    if !directory.is_dir() {
        return;
    }
    for (resource, stalls) in RESOURCES {
        let path = directory.join(resource);
        match files::read(&path) {
            Ok(text) => {
                for stall in stalls {
                    if push(&text, resource, stall, snapshot).is_none() {
                        let message = format!("no valid '{stall}' line in {}", files::display(&path));
                        snapshot.diagnose("pressure", message);
                    }
                }
            }
            Err(error) if is_off(&error) => {}
            Err(error) => snapshot.diagnose("pressure", files::cannot_read(&path, &error)),
        }
    }
}

/// Whether the kernel was started with `psi=0`: the files exist, but reading them fails.
fn is_off(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::EOPNOTSUPP)
}

/// Adds the readings of one line, all of them or none.
fn push(text: &str, resource: &str, stall: &str, snapshot: &mut Snapshot) -> Option<()> {
    // The procfs crate reads the averages as f32, which turns 9.26 into 9.260000228881836.
    let fields = text.lines().find_map(|line| line.strip_prefix(stall)?.strip_prefix(' '))?;
    let value = |name| fields.split_whitespace().find_map(|field| field.strip_prefix(name)?.strip_prefix('='));
    let percent = |name| value(name)?.parse::<f64>().ok().filter(|percent| (0.0..=100.0).contains(percent));
    let averages = WINDOWS.map(|(name, window)| Some((window, percent(name)? / 100.0)));
    let total_us: u64 = value("total")?.parse().ok()?;
    if averages.contains(&None) {
        return None;
    }
    let labels = [("checkpost.pressure.resource", resource), ("checkpost.pressure.stall", stall)];
    for (window, ratio) in averages.into_iter().flatten() {
        let labels: Labels = labels.into_iter().chain([("checkpost.pressure.window", window)]).collect();
        snapshot.push("checkpost.pressure.ratio", labels, ratio);
    }
    snapshot.push("checkpost.pressure.time", labels, total_us as f64 / 1e6);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{fixture, measured, readings, tree_with};

    const CPU: &str = "some avg10=9.26 avg60=5.60 avg300=3.94 total=30310609\n\
                       full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n";
    const IO: &str = "some avg10=0.00 avg60=0.04 avg300=0.10 total=2706954\n\
                      full avg10=0.00 avg60=0.01 avg300=0.06 total=2041072\n";

    #[test]
    fn averages_are_ratios_and_totals_are_seconds() {
        let snapshot = measured(&fixture("laptop"), collect);
        assert_eq!(snapshot.diagnostics, []);
        let readings = readings(&snapshot);
        let value = |name: &str| readings.iter().find(|(reading, _)| reading == name).map(|(_, value)| *value);
        let labels = "checkpost.pressure.resource=cpu,checkpost.pressure.stall=some";
        assert_eq!(value(&format!("checkpost.pressure.ratio{{{labels},checkpost.pressure.window=10s}}")), Some(0.0926));
        assert_eq!(
            value(&format!("checkpost.pressure.ratio{{{labels},checkpost.pressure.window=300s}}")),
            Some(0.0394)
        );
        assert_eq!(value(&format!("checkpost.pressure.time{{{labels}}}")), Some(30.310609));
        let labels = "checkpost.pressure.resource=io,checkpost.pressure.stall=full";
        assert_eq!(value(&format!("checkpost.pressure.time{{{labels}}}")), Some(2.041072));
        // Three windows and a total, for `some` of cpu, and for `some` and `full` of memory and io.
        assert_eq!(readings.len(), 4 * 5);
    }

    #[test]
    fn full_stall_of_the_cpu_is_left_out() {
        let snapshot = measured(&fixture("laptop"), collect);
        let full = Labels::from([("checkpost.pressure.resource", "cpu"), ("checkpost.pressure.stall", "full")]);
        assert!(snapshot.samples.iter().all(|sample| !sample.labels.contains(&full)));
    }

    #[test]
    fn kernel_without_pressure_has_no_readings_and_no_diagnostic() {
        let snapshot = measured(&tree_with(&[("proc/uptime", "1 1")]).roots, collect);
        assert_eq!((snapshot.samples.len(), snapshot.diagnostics.len()), (0, 0));
        assert!(is_off(&io::Error::from_raw_os_error(libc::EOPNOTSUPP)));
        assert!(!is_off(&io::Error::from_raw_os_error(libc::EACCES)));
    }

    #[test]
    fn file_that_is_absent_is_a_diagnostic_and_the_others_are_read() {
        let tree = tree_with(&[("proc/pressure/cpu", CPU), ("proc/pressure/io", IO)]);
        let snapshot = measured(&tree.roots, collect);
        assert_eq!(snapshot.samples.len(), 4 + 8);
        assert_eq!(snapshot.diagnostics.len(), 1);
        assert!(snapshot.diagnostics[0].message.contains("pressure/memory: "), "{:?}", snapshot.diagnostics);
    }

    #[test]
    fn line_that_is_cut_off_or_invalid_is_named_and_left_out_whole() {
        for (memory, left_out) in [
            ("some avg10=0.00 avg60=0.00 avg300=0.00 total=0\nfull avg10=0.00 avg6", "full"),
            ("full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n", "some"),
            ("some avg10=NaN avg60=0.00 avg300=0.00 total=0\nfull avg10=0 avg60=0 avg300=0 total=0", "some"),
            ("some avg10=0 avg60=0 avg300=0 total=-1\nfull avg10=0 avg60=0 avg300=0 total=0", "some"),
            ("some avg10=0 avg60=0 avg300=0 total=1\nfull avg10=0 avg60=0 avg300=100.5 total=0", "full"),
        ] {
            let tree =
                tree_with(&[("proc/pressure/cpu", CPU), ("proc/pressure/io", IO), ("proc/pressure/memory", memory)]);
            let snapshot = measured(&tree.roots, collect);
            assert_eq!(snapshot.samples.len(), 4 + 8 + 4, "{memory}");
            assert_eq!(snapshot.diagnostics.len(), 1, "{memory}");
            let message = &snapshot.diagnostics[0].message;
            assert!(message.starts_with(&format!("no valid '{left_out}' line in ")), "{message}");
            assert!(message.ends_with("pressure/memory"), "{message}");
        }
    }
}
