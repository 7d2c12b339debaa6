//! Comparison of rates and CPU shares with two readings of `/proc` by hand.
//!
//! Each of checkpost's two readings lies between two readings by hand. The rise in between is therefore at least what
//! the two inner readings show, over the longest possible time, and at most what the two outer readings show, over the
//! shortest.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::thread;

use checkpost_model::metric::Labels;
use checkpost_model::metric::catalog::{CATALOG, Kind, Source};

use super::{Bracket, COMPARABLE, EVERYTHING, Figures, NONE, Row, Scope, collected, proc, same};
use crate::support::Site;

const TABLE: &[Row] = &[
    // CPU times are in hundredths of a second, and idle times may fall.
    same("system.cpu.utilization").within(0.02),
    same("checkpost.cpu.mode.utilization").within(0.02),
    same("checkpost.cpu.core.utilization").within(0.02),
    // The uptime is in hundredths of a second.
    same("checkpost.cpu.interval").within(0.02),
    same("checkpost.paging.operations.rate"),
    same("checkpost.paging.faults.rate").within(100.0),
    same("checkpost.memory.oom_kill.rate"),
    same("checkpost.pressure.time.rate").within(0.001),
    same("checkpost.disk.io.rate"),
    same("checkpost.disk.operations.rate"),
    same("checkpost.disk.operation_time.rate").within(0.001),
    same("checkpost.disk.utilization").within(0.001),
    // An idle disk has no such reading.
    same("checkpost.disk.operation.duration").within(0.001).of(Scope::Any),
    same("checkpost.network.io.rate"),
    same("checkpost.network.packet.rate"),
    same("checkpost.network.errors.rate"),
    same("checkpost.network.packet.dropped.rate"),
    same("checkpost.network.physical.rate"),
];

#[test]
fn rates_lie_within_the_bounds_of_two_readings_by_hand() {
    let site = Site::with_config(EVERYTHING);
    // Compile everything first.
    site.run_json();
    let (first, _) = bracket(|| site.run_json());
    thread::sleep(COMPARABLE);
    // Something to measure, whatever else the machine does.
    let mut file = std::fs::File::create(site.path("written")).unwrap();
    file.write_all(&vec![1; 8 << 20]).unwrap();
    file.sync_all().unwrap();
    let (second, ours) = bracket(|| collected(&site, &[]));
    let differences: Vec<_> = bounds(&first, &second).differences(TABLE, &ours).into_values().collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// Does something between two readings, and returns the readings with the result.
fn bracket<T>(what: impl FnOnce() -> T) -> (Bracket, T) {
    let before = proc::read();
    let done = what();
    (Bracket { before, after: proc::read() }, done)
}

/// The lowest and the highest value that each rate may have.
fn bounds(first: &Bracket, second: &Bracket) -> Bracket {
    let mut bounds = Bracket { before: Figures::default(), after: Figures::default() };
    let least = Span { from: &first.after, to: &second.before };
    let most = Span { from: &first.before, to: &second.after };
    let (shortest, longest) =
        (least.rise("system.uptime", &Labels::none()), most.rise("system.uptime", &Labels::none()));
    let (shortest, longest) = (shortest.unwrap() - 0.02, longest.unwrap() + 0.02);
    for metric in CATALOG {
        let Kind::CounterWithRate(rate) = metric.kind else { continue };
        for (labels, _) in second.after.of(metric.name) {
            let (Some(low), Some(high)) = (least.rise(metric.name, labels), most.rise(metric.name, labels)) else {
                continue;
            };
            // A share of time cannot exceed 1.
            let all = if rate.ends_with(".utilization") { 1.0 } else { f64::INFINITY };
            bounds.before.add(rate, labels.clone(), (low.max(0.0) / longest).min(all));
            bounds.after.add(rate, labels.clone(), (high / shortest).min(all));
        }
    }
    bounds.before.add("checkpost.cpu.interval", NONE, shortest);
    bounds.after.add("checkpost.cpu.interval", NONE, longest);
    durations(&least, &most, &mut bounds);
    physical(&mut bounds);
    for labels in cores(&second.after).into_iter().chain([Labels::none()]) {
        shares(&least, &most, &labels, &mut bounds);
    }
    bounds
}

/// Two readings by hand.
struct Span<'a> {
    from: &'a Figures,
    to: &'a Figures,
}

impl Span<'_> {
    fn rise(&self, metric: &str, labels: &Labels) -> Option<f64> {
        Some(self.to.get(metric, labels)? - self.from.get(metric, labels)?)
    }
}

/// The duration of a disk operation: total time by number, for disks that certainly had operations.
fn durations(least: &Span, most: &Span, bounds: &mut Bracket) {
    for (labels, _) in most.to.of("system.disk.operations") {
        let both = |span: &Span| {
            let rise = |metric| span.rise(metric, labels).unwrap_or_default();
            (rise("system.disk.operations"), rise("system.disk.operation_time"))
        };
        let ((few, short), (many, long)) = (both(least), both(most));
        if few > 0.0 {
            bounds.before.add("checkpost.disk.operation.duration", labels.clone(), short / many);
            bounds.after.add("checkpost.disk.operation.duration", labels.clone(), long / few);
        }
    }
}

/// The configuration selects every interface, so the sum covers all of them.
fn physical(bounds: &mut Bracket) {
    for figures in [&mut bounds.before, &mut bounds.after] {
        for direction in ["receive", "transmit"] {
            let labels = Labels::from([("network.io.direction", direction)]);
            let those = figures.of("checkpost.network.io.rate").filter(|(all, _)| all.contains(&labels));
            let sum: f64 = those.map(|(_, value)| value).sum();
            figures.add("checkpost.network.physical.rate", labels, sum);
        }
    }
}

fn cores(figures: &Figures) -> BTreeSet<Labels> {
    let numbers = figures.of("checkpost.cpu.core.time").filter_map(|(labels, _)| labels.get("cpu.logical_number"));
    numbers.map(|number| Labels::from([("cpu.logical_number", number)])).collect()
}

/// Shares of the time of one CPU; without a label, of all CPUs.
fn shares(least: &Span, most: &Span, core: &Labels, bounds: &mut Bracket) {
    let (times, utilization) = match core.is_empty() {
        true => ("system.cpu.time", "system.cpu.utilization"),
        false => ("checkpost.cpu.core.time", "checkpost.cpu.core.utilization"),
    };
    let of = |span: &Span| -> BTreeMap<String, f64> {
        let all = span.to.of(times).filter(|(labels, _)| labels.contains(core));
        let rise = |labels: &Labels| Some((labels.get("cpu.mode")?.to_owned(), span.rise(times, labels)?.max(0.0)));
        all.filter_map(|(labels, _)| rise(labels)).collect()
    };
    let (least, most) = (of(least), of(most));
    let total = |modes: &BTreeMap<String, f64>| modes.values().sum::<f64>();
    let busy = |modes: &BTreeMap<String, f64>| {
        modes.iter().filter(|(mode, _)| *mode != "idle" && *mode != "iowait").map(|(_, seconds)| seconds).sum::<f64>()
    };
    let mut add = |metric: &str, labels: Labels, low: f64, high: f64| {
        bounds.before.add(metric, labels.clone(), low / total(&most));
        bounds.after.add(metric, labels, (high / total(&least)).min(1.0));
    };
    add(utilization, core.clone(), busy(&least), busy(&most));
    if core.is_empty() {
        for (mode, low) in &least {
            let labels = Labels::from([("cpu.mode", mode.as_str())]);
            add("checkpost.cpu.mode.utilization", labels, *low, most[mode]);
        }
    }
}

#[test]
fn rate_table_has_every_rate_of_the_catalog() {
    for metric in CATALOG {
        if let Kind::CounterWithRate(rate) = metric.kind
            // The counters of a container cannot be read from outside.
            && metric.source != Source::Cgroup
        {
            assert!(TABLE.iter().any(|row| row.metric == rate), "{rate}");
        }
    }
}
