//! The memory that compilations may take on this machine, and in the control group of this process.

use super::limits::CompileLimits;

/// Memory that is left to everything else on the machine.
const LEFT_BYTES: u64 = 512 << 20;

/// Memory of a compilation on a small machine: enough for the checks that the SDK builds.
const LEAST_BYTES: u64 = 128 << 20;

/// Compilations at the same time, at most. More of them than cores, so that a slow one does not keep others waiting.
const MAX_CHILDREN: u64 = 4;

/// What the compilations of one run may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Capacity {
    /// Compilations at the same time.
    pub(crate) children: usize,
    /// Memory of each, in bytes.
    pub(crate) memory_bytes: u64,
}

/// As many compilations as fit into the machine's memory, each within the limits. Reads files of the kernel: call it only
/// when there is something to compile.
pub(crate) fn capacity(limits: &CompileLimits) -> Capacity {
    within(limits.memory_bytes, memory_bytes())
}

/// `machine_bytes` is `None` where the machine does not tell: there the limit alone holds.
fn within(limit_bytes: u64, machine_bytes: Option<u64>) -> Capacity {
    let Some(machine_bytes) = machine_bytes else { return Capacity { children: 2, memory_bytes: limit_bytes } };
    let usable = machine_bytes.saturating_sub(LEFT_BYTES).max(LEAST_BYTES);
    let memory_bytes = limit_bytes.min(usable);
    let children = usize::try_from((usable / memory_bytes.max(1)).clamp(1, MAX_CHILDREN)).unwrap_or(1);
    Capacity { children, memory_bytes }
}

/// The machine's memory, or the lowest limit of a control group around this process, in bytes.
#[cfg(target_os = "linux")]
pub(crate) fn memory_bytes() -> Option<u64> {
    use std::fs;
    use std::path::Path;

    let info = rustix::system::sysinfo();
    let total = (info.totalram as u64).checked_mul(info.mem_unit.into());
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    // `0::/path` of version 2, `9:memory:/path` of version 1.
    let limits = groups.lines().filter_map(|line| {
        let mut parts = line.splitn(3, ':').skip(1);
        let (root, file) = match parts.next()? {
            "" => ("/sys/fs/cgroup", "memory.max"),
            "memory" => ("/sys/fs/cgroup/memory", "memory.limit_in_bytes"),
            _ => return None,
        };
        let group = Path::new(root).join(parts.next()?.trim_start_matches('/'));
        let limit = |group: &Path| fs::read_to_string(group.join(file)).ok()?.trim().parse().ok();
        group.ancestors().take_while(|group| group.starts_with(root)).filter_map(limit).min()
    });
    limits.chain(total).min()
}

/// Elsewhere, the limits of `[compile]` hold alone.
#[cfg(not(target_os = "linux"))]
pub(crate) fn memory_bytes() -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    #[test]
    fn compilations_leave_memory_to_the_machine() {
        for (machine_mib, children, memory_mib) in
            [(256, 1, 128), (512, 1, 128), (1_024, 1, 512), (2_048, 1, 1_536), (8_192, 3, 2_048), (65_536, 4, 2_048)]
        {
            let expected = Capacity { children, memory_bytes: memory_mib * MIB };
            assert_eq!(within(2_048 * MIB, Some(machine_mib * MIB)), expected, "{machine_mib} MiB");
        }
    }

    #[test]
    fn limit_of_the_operator_holds_on_any_machine() {
        assert_eq!(within(64 * MIB, Some(512 * MIB)), Capacity { children: 2, memory_bytes: 64 * MIB });
        assert_eq!(within(64 * MIB, None), Capacity { children: 2, memory_bytes: 64 * MIB });
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn memory_of_this_machine_is_known() {
        assert!(memory_bytes().is_some_and(|bytes| bytes >= 64 * MIB));
    }
}
