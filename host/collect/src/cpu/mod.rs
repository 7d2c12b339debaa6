//! CPU time of all CPUs together and of each CPU, and the shares that follow from two readings.

mod times;

use std::collections::BTreeMap;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use checkpost_model::metric::{Labels, Snapshot};

use crate::rate;
use crate::request::Request;
use times::{MODES, Stat, Times, busy, shares};

/// The first reading of a CPU window.
pub(super) struct FirstReading {
    at: Instant,
    stat: Stat,
}

/// Reads the counters close to the uptime. The snapshot has these values even if a second reading follows.
pub(super) fn start(proc: &Path, request: &Request, snapshot: &mut Snapshot) -> Option<FirstReading> {
    let at = Instant::now();
    let stat = match read(proc) {
        Ok(stat) => stat,
        Err(why) => {
            snapshot.diagnose("cpu", why);
            return None;
        }
    };
    push(&stat, request, snapshot);
    Some(FirstReading { at, stat })
}

fn push(stat: &Stat, request: &Request, snapshot: &mut Snapshot) {
    for (mode, seconds) in &stat.total {
        snapshot.push("system.cpu.time", [("cpu.mode", *mode)], *seconds);
    }
    if !stat.cores.is_empty() {
        snapshot.push("system.cpu.logical.count", Labels::none(), stat.cores.len() as f64);
    }
    if request.demand.wants("checkpost.cpu.core.time") {
        for (number, times) in &stat.cores {
            let number = number.to_string();
            for (mode, seconds) in times {
                let labels = [("cpu.logical_number", number.as_str()), ("cpu.mode", *mode)];
                snapshot.push("checkpost.cpu.core.time", labels, *seconds);
            }
        }
    }
}

/// Adds the shares since the last snapshot if that is possible, otherwise over the rest of the window.
pub(super) fn finish(first: FirstReading, proc: &Path, request: &Request, snapshot: &mut Snapshot) {
    let before = request.previous.and_then(|previous| {
        let interval =
            rate::interval(previous, snapshot).filter(|interval| *interval >= request.shortest_cpu_interval)?;
        Some((interval, Before { total: total_of(previous), cores: cores_of(previous) }))
    });
    if let Some((interval, before)) = before
        && push_shares(interval, &before, &first.stat, request, snapshot).is_some()
    {
        return;
    }
    thread::sleep(request.cpu_window.saturating_sub(first.at.elapsed()));
    let interval = first.at.elapsed();
    let before = Before { total: first.stat.total, cores: first.stat.cores };
    match read(proc) {
        Ok(stat) if push_shares(interval, &before, &stat, request, snapshot).is_some() => {}
        Ok(_) => {
            let message = format!("CPU counters fell or did not change for {:.2} s", interval.as_secs_f64());
            snapshot.diagnose("cpu", message);
        }
        Err(why) => snapshot.diagnose("cpu", why),
    }
}

/// An earlier reading.
struct Before {
    total: Times,
    cores: BTreeMap<u32, Times>,
}

/// Adds the shares between two readings, if the share of all CPUs is known.
fn push_shares(
    interval: Duration,
    before: &Before,
    after: &Stat,
    request: &Request,
    snapshot: &mut Snapshot,
) -> Option<()> {
    let total = shares(&before.total, &after.total)?;
    snapshot.push("system.cpu.utilization", Labels::none(), busy(&total));
    snapshot.push("checkpost.cpu.interval", Labels::none(), interval.as_secs_f64());
    for (mode, share) in &total {
        snapshot.push("checkpost.cpu.mode.utilization", [("cpu.mode", *mode)], *share);
    }
    if request.demand.wants("checkpost.cpu.core.utilization") {
        for (number, after) in &after.cores {
            if let Some(shares) = before.cores.get(number).and_then(|before| shares(before, after)) {
                let labels = [("cpu.logical_number", number.to_string())];
                snapshot.push("checkpost.cpu.core.utilization", labels, busy(&shares));
            }
        }
    }
    Some(())
}

/// The mode of stored labels.
fn mode_of(labels: &Labels) -> Option<&'static str> {
    let mode = labels.get("cpu.mode")?;
    MODES.into_iter().find(|known| *known == mode)
}

fn total_of(snapshot: &Snapshot) -> Times {
    let times = snapshot.samples.iter().filter(|sample| sample.name == "system.cpu.time");
    times.filter_map(|sample| Some((mode_of(&sample.labels)?, sample.value))).collect()
}

fn cores_of(snapshot: &Snapshot) -> BTreeMap<u32, Times> {
    let mut cores = BTreeMap::<u32, Times>::new();
    for sample in snapshot.samples.iter().filter(|sample| sample.name == "checkpost.cpu.core.time") {
        let number = sample.labels.get("cpu.logical_number").and_then(|number| number.parse().ok());
        if let (Some(number), Some(mode)) = (number, mode_of(&sample.labels)) {
            cores.entry(number).or_default().insert(mode, sample.value);
        }
    }
    cores
}

fn read(proc: &Path) -> Result<Stat, String> {
    let path = proc.join("stat");
    let cannot_read = |why: &dyn std::fmt::Display| format!("cannot read {}: {why}", path.display());
    let text = std::fs::read(&path).map_err(|error| cannot_read(&error))?;
    Stat::parse(&text).map_err(|error| cannot_read(&error))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use checkpost_model::metric::Host;

    use super::*;
    use crate::tests::proc_with;

    //                               user nice system idle iowait irq softirq steal guest guest_nice
    pub(super) const BEFORE: &str = "1000 10 200 5000 100 5 15 0 0 0";

    fn stat(cpu: &str) -> String {
        format!("cpu  {cpu}\ncpu0 {cpu}\nintr 475909 0 0\nctxt 1023\nbtime 1700000000\nprocesses 99\nsoftirq 12 3\n")
    }

    pub(super) fn times(cpu: &str) -> Times {
        Stat::parse(stat(cpu).as_bytes()).unwrap().total
    }

    fn request<'a>(previous: Option<&'a Snapshot>) -> Request<'a> {
        Request { previous, cpu_window: Duration::ZERO, ..Request::new(jiff::Timestamp::UNIX_EPOCH) }
    }

    /// A snapshot at a second of uptime with these counters.
    fn snapshot_at(uptime_s: f64, cpu: &str) -> Snapshot {
        let mut snapshot = Snapshot::new(jiff::Timestamp::UNIX_EPOCH, Host::example("boot-1"));
        snapshot.push("system.uptime", Labels::none(), uptime_s);
        push(&Stat::parse(stat(cpu).as_bytes()).unwrap(), &request(None), &mut snapshot);
        snapshot
    }

    /// The snapshot at a second of uptime, with `counters` at the start of the window and `later` at its end.
    fn measured(previous: Option<&Snapshot>, uptime_s: f64, counters: &str, later: &str) -> Snapshot {
        let proc = proc_with(&[("stat", &stat(counters))]);
        let request = request(previous);
        let mut snapshot = Snapshot::new(request.now, Host::example("boot-1"));
        let started = start(proc.path(), &request, &mut snapshot).unwrap();
        snapshot.push("system.uptime", Labels::none(), uptime_s);
        std::fs::write(proc.path().join("stat"), stat(later)).unwrap();
        finish(started, proc.path(), &request, &mut snapshot);
        snapshot
    }

    fn plain(snapshot: &Snapshot, name: &str) -> Option<f64> {
        snapshot.value(name, &Labels::none())
    }

    #[test]
    fn cpu_use_is_the_average_since_the_last_snapshot_of_this_boot() {
        let previous = snapshot_at(1000.0, BEFORE);
        let after = "10000 10 200 26000 100 5 15 0 0 0";
        let snapshot = measured(Some(&previous), 1300.0, after, after);
        assert_eq!(plain(&snapshot, "system.cpu.utilization"), Some(0.3));
        assert_eq!(plain(&snapshot, "checkpost.cpu.interval"), Some(300.0));
        let core = Labels::from([("cpu.logical_number", "0")]);
        assert_eq!(snapshot.value("checkpost.cpu.core.utilization", &core), Some(0.3));
        let idle = Labels::from([("cpu.mode", "idle")]);
        assert_eq!(snapshot.value("checkpost.cpu.mode.utilization", &idle), Some(0.7));
    }

    #[test]
    fn snapshot_younger_than_5_s_or_older_than_1_h_is_not_used() {
        let previous = snapshot_at(1000.0, BEFORE);
        let after = "1100 10 200 5100 100 5 15 0 0 0";
        let later = "1200 10 200 5100 100 5 15 0 0 0";
        for (uptime_s, utilization) in [(1004.9, 1.0), (1005.0, 0.5), (4600.0, 0.5), (4600.1, 1.0)] {
            let snapshot = measured(Some(&previous), uptime_s, after, later);
            assert_eq!(plain(&snapshot, "system.cpu.utilization"), Some(utilization), "{uptime_s}");
        }
    }

    #[test]
    fn counters_that_fell_since_the_last_snapshot_are_measured_over_the_window() {
        let previous = snapshot_at(1000.0, "9000 10 200 5000 100 5 15 0 0 0");
        let snapshot = measured(Some(&previous), 1300.0, BEFORE, "1075 10 200 5025 100 5 15 0 0 0");
        assert_eq!(plain(&snapshot, "system.cpu.utilization"), Some(0.75));
        assert_eq!(snapshot.diagnostics, []);
    }

    #[test]
    fn window_without_a_change_is_a_diagnostic_and_no_reading() {
        let snapshot = measured(None, 1300.0, BEFORE, BEFORE);
        assert_eq!(plain(&snapshot, "system.cpu.utilization"), None);
        assert!(snapshot.diagnostics[0].message.contains("fell or did not change"), "{:?}", snapshot.diagnostics);
    }

    #[test]
    fn cpu_that_was_plugged_in_has_no_share_yet() {
        let previous = snapshot_at(1000.0, BEFORE);
        let after = "2000 10 200 6000 100 5 15 0 0 0";
        let two = stat(after) + &stat(after).lines().nth(1).unwrap().replace("cpu0", "cpu1") + "\n";
        let proc = proc_with(&[("stat", &two)]);
        let request = request(Some(&previous));
        let mut snapshot = Snapshot::new(request.now, Host::example("boot-1"));
        let started = start(proc.path(), &request, &mut snapshot).unwrap();
        snapshot.push("system.uptime", Labels::none(), 1300.0);
        finish(started, proc.path(), &request, &mut snapshot);
        let share = |number: &str| {
            snapshot.value("checkpost.cpu.core.utilization", &Labels::from([("cpu.logical_number", number)]))
        };
        assert_eq!((share("0"), share("1")), (Some(0.5), None));
        assert_eq!(plain(&snapshot, "system.cpu.logical.count"), Some(2.0));
    }

    #[test]
    fn truncated_stat_is_a_diagnostic_and_no_reading() {
        let proc = proc_with(&[("stat", "cpu  754")]);
        let mut snapshot = Snapshot::new(jiff::Timestamp::UNIX_EPOCH, Host::example("boot-1"));
        assert!(start(proc.path(), &request(None), &mut snapshot).is_none());
        assert_eq!(snapshot.samples, []);
        assert_eq!(snapshot.diagnostics.len(), 1);
    }
}
