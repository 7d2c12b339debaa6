//! Limits and usage of the container that checkpost runs in, from cgroup v2.

use std::path::Path;
use std::str::FromStr;

use checkpost_model::metric::{Labels, Snapshot};

use crate::files;
use crate::roots::Roots;

/// Limits and usage of a container; absent limits and figures are `None`.
#[derive(Debug, Default, PartialEq)]
struct Cgroup {
    memory_bytes: Option<u64>,
    /// File cache that was not used lately and is reclaimed first.
    inactive_file_bytes: Option<u64>,
    memory_limit_bytes: Option<u64>,
    oom_kills: Option<u64>,
    cpu_limit: Option<f64>,
    user_us: Option<u64>,
    system_us: Option<u64>,
    throttled_us: Option<u64>,
    tasks: Option<u64>,
    task_limit: Option<u64>,
}

/// Reads `fs/cgroup` below `/sys` if it is the cgroup of a container.
pub(super) fn collect(roots: &Roots, snapshot: &mut Snapshot) {
    let root = roots.sys.join("fs/cgroup");
    // The root of the host's tree has neither file. In a container that sees the host's tree, its own cgroup cannot be
    // identified. With cgroup v1 there are only directories.
    if root.join("cgroup.type").exists() || root.join("memory.current").exists() {
        let host_memory_bytes = files::text(&roots.proc.join("meminfo"))
            .unwrap_or_default()
            .and_then(|meminfo| files::field(&meminfo, "MemTotal:")?.checked_mul(1024));
        push(&read(&root, host_memory_bytes, snapshot), snapshot);
    }
}

/// Reads the files that exist. They depend on the controllers of the container, so that an absent file is not an error.
fn read(root: &Path, host_memory_bytes: Option<u64>, snapshot: &mut Snapshot) -> Cgroup {
    let mut cgroup = Cgroup {
        memory_bytes: number(root, "memory.current", snapshot),
        // A limit above the host's memory limits nothing.
        memory_limit_bytes: limit(root, "memory.max", snapshot)
            .filter(|limit| host_memory_bytes.is_none_or(|host| *limit <= host)),
        cpu_limit: text(root, "cpu.max", snapshot).and_then(|text| {
            let limit = cpus(&text);
            if limit.is_err() {
                snapshot.diagnose("cgroup", invalid_limit(root, "cpu.max"));
            }
            limit.ok().flatten()
        }),
        tasks: number(root, "pids.current", snapshot),
        task_limit: limit(root, "pids.max", snapshot),
        ..Cgroup::default()
    };
    [cgroup.inactive_file_bytes] = fields(root, "memory.stat", [("inactive_file", true)], snapshot);
    [cgroup.oom_kills] = fields(root, "memory.events", [("oom_kill", true)], snapshot);
    // Only the cpu controller throttles.
    let names = [("user_usec", true), ("system_usec", true), ("throttled_usec", false)];
    [cgroup.user_us, cgroup.system_us, cgroup.throttled_us] = fields(root, "cpu.stat", names, snapshot);
    cgroup
}

fn push(cgroup: &Cgroup, snapshot: &mut Snapshot) {
    let bytes = |bytes: Option<u64>| bytes.map(|bytes| bytes as f64);
    let seconds = |us: Option<u64>| us.map(|us| us as f64 / 1e6);
    let working_set =
        cgroup.memory_bytes.zip(cgroup.inactive_file_bytes).map(|(all, inactive)| all.saturating_sub(inactive));
    // Not finite for a limit of 0, and therefore left out.
    let utilization = working_set.zip(cgroup.memory_limit_bytes).map(|(used, limit)| used as f64 / limit as f64);
    let plain = [
        ("checkpost.cgroup.memory.usage", bytes(cgroup.memory_bytes)),
        ("checkpost.cgroup.memory.working_set", bytes(working_set)),
        ("checkpost.cgroup.memory.limit", bytes(cgroup.memory_limit_bytes)),
        ("checkpost.cgroup.memory.utilization", utilization),
        ("checkpost.cgroup.memory.oom_kill.count", cgroup.oom_kills.map(|kills| kills as f64)),
        ("checkpost.cgroup.cpu.limit", cgroup.cpu_limit),
        ("checkpost.cgroup.cpu.throttled.time", seconds(cgroup.throttled_us)),
        ("checkpost.cgroup.process.count", cgroup.tasks.map(|tasks| tasks as f64)),
        ("checkpost.cgroup.process.limit", cgroup.task_limit.map(|tasks| tasks as f64)),
    ];
    for (name, value) in plain {
        if let Some(value) = value {
            snapshot.push(name, Labels::none(), value);
        }
    }
    for (mode, us) in [("user", cgroup.user_us), ("system", cgroup.system_us)] {
        if let Some(seconds) = seconds(us) {
            snapshot.push("checkpost.cgroup.cpu.time", [("cpu.mode", mode)], seconds);
        }
    }
}

/// The limit of `cpu.max` in CPUs: a quota in a period, `200000 100000`. `None` for `max 100000`, which is no limit.
fn cpus(text: &str) -> Result<Option<f64>, ()> {
    let mut words = text.split_whitespace();
    let quota = words.next().ok_or(())?;
    if quota == "max" {
        return Ok(None);
    }
    let number = |word: &str| u64::from_str(word).ok().filter(|us| *us > 0).ok_or(());
    let period = words.next().ok_or(())?;
    Ok(Some(number(quota)? as f64 / number(period)? as f64))
}

fn text(root: &Path, file: &str, snapshot: &mut Snapshot) -> Option<String> {
    files::or_diagnose(files::text(&root.join(file)), "cgroup", snapshot)
}

fn number(root: &Path, file: &str, snapshot: &mut Snapshot) -> Option<u64> {
    files::or_diagnose(files::number(&root.join(file)), "cgroup", snapshot)
}

/// A number, or `None` for `max`, which is no limit.
fn limit(root: &Path, file: &str, snapshot: &mut Snapshot) -> Option<u64> {
    let text = text(root, file, snapshot).filter(|text| text != "max")?;
    let limit = text.parse().ok();
    if limit.is_none() {
        snapshot.diagnose("cgroup", invalid_limit(root, file));
    }
    limit
}

/// Fields of one file, each with whether every such file has it. The absence of such a field is a diagnostic.
fn fields<const N: usize>(
    root: &Path,
    file: &str,
    names: [(&str, bool); N],
    snapshot: &mut Snapshot,
) -> [Option<u64>; N] {
    let Some(text) = text(root, file, snapshot) else { return [None; N] };
    names.map(|(name, is_required)| {
        let value = files::field(&text, name);
        if value.is_none() && is_required {
            snapshot.diagnose("cgroup", format!("no {name} in {}", files::display(&root.join(file))));
        }
        value
    })
}

fn invalid_limit(root: &Path, file: &str) -> String {
    format!("no valid limit in {}", files::display(&root.join(file)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{fixture, measured, messages, readings, tree_with};

    const MIB: f64 = 1024.0 * 1024.0;

    fn plain(snapshot: &Snapshot, name: &str) -> Option<f64> {
        snapshot.value(&format!("checkpost.cgroup.{name}"), &Labels::none())
    }

    #[test]
    fn container_has_its_limits_and_its_usage() {
        let snapshot = measured(&fixture("container"), collect);
        let expected = [
            ("checkpost.cgroup.cpu.limit{}", 1.5),
            ("checkpost.cgroup.cpu.throttled.time{}", 12.345678),
            ("checkpost.cgroup.cpu.time{cpu.mode=system}", 300.25),
            ("checkpost.cgroup.cpu.time{cpu.mode=user}", 1_200.5),
            ("checkpost.cgroup.memory.limit{}", 512.0 * MIB),
            ("checkpost.cgroup.memory.oom_kill.count{}", 3.0),
            ("checkpost.cgroup.memory.usage{}", 400.0 * MIB),
            ("checkpost.cgroup.memory.utilization{}", 0.5),
            ("checkpost.cgroup.memory.working_set{}", 256.0 * MIB),
            ("checkpost.cgroup.process.count{}", 17.0),
            ("checkpost.cgroup.process.limit{}", 100.0),
        ];
        assert_eq!(readings(&snapshot), expected.map(|(name, value)| (name.to_owned(), value)));
        assert_eq!(snapshot.diagnostics, []);
    }

    #[test]
    fn lxc_container_has_its_limits_and_its_usage() {
        let snapshot = measured(&fixture("lxc"), collect);
        assert_eq!(plain(&snapshot, "memory.limit"), Some(2_048.0 * MIB));
        assert_eq!(plain(&snapshot, "cpu.limit"), None);
        assert_eq!(plain(&snapshot, "process.limit"), None);
        assert_eq!(snapshot.diagnostics, []);
    }

    #[test]
    fn host_and_container_with_cgroup_v1_have_no_readings() {
        for files in [
            // The root of the host's tree, which a container may see too.
            &[("sys/fs/cgroup/cgroup.controllers", "cpu memory"), ("sys/fs/cgroup/cpu.stat", "user_usec 5\n")][..],
            &[("sys/fs/cgroup/memory/memory.usage_in_bytes", "5")],
            &[("proc/meminfo", "MemTotal: 5 kB")],
        ] {
            let snapshot = measured(&tree_with(files).roots, collect);
            assert_eq!((snapshot.samples.len(), snapshot.diagnostics.len()), (0, 0), "{files:?}");
        }
    }

    #[test]
    fn limit_above_the_memory_of_the_host_is_no_limit() {
        for (max, limit) in [("4096001", None), ("4096000", Some(4_096_000.0)), ("max", None)] {
            let tree = tree_with(&[
                ("proc/meminfo", "MemFree: 1 kB\nMemTotal:  4000 kB\n"),
                ("sys/fs/cgroup/memory.current", "1024000\n"),
                ("sys/fs/cgroup/memory.stat", "anon 1\ninactive_file 0\n"),
                ("sys/fs/cgroup/memory.max", max),
            ]);
            let snapshot = measured(&tree.roots, collect);
            assert_eq!(plain(&snapshot, "memory.limit"), limit, "{max}");
            assert_eq!(plain(&snapshot, "memory.utilization"), limit.map(|_| 0.25), "{max}");
            assert_eq!(snapshot.diagnostics, []);
        }
    }

    #[test]
    fn cache_above_the_used_memory_is_a_working_set_of_zero() {
        let tree = tree_with(&[
            ("sys/fs/cgroup/memory.current", "1000"),
            ("sys/fs/cgroup/memory.stat", "inactive_file 1001"),
            ("sys/fs/cgroup/memory.max", "0"),
        ]);
        let snapshot = measured(&tree.roots, collect);
        assert_eq!(plain(&snapshot, "memory.working_set"), Some(0.0));
        assert_eq!(plain(&snapshot, "memory.utilization"), None);
    }

    #[test]
    fn controllers_that_the_container_lacks_are_no_failure() {
        let tree = tree_with(&[
            ("sys/fs/cgroup/cgroup.type", "domain\n"),
            ("sys/fs/cgroup/cpu.stat", "usage_usec 5000000\nuser_usec 3000000\nsystem_usec 2000000\n"),
        ]);
        let snapshot = measured(&tree.roots, collect);
        assert_eq!(
            readings(&snapshot),
            [("system", 2.0), ("user", 3.0)]
                .map(|(mode, seconds)| (format!("checkpost.cgroup.cpu.time{{cpu.mode={mode}}}"), seconds))
        );
        assert_eq!(snapshot.diagnostics, []);
    }

    #[test]
    fn cpu_limit_is_the_quota_in_a_period() {
        assert_eq!(cpus("200000 100000"), Ok(Some(2.0)));
        assert_eq!(cpus("max 100000"), Ok(None));
        assert_eq!(cpus("max"), Ok(None));
        for odd in ["", "200000", "0 100000", "200000 0", "-1 100000", "many 100000"] {
            assert_eq!(cpus(odd), Err(()), "{odd}");
        }
    }

    #[test]
    fn files_with_garbage_are_named_and_the_rest_is_read() {
        let tree = tree_with(&[
            ("sys/fs/cgroup/memory.current", "lots"),
            ("sys/fs/cgroup/memory.max", "-1"),
            ("sys/fs/cgroup/memory.stat", "inactive_f"),
            ("sys/fs/cgroup/memory.events", "oom_kill"),
            ("sys/fs/cgroup/cpu.max", "200000"),
            ("sys/fs/cgroup/cpu.stat", "user_usec 1000000\nsystem_usec x\n"),
            ("sys/fs/cgroup/pids.current", "7"),
            ("sys/fs/cgroup/pids.max/unreadable", ""),
        ]);
        let snapshot = measured(&tree.roots, collect);
        assert_eq!(snapshot.samples.len(), 2, "{:?}", snapshot.samples);
        assert_eq!(plain(&snapshot, "process.count"), Some(7.0));
        let messages = messages(&snapshot).join("\n");
        for (file, start) in [
            ("memory.current: 'lots'", "no number"),
            ("memory.max", "no valid limit"),
            ("memory.stat", "no inactive_file"),
            ("memory.events", "no oom_kill"),
            ("cpu.max", "no valid limit"),
            ("cpu.stat", "no system_usec"),
        ] {
            let named = |line: &str| line.starts_with(start) && line.ends_with(file);
            assert!(messages.lines().any(named), "{file}: {messages}");
        }
        assert!(messages.lines().any(|line| line.starts_with("cannot read") && line.contains("pids.max: ")));
        assert_eq!(snapshot.diagnostics.len(), 7, "{messages}");
    }
}
