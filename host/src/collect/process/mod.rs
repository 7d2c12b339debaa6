//! Processes: how many, which use the most, and those that are watched.
//!
//! A process is known by the name that the system keeps for it. Its command line is never read: it may hold secrets.
//! What `linux` and `portable` read is one [`Scan`]; all figures are made of it in here and in `watched`. The use of
//! CPUs is the difference to [`ProcessTimes`] of an earlier moment, so that it covers the whole time since then; what
//! a process used that ended meanwhile is known to nobody.

#[cfg(target_os = "linux")]
mod linux;
mod pattern;
#[cfg(any(not(target_os = "linux"), test))]
pub(super) mod portable;
mod watched;

use std::io;
use std::time::Duration;

#[cfg(target_os = "linux")]
pub(super) use linux::{Processes, push, scan};

use crate::clean;
use crate::metric::{Labels, ProcessTime, ProcessTimes, Snapshot};

/// How long a name may be in a label. No name of Linux is cut by it, however many escapes it needs.
const NAME_CHARS: usize = 128;

/// By how much the moments of two readings may be off: one scan takes a while, and some systems tell starts in seconds.
const SLACK_S: f64 = 2.0;

/// What is wanted beyond the number of processes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Watch<'a> {
    /// How many processes are listed, by CPU and by memory each.
    pub(super) top: usize,
    /// Names of processes, with `*` for any text.
    pub(super) patterns: &'a [String],
    /// Whether the lists say whose a process is.
    pub(super) owners: bool,
}

/// All processes at one moment.
pub(super) struct Scan {
    processes: Vec<Process>,
    /// The moment itself, as starts are told.
    now_ticks: Option<u64>,
    ticks_per_second: f64,
    cpu_count: usize,
    /// The length at which the system cuts names, if it does.
    names_cut_at: Option<usize>,
    /// What could not be read.
    problem: Option<String>,
}

/// One process. Ticks are those of the scan.
struct Process {
    pid: u32,
    start_ticks: u64,
    cpu_ticks: u64,
    /// Good enough to compare processes by; see [`resident_bytes`].
    resident_bytes: u64,
    state: State,
    /// As the system has it: any bytes at all.
    name: Box<[u8]>,
}

/// What a process is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Running,
    Sleeping,
    DiskSleep,
    Stopped,
    Defunct,
    Idle,
    Other,
}

impl State {
    const ALL: [Self; 7] =
        [Self::Running, Self::Sleeping, Self::DiskSleep, Self::Stopped, Self::Defunct, Self::Idle, Self::Other];

    fn label(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Sleeping => "sleeping",
            Self::DiskSleep => "disk_sleep",
            Self::Stopped => "stopped",
            Self::Defunct => "defunct",
            Self::Idle => "idle",
            Self::Other => "other",
        }
    }

    /// The states that are no exception have a count even when no process is in them.
    fn is_always_told(self) -> bool {
        !matches!(self, Self::Idle | Self::Other)
    }
}

/// What is asked about single processes, because it is too dear to ask about all.
trait Details {
    /// The user whose process it is.
    fn owner(&self, pid: u32) -> Option<String>;
    /// Its open files; nothing where the system does not tell.
    fn open_files(&self, pid: u32) -> Option<io::Result<u64>>;
    /// Its resident memory, where that is told more precisely than in a scan of all.
    fn resident_bytes(&self, _pid: u32) -> Option<u64> {
        None
    }
}

/// The resident memory of one process: as told by itself, else as the scan has it.
fn resident_bytes(process: &Process, details: &dyn Details) -> u64 {
    details.resident_bytes(process.pid).unwrap_or(process.resident_bytes)
}

impl Scan {
    /// What every process had used: what a later scan is compared with.
    pub(super) fn times(&self) -> ProcessTimes {
        let time = |of: &Process| ProcessTime { pid: of.pid, start_ticks: of.start_ticks, cpu_ticks: of.cpu_ticks };
        ProcessTimes::new(self.processes.iter().map(time).collect())
    }
}

/// An earlier moment, and what all CPUs could do since then.
struct Since<'a> {
    times: &'a ProcessTimes,
    capacity_ticks: f64,
    /// Processes that started before and were not seen have been hidden: what they used since then is unknown.
    began_ticks: Option<f64>,
}

impl<'a> Since<'a> {
    fn new(scan: &Scan, times: &'a ProcessTimes, interval: Duration) -> Option<Self> {
        let capacity_ticks = interval.as_secs_f64() * scan.ticks_per_second * scan.cpu_count as f64;
        let age_ticks = (interval.as_secs_f64() + SLACK_S) * scan.ticks_per_second;
        let began_ticks = scan.now_ticks.map(|now| now as f64 - age_ticks);
        (capacity_ticks > 0.0).then_some(Self { times, capacity_ticks, began_ticks })
    }

    /// Whether this very process was there.
    fn saw(&self, process: &Process) -> bool {
        self.times.cpu_ticks(process.pid, process.start_ticks).is_some()
    }

    /// The share of all CPUs that a process used since then, 0..1. Nothing when its counter fell.
    fn share(&self, process: &Process) -> Option<f64> {
        let used = match self.times.cpu_ticks(process.pid, process.start_ticks) {
            Some(before) => process.cpu_ticks.checked_sub(before)?,
            None if self.began_ticks.is_some_and(|began| (process.start_ticks as f64) < began) => return None,
            None => process.cpu_ticks,
        };
        // Ticks are rounded, so that a process that used everything may seem to have used more.
        Some((used as f64 / self.capacity_ticks).min(1.0))
    }
}

/// Pushes every reading. `before` is what processes had used at an earlier moment of this boot, and how long ago that
/// was; `previous_count` is `process.watched.count` of a pattern at that moment.
fn push_all(
    scan: &Scan,
    before: Option<(&ProcessTimes, Duration)>,
    watch: &Watch,
    previous_count: &dyn Fn(&str) -> Option<f64>,
    details: &dyn Details,
    snapshot: &mut Snapshot,
) {
    if let Some(problem) = &scan.problem {
        snapshot.diagnose("process", problem);
    }
    for state in State::ALL {
        let count = scan.processes.iter().filter(|process| process.state == state).count();
        if count > 0 || state.is_always_told() {
            snapshot.push("system.process.count", [("process.state", state.label())], count as f64);
        }
    }
    let since = before.and_then(|(times, interval)| Since::new(scan, times, interval));
    let label = |process: &Process| {
        let owner = if watch.owners { details.owner(process.pid) } else { None };
        labels(process.pid, shown(&process.name), owner)
    };
    if let Some(since) = &since {
        for (process, share) in most(scan, watch.top, |process| since.share(process)) {
            snapshot.push("process.cpu.utilization", label(process), share);
        }
    }
    for (process, _) in most(scan, watch.top, |process| Some(process.resident_bytes as f64)) {
        snapshot.push("process.memory.usage", label(process), resident_bytes(process, details) as f64);
    }
    watched::push(scan, since.as_ref(), watch.patterns, previous_count, details, snapshot);
}

/// The processes with the most of something, the most first; those without any are left out.
fn most(scan: &Scan, count: usize, of: impl Fn(&Process) -> Option<f64>) -> Vec<(&Process, f64)> {
    let value = |process| Some((process, of(process).filter(|value| *value > 0.0)?));
    let mut ranked: Vec<_> = scan.processes.iter().filter_map(value).collect();
    ranked.sort_unstable_by(|(a, a_value), (b, b_value)| b_value.total_cmp(a_value).then(a.pid.cmp(&b.pid)));
    ranked.truncate(count);
    ranked
}

/// The labels of one process. What is not known of it is left out.
pub(super) fn labels(pid: u32, name: Option<String>, owner: Option<String>) -> Labels {
    let known = [("process.pid", Some(pid.to_string())), ("process.executable.name", name), ("process.owner", owner)];
    known.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
}

/// A name as it may be shown. A process may take away its own: then there is none.
pub(super) fn shown(name: &[u8]) -> Option<String> {
    (!name.is_empty()).then(|| clean::bounded(&String::from_utf8_lossy(name), NAME_CHARS))
}

#[cfg(test)]
mod tests;
