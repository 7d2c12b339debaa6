//! Whole collections, from recorded files and from this machine.
#![allow(clippy::unwrap_used)]

#[cfg(target_os = "linux")]
use std::path::Path;
#[cfg(target_os = "linux")]
use std::time::Duration;

use jiff::Timestamp;

#[cfg(target_os = "linux")]
use checkpost_model::metric::{Diagnostic, Labels, Sample, catalog};
use checkpost_model::metric::{Headline, Host};

#[cfg(target_os = "linux")]
use super::roots::Roots;
use super::*;

/// A temporary directory with these files.
#[cfg(target_os = "linux")]
pub(super) fn proc_with(files: &[(&str, &str)]) -> tempfile::TempDir {
    let proc = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = proc.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    proc
}

/// The directories of a machine, in a temporary directory.
#[cfg(target_os = "linux")]
pub(super) struct Tree {
    pub(super) roots: Roots,
    _directory: tempfile::TempDir,
}

/// Directories with these files, each by its path below `/`.
#[cfg(target_os = "linux")]
pub(super) fn tree_with(files: &[(&str, &str)]) -> Tree {
    let directory = proc_with(files);
    Tree { roots: Roots::below(directory.path()), _directory: directory }
}

/// A recorded machine.
#[cfg(target_os = "linux")]
pub(super) fn fixture(name: &str) -> Roots {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures").join(name);
    assert!(root.is_dir(), "{}", root.display());
    Roots::below(&root)
}

/// The readings of one source, whose labels must be those of the catalog.
#[cfg(target_os = "linux")]
pub(super) fn measured(roots: &Roots, collect: impl FnOnce(&Roots, &mut Snapshot)) -> Snapshot {
    let mut snapshot = Snapshot::new(Timestamp::UNIX_EPOCH, Host::example("boot-1"));
    collect(roots, &mut snapshot);
    for sample in &snapshot.samples {
        let metric = catalog::metric(&sample.name).unwrap_or_else(|| panic!("{} is new", sample.name));
        let keys: Vec<_> = sample.labels.iter().map(|(key, _)| key).collect();
        assert_eq!(keys, metric.labels, "{}", sample.name);
    }
    snapshot
}

/// Every reading, as `name{label=value,label=value}`, sorted.
#[cfg(target_os = "linux")]
pub(super) fn readings(snapshot: &Snapshot) -> Vec<(String, f64)> {
    let reading = |sample: &Sample| {
        let labels: Vec<_> = sample.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
        (format!("{}{{{}}}", sample.name, labels.join(",")), sample.value)
    };
    let mut readings: Vec<_> = snapshot.samples.iter().map(reading).collect();
    readings.sort_by(|a, b| a.0.cmp(&b.0));
    readings
}

/// The messages of the diagnostics.
#[cfg(target_os = "linux")]
pub(super) fn messages(snapshot: &Snapshot) -> Vec<&str> {
    snapshot.diagnostics.iter().map(|diagnostic| &*diagnostic.message).collect()
}

fn assert_sorted_and_unique(snapshot: &Snapshot) {
    for pair in snapshot.samples.windows(2) {
        assert!((&pair[0].name, &pair[0].labels) < (&pair[1].name, &pair[1].labels), "{pair:?}");
    }
}

fn assert_plausible(snapshot: &Snapshot) {
    for sample in &snapshot.samples {
        let may_be_negative = ["checkpost.clock.offset", "hw.temperature"].contains(&&*sample.name);
        assert!(sample.value >= 0.0 || may_be_negative, "{sample:?}");
        if sample.name.ends_with(".utilization") {
            assert!(sample.value <= 1.0, "{sample:?}");
        }
    }
    let headline = Headline::of(snapshot);
    assert!(headline.cpu_percent.is_some(), "{:?}", snapshot.diagnostics);
    assert!(headline.cpu_count.unwrap() >= 1);
    assert!(headline.memory_used_bytes.unwrap() < headline.memory_total_bytes.unwrap());
    assert!(headline.disk_used_bytes.unwrap() <= headline.disk_total_bytes.unwrap());
    assert!(headline.disk_percent.is_some());
    assert!(headline.network_sent_bytes.is_some() && headline.network_received_bytes.is_some());
}

#[cfg(target_os = "linux")]
#[test]
fn machine_of_the_test_is_measured() {
    let mut snapshot = collect(&Request::new(Timestamp::now()));
    assert_plausible(&snapshot);
    assert_sorted_and_unique(&snapshot);
    let interval = snapshot.value("checkpost.cpu.interval", &Labels::none()).unwrap();
    assert!((0.25..30.0).contains(&interval), "{interval}");

    // The next snapshot is compared with this one, made a minute older: no window, and rates.
    let uptime = snapshot.samples.iter_mut().find(|sample| sample.name == "system.uptime").unwrap();
    uptime.value -= 60.0;
    snapshot.samples.iter_mut().filter(|s| s.name == "system.cpu.time").for_each(|sample| sample.value /= 2.0);
    let next = collect(&Request { previous: Some(&snapshot), ..Request::new(Timestamp::now()) });
    assert_plausible(&next);
    assert_sorted_and_unique(&next);
    assert!(next.value("checkpost.cpu.interval", &Labels::none()).unwrap() >= 60.0);
}

#[test]
fn portable_sources_measure_the_machine_of_the_test() {
    let request = Request::new(Timestamp::now());
    let mut snapshot = Snapshot::new(request.now, super::host());
    portable::measure(&request, &mut snapshot);
    assert_plausible(&snapshot);
}

#[cfg(target_os = "linux")]
mod recorded {
    use super::*;

    const STAT: &str = "cpu  30000 0 10000 60000 0 0 0 0 0 0\ncpu0 15000 0 5000 30000 0 0 0 0 0 0\n\
                        cpu1 15000 0 5000 30000 0 0 0 0 0 0\nctxt 1\nbtime 1\nprocesses 1\n";
    const DEV: &str = "Inter-|\n face |\n    lo: 500 5 0 0 0 0 0 0 500 5 0 0 0 0 0 0\n\
                       eth0: 61000 10 0 0 0 0 0 0 2000 20 0 0 0 0 0 0\n";

    fn recorded() -> tempfile::TempDir {
        proc_with(&[
            ("proc/stat", STAT),
            ("proc/uptime", "400.00 700.00\n"),
            ("proc/loadavg", "0.03 0.67 1.59 1/89 11286\n"),
            ("proc/meminfo", "MemTotal: 1000 kB\nMemAvailable: 250 kB\n"),
            ("proc/net/dev", DEV),
            ("proc/self/mountinfo", "27 1 254:0 / / rw - ext4 /dev/vda rw\n"),
        ])
    }

    /// The minimum demand and the load, all of which is in these files.
    fn request<'a>(previous: Option<&'a Snapshot>) -> Request<'a> {
        let mut demand = Demand::minimum();
        demand.want_all(&["checkpost.load*"]);
        Request { previous, demand, ..Request::new(Timestamp::UNIX_EPOCH) }
    }

    fn measured(root: &Path, request: &Request) -> Snapshot {
        let mut snapshot = Snapshot::new(request.now, Host::example("boot-1"));
        let roots = Roots::below(root);
        let physical = linux::measure(&roots, request, &mut snapshot);
        complete(request, &physical, &mut snapshot);
        snapshot
    }

    #[test]
    fn cycle_is_compared_with_the_last_one() {
        let mut previous = Snapshot::new(Timestamp::UNIX_EPOCH, Host::example("boot-1"));
        previous.push("system.uptime", Labels::none(), 100.0);
        for mode in ["user", "nice", "system", "idle", "iowait", "interrupt", "softirq", "steal"] {
            previous.push("system.cpu.time", [("cpu.mode", mode)], 0.0);
        }
        let request = request(Some(&previous));
        let snapshot = measured(recorded().path(), &request);
        let plain = |name| snapshot.value(name, &Labels::none());
        assert_eq!(plain("system.cpu.utilization"), Some(0.4));
        assert_eq!(plain("checkpost.cpu.interval"), Some(300.0));
        assert_eq!(plain("system.cpu.logical.count"), Some(2.0));
        assert_eq!(plain("system.memory.utilization"), Some(0.75));
        assert_eq!(plain("checkpost.load_1m"), Some(0.03));
        assert_eq!(plain("checkpost.load_15m"), Some(1.59));
        assert_eq!(Headline::of(&snapshot).network_received_bytes, Some(61_500));
        assert_eq!(snapshot.diagnostics, []);
    }

    #[test]
    fn source_that_is_absent_is_a_diagnostic_and_no_zero() {
        for (file, source) in [
            ("proc/stat", "cpu"),
            ("proc/uptime", "system"),
            ("proc/loadavg", "system"),
            ("proc/meminfo", "memory"),
            ("proc/net/dev", "network"),
            ("proc/self/mountinfo", "filesystem"),
        ] {
            let proc = recorded();
            std::fs::remove_file(proc.path().join(file)).unwrap();
            let request = Request { cpu_window: Duration::ZERO, ..request(None) };
            let snapshot = measured(proc.path(), &request);
            let names_file = |diagnostic: &&Diagnostic| diagnostic.message.contains(file);
            let diagnostic = snapshot.diagnostics.iter().find(names_file).unwrap();
            assert_eq!(diagnostic.source, source);
            let prefix = format!("system.{source}");
            assert!(snapshot.samples.iter().all(|sample| !sample.name.starts_with(&prefix)), "{file}");
            assert!(snapshot.samples.len() > 5, "{file}: the other sources are read");
        }
    }

    #[test]
    fn garbage_in_a_file_is_a_diagnostic_and_no_reading() {
        let tree = tree_with(&[("proc/uptime", "soon\n"), ("proc/loadavg", "0.5\n")]);
        let mut snapshot = Snapshot::new(Timestamp::UNIX_EPOCH, Host::example("boot-1"));
        system::collect(&tree.roots, &request(None), &mut snapshot);
        assert_eq!(snapshot.samples.len(), 1);
        assert_eq!(snapshot.diagnostics.len(), 3);
    }
}

/// A server with two of three CPUs, a bond over two interfaces, device mapper and a disk that was plugged in again: at one
/// moment, and 300 s later.
#[cfg(target_os = "linux")]
mod server {
    use super::*;
    use checkpost_model::metric::catalog::Source;

    /// Measures all sources but filesystems, whose size is that of the machine of the test, and those with tests of their own.
    fn measure(moment: &str, previous: Option<&Snapshot>) -> Snapshot {
        let excluded = [Source::Filesystem, Source::Process, Source::Clock, Source::Checkpost];
        let sources: Vec<_> = Source::ALL.into_iter().filter(|source| !excluded.contains(source)).collect();
        let request = Request {
            demand: Demand::of_sources(&sources),
            previous,
            cpu_window: Duration::ZERO,
            ..Request::new(Timestamp::UNIX_EPOCH)
        };
        let mut snapshot = Snapshot::new(request.now, Host::example("boot-1"));
        let physical = linux::measure(&fixture(&format!("server/{moment}")), &request, &mut snapshot);
        complete(&request, &physical, &mut snapshot);
        snapshot
    }

    #[test]
    fn server_at_two_moments() {
        let before = measure("before", None);
        // The counters of a recording do not change during a CPU window.
        let [message] = messages(&before)[..] else { panic!("{:?}", before.diagnostics) };
        assert!(message.starts_with("CPU counters fell or did not change"), "{message}");
        let after = measure("after", Some(&before));
        assert_eq!(after.diagnostics, []);
        assert_sorted_and_unique(&after);
        let lines: Vec<_> = readings(&after).iter().map(|(reading, value)| format!("{reading} {value}")).collect();
        insta::assert_snapshot!(lines.join("\n"));
    }
}

#[test]
fn readings_are_sorted_and_a_repeated_one_is_ignored_with_a_diagnostic() {
    let mut snapshot = Snapshot::new(Timestamp::UNIX_EPOCH, Host::example("boot-1"));
    snapshot.push("b", [("k", "1")], 1.0);
    snapshot.push("a", [("k", "2")], 2.0);
    snapshot.push("a", [("k", "1")], 3.0);
    snapshot.push("b", [("k", "1")], 4.0);
    sort(&mut snapshot);
    assert_sorted_and_unique(&snapshot);
    assert_eq!(snapshot.samples.iter().map(|sample| sample.value).collect::<Vec<_>>(), [3.0, 2.0, 1.0]);
    assert_eq!(snapshot.diagnostics[0].message, "b {k=1} was read twice; the second reading is ignored");
}
