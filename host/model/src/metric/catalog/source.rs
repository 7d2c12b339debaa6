//! Sources of readings, by name.

/// A source of readings: one file below `host/collect/src/`, one value of `--source`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// All CPUs together.
    Cpu,
    /// Each CPU.
    Core,
    /// Uptime, load averages, users.
    System,
    /// Memory and swap.
    Memory,
    /// Paging rates and out-of-memory kills.
    Paging,
    /// Pressure stall information.
    Pressure,
    /// Space and inodes.
    Filesystem,
    /// Disk I/O.
    Disk,
    /// Interfaces.
    Network,
    /// Temperatures and fans.
    Sensor,
    /// Graphics processors.
    Gpu,
    /// Processes.
    Process,
    /// The container that checkpost is in.
    Cgroup,
    /// Synchronization of the clock.
    Clock,
    /// The cost of checkpost itself.
    Checkpost,
}

impl Source {
    /// Every source, in the order of reports.
    pub const ALL: [Self; 15] = [
        Self::Cpu,
        Self::Core,
        Self::System,
        Self::Memory,
        Self::Paging,
        Self::Pressure,
        Self::Filesystem,
        Self::Disk,
        Self::Network,
        Self::Sensor,
        Self::Gpu,
        Self::Process,
        Self::Cgroup,
        Self::Clock,
        Self::Checkpost,
    ];

    /// The name in diagnostics, in `checkpost.collector.duration` and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Core => "core",
            Self::System => "system",
            Self::Memory => "memory",
            Self::Paging => "paging",
            Self::Pressure => "pressure",
            Self::Filesystem => "filesystem",
            Self::Disk => "disk",
            Self::Network => "network",
            Self::Sensor => "sensor",
            Self::Gpu => "gpu",
            Self::Process => "process",
            Self::Cgroup => "cgroup",
            Self::Clock => "clock",
            Self::Checkpost => "checkpost",
        }
    }

    /// The inverse of [`Source::name`].
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.name() == name)
    }
}
