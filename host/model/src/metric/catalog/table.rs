//! The table of metrics, one line each.

use super::metric::{Metric, gauge};
use super::source::Source;
use super::unit::Unit::{
    Bytes, BytesPerSecond, Celsius, Count, PerSecond, Ratio, RevolutionsPerMinute, Seconds, Watts,
};
use Source::{
    Cgroup, Checkpost, Clock, Core, Cpu, Disk, Filesystem, Gpu, Memory, Network, Paging, Pressure, Process, Sensor,
    System,
};

const NONE: &[&str] = &[];
const MODE: &[&str] = &["cpu.mode"];
const CORE: &[&str] = &["cpu.logical_number"];
const CORE_MODE: &[&str] = &["cpu.logical_number", "cpu.mode"];
const MEMORY: &[&str] = &["system.memory.state"];
const SWAP: &[&str] = &["system.paging.state"];
const PAGING: &[&str] = &["system.paging.direction"];
const FAULT: &[&str] = &["system.paging.fault.type"];
const STALL: &[&str] = &["checkpost.pressure.resource", "checkpost.pressure.stall"];
const STALL_WINDOW: &[&str] = &["checkpost.pressure.resource", "checkpost.pressure.stall", "checkpost.pressure.window"];
const FILESYSTEM: &[&str] =
    &["system.device", "system.filesystem.mode", "system.filesystem.mountpoint", "system.filesystem.type"];
const FILESYSTEM_STATE: &[&str] = &[
    "system.device",
    "system.filesystem.mode",
    "system.filesystem.mountpoint",
    "system.filesystem.state",
    "system.filesystem.type",
];
const DISK: &[&str] = &["system.device"];
const DISK_DIRECTION: &[&str] = &["disk.io.direction", "system.device"];
const INTERFACE: &[&str] = &["network.interface.name", "network.io.direction"];
const DIRECTION: &[&str] = &["network.io.direction"];
const HARDWARE: &[&str] = &["hw.id", "hw.name"];
const HARDWARE_LIMIT: &[&str] = &["hw.id", "hw.limit_type", "hw.name"];
const THROTTLE: &[&str] = &["checkpost.gpu.throttle.reason", "hw.id", "hw.name"];
const ERRORS: &[&str] = &["error.type", "hw.id", "hw.name", "hw.type"];
const STATE: &[&str] = &["process.state"];
const PROCESS: &[&str] = &["process.executable.name", "process.owner", "process.pid"];
const GPU_PROCESS: &[&str] = &["hw.id", "process.executable.name", "process.owner", "process.pid"];
const WATCHED: &[&str] = &["process.watched.pattern"];
const COLLECTOR: &[&str] = &["checkpost.collector"];
const CHECK: &[&str] = &["checkpost.check"];

/// Every metric, by source.
#[rustfmt::skip]
pub const CATALOG: &[Metric] = &[
    gauge(Cpu, "system.cpu.utilization", Ratio, NONE, "Busy share of all CPUs since the last cycle, or over a short window"),
    gauge(Cpu, "checkpost.cpu.mode.utilization", Ratio, MODE, "Share of CPU time by mode, over the interval of system.cpu.utilization").linux(),
    gauge(Cpu, "checkpost.cpu.interval", Seconds, NONE, "Length of the interval over which CPU use was measured"),
    gauge(Cpu, "system.cpu.logical.count", Count, NONE, "Logical CPUs that are online"),
    gauge(Cpu, "system.cpu.time", Seconds, MODE, "CPU time of all CPUs by mode").counter().linux(),

    gauge(Core, "checkpost.cpu.core.utilization", Ratio, CORE, "Busy share of each CPU, over the interval of system.cpu.utilization"),
    gauge(Core, "checkpost.cpu.core.time", Seconds, CORE_MODE, "CPU time of each CPU by mode").counter().linux(),

    gauge(System, "system.uptime", Seconds, NONE, "Time since boot"),
    gauge(System, "checkpost.boot.time", Seconds, NONE, "Boot time, in seconds since 1970-01-01 UTC"),
    gauge(System, "checkpost.load_1m", Count, NONE, "Load average over 1 minute, of all CPUs together"),
    gauge(System, "checkpost.load_5m", Count, NONE, "Load average over 5 minutes, of all CPUs together"),
    gauge(System, "checkpost.load_15m", Count, NONE, "Load average over 15 minutes, of all CPUs together"),
    gauge(System, "checkpost.user.count", Count, NONE, "Sessions of logged-in users").linux(),

    gauge(Memory, "system.memory.limit", Bytes, NONE, "Total memory of the host"),
    gauge(Memory, "system.memory.usage", Bytes, MEMORY, "Memory by state; used is total minus available"),
    gauge(Memory, "system.memory.utilization", Ratio, NONE, "Used share of memory"),
    gauge(Memory, "system.linux.memory.available", Bytes, NONE, "Memory available without swapping"),
    gauge(Memory, "system.paging.usage", Bytes, SWAP, "Swap by state"),
    gauge(Memory, "system.paging.utilization", Ratio, NONE, "Used share of swap"),

    gauge(Paging, "system.paging.operations", Count, PAGING, "Pages swapped in and out").rate("checkpost.paging.operations.rate").linux(),
    gauge(Paging, "system.paging.faults", Count, FAULT, "Page faults by type; a major fault waits for a disk").rate("checkpost.paging.faults.rate").linux(),
    gauge(Paging, "checkpost.paging.operations.rate", PerSecond, PAGING, "Pages swapped in and out per second").linux(),
    gauge(Paging, "checkpost.paging.faults.rate", PerSecond, FAULT, "Page faults per second by type").linux(),
    gauge(Paging, "checkpost.memory.oom_kill.count", Count, NONE, "Processes that the kernel killed because memory ran out").rate("checkpost.memory.oom_kill.rate").linux(),
    gauge(Paging, "checkpost.memory.oom_kill.rate", PerSecond, NONE, "Processes killed per second because memory ran out").linux(),

    gauge(Pressure, "checkpost.pressure.ratio", Ratio, STALL_WINDOW, "Share of time in which some or all tasks waited for a resource, averaged by the kernel").linux(),
    gauge(Pressure, "checkpost.pressure.time", Seconds, STALL, "Time in which some or all tasks waited for a resource").rate("checkpost.pressure.time.rate").linux(),
    gauge(Pressure, "checkpost.pressure.time.rate", Ratio, STALL, "Share of time in which some or all tasks waited for a resource, since the last cycle").linux(),

    gauge(Filesystem, "system.filesystem.limit", Bytes, FILESYSTEM, "Size of a filesystem"),
    gauge(Filesystem, "system.filesystem.usage", Bytes, FILESYSTEM_STATE, "Space by state: used, free for users, reserved for root"),
    gauge(Filesystem, "system.filesystem.utilization", Ratio, FILESYSTEM, "Used share of the space that users may fill, as df shows it"),
    gauge(Filesystem, "checkpost.filesystem.inodes.limit", Count, FILESYSTEM, "Inodes of a filesystem with a fixed number of inodes").linux(),
    gauge(Filesystem, "checkpost.filesystem.inodes.usage", Count, FILESYSTEM_STATE, "Inodes by state: used, free").linux(),
    gauge(Filesystem, "checkpost.filesystem.inodes.utilization", Ratio, FILESYSTEM, "Used share of the inodes, as df -i shows it").linux(),

    gauge(Disk, "system.disk.io", Bytes, DISK_DIRECTION, "Bytes read from and written to a disk").rate("checkpost.disk.io.rate"),
    gauge(Disk, "system.disk.operations", Count, DISK_DIRECTION, "Reads and writes that a disk completed").rate("checkpost.disk.operations.rate").linux(),
    gauge(Disk, "system.disk.io_time", Seconds, DISK, "Time in which a disk was busy").rate("checkpost.disk.utilization").linux(),
    gauge(Disk, "system.disk.operation_time", Seconds, DISK_DIRECTION, "Total duration of all reads and writes, including waiting").rate("checkpost.disk.operation_time.rate").linux(),
    gauge(Disk, "checkpost.disk.io.rate", BytesPerSecond, DISK_DIRECTION, "Bytes read and written per second"),
    gauge(Disk, "checkpost.disk.operations.rate", PerSecond, DISK_DIRECTION, "Reads and writes per second").linux(),
    gauge(Disk, "checkpost.disk.utilization", Ratio, DISK, "Share of time in which a disk was busy").linux(),
    gauge(Disk, "checkpost.disk.operation_time.rate", Count, DISK_DIRECTION, "Average number of reads and writes in progress").linux(),
    gauge(Disk, "checkpost.disk.operation.duration", Seconds, DISK_DIRECTION, "Mean duration of a read or write, including waiting; absent if there was none").linux(),

    gauge(Network, "system.network.io", Bytes, INTERFACE, "Bytes by interface").rate("checkpost.network.io.rate"),
    gauge(Network, "system.network.packet.count", Count, INTERFACE, "Packets by interface").rate("checkpost.network.packet.rate"),
    gauge(Network, "system.network.errors", Count, INTERFACE, "Errors by interface").rate("checkpost.network.errors.rate"),
    gauge(Network, "system.network.packet.dropped", Count, INTERFACE, "Dropped packets by interface").rate("checkpost.network.packet.dropped.rate").linux(),
    gauge(Network, "checkpost.network.io.rate", BytesPerSecond, INTERFACE, "Bytes per second by interface"),
    gauge(Network, "checkpost.network.packet.rate", PerSecond, INTERFACE, "Packets per second by interface"),
    gauge(Network, "checkpost.network.errors.rate", PerSecond, INTERFACE, "Errors per second by interface"),
    gauge(Network, "checkpost.network.packet.dropped.rate", PerSecond, INTERFACE, "Dropped packets per second by interface").linux(),
    gauge(Network, "checkpost.network.physical", Bytes, DIRECTION, "Bytes of all physical interfaces together, or of those in collect.interfaces").counter(),
    gauge(Network, "checkpost.network.physical.rate", BytesPerSecond, DIRECTION, "Bytes per second of the same interfaces; a sum of rates, so that an added or removed interface makes no spike"),
    gauge(Network, "checkpost.network.total", Bytes, DIRECTION, "Bytes of all interfaces, including loopback").counter(),

    gauge(Sensor, "hw.temperature", Celsius, HARDWARE, "Temperature of a sensor"),
    gauge(Sensor, "hw.temperature.limit", Celsius, HARDWARE_LIMIT, "High or critical temperature limit set by the manufacturer"),
    gauge(Sensor, "hw.fan.speed", RevolutionsPerMinute, HARDWARE, "Speed of a fan").linux(),

    gauge(Gpu, "hw.gpu.utilization", Ratio, HARDWARE, "Share of time in which a GPU was busy"),
    gauge(Gpu, "hw.gpu.memory.usage", Bytes, HARDWARE, "Used memory of a GPU"),
    gauge(Gpu, "hw.gpu.memory.limit", Bytes, HARDWARE, "Total memory of a GPU"),
    gauge(Gpu, "hw.gpu.memory.utilization", Ratio, HARDWARE, "Used share of the memory of a GPU"),
    gauge(Gpu, "hw.gpu.temperature", Celsius, HARDWARE, "Temperature of a GPU"),
    gauge(Gpu, "hw.gpu.power", Watts, HARDWARE, "Power that a GPU draws"),
    gauge(Gpu, "hw.gpu.power.limit", Watts, HARDWARE, "Power limit of a GPU"),
    gauge(Gpu, "hw.errors", Count, ERRORS, "ECC errors of a GPU's memory since the driver was loaded").counter(),
    gauge(Gpu, "checkpost.gpu.throttled", Count, THROTTLE, "1 while a GPU is slowed down for this reason, otherwise 0"),
    gauge(Gpu, "checkpost.gpu.process.count", Count, HARDWARE, "Processes that use a GPU"),
    gauge(Gpu, "process.gpu.memory.usage", Bytes, GPU_PROCESS, "GPU memory used by a process"),

    gauge(Process, "system.process.count", Count, STATE, "Processes by state"),
    gauge(Process, "process.cpu.utilization", Ratio, PROCESS, "Share of all CPUs used by a process, for the processes that used the most"),
    gauge(Process, "process.memory.usage", Bytes, PROCESS, "Resident memory of a process, for the processes that use the most"),
    gauge(Process, "process.watched.count", Count, WATCHED, "Watched processes whose name matches the pattern"),
    gauge(Process, "process.watched.cpu.utilization", Ratio, WATCHED, "Share of all CPUs used by the matching processes together"),
    gauge(Process, "process.watched.memory.usage", Bytes, WATCHED, "Resident memory of the matching processes together"),
    gauge(Process, "process.watched.open_file_descriptor.count", Count, WATCHED, "Open files of the matching processes together").linux(),
    gauge(Process, "process.watched.uptime", Seconds, WATCHED, "Age of the oldest matching process"),
    gauge(Process, "process.watched.restarts", Count, WATCHED, "Matching processes that ended and were replaced since the last cycle"),

    gauge(Cgroup, "checkpost.cgroup.memory.usage", Bytes, NONE, "Memory used by the container, including file cache").linux(),
    gauge(Cgroup, "checkpost.cgroup.memory.working_set", Bytes, NONE, "Memory used by the container, without inactive file cache").linux(),
    gauge(Cgroup, "checkpost.cgroup.memory.limit", Bytes, NONE, "Memory limit of the container; absent without a limit, or above the host's memory").linux(),
    gauge(Cgroup, "checkpost.cgroup.memory.utilization", Ratio, NONE, "Working set as a share of the limit").linux(),
    gauge(Cgroup, "checkpost.cgroup.memory.oom_kill.count", Count, NONE, "Processes of the container that were killed because memory ran out").counter().linux(),
    gauge(Cgroup, "checkpost.cgroup.cpu.limit", Count, NONE, "CPU limit of the container, in CPUs; absent without a limit").linux(),
    gauge(Cgroup, "checkpost.cgroup.cpu.time", Seconds, MODE, "CPU time of the container").rate("checkpost.cgroup.cpu.usage").linux(),
    gauge(Cgroup, "checkpost.cgroup.cpu.usage", Count, MODE, "Average number of CPUs used by the container since the last cycle").linux(),
    gauge(Cgroup, "checkpost.cgroup.cpu.throttled.time", Seconds, NONE, "Time in which the container was throttled by its CPU limit").rate("checkpost.cgroup.cpu.throttled.ratio").linux(),
    gauge(Cgroup, "checkpost.cgroup.cpu.throttled.ratio", Ratio, NONE, "Throttled share of time, added up over all CPUs").linux(),
    gauge(Cgroup, "checkpost.cgroup.process.count", Count, NONE, "Tasks of the container").linux(),
    gauge(Cgroup, "checkpost.cgroup.process.limit", Count, NONE, "Task limit of the container; absent without a limit").linux(),

    gauge(Clock, "checkpost.clock.synchronized", Count, NONE, "1 if the kernel's clock is synchronized, otherwise 0").linux(),
    gauge(Clock, "checkpost.clock.offset", Seconds, NONE, "Clock offset that the kernel is correcting").linux(),
    gauge(Clock, "checkpost.clock.error", Seconds, NONE, "Maximum clock error, as estimated by the kernel").linux(),

    gauge(Checkpost, "checkpost.collector.duration", Seconds, COLLECTOR, "Wall-clock time spent reading a source for this snapshot"),
    gauge(Checkpost, "checkpost.run.duration", Seconds, NONE, "Duration of the last cycle until it was stored"),
    gauge(Checkpost, "checkpost.check.duration", Seconds, CHECK, "Duration of an evaluation in the last cycle"),
    gauge(Checkpost, "checkpost.check.fuel", Count, CHECK, "Fuel used by an evaluation in the last cycle"),
    gauge(Checkpost, "checkpost.database.size", Bytes, NONE, "Size of the database file"),
];
