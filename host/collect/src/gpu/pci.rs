//! The GPUs on the PCI bus of Linux, and whether they sleep. Reading these files wakes none of them.

use std::fs;
use std::path::{Path, PathBuf};

use super::inventory::Address;
use crate::files;

const NVIDIA: u32 = 0x10de;
pub(super) const AMD: u32 = 0x1002;
/// The vendor of the devices that represent the host's GPUs in the Windows Subsystem for Linux.
const MICROSOFT: u32 = 0x1414;

/// Display controllers, and accelerators without a display, such as AMD's for data centers.
const CLASSES: [u32; 2] = [0x03, 0x12];

/// One GPU on the bus.
pub(super) struct Device {
    pub(super) address: Address,
    pub(super) vendor: u32,
    pub(super) directory: PathBuf,
    /// Whether the device is powered off until it is used.
    pub(super) is_suspended: bool,
}

impl Device {
    /// Whether checkpost reads GPUs of this vendor. The display of a server's management controller is not read.
    pub(super) fn is_supported(&self) -> bool {
        matches!(self.vendor, NVIDIA | AMD)
    }
}

/// The GPUs on the bus; `None` if Linux does not show the bus.
pub(super) fn devices(sys: &Path) -> Option<Vec<Device>> {
    let entries = fs::read_dir(sys.join("bus/pci/devices")).ok()?;
    Some(entries.flatten().filter_map(|entry| device(entry.path())).collect())
}

fn device(directory: PathBuf) -> Option<Device> {
    let class = hexadecimal(&directory.join("class"))?;
    if !CLASSES.contains(&(class >> 16)) {
        return None;
    }
    Some(Device {
        address: address(directory.file_name()?.to_str()?)?,
        vendor: hexadecimal(&directory.join("vendor"))?,
        is_suspended: text(&directory.join("power/runtime_status")).is_some_and(|status| status == "suspended"),
        directory,
    })
}

/// Whether NVIDIA's library may be loaded: only if one of its GPUs is awake, because loading wakes them. If the bus is not
/// shown, the library is loaded.
pub(super) fn may_load_nvml(devices: Option<&[Device]>) -> bool {
    let is_awake = |device: &Device| matches!(device.vendor, NVIDIA | MICROSOFT) && !device.is_suspended;
    devices.is_none_or(|devices| devices.iter().any(is_awake))
}

/// Parses `0000:01:00.0`.
fn address(name: &str) -> Option<Address> {
    let (rest, function) = name.rsplit_once('.')?;
    let mut parts = rest.split(':').map(|part| u32::from_str_radix(part, 16).ok());
    let address = Address {
        domain: parts.next()??,
        bus: parts.next()??,
        device: parts.next()??,
        function: function.parse().ok()?,
    };
    parts.next().is_none().then_some(address)
}

pub(super) fn hexadecimal(path: &Path) -> Option<u32> {
    u32::from_str_radix(text(path)?.strip_prefix("0x")?, 16).ok()
}

pub(super) fn text(path: &Path) -> Option<String> {
    files::read(path).ok()
}
