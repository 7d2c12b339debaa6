//! Comparison with `/proc` and `/sys`, read in the simplest way: what a person would work out with `cat` and a
//! calculator.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::{EVERYTHING, Figures, MIB, NONE, Row, Scope, assert_agreement, collected, prepared, same};

const TABLE: &[Row] = &[
    // According to proc(5), idle and iowait may fall.
    same("system.cpu.time").within(0.05),
    same("checkpost.cpu.core.time").within(0.05),
    same("system.cpu.logical.count"),
    same("system.uptime"),
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
    same("checkpost.pressure.ratio"),
    same("checkpost.pressure.time"),
    same("system.disk.io"),
    same("system.disk.operations"),
    same("system.disk.operation_time"),
    same("system.disk.io_time"),
    same("system.network.io"),
    same("system.network.packet.count"),
    same("system.network.errors"),
    same("system.network.packet.dropped"),
    same("checkpost.network.total"),
    // Other tests start processes, and checkpost is a process itself. Reading by hand does not report a state without
    // processes.
    same("system.process.count").within(4.0).of(Scope::Some),
];

#[test]
fn proc_read_by_hand_agrees() {
    let site = prepared(EVERYTHING);
    assert_agreement(TABLE, || collected(&site, &[]), read);
}

/// Everything in `/proc` that checkpost also reports.
pub(super) fn read() -> Figures {
    let mut figures = Figures::default();
    stat(&mut figures);
    first_words("uptime", &["system.uptime"], &mut figures);
    first_words("loadavg", &["checkpost.load_1m", "checkpost.load_5m", "checkpost.load_15m"], &mut figures);
    meminfo(&mut figures);
    vmstat(&mut figures);
    pressure(&mut figures);
    diskstats(&mut figures);
    net_dev(&mut figures);
    processes(&mut figures);
    figures
}

fn text(file: &str) -> String {
    fs::read_to_string(Path::new("/proc").join(file)).unwrap_or_default()
}

fn number(word: &str) -> f64 {
    word.parse().unwrap_or_else(|_| panic!("'{word}' is not a number"))
}

fn stat(figures: &mut Figures) {
    const MODES: [&str; 8] = ["user", "nice", "system", "idle", "iowait", "interrupt", "softirq", "steal"];
    let mut cores = 0;
    for line in text("stat").lines() {
        let words: Vec<_> = line.split_whitespace().collect();
        if words[0] == "btime" {
            figures.add("checkpost.boot.time", NONE, number(words[1]));
        }
        let Some(core) = words[0].strip_prefix("cpu") else { continue };
        cores += u32::from(!core.is_empty());
        // Hundredths of a second on every machine in use.
        for (mode, ticks) in MODES.into_iter().zip(&words[1..]) {
            let seconds = number(ticks) / 100.0;
            match core {
                "" => figures.add("system.cpu.time", [("cpu.mode", mode)], seconds),
                core => {
                    let labels = [("cpu.logical_number", core), ("cpu.mode", mode)];
                    figures.add("checkpost.cpu.core.time", labels, seconds);
                }
            }
        }
    }
    figures.add("system.cpu.logical.count", NONE, f64::from(cores));
}

fn first_words(file: &str, metrics: &[&str], figures: &mut Figures) {
    for (metric, word) in metrics.iter().zip(text(file).split_whitespace()) {
        figures.add(metric, NONE, number(word));
    }
}

fn meminfo(figures: &mut Figures) {
    let text = text("meminfo");
    let line = |line: &str| {
        let (name, kib) = line.split_once(':')?;
        Some((name.to_owned(), number(kib.split_whitespace().next()?) * 1024.0))
    };
    let bytes: BTreeMap<String, f64> = text.lines().filter_map(line).collect();
    memory(&|name| bytes.get(name).copied().unwrap_or_default(), figures);
}

/// Converts values under the names of `/proc/meminfo`, which node_exporter uses, too.
pub(super) fn memory(bytes: &dyn Fn(&str) -> f64, figures: &mut Figures) {
    let (total, available) = (bytes("MemTotal"), bytes("MemAvailable"));
    figures.add("system.memory.limit", NONE, total);
    figures.add("system.linux.memory.available", NONE, available);
    figures.add("system.memory.utilization", NONE, (total - available) / total);
    let cached = bytes("Cached") + bytes("SReclaimable");
    let states =
        [("used", total - available), ("free", bytes("MemFree")), ("cached", cached), ("buffers", bytes("Buffers"))];
    for (state, bytes) in states {
        figures.add("system.memory.usage", [("system.memory.state", state)], bytes);
    }
    let (swap, free) = (bytes("SwapTotal"), bytes("SwapFree"));
    if swap > 0.0 {
        figures.add("system.paging.usage", [("system.paging.state", "used")], swap - free);
        figures.add("system.paging.usage", [("system.paging.state", "free")], free);
        figures.add("system.paging.utilization", NONE, (swap - free) / swap);
    }
}

fn vmstat(figures: &mut Figures) {
    let text = text("vmstat");
    let value = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')).map(number);
    paging(&value, figures);
}

/// Converts values under the names of `/proc/vmstat`, which node_exporter uses, too.
pub(super) fn paging(value: &dyn Fn(&str) -> Option<f64>, figures: &mut Figures) {
    for (direction, name) in [("in", "pswpin"), ("out", "pswpout")] {
        if let Some(pages) = value(name) {
            figures.add("system.paging.operations", [("system.paging.direction", direction)], pages);
        }
    }
    let (all, major) = (value("pgfault").unwrap(), value("pgmajfault").unwrap());
    figures.add("system.paging.faults", [("system.paging.fault.type", "major")], major);
    figures.add("system.paging.faults", [("system.paging.fault.type", "minor")], all - major);
    if let Some(kills) = value("oom_kill") {
        figures.add("checkpost.memory.oom_kill.count", NONE, kills);
    }
}

fn pressure(figures: &mut Figures) {
    for (resource, stalls) in [("cpu", &["some"][..]), ("memory", &["some", "full"]), ("io", &["some", "full"])] {
        let text = text(&format!("pressure/{resource}"));
        for line in text.lines() {
            // some avg10=0.00 avg60=0.00 avg300=0.00 total=0
            let words: Vec<_> = line.split([' ', '=']).collect();
            let stall = words[0];
            if !stalls.contains(&stall) {
                continue;
            }
            let labels = [("checkpost.pressure.resource", resource), ("checkpost.pressure.stall", stall)];
            for (window, at) in [("10s", 2), ("60s", 4), ("300s", 6)] {
                let labels = [labels[0], labels[1], ("checkpost.pressure.window", window)];
                figures.add("checkpost.pressure.ratio", labels, number(words[at]) / 100.0);
            }
            figures.add("checkpost.pressure.time", labels, number(words[8]) / 1e6);
        }
    }
}

fn diskstats(figures: &mut Figures) {
    for line in text("diskstats").lines() {
        let words: Vec<_> = line.split_whitespace().collect();
        let device = words[2];
        // Fields are numbered as in Documentation/admin-guide/iostats.rst: the first one after the name is 1.
        let field = |field: usize| number(words[2 + field]);
        for (direction, operations, sectors, milliseconds) in [("read", 1, 3, 4), ("write", 5, 7, 8)] {
            let labels = [("disk.io.direction", direction), ("system.device", device)];
            figures.add("system.disk.operations", labels, field(operations));
            figures.add("system.disk.io", labels, field(sectors) * 512.0);
            figures.add("system.disk.operation_time", labels, field(milliseconds) / 1000.0);
        }
        figures.add("system.disk.io_time", [("system.device", device)], field(10) / 1000.0);
    }
}

fn net_dev(figures: &mut Figures) {
    let (mut received, mut sent) = (0.0, 0.0);
    for line in text("net/dev").lines().skip(2) {
        let (interface, counters) = line.trim().split_once(':').unwrap();
        let counters: Vec<_> = counters.split_whitespace().map(number).collect();
        for (direction, at) in [("receive", 0), ("transmit", 8)] {
            let labels = [("network.interface.name", interface), ("network.io.direction", direction)];
            figures.add("system.network.io", labels, counters[at]);
            figures.add("system.network.packet.count", labels, counters[at + 1]);
            figures.add("system.network.errors", labels, counters[at + 2]);
            figures.add("system.network.packet.dropped", labels, counters[at + 3]);
        }
        received += counters[0];
        sent += counters[8];
    }
    figures.add("checkpost.network.total", [("network.io.direction", "receive")], received);
    figures.add("checkpost.network.total", [("network.io.direction", "transmit")], sent);
}

fn processes(figures: &mut Figures) {
    let mut counts = BTreeMap::new();
    for entry in fs::read_dir("/proc").unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if !name.starts_with(|first: char| first.is_ascii_digit()) {
            continue;
        }
        // A process that has ended meanwhile has no stat file.
        let Ok(stat) = fs::read(format!("/proc/{name}/stat")) else { continue };
        let stat = String::from_utf8_lossy(&stat).into_owned();
        let Some((_, rest)) = stat.rsplit_once(") ") else { continue };
        let state = match &rest[..1] {
            "R" => "running",
            "S" => "sleeping",
            "D" => "disk_sleep",
            "T" | "t" => "stopped",
            "Z" => "defunct",
            "I" => "idle",
            _ => "other",
        };
        *counts.entry(state).or_insert(0.0) += 1.0;
    }
    for (state, count) in counts {
        figures.add("system.process.count", [("process.state", state)], count);
    }
}
