//! All processes at one moment, as a system reports them.

use std::io;

use checkpost_model::clean;
use checkpost_model::metric::{ProcessTime, ProcessTimes};

/// Length of a process name in a label. No name of Linux is longer, however many escapes it needs.
pub(super) const NAME_CHARS: usize = 128;

/// All processes at one moment.
pub(crate) struct Scan {
    pub(super) processes: Vec<Process>,
    /// The moment itself, on the clock of `start_ticks`.
    pub(super) now_ticks: Option<u64>,
    pub(super) ticks_per_second: f64,
    pub(super) cpu_count: usize,
    /// The length at which the system cuts names, if it does.
    pub(super) names_cut_at: Option<usize>,
    /// The diagnostic about processes that could not be read.
    pub(super) problem: Option<String>,
}

impl Scan {
    /// The CPU times of every process, with which a later scan is compared.
    pub(super) fn times(&self) -> ProcessTimes {
        let time = |process: &Process| ProcessTime {
            pid: process.pid,
            start_ticks: process.start_ticks,
            cpu_ticks: process.cpu_ticks,
        };
        ProcessTimes::new(self.processes.iter().map(time).collect())
    }
}

/// One process. Its ticks have the length of the scan's ticks.
pub(super) struct Process {
    pub(super) pid: u32,
    pub(super) start_ticks: u64,
    pub(super) cpu_ticks: u64,
    /// On Linux an estimate of the kernel, off by some megabytes on machines with many CPUs.
    pub(super) resident_bytes: u64,
    pub(super) state: State,
    /// The name in the form of the system: any bytes.
    pub(super) name: Box<[u8]>,
}

/// The state of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Running,
    Sleeping,
    DiskSleep,
    Stopped,
    Defunct,
    Idle,
    Other,
}

impl State {
    pub(super) const ALL: [Self; 7] =
        [Self::Running, Self::Sleeping, Self::DiskSleep, Self::Stopped, Self::Defunct, Self::Idle, Self::Other];

    pub(super) fn label(self) -> &'static str {
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

    /// Whether the state has a count even if no process is in it. Rare states have none.
    pub(super) fn is_always_counted(self) -> bool {
        !matches!(self, Self::Idle | Self::Other)
    }
}

/// Details of single processes, which are too expensive to read for all.
pub(crate) trait Details {
    /// The user that owns the process.
    fn owner(&self, pid: u32) -> Option<String>;
    /// Resident memory to the byte, if the scan has only an estimate.
    fn resident_bytes(&self, pid: u32) -> Option<u64>;
    /// Number of open files; `None` if the system does not report it.
    fn open_files(&self, pid: u32) -> Option<io::Result<u64>>;
}

/// The labels of one process, without those that are unknown.
pub(crate) fn process_labels(
    pid: u32,
    name: Option<String>,
    owner: Option<String>,
) -> impl Iterator<Item = (&'static str, String)> {
    let labels = [("process.pid", Some(pid.to_string())), ("process.executable.name", name), ("process.owner", owner)];
    labels.into_iter().filter_map(|(key, value)| Some((key, value?)))
}

/// A name made fit for a label; `None` for a process that removed its own name.
pub(super) fn display_name(name: &[u8]) -> Option<String> {
    (!name.is_empty()).then(|| clean::bounded(&String::from_utf8_lossy(name), NAME_CHARS))
}

/// The processes to report in addition to their number.
#[derive(Clone, Copy, Debug)]
pub(super) struct Selection<'a> {
    /// Number of processes to list, by CPU and by memory each.
    pub(super) top: usize,
    /// Patterns of the names of watched processes; `*` stands for any text.
    pub(super) patterns: &'a [String],
    /// Whether to count the open files of watched processes, which needs privileges and a look into each process.
    pub(super) open_files: bool,
}
