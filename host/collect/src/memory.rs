//! Memory and swap of the host, with the meaning of psutil: used = total − available.

#[cfg(target_os = "linux")]
use std::path::Path;

use checkpost_model::metric::{Labels, Snapshot};

/// Memory of the host; figures that a system does not report are `None`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Memory {
    pub(super) total_bytes: u64,
    /// Memory available without swapping, as estimated by the kernel, which does not count the ARC of ZFS.
    pub(super) available_bytes: Option<u64>,
    pub(super) free_bytes: Option<u64>,
    /// Page cache and reclaimable slab, as in `free` and psutil.
    pub(super) cached_bytes: Option<u64>,
    pub(super) buffers_bytes: Option<u64>,
    pub(super) swap_total_bytes: Option<u64>,
    pub(super) swap_free_bytes: Option<u64>,
}

/// Adds the known figures.
pub(super) fn push(memory: &Memory, snapshot: &mut Snapshot) {
    let total = memory.total_bytes;
    snapshot.push("system.memory.limit", Labels::none(), total as f64);
    match memory.available_bytes {
        Some(available) => {
            if available > total {
                let message = format!(
                    "{available} bytes are available but only {total} bytes exist (LXC does this): used is reported as 0"
                );
                snapshot.diagnose("memory", message);
            }
            let used = total.saturating_sub(available);
            snapshot.push("system.linux.memory.available", Labels::none(), available as f64);
            snapshot.push("system.memory.usage", [("system.memory.state", "used")], used as f64);
            snapshot.push("system.memory.utilization", Labels::none(), ratio(used, total));
        }
        None => snapshot.diagnose("memory", "no MemAvailable (Linux before 3.14): used is left out"),
    }
    let states = [("free", memory.free_bytes), ("cached", memory.cached_bytes), ("buffers", memory.buffers_bytes)];
    for (state, bytes) in states {
        if let Some(bytes) = bytes {
            snapshot.push("system.memory.usage", [("system.memory.state", state)], bytes as f64);
        }
    }
    if let (Some(total @ 1..), Some(free)) = (memory.swap_total_bytes, memory.swap_free_bytes) {
        let used = total.saturating_sub(free);
        snapshot.push("system.paging.usage", [("system.paging.state", "used")], used as f64);
        snapshot.push("system.paging.usage", [("system.paging.state", "free")], free as f64);
        snapshot.push("system.paging.utilization", Labels::none(), ratio(used, total));
    }
}

/// A share, not finite for an empty whole, which [`Snapshot::push`] leaves out.
fn ratio(part: u64, whole: u64) -> f64 {
    part as f64 / whole as f64
}

/// Reads `meminfo` below `/proc`.
#[cfg(target_os = "linux")]
pub(super) fn collect(proc: &Path, snapshot: &mut Snapshot) {
    let path = proc.join("meminfo");
    match std::fs::read_to_string(&path) {
        Ok(text) => match parse(&text) {
            Some(memory) => push(&memory, snapshot),
            None => snapshot.diagnose("memory", format!("no MemTotal in {}", path.display())),
        },
        Err(error) => snapshot.diagnose("memory", format!("cannot read {}: {error}", path.display())),
    }
}

/// Parses the few lines that matter. The procfs crate requires lines that gVisor lacks, and would fail as a whole.
#[cfg(target_os = "linux")]
fn parse(meminfo: &str) -> Option<Memory> {
    let bytes = |field: &str| -> Option<u64> {
        let line = meminfo.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))?;
        // "kB" in this file means KiB.
        line.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
    };
    Some(Memory {
        total_bytes: bytes("MemTotal").filter(|total| *total > 0)?,
        available_bytes: bytes("MemAvailable"),
        free_bytes: bytes("MemFree"),
        cached_bytes: bytes("Cached").map(|cached| cached + bytes("SReclaimable").unwrap_or(0)),
        buffers_bytes: bytes("Buffers"),
        swap_total_bytes: bytes("SwapTotal"),
        swap_free_bytes: bytes("SwapFree"),
    })
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #![allow(clippy::unwrap_used)]

    use checkpost_model::metric::Host;

    use super::*;

    const MEMINFO: &str = "MemTotal:        8000000 kB
MemFree:         1000000 kB
MemAvailable:    6000000 kB
Buffers:          100000 kB
Cached:          3000000 kB
SwapCached:        12345 kB
SwapTotal:       2000000 kB
SwapFree:        1500000 kB
SReclaimable:     200000 kB
HugePages_Total:       0
";

    fn measured(meminfo: &str) -> Snapshot {
        let mut snapshot = Snapshot::new(jiff::Timestamp::UNIX_EPOCH, Host::example("boot-1"));
        push(&parse(meminfo).unwrap(), &mut snapshot);
        snapshot
    }

    fn plain(snapshot: &Snapshot, name: &str) -> Option<f64> {
        snapshot.value(name, &Labels::none())
    }

    fn state(snapshot: &Snapshot, state: &str) -> Option<f64> {
        snapshot.value("system.memory.usage", &Labels::from([("system.memory.state", state)]))
    }

    #[test]
    fn used_is_total_minus_available() {
        let snapshot = measured(MEMINFO);
        assert_eq!(plain(&snapshot, "system.memory.limit"), Some(8_000_000.0 * 1024.0));
        assert_eq!(plain(&snapshot, "system.linux.memory.available"), Some(6_000_000.0 * 1024.0));
        assert_eq!(state(&snapshot, "used"), Some(2_000_000.0 * 1024.0));
        assert_eq!(plain(&snapshot, "system.memory.utilization"), Some(0.25));
        assert_eq!(snapshot.diagnostics, []);
    }

    #[test]
    fn cached_includes_reclaimable_slab_and_not_swap_cached() {
        let snapshot = measured(MEMINFO);
        assert_eq!(state(&snapshot, "cached"), Some(3_200_000.0 * 1024.0));
        assert_eq!(state(&snapshot, "buffers"), Some(100_000.0 * 1024.0));
        assert_eq!(state(&snapshot, "free"), Some(1_000_000.0 * 1024.0));
    }

    #[test]
    fn available_above_the_total_is_no_used_memory_and_a_diagnostic() {
        let snapshot = measured(&MEMINFO.replace("MemAvailable:    6000000", "MemAvailable:    9000000"));
        assert_eq!(state(&snapshot, "used"), Some(0.0));
        assert_eq!(plain(&snapshot, "system.memory.utilization"), Some(0.0));
        assert!(snapshot.diagnostics[0].message.contains("LXC"));
    }

    #[test]
    fn kernel_without_available_memory_has_no_used_figure() {
        let snapshot = measured(&MEMINFO.replace("MemAvailable", "MemSomething"));
        assert_eq!(state(&snapshot, "used"), None);
        assert_eq!(plain(&snapshot, "system.memory.utilization"), None);
        assert_eq!(plain(&snapshot, "system.memory.limit"), Some(8_000_000.0 * 1024.0));
        assert_eq!(snapshot.diagnostics.len(), 1);
    }

    #[test]
    fn swap_has_its_own_figures() {
        let snapshot = measured(MEMINFO);
        let used = Labels::from([("system.paging.state", "used")]);
        assert_eq!(snapshot.value("system.paging.usage", &used), Some(500_000.0 * 1024.0));
        assert_eq!(plain(&snapshot, "system.paging.utilization"), Some(0.25));
    }

    #[test]
    fn host_without_swap_has_no_swap_figures() {
        let text = MEMINFO.replace("SwapTotal:       2000000", "SwapTotal: 0").replace("1500000", "0");
        assert!(measured(&text).samples.iter().all(|sample| !sample.name.starts_with("system.paging")));
    }

    #[test]
    fn meminfo_without_a_total_has_no_reading() {
        assert_eq!(parse("MemFree: 5 kB\n"), None);
        assert_eq!(parse("MemTotal: 0 kB\n"), None);
        assert_eq!(parse("MemTotal: many kB\n"), None);
    }
}
