//! Every source through sysinfo, for systems other than Linux. Coarser: CPU use is always measured over the window,
//! dropped packets and reserved space are not told, and a filesystem that hangs is left to the deadline of the run.

use std::ffi::OsString;
use std::thread;
use std::time::Instant;

use sysinfo::{Disks, Networks, System};

use super::Request;
use super::filesystem::{self, Filesystem, Space};
use super::memory::{self, Memory};
use super::network::{self, Counters, Interface};
use crate::metric::{Labels, Snapshot};

/// Reads every source, between the two ends of the CPU window.
pub(super) fn measure(request: &Request, snapshot: &mut Snapshot) {
    let mut system = match System::new() {
        Ok(system) => system,
        Err(error) => return snapshot.diagnose("system", format!("cannot read this system: {error}")),
    };
    let started = Instant::now();
    system.refresh_cpu_usage();
    system.refresh_memory();
    memory(&system, snapshot);
    network(request, snapshot);
    filesystems(snapshot);
    match System::uptime() {
        Ok(seconds) => snapshot.push("system.uptime", Labels::none(), seconds as f64),
        Err(error) => snapshot.diagnose("system", format!("cannot read the uptime: {error}")),
    }
    thread::sleep(request.cpu_window.max(sysinfo::MINIMUM_CPU_UPDATE_INTERVAL).saturating_sub(started.elapsed()));
    let interval = started.elapsed();
    system.refresh_cpu_usage();
    if system.cpus().is_empty() {
        return snapshot.diagnose("cpu", "cannot read the use of the CPUs");
    }
    snapshot.push("system.cpu.logical.count", Labels::none(), system.cpus().len() as f64);
    snapshot.push("system.cpu.utilization", Labels::none(), f64::from(system.global_cpu_usage()) / 100.0);
    snapshot.push("checkpost.cpu.interval", Labels::none(), interval.as_secs_f64());
}

fn memory(system: &System, snapshot: &mut Snapshot) {
    if system.total_memory() == 0 {
        return snapshot.diagnose("memory", "cannot read the size of memory");
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

fn network(request: &Request, snapshot: &mut Snapshot) {
    let networks = match Networks::new_with_refreshed_list() {
        Ok(networks) => networks,
        Err(error) => return snapshot.diagnose("network", format!("cannot read the interfaces: {error}")),
    };
    let interface = |(name, data): (&OsString, &sysinfo::NetworkData)| Interface {
        name: name.to_string_lossy().into_owned(),
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
    network::push(&interfaces, request.interfaces, snapshot);
}

fn filesystems(snapshot: &mut Snapshot) {
    let disks = match Disks::new_with_refreshed_list() {
        Ok(disks) => disks,
        Err(error) => return snapshot.diagnose("filesystem", format!("cannot read the filesystems: {error}")),
    };
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
            reserved_bytes: None,
        };
        filesystem::push(&filesystem, &space, snapshot);
    }
}
