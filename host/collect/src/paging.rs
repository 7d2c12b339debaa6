//! Paging and out-of-memory kills of Linux, since boot.

use checkpost_model::metric::{Labels, Snapshot};

use crate::files;
use crate::roots::Roots;

/// The counters that matter, out of some 150; those that a kernel lacks are `None`.
#[derive(Debug, Default, PartialEq, Eq)]
struct Vmstat {
    swapped_in_pages: Option<u64>,
    swapped_out_pages: Option<u64>,
    /// Minor and major faults.
    faults: Option<u64>,
    major_faults: Option<u64>,
    oom_kills: Option<u64>,
}

/// Reads `vmstat` below `/proc`.
pub(super) fn collect(roots: &Roots, snapshot: &mut Snapshot) {
    let path = roots.proc.join("vmstat");
    let text = match files::read(&path) {
        Ok(text) => text,
        Err(error) => return snapshot.diagnose("paging", files::cannot_read(&path, &error)),
    };
    let in_path = |why: String| format!("{why} in {}", files::display(&path));
    let (vmstat, broken) = parse(&text);
    for name in broken {
        snapshot.diagnose("paging", in_path(format!("no number after {name}")));
    }
    // A kernel without swap has no pswpin, and one before 4.13 no oom_kill; but every kernel counts faults.
    if vmstat.faults.is_none() || vmstat.major_faults.is_none() {
        snapshot.diagnose("paging", in_path("no page fault counters".to_owned()));
    }
    push(&vmstat, snapshot);
}

/// Parses the counters in one pass. Also returns the names of counters without a valid number.
fn parse(text: &str) -> (Vmstat, Vec<&str>) {
    let (mut vmstat, mut broken) = (Vmstat::default(), Vec::new());
    for line in text.lines() {
        let (name, value) = line.split_once(' ').unwrap_or((line, ""));
        let counter = match name {
            "pswpin" => &mut vmstat.swapped_in_pages,
            "pswpout" => &mut vmstat.swapped_out_pages,
            "pgfault" => &mut vmstat.faults,
            "pgmajfault" => &mut vmstat.major_faults,
            "oom_kill" => &mut vmstat.oom_kills,
            _ => continue,
        };
        *counter = value.trim().parse().ok();
        if counter.is_none() {
            broken.push(name);
        }
    }
    (vmstat, broken)
}

fn push(vmstat: &Vmstat, snapshot: &mut Snapshot) {
    let mut push = |name: &'static str, labels: Labels, value: Option<u64>| {
        if let Some(value) = value {
            snapshot.push(name, labels, value as f64);
        }
    };
    let direction = |direction: &str| Labels::from([("system.paging.direction", direction)]);
    push("system.paging.operations", direction("in"), vmstat.swapped_in_pages);
    push("system.paging.operations", direction("out"), vmstat.swapped_out_pages);
    let fault = |kind: &str| Labels::from([("system.paging.fault.type", kind)]);
    push("system.paging.faults", fault("major"), vmstat.major_faults);
    // The kernel sums both over all CPUs, one after the other, so that major faults may be slightly ahead of all faults.
    let minor = vmstat.faults.zip(vmstat.major_faults).map(|(all, major)| all.saturating_sub(major));
    push("system.paging.faults", fault("minor"), minor);
    push("checkpost.memory.oom_kill.count", Labels::none(), vmstat.oom_kills);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{fixture, measured, messages, readings, tree_with};

    #[test]
    fn paging_and_kills_are_counted_since_boot() {
        let snapshot = measured(&fixture("laptop"), collect);
        let expected = [
            ("checkpost.memory.oom_kill.count{}", 2.0),
            ("system.paging.faults{system.paging.fault.type=major}", 48_213.0),
            ("system.paging.faults{system.paging.fault.type=minor}", 98_701_234.0 - 48_213.0),
            ("system.paging.operations{system.paging.direction=in}", 1_204.0),
            ("system.paging.operations{system.paging.direction=out}", 9_311.0),
        ];
        assert_eq!(readings(&snapshot), expected.map(|(name, value)| (name.to_owned(), value)));
        assert_eq!(snapshot.diagnostics, []);
    }

    #[test]
    fn major_faults_above_all_faults_leave_no_minor_faults() {
        let tree = tree_with(&[("proc/vmstat", "pgfault 10\npgmajfault 11\n")]);
        let snapshot = measured(&tree.roots, collect);
        let minor = Labels::from([("system.paging.fault.type", "minor")]);
        assert_eq!(snapshot.value("system.paging.faults", &minor), Some(0.0));
    }

    #[test]
    fn kernel_without_swap_has_no_paging_operations_and_no_diagnostic() {
        let tree = tree_with(&[("proc/vmstat", "nr_free_pages 5\npgfault 10\npgmajfault 1\noom_kill 0\n")]);
        let snapshot = measured(&tree.roots, collect);
        assert_eq!(snapshot.samples.len(), 3);
        assert_eq!(snapshot.diagnostics, []);
    }

    #[test]
    fn counter_without_a_valid_number_is_named_and_left_out() {
        let tree = tree_with(&[("proc/vmstat", "pgfault 10\npgmajfault 1\npswpout -5\noom_kill")]);
        let snapshot = measured(&tree.roots, collect);
        assert_eq!(snapshot.samples.len(), 2);
        let messages = messages(&snapshot);
        assert_eq!(messages.len(), 2);
        assert!(messages[0].starts_with("no number after pswpout in "), "{messages:?}");
        assert!(messages[1].starts_with("no number after oom_kill in "), "{messages:?}");
    }

    #[test]
    fn vmstat_that_is_garbage_or_absent_is_a_diagnostic_and_no_reading() {
        for (files, why) in [
            (&[("proc/vmstat", "\u{0}\u{0}page faults: many")][..], "no page fault counters in "),
            (&[("proc/stat", "")], "cannot read "),
        ] {
            let snapshot = measured(&tree_with(files).roots, collect);
            assert_eq!(snapshot.samples, []);
            assert_eq!(snapshot.diagnostics.len(), 1);
            assert!(snapshot.diagnostics[0].message.starts_with(why), "{:?}", snapshot.diagnostics);
            assert!(snapshot.diagnostics[0].message.contains("vmstat"), "{:?}", snapshot.diagnostics);
        }
    }
}
