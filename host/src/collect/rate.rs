//! The one place where two snapshots are compared: how far apart they are, and what their counters did per second.

use std::collections::HashMap;
use std::time::Duration;

use crate::metric::{Labels, Sample, Snapshot};

/// A longer interval hides what happened in it.
const LONGEST_INTERVAL: Duration = Duration::from_secs(3600);
/// A shorter interval makes noise of the counters' granularity.
const SHORTEST_RATE: Duration = Duration::from_secs(1);

/// Counters and the names of their rates, per second with the same labels.
const RATES: [(&str, &str); 4] = [
    ("system.network.io", "checkpost.network.io.rate"),
    ("system.network.packet.count", "checkpost.network.packet.rate"),
    ("system.network.errors", "checkpost.network.errors.rate"),
    ("system.network.packet.dropped", "checkpost.network.packet.dropped.rate"),
];

/// How much later the second snapshot was taken; nothing when the two must not be compared: different boots, no time or
/// more than an hour between them.
pub(super) fn interval(previous: &Snapshot, current: &Snapshot) -> Option<Duration> {
    let boot_id = &current.host.boot_id;
    if boot_id.is_empty() || previous.host.boot_id != *boot_id {
        return None;
    }
    let uptime = |snapshot: &Snapshot| snapshot.value("system.uptime", &Labels::none());
    // Uptime is immune to a clock that was set, so the wall clock is only for hosts without it. Uptime that fell is a
    // container that was started anew on the same boot of its host: its counters began anew too.
    let seconds = match (uptime(previous), uptime(current)) {
        (Some(before), Some(now)) => now - before,
        _ => current.time.duration_since(previous.time).as_secs_f64(),
    };
    let interval = Duration::try_from_secs_f64(seconds).ok()?;
    (!interval.is_zero() && interval <= LONGEST_INTERVAL).then_some(interval)
}

/// Adds the rates of the counters that both snapshots carry.
pub(super) fn derive(previous: &Snapshot, current: &mut Snapshot) {
    let Some(interval) = interval(previous, current).filter(|interval| *interval >= SHORTEST_RATE) else {
        return;
    };
    let rate_name = |counter: &str| RATES.iter().find(|(name, _)| *name == counter).map(|(_, rate)| *rate);
    let counters = |snapshot: &Snapshot| -> Vec<Sample> {
        snapshot.samples.iter().filter(|sample| rate_name(&sample.name).is_some()).cloned().collect()
    };
    let before = counters(previous);
    let before: HashMap<_, _> = before.iter().map(|sample| ((&sample.name, &sample.labels), sample.value)).collect();
    for counter in counters(current) {
        // A counter that fell was reset, or wrapped: nobody can tell which, so it is a gap and never a spike.
        if let Some(rate) = rate_name(&counter.name)
            && let Some(&before) = before.get(&(&counter.name, &counter.labels))
            && counter.value >= before
        {
            current.push(rate, counter.labels, (counter.value - before) / interval.as_secs_f64());
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use jiff::Timestamp;

    use super::*;
    use crate::metric::Host;

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
        derive(previous, &mut current);
        current.value("checkpost.network.io.rate", &received_by("eth0"))
    }

    fn seconds_between(previous: &Snapshot, current: &Snapshot) -> Option<f64> {
        interval(previous, current).map(|interval| interval.as_secs_f64())
    }

    #[test]
    fn a_rate_is_the_difference_per_second_of_uptime() {
        let previous = snapshot(0, Some(100.0), &[("eth0", 1_000.0)]);
        assert_eq!(rate(&previous, snapshot(60, Some(160.0), &[("eth0", 61_000.0)])), Some(1_000.0));
    }

    #[test]
    fn a_counter_that_stood_still_has_a_rate_of_zero() {
        let previous = snapshot(0, Some(100.0), &[("eth0", 1_000.0)]);
        assert_eq!(rate(&previous, snapshot(60, Some(160.0), &[("eth0", 1_000.0)])), Some(0.0));
    }

    #[test]
    fn a_counter_that_fell_is_a_gap() {
        // 2^32 - 1 to 500: a wrap or a reset, and nobody can tell which.
        let previous = snapshot(0, Some(100.0), &[("eth0", 4_294_967_295.0)]);
        assert_eq!(rate(&previous, snapshot(60, Some(160.0), &[("eth0", 500.0)])), None);
    }

    #[test]
    fn an_interface_that_came_is_a_gap_and_its_neighbour_has_a_rate() {
        let previous = snapshot(0, Some(100.0), &[("eth0", 0.0)]);
        let mut current = snapshot(10, Some(110.0), &[("eth0", 10.0), ("eth1", 9_999.0)]);
        derive(&previous, &mut current);
        assert_eq!(current.value("checkpost.network.io.rate", &received_by("eth0")), Some(1.0));
        assert_eq!(current.value("checkpost.network.io.rate", &received_by("eth1")), None);
    }

    #[test]
    fn every_network_counter_has_its_rate() {
        let with_counters = |second, uptime_s, value| {
            let mut snapshot = snapshot(second, Some(uptime_s), &[]);
            RATES.iter().for_each(|(counter, _)| snapshot.push(*counter, Labels::none(), value));
            snapshot
        };
        let mut current = with_counters(10, 20.0, 30.0);
        derive(&with_counters(0, 10.0, 10.0), &mut current);
        for (_, rate) in RATES {
            assert_eq!(current.value(rate, &Labels::none()), Some(2.0), "{rate}");
        }
    }

    #[test]
    fn another_boot_is_never_compared() {
        let mut previous = snapshot(0, Some(100.0), &[("eth0", 1.0)]);
        previous.host = Host::example("boot-0");
        assert_eq!(rate(&previous, snapshot(60, Some(160.0), &[("eth0", 2.0)])), None);
    }

    #[test]
    fn boots_that_cannot_be_told_apart_are_never_compared() {
        let (mut previous, mut current) = (snapshot(0, None, &[]), snapshot(60, None, &[]));
        previous.host = Host::example("");
        current.host = Host::example("");
        assert_eq!(interval(&previous, &current), None);
    }

    #[test]
    fn a_clock_that_was_set_back_does_not_matter_beside_uptime() {
        let previous = snapshot(9_000, Some(100.0), &[]);
        assert_eq!(seconds_between(&previous, &snapshot(2_000, Some(400.0), &[])), Some(300.0));
    }

    #[test]
    fn without_uptime_the_wall_clock_counts_and_one_that_was_set_back_is_a_gap() {
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
    fn a_rate_wants_a_second_at_least() {
        let previous = snapshot(0, Some(100.0), &[("eth0", 0.0)]);
        assert_eq!(rate(&previous, snapshot(0, Some(100.99), &[("eth0", 5.0)])), None);
        assert_eq!(rate(&previous, snapshot(1, Some(101.0), &[("eth0", 5.0)])), Some(5.0));
    }
}
