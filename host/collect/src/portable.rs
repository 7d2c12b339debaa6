//! Every source through sysinfo, for systems other than Linux.
//!
//! CPU use is always measured over the window, and only the deadline of the run ends the wait for a filesystem that hangs.
//! sysinfo lacks dropped packets, reserved space, paging, pressure, inodes, disk operations, fans, containers and the clock.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::thread;
use std::time::Instant;

use sysinfo::{Components, DiskUsage, Disks, Networks, System};

use checkpost_model::metric::catalog::Source;
use checkpost_model::metric::{Labels, Snapshot};

use crate::background::BackgroundRead;
use crate::checkpost::timed;
use crate::disk::{self, Disk};
use crate::filesystem::{self, Filesystem, Space};
use crate::memory::{self, Memory};
use crate::network::{self, Counters, Interface};
use crate::request::Request;
use crate::{process, sensor};

/// Reads every source in demand while the CPU window passes, and returns the names of the physical interfaces.
pub(super) fn measure(request: &Request, snapshot: &mut Snapshot) -> Vec<String> {
    let mut system = match System::new() {
        Ok(system) => system,
        Err(error) => {
            snapshot.diagnose("system", format!("cannot read the system: {error}"));
            return Vec::new();
        }
    };
    let background = start_background_reads(request, snapshot);
    let started = Instant::now();
    system.refresh_cpu_usage();
    uptime(request, snapshot);
    let baseline = process::baseline(request, snapshot, || process::portable::scan(&mut system));
    timed(Source::Memory, request, snapshot, |snapshot| memory(&mut system, snapshot));
    let mut physical = Vec::new();
    timed(Source::Network, request, snapshot, |snapshot| physical = network(request, snapshot));
    // Filesystems and disks share one list, because making the list is slow.
    timed(Source::Filesystem, request, snapshot, |snapshot| disks(request, snapshot));
    thread::sleep(request.cpu_window.max(sysinfo::MINIMUM_CPU_UPDATE_INTERVAL).saturating_sub(started.elapsed()));
    timed(Source::Cpu, request, snapshot, |snapshot| cpu(&mut system, started, snapshot));
    timed(Source::Process, request, snapshot, |snapshot| match process::portable::scan(&mut system) {
        Ok(scan) => process::measure(&baseline, &scan, request, &system, snapshot),
        Err(why) => snapshot.diagnose("process", why),
    });
    for source in background {
        source.finish(request.slow_source_deadline, snapshot);
    }
    physical
}

fn uptime(request: &Request, snapshot: &mut Snapshot) {
    match System::uptime() {
        Ok(seconds) => snapshot.push("system.uptime", Labels::none(), seconds as f64),
        Err(error) => snapshot.diagnose("system", format!("cannot read the uptime: {error}")),
    }
    timed(Source::System, request, snapshot, |snapshot| {
        if let Ok(seconds) = System::boot_time() {
            snapshot.push("checkpost.boot.time", Labels::none(), seconds as f64);
        }
        // Windows has no load averages, and sysinfo would report 0.
        #[cfg(unix)]
        if let Ok(load) = System::load_average() {
            snapshot.push("checkpost.load_1m", Labels::none(), load.one);
            snapshot.push("checkpost.load_5m", Labels::none(), load.five);
            snapshot.push("checkpost.load_15m", Labels::none(), load.fifteen);
        }
    });
}

fn cpu(system: &mut System, started: Instant, snapshot: &mut Snapshot) {
    let interval = started.elapsed();
    system.refresh_cpu_usage();
    if system.cpus().is_empty() {
        return snapshot.diagnose("cpu", "cannot read CPU usage");
    }
    snapshot.push("system.cpu.logical.count", Labels::none(), system.cpus().len() as f64);
    snapshot.push("system.cpu.utilization", Labels::none(), f64::from(system.global_cpu_usage()) / 100.0);
    snapshot.push("checkpost.cpu.interval", Labels::none(), interval.as_secs_f64());
    for (number, cpu) in system.cpus().iter().enumerate() {
        let labels = [("cpu.logical_number", number.to_string())];
        snapshot.push("checkpost.cpu.core.utilization", labels, f64::from(cpu.usage()) / 100.0);
    }
}

fn memory(system: &mut System, snapshot: &mut Snapshot) {
    system.refresh_memory();
    if system.total_memory() == 0 {
        return snapshot.diagnose("memory", "cannot read the size of the memory");
    }
    let memory = Memory {
        total_bytes: system.total_memory(),
        available_bytes: Some(system.available_memory()),
        free_bytes: Some(system.free_memory()),
        swap_total_bytes: Some(system.total_swap()),
        swap_free_bytes: Some(system.free_swap()),
        ..Memory::default()
    };
    memory::push(&memory, snapshot);
}

fn network(request: &Request, snapshot: &mut Snapshot) -> Vec<String> {
    let networks = match Networks::new_with_refreshed_list() {
        Ok(networks) => networks,
        Err(error) => {
            snapshot.diagnose("network", format!("cannot read the network interfaces: {error}"));
            return Vec::new();
        }
    };
    let interface = |(name, data): (&OsString, &sysinfo::NetworkData)| Interface {
        name: name.to_string_lossy().into_owned(),
        has_device: false,
        receive: Counters {
            bytes: data.total_received(),
            packets: data.total_packets_received(),
            errors: data.total_errors_on_received(),
            dropped: None,
        },
        transmit: Counters {
            bytes: data.total_transmitted(),
            packets: data.total_packets_transmitted(),
            errors: data.total_errors_on_transmitted(),
            dropped: None,
        },
    };
    let interfaces: Vec<_> = networks.iter().map(interface).collect();
    network::push(&interfaces, request.interfaces, snapshot)
}

/// Adds the space of filesystems and the traffic of their disks.
fn disks(request: &Request, snapshot: &mut Snapshot) {
    let disks = match Disks::new_with_refreshed_list() {
        Ok(disks) => disks,
        Err(error) => return snapshot.diagnose("filesystem", format!("cannot read the filesystems: {error}")),
    };
    let mut traffic = BTreeMap::new();
    for disk in disks.iter() {
        let filesystem = Filesystem::new(
            &disk.mount_point().to_string_lossy(),
            &disk.file_system().to_string_lossy(),
            &disk.name().to_string_lossy(),
            disk.is_read_only(),
        );
        let space = Space {
            total_bytes: disk.total_space(),
            used_bytes: disk.total_space().saturating_sub(disk.available_space()),
            available_bytes: disk.available_space(),
            ..Space::default()
        };
        filesystem::push(&filesystem, &space, snapshot);
        if let Some(disk) = traffic_of(disk.name(), disk.mount_point(), &disk.usage()) {
            // A device may be mounted many times.
            traffic.entry(disk.device.clone()).or_insert(disk);
        }
    }
    disk::push(&traffic.into_values().collect::<Vec<_>>(), request.disks, snapshot);
}

/// Bytes read from and written to a volume since boot. sysinfo reports 0 for an unknown number, and every mounted volume
/// has been read from.
fn traffic_of(name: &OsStr, mount_point: &Path, usage: &DiskUsage) -> Option<Disk> {
    // On Windows the name is a volume label, which may be empty or not unique.
    let device = if cfg!(windows) || name.is_empty() { mount_point.as_os_str() } else { name };
    let counters = |bytes| disk::Counters { bytes, ..disk::Counters::default() };
    let (read, write) = (counters(usage.total_read_bytes), counters(usage.total_written_bytes));
    let is_known = read.bytes > 0 || write.bytes > 0;
    is_known.then(|| Disk { device: device.to_string_lossy().into_owned(), read, write, busy_s: None })
}

/// Starts to read sensors and GPUs, which go through drivers that may hang.
fn start_background_reads(request: &Request, snapshot: &mut Snapshot) -> Vec<BackgroundRead> {
    let mut background = Vec::new();
    if request.demand.needs(Source::Sensor) {
        background.extend(BackgroundRead::start(Source::Sensor, snapshot, temperatures));
    }
    if request.demand.needs(Source::Gpu) {
        background.extend(BackgroundRead::start(Source::Gpu, snapshot, gpus));
    }
    background
}

fn temperatures(snapshot: &mut Snapshot) {
    // A system without sensors is not an error.
    let Ok(components) = Components::new_with_refreshed_list() else { return };
    for component in components.iter() {
        let Some(celsius) = component.temperature().map(f64::from) else { continue };
        let id = component.id().unwrap_or(component.label());
        sensor::push(id, component.label(), celsius, component.critical().map(f64::from), snapshot);
    }
}

// Linux has its own collector, which does not wake sleeping GPUs.
#[cfg(not(target_os = "linux"))]
fn gpus(snapshot: &mut Snapshot) {
    crate::gpu::push(&crate::gpu::collect(None), snapshot);
}

#[cfg(target_os = "linux")]
fn gpus(_: &mut Snapshot) {}

#[cfg(test)]
mod tests {
    use super::*;

    fn traffic(name: &str, total_read_bytes: u64) -> Option<Disk> {
        let usage = DiskUsage { total_read_bytes, ..DiskUsage::default() };
        traffic_of(OsStr::new(name), Path::new("/mnt"), &usage)
    }

    #[test]
    fn volume_without_counters_has_no_traffic_instead_of_zero() {
        assert_eq!(traffic("disk1", 0), None);
        assert_eq!(traffic("disk1", 4096).map(|disk| (disk.read.bytes, disk.write.bytes)), Some((4096, 0)));
    }

    #[test]
    fn volume_without_a_name_is_named_by_its_mount_point() {
        let expected = |name| Some(if cfg!(windows) { "/mnt" } else { name }.to_owned());
        assert_eq!(traffic("disk1", 1).map(|disk| disk.device), expected("disk1"));
        assert_eq!(traffic("", 1).map(|disk| disk.device), Some("/mnt".to_owned()));
    }
}
