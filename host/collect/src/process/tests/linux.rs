//! `/proc`, recorded and real.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Instant;

use checkpost_model::metric::Sample;

use super::*;
use crate::roots::Roots;

fn recorded() -> Roots {
    Roots::below(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/processes")))
}

fn pushed(roots: &Roots, before: Option<(&ProcessTimes, Duration)>, selection: &Selection) -> Snapshot {
    let mut snapshot = empty();
    readings::push(&scan(roots).unwrap(), before, selection, &|_| None, &Processes::below(roots), &mut snapshot);
    snapshot
}

fn patterns<const N: usize>(patterns: [&str; N]) -> [String; N] {
    patterns.map(str::to_owned)
}

/// The names of the processes listed by memory.
fn names(snapshot: &Snapshot) -> Vec<Option<&str>> {
    let of_memory = snapshot.samples.iter().filter(|sample| sample.name == "process.memory.usage");
    of_memory.map(|sample| sample.labels.get("process.executable.name")).collect()
}

/// A machine with these processes: name, state, CPU ticks, start, pages.
fn machine(processes: &[(u32, &[u8], &str)]) -> (tempfile::TempDir, Roots) {
    let root = tempfile::tempdir().unwrap();
    let roots = Roots::below(root.path());
    for (pid, name, rest) in processes {
        let directory = roots.proc.join(pid.to_string());
        fs::create_dir_all(&directory).unwrap();
        fs::write(directory.join("stat"), [format!("{pid} (").as_bytes(), name, b") ", rest.as_bytes()].concat())
            .unwrap();
    }
    fs::create_dir_all(&roots.proc).unwrap();
    fs::write(roots.proc.join("uptime"), "1000.00 0.00\n").unwrap();
    (root, roots)
}

/// The fields of a stat from the state on: a sleeping process that used 10 ticks, started at second 500 and has 4 pages.
const SLEEPER: &str = "S 1 1 1 0 -1 0 0 0 0 0 6 4 0 0 20 0 1 0 50000 1000 4 0 0 0\n";

#[test]
fn recorded_processes_are_counted_by_state() {
    let snapshot = pushed(&recorded(), None, &Selection { top: 0, patterns: &[], open_files: true });
    let count = |state| snapshot.value("system.process.count", &Labels::from([("process.state", state)]));
    for (state, expected) in [
        ("running", 1.0),
        ("sleeping", 13.0),
        ("disk_sleep", 1.0),
        ("stopped", 2.0),
        ("defunct", 1.0),
        ("idle", 1.0),
        ("other", 1.0),
    ] {
        assert_eq!(count(state), Some(expected), "{state}");
    }
    assert_eq!(snapshot.diagnostics, []);
}

#[test]
fn recorded_processes_are_listed_and_watched() {
    let roots = recorded();
    // 100 s ago PID 101 and the rest did not exist or had used no CPU time; 4 CPUs have 40,000 ticks.
    let earlier = times(&[(1, 20, 500), (11, 21, 300), (100, 50_000, 60), (305, 70_000, 1_100)]);
    let patterns = patterns(["nginx", "systemd-timesyncd", "nosuch"]);
    let selection = Selection { top: 3, patterns: &patterns, open_files: true };
    let snapshot = pushed(&roots, Some((&earlier, Duration::from_secs(100))), &selection);
    // dd and the defunct worker started meanwhile.
    assert_eq!(listed(&snapshot, "process.cpu.utilization"), [(305, 0.05), (301, 0.03), (102, 0.0225)]);
    let page = procfs::page_size() as f64;
    assert_eq!(
        listed(&snapshot, "process.memory.usage"),
        [(101, 4_000.0 * page), (1, 3_000.0 * page), (100, 2_000.0 * page)]
    );
    assert_eq!(watched(&snapshot, "count", "nginx"), Some(2.0));
    assert_eq!(watched(&snapshot, "memory.usage", "nginx"), Some(6_000.0 * page));
    assert_eq!(watched(&snapshot, "uptime", "nginx"), Some(500.0));
    assert_eq!(watched(&snapshot, "open_file_descriptor.count", "nginx"), Some(5.0));
    // 40 ticks of the master; the worker started at second 900, the earlier moment, and counts with all of its ticks.
    assert_eq!(watched(&snapshot, "cpu.utilization", "nginx"), Some(840.0 / 40_000.0));
    assert_eq!(watched(&snapshot, "count", "systemd-timesyncd"), Some(1.0));
    assert_eq!(watched(&snapshot, "count", "nosuch"), Some(0.0));
    assert_eq!(snapshot.diagnostics, []);
}

#[test]
fn hostile_names_are_parsed_and_cleaned() {
    let snapshot = pushed(&recorded(), None, &Selection { top: 100, patterns: &[], open_files: true });
    let names = names(&snapshot);
    for name in [
        ") R 1 (",
        "two words",
        "line\\u{a}break",
        "\\u{1b}[31m\\u{7}red\\u{7f}",
        "<img onerror=x>",
        "$(rm -rf /)`id`",
        "(sd-pam)",
        "systemd-timesyn",
    ] {
        assert!(names.contains(&Some(name)), "{name} is not in {names:?}");
    }
    let nameless = snapshot.samples.iter().find(|sample| sample.labels.get("process.pid") == Some("207")).unwrap();
    assert_eq!(nameless.labels.get("process.executable.name"), None);
    assert_eq!(nameless.value, 107.0 * procfs::page_size() as f64);
}

#[test]
fn name_that_looks_like_the_rest_of_the_line_changes_no_figure() {
    let (_root, roots) = machine(&[(7, b"x) R 1 1 1 0 -1 0 0 0 0 0 99 99 (", SLEEPER)]);
    let scan = scan(&roots).unwrap();
    assert_eq!(scan.times(), times(&[(7, 50_000, 10)]));
    assert_eq!(scan.processes[0].state, State::Sleeping);
}

#[test]
fn name_that_is_not_utf8_is_watched_and_cleaned() {
    let (_root, roots) = machine(&[(7, b"\xff\xfe)\n\xc3(", SLEEPER)]);
    let patterns = patterns(["*)*"]);
    let snapshot = pushed(&roots, None, &Selection { top: 1, patterns: &patterns, open_files: true });
    assert_eq!(names(&snapshot), [Some("\u{fffd}\u{fffd})\\u{a}\u{fffd}(")]);
    assert_eq!(watched(&snapshot, "count", "*)*"), Some(1.0));
}

#[test]
fn process_that_cannot_be_read_is_left_out_with_a_diagnostic() {
    let (_root, roots) = machine(&[
        (1, b"init", SLEEPER),
        (2, b"cut", "S 1 1\n"),
        (3, b"empty", ""),
        (4, b"odd", &SLEEPER.replace("50000", "soon")),
    ]);
    // A process that ended: its directory exists, its file does not.
    fs::create_dir(roots.proc.join("5")).unwrap();
    fs::write(roots.proc.join("version"), "Linux").unwrap();
    let snapshot = pushed(&roots, None, &Selection { top: 10, patterns: &[], open_files: true });
    assert_eq!(names(&snapshot), [Some("init")]);
    assert_eq!(snapshot.diagnostics.len(), 1, "{:?}", snapshot.diagnostics);
    assert!(
        snapshot.diagnostics[0].message.starts_with("cannot read 3 of the processes; "),
        "{:?}",
        snapshot.diagnostics
    );
}

#[test]
fn scan_without_any_process_is_an_error() {
    let (_root, roots) = machine(&[]);
    assert!(scan(&roots).err().unwrap().starts_with("no processes in "));
    fs::remove_dir_all(&roots.proc).unwrap();
    assert!(scan(&roots).err().unwrap().starts_with("cannot read "));
}

#[test]
fn scan_without_an_uptime_has_everything_but_ages() {
    let (_root, roots) = machine(&[(1, b"init", SLEEPER)]);
    fs::write(roots.proc.join("uptime"), "soon\n").unwrap();
    let patterns = patterns(["init"]);
    let snapshot = pushed(&roots, None, &Selection { top: 1, patterns: &patterns, open_files: true });
    assert_eq!(watched(&snapshot, "count", "init"), Some(1.0));
    assert_eq!(watched(&snapshot, "uptime", "init"), None);
    assert_eq!(snapshot.diagnostics.len(), 1);
}

#[test]
fn owners_have_names_or_else_numbers() {
    let (_root, roots) = machine(&[(1, b"init", SLEEPER)]);
    let uid = fs::metadata(roots.proc.join("1")).unwrap().uid();
    let owner = || {
        let snapshot = pushed(&roots, None, &Selection { top: 1, patterns: &[], open_files: false });
        let listed = snapshot.samples.iter().find(|sample| sample.name == "process.memory.usage").unwrap();
        listed.labels.get("process.owner").map(str::to_owned)
    };
    assert_eq!(owner(), Some(uid.to_string()), "without a passwd");
    fs::create_dir(&roots.etc).unwrap();
    let passwd = format!("# users\nshort:x\nother:x:{}:0::/:\nalice\x1b:x:{uid}:0::/:\nbob:x:{uid}:0::/:\n", uid + 1);
    fs::write(roots.etc.join("passwd"), passwd).unwrap();
    assert_eq!(owner(), Some("alice\\u{1b}".to_owned()));
}

#[test]
fn memory_is_read_from_statm_where_possible() {
    let (_root, roots) = machine(&[(1, b"p", SLEEPER), (2, b"p", SLEEPER)]);
    let patterns = patterns(["p"]);
    let memory = || {
        let snapshot = pushed(&roots, None, &Selection { top: 1, patterns: &patterns, open_files: false });
        assert!(snapshot.samples.iter().all(|sample| !sample.name.contains("open_file")), "not in demand");
        watched(&snapshot, "memory.usage", "p").unwrap()
    };
    let as_in_stat = memory();
    fs::write(roots.proc.join("1/statm"), "9000 700 300 1 0 400 0\n").unwrap();
    assert_eq!(memory(), as_in_stat / 2.0 + 700.0 * procfs::page_size() as f64);
}

#[test]
fn open_files_that_cannot_be_counted_are_one_diagnostic_for_a_pattern() {
    let (_root, roots) = machine(&[(1, b"p", SLEEPER), (2, b"p", SLEEPER), (3, b"p", SLEEPER)]);
    fs::create_dir_all(roots.proc.join("1/fd/0")).unwrap();
    // root may read everything, but a file in place of a directory cannot be read by any user.
    fs::write(roots.proc.join("2/fd"), "").unwrap();
    fs::write(roots.proc.join("3/fd"), "").unwrap();
    let patterns = patterns(["p"]);
    let snapshot = pushed(&roots, None, &Selection { top: 0, patterns: &patterns, open_files: true });
    assert_eq!(watched(&snapshot, "open_file_descriptor.count", "p"), None);
    assert_eq!(watched(&snapshot, "count", "p"), Some(3.0));
    assert_eq!(snapshot.diagnostics.len(), 1, "{:?}", snapshot.diagnostics);
}

#[test]
fn process_that_ended_has_no_open_files() {
    let (_root, roots) = machine(&[(1, b"p", SLEEPER)]);
    let patterns = patterns(["p"]);
    let snapshot = pushed(&roots, None, &Selection { top: 0, patterns: &patterns, open_files: true });
    assert_eq!(watched(&snapshot, "open_file_descriptor.count", "p"), Some(0.0));
}

#[test]
fn cpus_are_counted_in_proc_stat_or_else_by_affinity() {
    assert_eq!(scan(&recorded()).unwrap().cpu_count, 4);
    let (_root, roots) = machine(&[(1, b"init", SLEEPER)]);
    assert!(scan(&roots).unwrap().cpu_count >= 1);
}

#[test]
fn child_process_is_found_by_its_name() {
    let mut child = Command::new("sleep").arg("60").spawn().unwrap();
    let roots = Roots::real();
    let pid = child.id();
    // Before it executes its program it has the name of this test, and then almost no memory.
    let sleeps = || {
        let stat = procfs::process::Process::new(pid as i32).unwrap().stat().unwrap();
        stat.comm == "sleep" && stat.state == 'S' && stat.rss > 0
    };
    let started = Instant::now();
    while !sleeps() && started.elapsed() < Duration::from_secs(10) {
        thread::yield_now();
    }
    let patterns = patterns(["slee*"]);
    let snapshot = pushed(&roots, None, &Selection { top: usize::MAX, patterns: &patterns, open_files: true });
    child.kill().unwrap();
    child.wait().unwrap();

    assert!(watched(&snapshot, "count", "slee*").unwrap() >= 1.0);
    assert!(watched(&snapshot, "memory.usage", "slee*").unwrap() > 0.0);
    assert!(watched(&snapshot, "uptime", "slee*").unwrap() >= 0.0);
    assert!(watched(&snapshot, "open_file_descriptor.count", "slee*").unwrap() >= 3.0);
    let is_child = |sample: &&Sample| sample.labels.get("process.pid") == Some(&pid.to_string());
    let listed = snapshot.samples.iter().find(is_child).unwrap();
    assert_eq!(listed.labels.get("process.executable.name"), Some("sleep"));
    assert!(!listed.labels.get("process.owner").unwrap().is_empty());
    let memory = listed.value;
    assert!((4_096.0..100_000_000.0).contains(&memory), "{memory}");
    let after = scan(&roots).unwrap();
    assert!(after.processes.iter().all(|process| process.pid != pid), "the child ended");
}

#[test]
fn cpu_time_of_a_thread_is_measured() {
    // The ticks of this process by another parser of the same file, before and after each scan.
    let used = || {
        let stat = procfs::process::Process::myself().unwrap().stat().unwrap();
        stat.utime + stat.stime
    };
    let (roots, this) = (Roots::real(), std::process::id());
    let started = Instant::now();
    let used_at_least = used();
    let first = scan(&roots).unwrap();
    let used_at_most = used();
    thread::spawn(move || {
        while used() < used_at_most + 20 {
            std::hint::black_box((0..100_000_u64).sum::<u64>());
        }
    })
    .join()
    .unwrap();
    let then_at_least = used();
    let second = scan(&roots).unwrap();
    let then_at_most = used();

    let interval = started.elapsed();
    let before = first.times();
    let cpu_interval = CpuInterval::new(&second, &before, interval).unwrap();
    let process = second.processes.iter().find(|process| process.pid == this).unwrap();
    let ticks = cpu_interval.share(process).unwrap()
        * interval.as_secs_f64()
        * second.ticks_per_second
        * second.cpu_count as f64;
    let bounds = (then_at_least - used_at_most) as f64 - 0.001..=(then_at_most - used_at_least) as f64 + 0.001;
    assert!(ticks >= 19.9 && bounds.contains(&ticks), "{ticks} is not in {bounds:?}");
}
