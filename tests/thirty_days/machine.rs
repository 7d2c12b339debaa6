//! A simulated machine over 30 days and its readings in each run. Nothing is random: every draw is a function of the
//! moment, in arithmetic that gives the same numbers on every platform.

use std::ops::Range;

use jiff::{SignedDuration, Timestamp};

use checkpost_model::metric::{Host, Labels, Snapshot};

/// Five-minute steps at which cron starts a run.
pub(super) const MOMENTS: usize = 30 * DAY;
const DAY: usize = 24 * 12;
const SECONDS_PER_MOMENT: usize = 300;

/// The moment of a day (from 1, a Saturday), an hour and a minute.
pub(super) const fn at(day: usize, hour: usize, minute: usize) -> usize {
    (day - 1) * DAY + hour * 12 + minute / 5
}

/// A span of whole hours.
const fn hours(day: usize, hour: usize, hours: usize) -> Range<usize> {
    at(day, hour, 0)..at(day, hour, 0) + 12 * hours
}

/// A span of minutes, a multiple of five.
const fn minutes(day: usize, hour: usize, minute: usize, minutes: usize) -> Range<usize> {
    at(day, hour, minute)..at(day, hour, minute) + minutes / 5
}

/// The machine is off: a power cut, and a new kernel at night.
pub(super) const POWERED_OFF: [Range<usize>; 2] = [minutes(9, 14, 10, 20), minutes(22, 3, 0, 25)];
/// The machine is on, and cron is stopped.
pub(super) const CRON_STOPPED: [Range<usize>; 2] = [hours(13, 8, 5), hours(26, 22, 9)];

/// The CPU is overloaded, with the usage in percent. One overload begins before a power cut; one ends and one begins
/// while cron is stopped.
pub(super) const OVERLOADS: [(Range<usize>, f64); 10] = [
    (minutes(2, 10, 0, 20), 92.0),
    (hours(5, 20, 2), 97.0),
    (hours(8, 2, 6), 90.0),
    (hours(9, 13, 2), 96.0),
    (minutes(12, 21, 0, 10), 99.0),
    (hours(13, 7, 2), 93.0),
    (minutes(16, 11, 0, 45), 93.0),
    (hours(20, 18, 9), 98.0),
    (hours(26, 23, 11), 91.0),
    (minutes(28, 9, 0, 30), 85.0),
];

/// Usage of `/srv`, 0 to 1, where it is above the threshold: around the beginning of the first stop of cron, for an
/// hour within the second stop, which no run measures, and around the end of the second stop.
const SRV_FULL: [(Range<usize>, f64); 3] =
    [(hours(13, 6, 4), 0.93), (hours(26, 23, 1), 0.93), (hours(27, 1, 11), 0.97)];
/// `eth0` has a broken cable: across the power cut, and from the boot with the new kernel on.
pub(super) const ETH0_BROKEN: [Range<usize>; 2] = [hours(9, 13, 4), minutes(22, 3, 25, 275)];
/// `eth1` goes up and down, with and without errors, and is missing at times.
const ETH1_FLAPS: [Range<usize>; 4] = [hours(4, 9, 4), hours(11, 14, 6), hours(17, 0, 5), hours(25, 10, 6)];
/// The backup disk, which is 92 % full, is plugged in from Monday morning to Tuesday evening. Once it is unplugged for
/// ten minutes in between.
pub(super) const BACKUP_DISK_PLUGGED_IN: [Range<usize>; 5] =
    [hours(3, 9, 33), at(10, 9, 0)..at(10, 12, 0), at(10, 12, 10)..at(11, 18, 0), hours(17, 9, 33), hours(24, 9, 33)];
const MEMORY_HIGH: Range<usize> = hours(19, 10, 4);

/// A number from 0 to 1 for a purpose and a moment (splitmix64).
fn draw(purpose: u64, moment: usize) -> f64 {
    let mut bits = (purpose << 32 | moment as u64).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for (shift, factor) in [(30, 0xbf58_476d_1ce4_e5b9), (27, 0x94d0_49bb_1331_11eb)] {
        bits = (bits ^ bits >> shift).wrapping_mul(factor);
    }
    ((bits ^ bits >> 31) >> 11) as f64 / (1_u64 << 53) as f64
}

/// Noise with some inertia, -1 to 1, mostly near 0.
fn noise(purpose: u64, moment: usize) -> f64 {
    [0.4, 0.3, 0.2, 0.1]
        .iter()
        .zip(0..)
        .map(|(weight, back)| weight * (2.0 * draw(purpose, moment + 3 - back) - 1.0))
        .sum()
}

fn is_in(spans: &[Range<usize>], moment: usize) -> bool {
    spans.iter().any(|span| span.contains(&moment))
}

/// Whether cron starts a run. One run in two hundred is skipped because the previous one is still running.
pub(super) fn has_run(moment: usize) -> bool {
    !is_in(&POWERED_OFF, moment) && !is_in(&CRON_STOPPED, moment) && draw(1, moment) >= 0.005
}

/// Whether memory can be read. Now and then it cannot, for one to three runs.
pub(super) fn memory_is_readable(moment: usize) -> bool {
    let fails = |from: usize, runs: usize| draw(2, from) < 0.004 && (draw(3, from) * 3.0) as usize >= runs;
    !(fails(moment, 0) || fails(moment + 1, 1) || fails(moment + 2, 2) || minutes(19, 12, 0, 20).contains(&moment))
}

/// Whether the memory check has enough fuel. For one hour it needs more than it has.
pub(super) fn memory_check_has_fuel(moment: usize) -> bool {
    !hours(6, 4, 1).contains(&moment)
}

/// CPU usage in percent: on working days from 13:00 to 17:00 near the threshold of 80 %, and at any time a rare peak of
/// one moment.
fn cpu_percent(moment: usize) -> f64 {
    // Counted from 0, a Sunday.
    let (weekday, hour) = ((moment / DAY + 6) % 7, moment % DAY / 12);
    let is_working_day = (1..=5).contains(&weekday);
    let usual = match hour {
        _ if draw(4, moment) < 0.003 => 90.0,
        13..17 if is_working_day => 76.0 + 12.0 * noise(5, moment),
        8..18 if is_working_day => 45.0 + 20.0 * noise(5, moment),
        _ => 12.0 + 8.0 * noise(5, moment),
    };
    let overload = OVERLOADS.iter().find(|(span, _)| span.contains(&moment));
    overload.map_or(usual, |(_, percent)| percent + 4.0 * noise(6, moment)).min(100.0)
}

/// Usage of `/var`, 0 to 1: it fills over days, falls a little each night when logs are rotated, and is cleaned twice
/// when it is nearly full.
fn var_ratio(moment: usize) -> f64 {
    let days = |since: usize| (moment - since) as f64 / DAY as f64;
    let (first, second) = (at(9, 10, 0), at(24, 9, 0));
    let filled = match moment {
        _ if moment < first => 0.60 + 0.043 * days(0),
        _ if moment < second => 0.55 + 0.028 * days(first),
        _ => 0.50 + 0.028 * days(second),
    };
    let since_rotation = (moment + DAY - at(1, 3, 0)) % DAY;
    filled + 0.01 * since_rotation as f64 / DAY as f64 + 0.0015 * noise(7, moment)
}

/// A machine, moment by moment.
pub(super) struct Machine {
    boots: usize,
    booted: usize,
    /// Errors of `eth0` since the boot, and of `eth1` since it appeared.
    errors: [f64; 2],
    has_eth1: bool,
}

impl Machine {
    pub(super) fn new() -> Self {
        Self { boots: 1, booted: 0, errors: [0.0; 2], has_eth1: true }
    }

    /// Simulates the five minutes before this moment, whether or not a run follows.
    pub(super) fn simulate(&mut self, moment: usize) {
        if is_in(&POWERED_OFF, moment) {
            return;
        }
        if moment > 0 && is_in(&POWERED_OFF, moment - 1) {
            *self = Self { boots: self.boots + 1, booted: moment, ..Self::new() };
        }
        let flaps = is_in(&ETH1_FLAPS, moment);
        let had_eth1 = self.has_eth1;
        self.has_eth1 = !flaps || draw(8, moment) >= 0.2;
        if self.has_eth1 && !had_eth1 {
            self.errors[1] = 0.0;
        }
        if is_in(&ETH0_BROKEN, moment) {
            self.errors[0] += 1_500.0;
        }
        if flaps && draw(9, moment) < 0.5 {
            self.errors[1] += 300.0 * (2.0 + 20.0 * draw(10, moment));
        }
    }

    /// The readings of a run.
    pub(super) fn measure(&self, moment: usize) -> Snapshot {
        let start: Timestamp = "2026-03-28T00:00:00Z".parse().unwrap();
        let time = start + SignedDuration::from_secs((SECONDS_PER_MOMENT * moment) as i64);
        let uptime_moments = 1 + moment - self.booted;
        let mut snapshot = Snapshot::new(time, Host::example(&format!("boot {}", self.boots)));
        snapshot.push("system.uptime", Labels::none(), (SECONDS_PER_MOMENT * uptime_moments) as f64);
        snapshot.push("system.cpu.utilization", Labels::none(), cpu_percent(moment) / 100.0);
        if memory_is_readable(moment) {
            let ratio = if MEMORY_HIGH.contains(&moment) { 0.90 } else { 0.55 + 0.1 * noise(11, moment) };
            snapshot.push("system.memory.utilization", Labels::none(), ratio);
        }
        let srv = SRV_FULL.iter().find(|(span, _)| span.contains(&moment)).map_or(0.70, |(_, ratio)| *ratio);
        let backup = is_in(&BACKUP_DISK_PLUGGED_IN, moment).then_some(0.92);
        let disks = [("/", Some(0.5)), ("/mnt/usb", backup), ("/srv", Some(srv)), ("/var", Some(var_ratio(moment)))];
        for (mountpoint, ratio) in disks.into_iter().filter_map(|(mountpoint, ratio)| Some((mountpoint, ratio?))) {
            let labels = [("system.filesystem.mountpoint", mountpoint), ("system.filesystem.type", "ext4")];
            snapshot.push("system.filesystem.utilization", labels, ratio);
        }
        let interfaces = [("eth0", true), ("eth1", self.has_eth1)];
        for ((interface, _), errors) in interfaces.into_iter().zip(self.errors).filter(|((_, exists), _)| *exists) {
            for (direction, errors) in [("receive", errors), ("transmit", 0.0)] {
                let labels = [("network.interface.name", interface), ("network.io.direction", direction)];
                snapshot.push("system.network.io", labels, 3e6 * uptime_moments as f64);
                snapshot.push("system.network.errors", labels, errors);
            }
        }
        snapshot
    }
}
