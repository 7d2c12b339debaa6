//! AMD's GPUs, from the files of the driver amdgpu in `/sys`. Their temperatures and fans are sensors in hwmon.

use super::inventory::{Gpu, ratio};
use super::pci::{self, Device};

/// Reads one GPU; `None` for a suspended GPU, which reading would wake, and for a GPU without the driver.
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
    let has_figures = gpu.utilization.is_some() || gpu.memory_used_bytes.is_some() || gpu.memory_limit_bytes.is_some();
    has_figures.then_some(gpu)
}

/// The name of the product, which few GPUs know, or else the number of the device.
fn name(device: &Device) -> String {
    let product = pci::text(&device.directory.join("product_name")).filter(|name| !name.is_empty());
    let number = || match pci::hexadecimal(&device.directory.join("device")) {
        Some(number) => format!("AMD {number:04x}"),
        None => "AMD".to_owned(),
    };
    product.unwrap_or_else(number)
}
