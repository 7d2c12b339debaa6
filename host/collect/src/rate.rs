//! Compares two snapshots: the interval between them, and the rates of their counters. Nothing else compares snapshots.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;
use std::time::Duration;

use checkpost_model::metric::catalog::{CATALOG, Kind, Metric};
use checkpost_model::metric::{Labels, ProcessTimes, Sample, Snapshot};

use crate::request::Request;

/// The longest interval over which a rate is meaningful.
const LONGEST_INTERVAL: Duration = Duration::from_secs(3600);
/// The shortest interval for a rate, because a shorter one amplifies the granularity of counters. It is below 1 s because
/// collections of `--watch 1s` are sometimes slightly less than 1 s apart.
const SHORTEST_RATE: Duration = Duration::from_millis(500);

/// The name of the rate of each counter that has one.
static RATES: LazyLock<HashMap<&str, &'static str>> = LazyLock::new(|| {
    let rate = |metric: &'static Metric| match metric.kind {
        Kind::CounterWithRate(rate) => Some((metric.name, rate)),
        _ => None,
    };
    CATALOG.iter().filter_map(rate).collect()
});

/// The time between two snapshots; `None` if they must not be compared: different boots, no time or more than an hour
/// between them.
pub(super) fn interval(previous: &Snapshot, current: &Snapshot) -> Option<Duration> {
    let boot_id = &current.host.boot_id;
    if boot_id.is_empty() || previous.host.boot_id != *boot_id {
        return None;
    }
    let uptime = |snapshot: &Snapshot| snapshot.value("system.uptime", &Labels::none());
    // Setting the clock does not affect the uptime, so that the wall clock only serves hosts without an uptime. The uptime
    // falls when a container is restarted in the same boot of its host, and its counters restart then too.
    let seconds = match (uptime(previous), uptime(current)) {
        (Some(before), Some(now)) => now - before,
        _ => current.time.duration_since(previous.time).as_secs_f64(),
    };
    let interval = Duration::try_from_secs_f64(seconds).ok()?;
    (!interval.is_zero() && interval <= LONGEST_INTERVAL).then_some(interval)
}

/// Adds the rates of the counters in both snapshots, and the metrics that are derived from rates. `physical` names the
/// interfaces whose traffic is summed.
pub fn derive(previous: &Snapshot, physical: &[String], current: &mut Snapshot) {
    let Some(interval) = interval(previous, current).filter(|interval| *interval >= SHORTEST_RATE) else {
        return;
    };
    let rates = rates(previous, current, interval);
    let derived = operation_durations(&rates).chain(physical_rates(&rates, physical)).collect::<Vec<_>>();
    current.samples.extend(rates.into_iter().chain(derived));
}

/// The CPU times of processes in the last cycle, and the time since then; `None` if the cycles must not be compared.
pub(super) fn process_times<'a>(request: &Request<'a>, current: &Snapshot) -> Option<(&'a ProcessTimes, Duration)> {
    let previous = request.previous?;
    let interval = interval(previous, current).filter(|interval| *interval >= request.shortest_cpu_interval)?;
    Some((previous.process_times.as_ref()?, interval))
}

/// The number of processes of each watched pattern in that cycle.
pub(super) fn watched_counts(request: &Request, current: &Snapshot) -> HashMap<String, f64> {
    let previous = request.previous.filter(|_| process_times(request, current).is_some());
    let samples = previous.into_iter().flat_map(|previous| &previous.samples);
    let counts = samples.filter(|sample| sample.name == "process.watched.count");
    counts.filter_map(|sample| Some((sample.labels.get("process.watched.pattern")?.to_owned(), sample.value))).collect()
}

fn rates(previous: &Snapshot, current: &Snapshot, interval: Duration) -> Vec<Sample> {
    let before: HashMap<_, _> = counters(previous).map(|sample| ((sample.name, sample.labels), sample.value)).collect();
    let increase = |counter: Sample| {
        let key = (counter.name, counter.labels);
        let increase = counter.value - before.get(&key)?;
        Some((key.0, key.1, increase))
    };
    let increases: Vec<_> = counters(current).filter_map(increase).collect();
    // A counter that fell was reset or wrapped, which cannot be distinguished, so that it makes a gap and never a spike. A
    // reset counter of an interface or a disk means that another device took its place, which resets all of its counters.
    let reset: HashSet<_> =
        increases.iter().filter(|(.., increase)| *increase < 0.0).filter_map(|(_, labels, _)| device(labels)).collect();
    let rate = |(name, labels, increase): &(Cow<'static, str>, Labels, f64)| {
        let name = *RATES.get(&**name)?;
        if *increase < 0.0 || device(labels).is_some_and(|device| reset.contains(&device)) {
            return None;
        }
        let rate = increase / interval.as_secs_f64();
        // The busy time and the uptime come from different clocks, so that their ratio may slightly exceed 1.
        let value = if name.ends_with(".utilization") { rate.min(1.0) } else { rate };
        Some(Sample { name: name.into(), labels: labels.clone(), value })
    };
    increases.iter().filter_map(rate).collect()
}

/// The removable device that a counter belongs to: an interface or a disk.
fn device(labels: &Labels) -> Option<(&'static str, &str)> {
    ["network.interface.name", "system.device"].into_iter().find_map(|key| Some((key, labels.get(key)?)))
}

fn counters(snapshot: &Snapshot) -> impl Iterator<Item = Sample> {
    snapshot.samples.iter().filter(|sample| RATES.contains_key(&*sample.name)).cloned()
}

fn named<'a>(rates: &'a [Sample], name: &'static str) -> impl Iterator<Item = &'a Sample> {
    rates.iter().filter(move |sample| sample.name == name)
}

/// The mean duration of a disk operation: the time of all operations divided by their number, if there were any.
fn operation_durations(rates: &[Sample]) -> impl Iterator<Item = Sample> {
    named(rates, "checkpost.disk.operations.rate").filter(|operations| operations.value > 0.0).filter_map(
        |operations| {
            let is_same = |time: &&Sample| time.labels == operations.labels;
            let time = named(rates, "checkpost.disk.operation_time.rate").find(is_same)?;
            let (labels, value) = (operations.labels.clone(), time.value / operations.value);
            Some(Sample { name: "checkpost.disk.operation.duration".into(), labels, value })
        },
    )
}

/// The sums of the rates of physical interfaces. The rate of a sum would leap when an interface is added or removed.
fn physical_rates(rates: &[Sample], physical: &[String]) -> impl Iterator<Item = Sample> {
    let sum = |direction: &'static str| {
        let is_part = |sample: &&Sample| {
            sample.labels.get("network.io.direction") == Some(direction)
                && sample.labels.get("network.interface.name").is_some_and(|name| physical.iter().any(|p| p == name))
        };
        let parts: Vec<_> = named(rates, "checkpost.network.io.rate").filter(is_part).map(|part| part.value).collect();
        let labels = Labels::from([("network.io.direction", direction)]);
        let name = "checkpost.network.physical.rate".into();
        (!parts.is_empty()).then(|| Sample { name, labels, value: parts.iter().sum() })
    };
    ["receive", "transmit"].into_iter().filter_map(sum).collect::<Vec<_>>().into_iter()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use jiff::Timestamp;

    use checkpost_model::metric::Host;

    use super::*;

    fn snapshot(second: i64, uptime_s: Option<f64>, received: &[(&str, f64)]) -> Snapshot {
        let mut snapshot = Snapshot::new(Timestamp::from_second(second).unwrap(), Host::example("boot-1"));
        if let Some(uptime_s) = uptime_s {
            snapshot.push("system.uptime", Labels::none(), uptime_s);
        }
        for (interface, bytes) in received {
            snapshot.push("system.network.io", received_by(interface), *bytes);
        }
        snapshot
    }

    fn received_by(interface: &str) -> Labels {
        Labels::from([("network.interface.name", interface), ("network.io.direction", "receive")])
    }

    fn rate(previous: &Snapshot, mut current: Snapshot) -> Option<f64> {
        derive(previous, &[], &mut current);
        current.value("checkpost.network.io.rate", &received_by("eth0"))
    }

    fn seconds_between(previous: &Snapshot, current: &Snapshot) -> Option<f64> {
        interval(previous, current).map(|interval| interval.as_secs_f64())
    }

    #[test]
    fn rate_is_the_difference_per_second_of_uptime() {
        let previous = snapshot(0, Some(100.0), &[("eth0", 1_000.0)]);
        assert_eq!(rate(&previous, snapshot(60, Some(160.0), &[("eth0", 61_000.0)])), Some(1_000.0));
    }

    #[test]
    fn counter_that_did_not_change_has_a_rate_of_zero() {
        let previous = snapshot(0, Some(100.0), &[("eth0", 1_000.0)]);
        assert_eq!(rate(&previous, snapshot(60, Some(160.0), &[("eth0", 1_000.0)])), Some(0.0));
    }

    #[test]
    fn counter_that_fell_is_a_gap() {
        // 2^32 - 1 to 500: a wrap or a reset, which cannot be distinguished.
        let previous = snapshot(0, Some(100.0), &[("eth0", 4_294_967_295.0)]);
        assert_eq!(rate(&previous, snapshot(60, Some(160.0), &[("eth0", 500.0)])), None);
    }

    #[test]
    fn interface_that_was_added_is_a_gap_and_its_neighbour_has_a_rate() {
        let previous = snapshot(0, Some(100.0), &[("eth0", 0.0)]);
        let mut current = snapshot(10, Some(110.0), &[("eth0", 10.0), ("eth1", 9_999.0)]);
        derive(&previous, &[], &mut current);
        assert_eq!(current.value("checkpost.network.io.rate", &received_by("eth0")), Some(1.0));
        assert_eq!(current.value("checkpost.network.io.rate", &received_by("eth1")), None);
    }

    #[test]
    fn counters_with_a_rate_all_get_it() {
        let with_counters = |second, uptime_s, value| {
            let mut snapshot = snapshot(second, Some(uptime_s), &[]);
            RATES.keys().for_each(|counter| snapshot.push((*counter).to_owned(), Labels::none(), value));
            snapshot
        };
        let mut current = with_counters(10, 20.0, 15.0);
        derive(&with_counters(0, 10.0, 10.0), &[], &mut current);
        for rate in RATES.values() {
            assert_eq!(current.value(rate, &Labels::none()), Some(0.5), "{rate}");
        }
    }

    #[test]
    fn busy_share_is_at_most_one() {
        // Two different clocks: 1001 ms of work in a second.
        let labels = || Labels::from([("system.device", "vda")]);
        let (mut previous, mut current) = (snapshot(0, Some(100.0), &[]), snapshot(1, Some(101.0), &[]));
        previous.push("system.disk.io_time", labels(), 7.0);
        current.push("system.disk.io_time", labels(), 8.001);
        derive(&previous, &[], &mut current);
        assert_eq!(current.value("checkpost.disk.utilization", &labels()), Some(1.0));
    }

    #[test]
    fn operation_duration_is_a_mean_and_absent_without_operations() {
        let labels = |direction| Labels::from([("disk.io.direction", direction), ("system.device", "vda")]);
        let with = |second, uptime_s, reads, seconds| {
            let mut snapshot = snapshot(second, Some(uptime_s), &[]);
            for (direction, operations) in [("read", reads), ("write", 7.0)] {
                snapshot.push("system.disk.operations", labels(direction), operations);
                snapshot.push("system.disk.operation_time", labels(direction), seconds);
            }
            snapshot
        };
        let mut current = with(10, 110.0, 300.0, 3.0);
        derive(&with(0, 100.0, 100.0, 1.0), &[], &mut current);
        assert_eq!(current.value("checkpost.disk.operation.duration", &labels("read")), Some(0.01));
        assert_eq!(current.value("checkpost.disk.operation.duration", &labels("write")), None);
    }

    #[test]
    fn interface_that_comes_back_is_no_spike_in_the_sum() {
        let previous = snapshot(0, Some(100.0), &[("eth0", 1_000.0), ("eth1", 50.0), ("lo", 0.0)]);
        // eth1 was unplugged and counts from 0 again; eth2 had counted long before it appeared here.
        let both = [("eth0", 2_000.0), ("eth1", 7.0), ("eth2", 1e12), ("lo", 9_000.0)];
        let mut current = snapshot(10, Some(110.0), &both);
        derive(&previous, &["eth0", "eth1", "eth2"].map(str::to_owned), &mut current);
        let sum = |direction| {
            current.value("checkpost.network.physical.rate", &Labels::from([("network.io.direction", direction)]))
        };
        assert_eq!((sum("receive"), sum("transmit")), (Some(100.0), None));
    }

    #[test]
    fn interface_that_was_replaced_has_no_rate_in_either_direction() {
        let sent_by =
            |interface| Labels::from([("network.interface.name", interface), ("network.io.direction", "transmit")]);
        let mut previous = snapshot(0, Some(100.0), &[("usb0", 1_000.0), ("eth0", 0.0)]);
        // The new interface has received less than the old one, and sent a terabyte before it appeared here.
        let mut current = snapshot(10, Some(110.0), &[("usb0", 7.0), ("eth0", 10.0)]);
        for (snapshot, sent) in [(&mut previous, 0.0), (&mut current, 1e12)] {
            snapshot.push("system.network.io", sent_by("usb0"), sent);
        }
        derive(&previous, &[], &mut current);
        let rates: Vec<_> = named(&current.samples, "checkpost.network.io.rate").map(|rate| &rate.labels).collect();
        assert_eq!(rates, [&received_by("eth0")]);
    }

    #[test]
    fn snapshots_of_two_boots_are_never_compared() {
        let mut previous = snapshot(0, Some(100.0), &[("eth0", 1.0)]);
        previous.host = Host::example("boot-0");
        assert_eq!(rate(&previous, snapshot(60, Some(160.0), &[("eth0", 2.0)])), None);
    }

    #[test]
    fn snapshots_without_boot_ids_are_never_compared() {
        let (mut previous, mut current) = (snapshot(0, None, &[]), snapshot(60, None, &[]));
        previous.host = Host::example("");
        current.host = Host::example("");
        assert_eq!(interval(&previous, &current), None);
    }

    #[test]
    fn clock_that_was_set_back_does_not_matter_with_an_uptime() {
        let previous = snapshot(9_000, Some(100.0), &[]);
        assert_eq!(seconds_between(&previous, &snapshot(2_000, Some(400.0), &[])), Some(300.0));
    }

    #[test]
    fn wall_clock_counts_without_an_uptime_and_setting_it_back_is_a_gap() {
        let previous = snapshot(9_000, None, &[]);
        assert_eq!(seconds_between(&previous, &snapshot(9_300, Some(400.0), &[])), Some(300.0));
        assert_eq!(seconds_between(&previous, &snapshot(2_000, Some(400.0), &[])), None);
    }

    #[test]
    fn uptime_that_fell_is_a_gap() {
        let previous = snapshot(0, Some(5_000.0), &[]);
        assert_eq!(seconds_between(&previous, &snapshot(300, Some(20.0), &[])), None);
    }

    #[test]
    fn intervals_of_zero_and_above_an_hour_are_gaps() {
        let previous = snapshot(0, Some(100.0), &[]);
        assert_eq!(seconds_between(&previous, &snapshot(0, Some(100.0), &[])), None);
        assert_eq!(seconds_between(&previous, &snapshot(3_600, Some(3_700.0), &[])), Some(3_600.0));
        assert_eq!(seconds_between(&previous, &snapshot(3_601, Some(3_701.0), &[])), None);
    }

    #[test]
    fn rate_needs_half_a_second_at_least() {
        let previous = snapshot(0, Some(100.0), &[("eth0", 0.0)]);
        assert_eq!(rate(&previous, snapshot(0, Some(100.49), &[("eth0", 5.0)])), None);
        assert_eq!(rate(&previous, snapshot(0, Some(100.5), &[("eth0", 5.0)])), Some(10.0));
    }
}
