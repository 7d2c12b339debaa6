//! Which GPUs are on the PCI bus of Linux, and whether they sleep. Looking here wakes none of them.

use std::fs;
use std::path::{Path, PathBuf};

use super::Address;
use crate::collect::files;

const NVIDIA: u32 = 0x10de;
pub(super) const AMD: u32 = 0x1002;
/// In the Windows Subsystem for Linux the host's GPUs are shown as devices of this maker.
const MICROSOFT: u32 = 0x1414;

/// Display controllers, and accelerators that have no display: AMD's for data centres say so.
const CLASSES: [u32; 2] = [0x03, 0x12];

/// One GPU on the bus.
pub(super) struct Device {
    pub(super) address: Address,
    pub(super) vendor: u32,
    pub(super) directory: PathBuf,
    /// Whether its power is off until somebody asks for it.
    pub(super) is_suspended: bool,
}

impl Device {
    /// Whether it is one of those that may be asked. The display of a server's management controller is none.
    pub(super) fn is_known(&self) -> bool {
        matches!(self.vendor, NVIDIA | AMD)
    }
}

/// The GPUs on the bus; nothing where Linux does not show the bus.
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

/// Whether NVIDIA's library may be loaded: not without a GPU for it, and not when it would wake all of them. Where the
/// bus is not shown nobody knows, and it is tried.
pub(super) fn may_ask_nvml(devices: Option<&[Device]>) -> bool {
    let is_awake = |device: &Device| matches!(device.vendor, NVIDIA | MICROSOFT) && !device.is_suspended;
    devices.is_none_or(|devices| devices.iter().any(is_awake))
}

/// `0000:01:00.0`.
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
