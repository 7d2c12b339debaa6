//! The table: a line for each metric.

use super::Unit::{Bytes, BytesPerSecond, Celsius, Count, PerSecond, Ratio, RevolutionsPerMinute, Seconds, Watts};
use super::{Metric, Source, gauge};
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
    gauge(Cpu, "checkpost.cpu.mode.utilization", Ratio, MODE, "Share of the time of all CPUs by mode, over the same interval").linux(),
    gauge(Cpu, "checkpost.cpu.interval", Seconds, NONE, "Time over which CPU use was measured"),
    gauge(Cpu, "system.cpu.logical.count", Count, NONE, "Logical CPUs that are online"),
    gauge(Cpu, "system.cpu.time", Seconds, MODE, "Time of all CPUs by mode").counter().linux(),

    gauge(Core, "checkpost.cpu.core.utilization", Ratio, CORE, "Busy share of each CPU, over the interval of system.cpu.utilization"),
    gauge(Core, "checkpost.cpu.core.time", Seconds, CORE_MODE, "Time of each CPU by mode").counter().linux(),

    gauge(System, "system.uptime", Seconds, NONE, "Time since boot"),
    gauge(System, "checkpost.boot.time", Seconds, NONE, "When the machine was booted, in seconds since 1970"),
    gauge(System, "checkpost.load_1m", Count, NONE, "Load average of 1 minute, not per CPU"),
    gauge(System, "checkpost.load_5m", Count, NONE, "Load average of 5 minutes, not per CPU"),
    gauge(System, "checkpost.load_15m", Count, NONE, "Load average of 15 minutes, not per CPU"),
    gauge(System, "checkpost.user.count", Count, NONE, "Sessions of users that are logged in").linux(),

    gauge(Memory, "system.memory.limit", Bytes, NONE, "Memory of the host"),
    gauge(Memory, "system.memory.usage", Bytes, MEMORY, "Memory by state; used is total minus available"),
    gauge(Memory, "system.memory.utilization", Ratio, NONE, "Used share of memory"),
    gauge(Memory, "system.linux.memory.available", Bytes, NONE, "Memory that could be had without swapping"),
    gauge(Memory, "system.paging.usage", Bytes, SWAP, "Swap by state"),
    gauge(Memory, "system.paging.utilization", Ratio, NONE, "Used share of swap"),

    gauge(Paging, "system.paging.operations", Count, PAGING, "Pages swapped in and out").rate("checkpost.paging.operations.rate").linux(),
    gauge(Paging, "system.paging.faults", Count, FAULT, "Page faults; a major one had to wait for a disk").rate("checkpost.paging.faults.rate").linux(),
    gauge(Paging, "checkpost.paging.operations.rate", PerSecond, PAGING, "Pages swapped in and out a second").linux(),
    gauge(Paging, "checkpost.paging.faults.rate", PerSecond, FAULT, "Page faults a second").linux(),
    gauge(Paging, "checkpost.memory.oom_kill.count", Count, NONE, "Processes that the kernel killed for want of memory").rate("checkpost.memory.oom_kill.rate").linux(),
    gauge(Paging, "checkpost.memory.oom_kill.rate", PerSecond, NONE, "Processes killed for want of memory a second").linux(),

    gauge(Pressure, "checkpost.pressure.ratio", Ratio, STALL_WINDOW, "Share of time in which some or all tasks waited for a resource, averaged by the kernel").linux(),
    gauge(Pressure, "checkpost.pressure.time", Seconds, STALL, "Time in which some or all tasks waited for a resource").rate("checkpost.pressure.time.rate").linux(),
    gauge(Pressure, "checkpost.pressure.time.rate", Ratio, STALL, "Share of time in which some or all tasks waited for a resource, since the last cycle").linux(),

    gauge(Filesystem, "system.filesystem.limit", Bytes, FILESYSTEM, "Size of a filesystem"),
    gauge(Filesystem, "system.filesystem.usage", Bytes, FILESYSTEM_STATE, "Space by state: used, free for users, reserved for root"),
    gauge(Filesystem, "system.filesystem.utilization", Ratio, FILESYSTEM, "Used share of what users may fill, as df has it"),
    gauge(Filesystem, "checkpost.filesystem.inodes.limit", Count, FILESYSTEM, "Inodes of a filesystem that has a fixed number of them").linux(),
    gauge(Filesystem, "checkpost.filesystem.inodes.usage", Count, FILESYSTEM_STATE, "Inodes by state: used, free").linux(),
    gauge(Filesystem, "checkpost.filesystem.inodes.utilization", Ratio, FILESYSTEM, "Used share of the inodes, as df -i has it").linux(),

    gauge(Disk, "system.disk.io", Bytes, DISK_DIRECTION, "Bytes read from and written to a disk").rate("checkpost.disk.io.rate"),
    gauge(Disk, "system.disk.operations", Count, DISK_DIRECTION, "Reads and writes that a disk completed").rate("checkpost.disk.operations.rate").linux(),
    gauge(Disk, "system.disk.io_time", Seconds, DISK, "Time in which a disk was busy").rate("checkpost.disk.utilization").linux(),
    gauge(Disk, "system.disk.operation_time", Seconds, DISK_DIRECTION, "Time that all reads and writes took together, waiting included").rate("checkpost.disk.operation_time.rate").linux(),
    gauge(Disk, "checkpost.disk.io.rate", BytesPerSecond, DISK_DIRECTION, "Bytes read and written a second"),
    gauge(Disk, "checkpost.disk.operations.rate", PerSecond, DISK_DIRECTION, "Reads and writes a second").linux(),
    gauge(Disk, "checkpost.disk.utilization", Ratio, DISK, "Share of time in which a disk was busy").linux(),
    gauge(Disk, "checkpost.disk.operation_time.rate", Count, DISK_DIRECTION, "Reads and writes under way on average").linux(),
    gauge(Disk, "checkpost.disk.operation.duration", Seconds, DISK_DIRECTION, "What one read or write took on average, waiting included; absent without any").linux(),

    gauge(Network, "system.network.io", Bytes, INTERFACE, "Bytes by interface").rate("checkpost.network.io.rate"),
    gauge(Network, "system.network.packet.count", Count, INTERFACE, "Packets by interface").rate("checkpost.network.packet.rate"),
    gauge(Network, "system.network.errors", Count, INTERFACE, "Errors by interface").rate("checkpost.network.errors.rate"),
    gauge(Network, "system.network.packet.dropped", Count, INTERFACE, "Dropped packets by interface").rate("checkpost.network.packet.dropped.rate").linux(),
    gauge(Network, "checkpost.network.io.rate", BytesPerSecond, INTERFACE, "Bytes a second by interface"),
    gauge(Network, "checkpost.network.packet.rate", PerSecond, INTERFACE, "Packets a second by interface"),
    gauge(Network, "checkpost.network.errors.rate", PerSecond, INTERFACE, "Errors a second by interface"),
    gauge(Network, "checkpost.network.packet.dropped.rate", PerSecond, INTERFACE, "Dropped packets a second by interface").linux(),
    gauge(Network, "checkpost.network.physical", Bytes, DIRECTION, "Bytes over the physical interfaces together, or over those of collect.interfaces").counter(),
    gauge(Network, "checkpost.network.physical.rate", BytesPerSecond, DIRECTION, "The same a second: the sum of the rates, so that an interface that comes or goes is no spike"),
    gauge(Network, "checkpost.network.total", Bytes, DIRECTION, "Bytes over all interfaces, loopback too").counter(),

    gauge(Sensor, "hw.temperature", Celsius, HARDWARE, "Temperature"),
    gauge(Sensor, "hw.temperature.limit", Celsius, HARDWARE_LIMIT, "Temperature that its maker calls high or critical"),
    gauge(Sensor, "hw.fan.speed", RevolutionsPerMinute, HARDWARE, "Speed of a fan").linux(),

    gauge(Gpu, "hw.gpu.utilization", Ratio, HARDWARE, "Share of time in which a GPU was at work"),
    gauge(Gpu, "hw.gpu.memory.usage", Bytes, HARDWARE, "Used memory of a GPU"),
    gauge(Gpu, "hw.gpu.memory.limit", Bytes, HARDWARE, "Memory of a GPU"),
    gauge(Gpu, "hw.gpu.memory.utilization", Ratio, HARDWARE, "Used share of the memory of a GPU"),
    gauge(Gpu, "hw.gpu.temperature", Celsius, HARDWARE, "Temperature of a GPU"),
    gauge(Gpu, "hw.gpu.power", Watts, HARDWARE, "Power that a GPU draws"),
    gauge(Gpu, "hw.gpu.power.limit", Watts, HARDWARE, "Power that a GPU may draw"),
    gauge(Gpu, "hw.errors", Count, ERRORS, "ECC errors of a GPU's memory since the driver was loaded").counter(),
    gauge(Gpu, "checkpost.gpu.throttled", Count, THROTTLE, "1 while a GPU is slowed down for this reason, else 0"),
    gauge(Gpu, "checkpost.gpu.process.count", Count, HARDWARE, "Processes that use a GPU"),
    gauge(Gpu, "process.gpu.memory.usage", Bytes, GPU_PROCESS, "Memory of a GPU that a process uses"),

    gauge(Process, "system.process.count", Count, STATE, "Processes by state"),
    gauge(Process, "process.cpu.utilization", Ratio, PROCESS, "Share of all CPUs that a process used, of the processes that used the most"),
    gauge(Process, "process.memory.usage", Bytes, PROCESS, "Resident memory, of the processes that use the most"),
    gauge(Process, "process.watched.count", Count, WATCHED, "Processes whose name matches"),
    gauge(Process, "process.watched.cpu.utilization", Ratio, WATCHED, "Share of all CPUs that they used together"),
    gauge(Process, "process.watched.memory.usage", Bytes, WATCHED, "Their resident memory together"),
    gauge(Process, "process.watched.open_file_descriptor.count", Count, WATCHED, "Their open files together").linux(),
    gauge(Process, "process.watched.uptime", Seconds, WATCHED, "Age of the oldest of them"),
    gauge(Process, "process.watched.restarts", Count, WATCHED, "How many of them ended and were replaced since the last cycle"),

    gauge(Cgroup, "checkpost.cgroup.memory.usage", Bytes, NONE, "Memory of the container, file cache included").linux(),
    gauge(Cgroup, "checkpost.cgroup.memory.working_set", Bytes, NONE, "The same without cache that is easily given back").linux(),
    gauge(Cgroup, "checkpost.cgroup.memory.limit", Bytes, NONE, "Memory that the container may use; absent without a limit below the host's memory").linux(),
    gauge(Cgroup, "checkpost.cgroup.memory.utilization", Ratio, NONE, "Working set as a share of the limit").linux(),
    gauge(Cgroup, "checkpost.cgroup.memory.oom_kill.count", Count, NONE, "Processes of the container that were killed for want of memory").counter().linux(),
    gauge(Cgroup, "checkpost.cgroup.cpu.limit", Count, NONE, "CPUs that the container may use; absent without a limit").linux(),
    gauge(Cgroup, "checkpost.cgroup.cpu.time", Seconds, MODE, "CPU time of the container").rate("checkpost.cgroup.cpu.usage").linux(),
    gauge(Cgroup, "checkpost.cgroup.cpu.usage", Count, MODE, "CPUs that the container used on average since the last cycle").linux(),
    gauge(Cgroup, "checkpost.cgroup.cpu.throttled.time", Seconds, NONE, "Time in which the container was held back by its CPU limit").rate("checkpost.cgroup.cpu.throttled.ratio").linux(),
    gauge(Cgroup, "checkpost.cgroup.cpu.throttled.ratio", Ratio, NONE, "Share of time in which it was held back, over all CPUs").linux(),
    gauge(Cgroup, "checkpost.cgroup.process.count", Count, NONE, "Tasks of the container").linux(),
    gauge(Cgroup, "checkpost.cgroup.process.limit", Count, NONE, "Tasks that the container may have; absent without a limit").linux(),

    gauge(Clock, "checkpost.clock.synchronized", Count, NONE, "1 when the kernel's clock is kept right from outside, else 0").linux(),
    gauge(Clock, "checkpost.clock.offset", Seconds, NONE, "Offset that is being corrected").linux(),
    gauge(Clock, "checkpost.clock.error", Seconds, NONE, "Largest error that the kernel deems possible").linux(),

    gauge(Checkpost, "checkpost.collector.duration", Seconds, COLLECTOR, "What a source of this snapshot took, wall-clock time"),
    gauge(Checkpost, "checkpost.run.duration", Seconds, NONE, "What the last cycle took until it was stored"),
    gauge(Checkpost, "checkpost.check.duration", Seconds, CHECK, "What an evaluation took in the last cycle"),
    gauge(Checkpost, "checkpost.check.fuel", Count, CHECK, "Fuel that an evaluation used in the last cycle"),
    gauge(Checkpost, "checkpost.database.size", Bytes, NONE, "Size of the database file"),
];
