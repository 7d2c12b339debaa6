//! The same machine seen by psutil, which checkpost's figures must agree with.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use crate::support::{Site, python};

/// Begins a CPU interval when told to, and ends it, with the other figures, when told again.
const PSUTIL: &str = "
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
fn psutil_and_checkpost_agree() {
    let Some(python) = python("psutil") else { return };
    let mut psutil =
        Command::new(python).args(["-c", PSUTIL]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut tell = psutil.stdin.take().unwrap();
    let mut lines = BufReader::new(psutil.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "ready");

    let site = Site::new();
    // Compiled before: the counters of a cycle are read in its first moments then, close to where psutil begins.
    site.run_json();
    site.run_json();
    tell.write_all(b"begin\n").unwrap();
    // 5 s at least, or checkpost opens a window of its own; long beside the moments between the two.
    std::thread::sleep(std::time::Duration::from_secs(12));
    let report = site.run_json();
    tell.write_all(b"end\n").unwrap();
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
        // The other tests of this run take and give memory and disk all the while: 1 % of the whole at most.
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
