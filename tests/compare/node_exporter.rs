//! Comparison with node_exporter, the most common collector.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use checkpost_model::metric::Labels;
use tempfile::TempDir;

use super::exposition::Exposition;
use super::{EVERYTHING, Figures, MIB, NONE, Row, Scope, assert_agreement, collected, prepared, proc, same, wait_for};
use crate::support::{root, skip};

/// The collectors to enable, configured to leave nothing out.
const COLLECTORS: [&str; 14] = [
    "--collector.cpu",
    "--collector.meminfo",
    "--collector.vmstat",
    "--collector.filesystem",
    "--collector.filesystem.mount-points-exclude=^$",
    "--collector.filesystem.fs-types-exclude=^$",
    "--collector.diskstats",
    "--collector.diskstats.device-exclude=^$",
    "--collector.netdev",
    "--collector.netdev.device-exclude=^$",
    "--collector.loadavg",
    "--collector.stat",
    "--collector.pressure",
    "--collector.timex",
];

const TABLE: &[Row] = &[
    // node_exporter never lets these counters fall; in the kernel, idle and iowait may.
    same("checkpost.cpu.core.time").within(0.05),
    same("checkpost.boot.time"),
    same("checkpost.load_1m"),
    same("checkpost.load_5m"),
    same("checkpost.load_15m"),
    same("system.memory.limit"),
    // Other tests allocate and free memory between two readings.
    same("system.linux.memory.available").within(16.0 * MIB),
    same("system.memory.usage").within(16.0 * MIB),
    same("system.memory.utilization").within(0.005),
    same("system.paging.usage").within(16.0 * MIB),
    same("system.paging.utilization").within(0.05),
    same("system.paging.operations"),
    // The kernel adds up the counters of all CPUs one after the other.
    same("system.paging.faults").within(100.0),
    same("checkpost.memory.oom_kill.count"),
    same("checkpost.pressure.time"),
    // node_exporter also reports the kernel's own filesystems, and each filesystem as often as it is mounted.
    same("system.filesystem.limit").of(Scope::Some),
    // Other tests write and delete files between two readings.
    same("system.filesystem.usage").of(Scope::Some).within(16.0 * MIB),
    same("checkpost.filesystem.inodes.limit").of(Scope::Some),
    same("checkpost.filesystem.inodes.usage").of(Scope::Some).within(1_000.0),
    // node_exporter omits disks that have never been used.
    same("system.disk.io").of(Scope::Some),
    same("system.disk.operations").of(Scope::Some),
    same("system.disk.operation_time").of(Scope::Some),
    same("system.disk.io_time").of(Scope::Some),
    same("system.network.io"),
    same("system.network.packet.count"),
    same("system.network.errors"),
    same("system.network.packet.dropped"),
    same("checkpost.clock.synchronized"),
    same("checkpost.clock.offset"),
    same("checkpost.clock.error"),
];

#[test]
fn node_exporter_agrees() {
    let Some(node_exporter) = NodeExporter::start(&COLLECTORS) else { return };
    let site = prepared(EVERYTHING);
    assert_agreement(TABLE, || collected(&site, &[]), || figures(&node_exporter.scrape()));
}

/// A running node_exporter, which ends with the test, however the test ends.
pub(super) struct NodeExporter {
    child: Child,
    port: u16,
    directory: TempDir,
}

impl NodeExporter {
    /// Starts the node_exporter that `make peers` unpacked, or an installed one, with these collectors only.
    pub(super) fn start(collectors: &[&str]) -> Option<Self> {
        let unpacked = root().join("target/peers/usr/bin/prometheus-node-exporter");
        let candidates = [unpacked, PathBuf::from("prometheus-node-exporter"), PathBuf::from("node_exporter")];
        let is_there = |program: &PathBuf| {
            let status = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
            status.is_ok_and(|status| status.success())
        };
        let Some(program) = candidates.into_iter().find(is_there) else {
            skip("there is no node_exporter (`make peers` unpacks it where there is apt)");
            return None;
        };
        // Another process may take the port between its discovery and its use.
        let started = (0..5).find_map(|_| Self::try_start(&program, collectors).ok());
        Some(started.unwrap_or_else(|| panic!("cannot start {}", program.display())))
    }

    /// Starts node_exporter on a port that was free just now. The error is its log.
    fn try_start(program: &PathBuf, collectors: &[&str]) -> Result<Self, String> {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let directory = tempfile::tempdir().unwrap();
        let log = directory.path().join("log");
        let child = Command::new(program)
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .args(["--collector.disable-defaults", "--web.disable-exporter-metrics"])
            .args(collectors)
            .stdout(Stdio::null())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let mut started = Self { child, port, directory };
        let ended = wait_for("node_exporter", || match started.child.try_wait().unwrap() {
            Some(status) => Some(Some(status)),
            None => TcpStream::connect(("127.0.0.1", port)).is_ok().then_some(None),
        });
        match ended {
            Some(status) => Err(format!("{status}: {}", started.log())),
            None => Ok(started),
        }
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("log")).unwrap()
    }

    /// The current exposition.
    pub(super) fn scrape(&self) -> Exposition {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        // With HTTP 1.0 the text comes in one piece, and the connection ends with it.
        stream.write_all(b"GET /metrics HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, text) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.lines().next().unwrap().contains(" 200 "), "{answer}\n{}", self.log());
        Exposition::parse(text)
    }
}

impl Drop for NodeExporter {
    fn drop(&mut self) {
        // The process may have ended by itself.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn figures(scraped: &Exposition) -> Figures {
    let mut figures = Figures::default();
    let of_all = [
        ("node_boot_time_seconds", "checkpost.boot.time"),
        ("node_load1", "checkpost.load_1m"),
        ("node_load5", "checkpost.load_5m"),
        ("node_load15", "checkpost.load_15m"),
        ("node_timex_sync_status", "checkpost.clock.synchronized"),
        ("node_timex_offset_seconds", "checkpost.clock.offset"),
        ("node_timex_maxerror_seconds", "checkpost.clock.error"),
    ];
    for (theirs, ours) in of_all {
        scraped.value(theirs).into_iter().for_each(|value| figures.add(ours, NONE, value));
    }
    let bytes = |name: &str| scraped.value(&format!("node_memory_{name}_bytes")).unwrap_or_default();
    proc::memory(&bytes, &mut figures);
    proc::paging(&|name| scraped.value(&format!("node_vmstat_{name}")), &mut figures);
    cpus(scraped, &mut figures);
    pressure(scraped, &mut figures);
    by_device(scraped, &mut figures);
    filesystems(scraped, &mut figures);
    figures
}

fn cpus(scraped: &Exposition, figures: &mut Figures) {
    for (labels, seconds) in scraped.of("node_cpu_seconds_total") {
        let mode = labels.get("mode").map(|mode| if mode == "irq" { "interrupt" } else { mode });
        let labels = [("cpu.logical_number", labels.get("cpu").unwrap()), ("cpu.mode", mode.unwrap())];
        figures.add("checkpost.cpu.core.time", labels, seconds);
    }
}

fn pressure(scraped: &Exposition, figures: &mut Figures) {
    let all = [("cpu", "waiting"), ("memory", "waiting"), ("memory", "stalled"), ("io", "waiting"), ("io", "stalled")];
    for (resource, stall) in all {
        if let Some(seconds) = scraped.value(&format!("node_pressure_{resource}_{stall}_seconds_total")) {
            let stall = if stall == "waiting" { "some" } else { "full" };
            let labels = [("checkpost.pressure.resource", resource), ("checkpost.pressure.stall", stall)];
            figures.add("checkpost.pressure.time", labels, seconds);
        }
    }
}

/// Counters of disks and interfaces.
fn by_device(scraped: &Exposition, figures: &mut Figures) {
    let of_disks = [
        ("node_disk_read_bytes_total", "system.disk.io", Some("read")),
        ("node_disk_written_bytes_total", "system.disk.io", Some("write")),
        ("node_disk_reads_completed_total", "system.disk.operations", Some("read")),
        ("node_disk_writes_completed_total", "system.disk.operations", Some("write")),
        ("node_disk_read_time_seconds_total", "system.disk.operation_time", Some("read")),
        ("node_disk_write_time_seconds_total", "system.disk.operation_time", Some("write")),
        ("node_disk_io_time_seconds_total", "system.disk.io_time", None),
    ];
    for (theirs, ours, direction) in of_disks {
        for (labels, value) in scraped.of(theirs) {
            let direction = direction.map(|direction| ("disk.io.direction", direction));
            let labels = [("system.device", labels.get("device").unwrap())].into_iter().chain(direction);
            figures.add(ours, labels.collect::<Labels>(), value);
        }
    }
    let of_interfaces = [
        ("bytes", "system.network.io"),
        ("packets", "system.network.packet.count"),
        ("errs", "system.network.errors"),
        ("drop", "system.network.packet.dropped"),
    ];
    for (what, ours) in of_interfaces {
        for direction in ["receive", "transmit"] {
            for (labels, value) in scraped.of(&format!("node_network_{direction}_{what}_total")) {
                let name = labels.get("device").unwrap();
                figures.add(ours, [("network.interface.name", name), ("network.io.direction", direction)], value);
            }
        }
    }
}

fn filesystems(scraped: &Exposition, figures: &mut Figures) {
    for (labels, size) in scraped.of("node_filesystem_size_bytes").filter(|(_, size)| *size > 0.0) {
        let value = |what: &str| {
            let key = (format!("node_filesystem_{what}"), labels.clone());
            *scraped.samples.get(&key).unwrap_or_else(|| panic!("no {key:?}"))
        };
        let about = |state: Option<&'static str>| -> Labels {
            let label = |name: &str| labels.get(name).unwrap();
            let mode = if value("readonly") == 0.0 { "rw" } else { "ro" };
            let about = [
                ("system.device", label("device")),
                ("system.filesystem.mode", mode),
                ("system.filesystem.mountpoint", label("mountpoint")),
                ("system.filesystem.type", label("fstype")),
            ];
            about.into_iter().chain(state.map(|state| ("system.filesystem.state", state))).collect()
        };
        figures.add("system.filesystem.limit", about(None), size);
        let (free, available) = (value("free_bytes"), value("avail_bytes"));
        for (state, bytes) in [("used", size - free), ("free", available), ("reserved", free - available)] {
            figures.add("system.filesystem.usage", about(Some(state)), bytes);
        }
        let (files, free) = (value("files"), value("files_free"));
        if files > 0.0 {
            figures.add("checkpost.filesystem.inodes.limit", about(None), files);
            figures.add("checkpost.filesystem.inodes.usage", about(Some("used")), files - free);
            figures.add("checkpost.filesystem.inodes.usage", about(Some("free")), free);
        }
    }
}
