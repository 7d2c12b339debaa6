//! AMD's GPUs, from what the driver amdgpu shows in `/sys`. Its temperatures and fans are sensors like others.

use super::pci::{self, Device};
use super::{Gpu, ratio};

/// What a GPU tells. Nothing for one that sleeps, because reading would wake it, and for one without that driver.
pub(super) fn read(device: &Device) -> Option<Gpu> {
    if device.vendor != pci::AMD || device.is_suspended {
        return None;
    }
    let number = |file: &str| pci::text(&device.directory.join(file))?.parse::<u64>().ok();
    let gpu = Gpu {
        address: device.address,
        name: name(device),
        utilization: number("gpu_busy_percent").and_then(|percent| ratio(percent as f64)),
        memory_used_bytes: number("mem_info_vram_used"),
        memory_limit_bytes: number("mem_info_vram_total"),
        ..Gpu::default()
    };
    let tells = gpu.utilization.is_some() || gpu.memory_used_bytes.is_some() || gpu.memory_limit_bytes.is_some();
    tells.then_some(gpu)
}

/// Few of them know what they are called; the others have a number.
fn name(device: &Device) -> String {
    let called = pci::text(&device.directory.join("product_name")).filter(|name| !name.is_empty());
    let numbered = || match pci::hexadecimal(&device.directory.join("device")) {
        Some(number) => format!("AMD {number:04x}"),
        None => "AMD".to_owned(),
    };
    called.unwrap_or_else(numbered)
}
