//! Graphics processors: NVIDIA's through its library, AMD's through `/sys`, others through sysinfo on other systems.
//!
//! A driver may hang, and reading a GPU may wake it from sleep. Therefore [`collect`] owns its result, so that it can run in
//! a thread of its own, and a suspended GPU is not read: it has no readings until something uses it.
//!
//! Linux does not use sysinfo, which would load NVIDIA's library whatever the state of the GPU, and Vulkan with every
//! driver that it finds.

#[cfg(target_os = "linux")]
mod amd;
mod inventory;
mod nvml;
// Built for tests on Linux too, where most development happens.
#[cfg(any(not(target_os = "linux"), test))]
mod other;
#[cfg(target_os = "linux")]
mod pci;
mod readings;

use std::path::Path;

use checkpost_model::metric::Snapshot;

#[cfg(target_os = "linux")]
use crate::process::Processes;
#[cfg(target_os = "linux")]
use crate::roots::Roots;
use inventory::Inventory;

/// Reads every GPU that is awake. `library` is NVIDIA's library, if it is not in its usual place.
#[cfg(target_os = "linux")]
pub(super) fn collect(roots: &Roots, library: Option<&Path>) -> Inventory {
    let mut inventory = Inventory::default();
    let devices = pci::devices(&roots.sys);
    if pci::may_load_nvml(devices.as_deref()) {
        nvml::collect(library, &mut inventory);
    }
    let devices = devices.unwrap_or_default();
    inventory.gpus.extend(devices.iter().filter_map(amd::read));
    inventory.number(devices.iter().filter(|device| device.is_supported()).map(|device| device.address));
    inventory
}

/// Reads every GPU. `library` is NVIDIA's library, if it is not in its usual place.
#[cfg(not(target_os = "linux"))]
pub(super) fn collect(library: Option<&Path>) -> Inventory {
    let mut inventory = Inventory::default();
    nvml::collect(library, &mut inventory);
    other::collect(&mut inventory);
    inventory.number([]);
    inventory
}

/// Adds every reading. Names and owners of processes are looked up below `roots`.
#[cfg(target_os = "linux")]
pub(super) fn push(inventory: &Inventory, roots: &Roots, snapshot: &mut Snapshot) {
    let processes = Processes::below(roots);
    readings::push(inventory, |pid| (processes.name(pid), processes.owner(pid)), snapshot);
}

/// Adds every reading. Processes have neither names nor owners.
#[cfg(not(target_os = "linux"))]
pub(super) fn push(inventory: &Inventory, snapshot: &mut Snapshot) {
    readings::push(inventory, |_| (None, None), snapshot);
}

#[cfg(all(target_os = "linux", test))]
mod tests;
