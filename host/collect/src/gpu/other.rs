//! GPUs of any vendor through sysinfo, for systems other than Linux.

use sysinfo::Gpus;

use super::inventory::{Address, Gpu, Inventory, ratio};

/// Adds the GPUs, except those of NVIDIA if NVIDIA's library has found any.
pub(super) fn collect(inventory: &mut Inventory) {
    let gpus = match Gpus::new_with_refreshed_list() {
        Ok(gpus) => gpus,
        Err(error) => return inventory.diagnostics.push(format!("cannot read the GPUs: {error}")),
    };
    let nvml_found_any = !inventory.gpus.is_empty();
    let others = gpus.iter().filter(|gpu| !(nvml_found_any && gpu.vendor().is_some_and(is_nvidia)));
    inventory.gpus.extend(others.map(gpu));
}

fn is_nvidia(vendor: &str) -> bool {
    vendor.to_ascii_lowercase().contains("nvidia")
}

fn gpu(gpu: &sysinfo::Gpu) -> Gpu {
    let pci = gpu.pci();
    let name = gpu.model().or(gpu.vendor()).unwrap_or("GPU");
    Gpu {
        address: Address { domain: pci.domain, bus: pci.bus, device: pci.device, function: pci.function },
        name: name.to_owned(),
        utilization: gpu.usage().and_then(|percent| ratio(f64::from(percent))),
        memory_used_bytes: gpu.used_memory(),
        memory_limit_bytes: gpu.total_memory(),
        ..Gpu::default()
    }
}
