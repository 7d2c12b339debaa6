//! Comparison with psutil, which the script that checkpost replaces used; see `psutil_peer.py`.

use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use super::{EVERYTHING, Figures, MIB, Row, Scope, assert_agreement, collected, prepared, same};
use crate::support::{Site, python, root};

const TABLE: &[Row] = &[
    // According to proc(5), idle and iowait may fall.
    same("system.cpu.time").within(0.05),
    same("checkpost.cpu.core.time").within(0.05),
    same("system.cpu.logical.count"),
    same("checkpost.boot.time"),
    same("checkpost.load_1m").within(0.01),
    same("checkpost.load_5m").within(0.01),
    same("checkpost.load_15m").within(0.01),
    // psutil cannot count users where there is no utmp.
    same("checkpost.user.count").of(Scope::Any),
    same("system.memory.limit"),
    // Other tests allocate and free memory between two readings.
    same("system.linux.memory.available").within(16.0 * MIB),
    same("system.memory.usage").within(16.0 * MIB),
    // Rounded to a tenth of a percent.
    same("system.memory.utilization").within(0.005),
    same("system.paging.usage").within(16.0 * MIB),
    same("system.paging.utilization").within(0.05),
    same("system.paging.operations"),
    // psutil also reports the kernel's own filesystems, and each filesystem as often as it is mounted.
    same("system.filesystem.limit").of(Scope::Some),
    // Other tests write and delete files between two readings.
    same("system.filesystem.usage").of(Scope::Some).within(16.0 * MIB),
    // Rounded to a tenth of a percent.
    same("system.filesystem.utilization").of(Scope::Some).within(0.001),
    same("system.disk.io"),
    same("system.disk.operations"),
    same("system.disk.operation_time"),
    same("system.disk.io_time"),
    same("system.network.io"),
    same("system.network.packet.count"),
    same("system.network.errors"),
    same("system.network.packet.dropped"),
    // Other tests start processes, and checkpost is a process itself. psutil does not report a state without processes.
    same("system.process.count").of(Scope::Some).within(4.0),
    // checkpost lists the hundred processes with the most memory; those of other tests, which compile, change quickly.
    same("process.memory.usage").of(Scope::Some).within(MIB),
    // A process of known size. Its age is taken from the clock, and its start is rounded to a whole second.
    same("process.watched.count"),
    same("process.watched.memory.usage"),
    same("process.watched.open_file_descriptor.count"),
    same("process.watched.uptime").within(1.1),
];

/// A Python process that answers each line with the readings of psutil.
struct Psutil {
    child: Child,
    input: Option<ChildStdin>,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Psutil {
    /// Starts Python together with a process of this name.
    fn start(known: &str) -> Option<Self> {
        let mut python = Command::new(python("psutil")?);
        let script = root().join("tests/compare/psutil_peer.py");
        let mut child = python.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut psutil = Self { input: child.stdin.take(), child, answers };
        psutil.send_line(known);
        Some(psutil)
    }

    fn send_line(&mut self, line: &str) {
        self.input.as_mut().unwrap().write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    fn figures(&mut self) -> Figures {
        self.send_line("");
        Figures::of_samples(&serde_json::from_str(&self.answers.next().unwrap().unwrap()).unwrap())
    }
}

impl Drop for Psutil {
    fn drop(&mut self) {
        // Python and its child end when the input is closed.
        self.input = None;
        self.child.wait().ok();
    }
}

#[test]
fn psutil_agrees() {
    let known = format!("known{}", std::process::id());
    let Some(mut psutil) = Psutil::start(&known) else { return };
    let site = prepared(EVERYTHING);
    assert_agreement(TABLE, || collected(&site, &["--process", &known]), || psutil.figures());
}

/// Begins a CPU interval at the first line of input, and at the second prints that interval and the other figures.
const INTERVAL: &str = "
import sys, json, psutil
print('ready', flush=True)
sys.stdin.readline()
psutil.cpu_percent()
sys.stdin.readline()
memory, disk, network = psutil.virtual_memory(), psutil.disk_usage('/'), psutil.net_io_counters()
print(json.dumps(dict(cpu_percent=psutil.cpu_percent(), memory_percent=memory.percent, memory_total_bytes=memory.total,
    disk_percent=disk.percent, memory_used_bytes=memory.total - memory.available, disk_used_bytes=disk.used, disk_total_bytes=disk.total, cpu_count=psutil.cpu_count(),
    network_sent_bytes=network.bytes_sent, network_received_bytes=network.bytes_recv)))
";

#[test]
fn report_figures_agree_with_psutil() {
    let Some(python) = python("psutil") else { return };
    let mut psutil =
        Command::new(python).args(["-c", INTERVAL]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = psutil.stdin.take().unwrap();
    let mut lines = BufReader::new(psutil.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "ready");

    let site = Site::new();
    // With all modules compiled, a cycle reads its counters in its first moments, close to where psutil begins.
    site.run_json();
    site.run_json();
    stdin.write_all(b"begin\n").unwrap();
    // At least 5 s, or checkpost opens a window of its own; and long compared with the moments between the two
    // programs.
    std::thread::sleep(std::time::Duration::from_secs(12));
    let report = site.run_json();
    stdin.write_all(b"end\n").unwrap();
    let theirs: serde_json::Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    assert!(psutil.wait().unwrap().success());

    let pair = |figure: &str| {
        let value = |from: &serde_json::Value| from[figure].as_f64().unwrap_or_else(|| panic!("{figure} in {from:#}"));
        (value(&report["metrics"]), value(&theirs))
    };
    for figure in ["memory_total_bytes", "disk_total_bytes", "cpu_count"] {
        let (ours, theirs) = pair(figure);
        assert_eq!(ours, theirs, "{figure}");
    }
    for figure in ["memory_used_bytes", "disk_used_bytes", "network_sent_bytes", "network_received_bytes"] {
        let (ours, theirs) = pair(figure);
        // Other tests use memory and disk in the meantime: allow 1% of the whole.
        let whole = match figure {
            "memory_used_bytes" => pair("memory_total_bytes").0,
            _ => ours.max(theirs),
        };
        assert!((ours - theirs).abs() <= 0.01 * whole, "{figure}: {ours} and {theirs}");
    }
    for (figure, points) in [("memory_percent", 1.0), ("disk_percent", 1.0), ("cpu_percent", 3.0)] {
        let (ours, theirs) = pair(figure);
        assert!((ours - theirs).abs() <= points, "{figure}: {ours} and {theirs}");
    }
}
