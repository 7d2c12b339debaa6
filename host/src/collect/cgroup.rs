//! Limits and use of the container that checkpost is in, from cgroup v2.

use std::path::Path;
use std::str::FromStr;

use super::files;
use super::roots::Roots;
use crate::metric::{Labels, Snapshot};

/// What a container may use and does. What is not limited, or not told, is `None`.
#[derive(Debug, Default, PartialEq)]
struct Cgroup {
    memory_bytes: Option<u64>,
    /// Cache that was not used lately, and is given back first.
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

/// Reads `fs/cgroup` below `/sys` when it is the cgroup of a container.
pub(super) fn collect(roots: &Roots, snapshot: &mut Snapshot) {
    let root = roots.sys.join("fs/cgroup");
    // The root of the host's tree has neither file. A container that is shown the host's tree has them somewhere below,
    // and what is its own among it nobody can tell. With cgroup v1 there are directories only.
    if root.join("cgroup.type").exists() || root.join("memory.current").exists() {
        let host_memory_bytes = files::text(&roots.proc.join("meminfo"))
            .unwrap_or_default()
            .and_then(|meminfo| files::field(&meminfo, "MemTotal:")?.checked_mul(1024));
        push(&read(&root, host_memory_bytes, snapshot), snapshot);
    }
}

/// Which files there are depends on the controllers that the container was given, so that an absent one is no failure.
fn read(root: &Path, host_memory_bytes: Option<u64>, snapshot: &mut Snapshot) -> Cgroup {
    let mut cgroup = Cgroup {
        memory_bytes: number(root, "memory.current", snapshot),
        // A limit above the host's memory limits nothing.
        memory_limit_bytes: limit(root, "memory.max", snapshot)
            .filter(|limit| host_memory_bytes.is_none_or(|host| *limit <= host)),
        cpu_limit: text(root, "cpu.max", snapshot).and_then(|text| {
            let limit = cpus(&text);
            if limit.is_err() {
                snapshot.diagnose("cgroup", not_understood(root, "cpu.max"));
            }
            limit.ok().flatten()
        }),
        tasks: number(root, "pids.current", snapshot),
        task_limit: limit(root, "pids.max", snapshot),
        ..Cgroup::default()
    };
    [cgroup.inactive_file_bytes] = fields(root, "memory.stat", [("inactive_file", true)], snapshot);
    [cgroup.oom_kills] = fields(root, "memory.events", [("oom_kill", true)], snapshot);
    // Only with the cpu controller is anybody throttled.
    let of_cpu = [("user_usec", true), ("system_usec", true), ("throttled_usec", false)];
    [cgroup.user_us, cgroup.system_us, cgroup.throttled_us] = fields(root, "cpu.stat", of_cpu, snapshot);
    cgroup
}

fn push(cgroup: &Cgroup, snapshot: &mut Snapshot) {
    let bytes = |bytes: Option<u64>| bytes.map(|bytes| bytes as f64);
    let seconds = |us: Option<u64>| us.map(|us| us as f64 / 1e6);
    let working_set =
        cgroup.memory_bytes.zip(cgroup.inactive_file_bytes).map(|(all, inactive)| all.saturating_sub(inactive));
    // Not finite for a limit of nothing, and so left out.
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

/// CPUs by `cpu.max`: a quota in a period, `200000 100000`. `None` for `max 100000`, which is no limit.
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

/// A number, where `max` is no limit.
fn limit(root: &Path, file: &str, snapshot: &mut Snapshot) -> Option<u64> {
    let text = text(root, file, snapshot).filter(|text| text != "max")?;
    let limit = text.parse().ok();
    if limit.is_none() {
        snapshot.diagnose("cgroup", not_understood(root, file));
    }
    limit
}

/// Some fields of one file. That one which is in every such file is not in this one is a diagnostic.
fn fields<const N: usize>(
    root: &Path,
    file: &str,
    names: [(&str, bool); N],
    snapshot: &mut Snapshot,
) -> [Option<u64>; N] {
    let Some(text) = text(root, file, snapshot) else { return [None; N] };
    names.map(|(name, always)| {
        let value = files::field(&text, name);
        if value.is_none() && always {
            snapshot.diagnose("cgroup", format!("no {name} in {}", files::shown(&root.join(file))));
        }
        value
    })
}

fn not_understood(root: &Path, file: &str) -> String {
    format!("no limit that could be understood in {}", files::shown(&root.join(file)))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{fixture, measured, messages, readings, tree_with};
    use super::*;

    const MIB: f64 = 1024.0 * 1024.0;

    fn plain(snapshot: &Snapshot, name: &str) -> Option<f64> {
        snapshot.value(&format!("checkpost.cgroup.{name}"), &Labels::none())
    }

    #[test]
    fn a_container_has_its_limits_and_its_use() {
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
    fn lxc_is_a_container_too() {
        let snapshot = measured(&fixture("lxc"), collect);
        assert_eq!(plain(&snapshot, "memory.limit"), Some(2_048.0 * MIB));
        assert_eq!(plain(&snapshot, "cpu.limit"), None);
        assert_eq!(plain(&snapshot, "process.limit"), None);
        assert_eq!(snapshot.diagnostics, []);
    }

    #[test]
    fn the_host_itself_and_a_container_with_cgroup_v1_have_nothing() {
        for files in [
            // The root of the host's tree, also when a container is shown it.
            &[("sys/fs/cgroup/cgroup.controllers", "cpu memory"), ("sys/fs/cgroup/cpu.stat", "user_usec 5\n")][..],
            &[("sys/fs/cgroup/memory/memory.usage_in_bytes", "5")],
            &[("proc/meminfo", "MemTotal: 5 kB")],
        ] {
            let snapshot = measured(&tree_with(files).roots, collect);
            assert_eq!((snapshot.samples.len(), snapshot.diagnostics.len()), (0, 0), "{files:?}");
        }
    }

    #[test]
    fn a_limit_is_none_above_the_memory_of_the_host_and_one_up_to_it() {
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
    fn more_cache_than_memory_is_a_working_set_of_nothing() {
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
    fn controllers_that_the_container_was_not_given_are_no_failure() {
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
    fn cpus_are_the_quota_in_a_period() {
        assert_eq!(cpus("200000 100000"), Ok(Some(2.0)));
        assert_eq!(cpus("max 100000"), Ok(None));
        assert_eq!(cpus("max"), Ok(None));
        for odd in ["", "200000", "0 100000", "200000 0", "-1 100000", "many 100000"] {
            assert_eq!(cpus(odd), Err(()), "{odd}");
        }
    }

    #[test]
    fn garbage_is_named_file_by_file_and_the_rest_is_read() {
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
        for (file, what) in [
            ("memory.current: 'lots'", "no number"),
            ("memory.max", "no limit that could be understood"),
            ("memory.stat", "no inactive_file"),
            ("memory.events", "no oom_kill"),
            ("cpu.max", "no limit that could be understood"),
            ("cpu.stat", "no system_usec"),
        ] {
            let named = |line: &str| line.starts_with(what) && line.ends_with(file);
            assert!(messages.lines().any(named), "{file}: {messages}");
        }
        assert!(messages.lines().any(|line| line.starts_with("cannot read") && line.contains("pids.max: ")));
        assert_eq!(snapshot.diagnostics.len(), 7, "{messages}");
    }
}
