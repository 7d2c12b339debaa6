//! Graphics processors: NVIDIA's through its library, AMD's through `/sys`, on other systems the rest through sysinfo.
//!
//! A driver may hang, and asking one may wake a GPU that sleeps to save power. So this owns what it returns and can run
//! in a thread of its own, and a GPU that is suspended is not asked: it has no readings until something uses it.
//!
//! sysinfo is not used on Linux: it would load NVIDIA's library whatever the state of the GPU, and Vulkan with every
//! driver that it finds.

#[cfg(target_os = "linux")]
mod amd;
mod nvml;
// Built for tests on Linux too: nobody here compiles it for the systems that it is for.
#[cfg(any(not(target_os = "linux"), test))]
mod other;
#[cfg(target_os = "linux")]
mod pci;

use std::collections::BTreeSet;
use std::path::Path;

#[cfg(target_os = "linux")]
use super::process::Processes;
use super::process::known;
#[cfg(target_os = "linux")]
use super::roots::Roots;
use crate::clean;
use crate::metric::{Labels, Snapshot};

/// How long the name of a GPU may be in a label.
const NAME_CHARS: usize = 128;

/// Where a device is on the PCI bus; sorted as such.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Address {
    domain: u32,
    bus: u32,
    device: u32,
    function: u32,
}

/// One GPU. What it does not tell is `None`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Gpu {
    /// `gpu0`, `gpu1`, in the order of their places on the bus.
    id: String,
    address: Address,
    /// As its maker calls it.
    name: String,
    /// Share of time in which it was at work, 0..1, as the driver averages it.
    utilization: Option<f64>,
    memory_used_bytes: Option<u64>,
    memory_limit_bytes: Option<u64>,
    temperature_celsius: Option<f64>,
    power_w: Option<f64>,
    power_limit_w: Option<f64>,
    /// For which reasons it is slowed down, and for which it is not; empty when it does not tell.
    throttled: Vec<(&'static str, bool)>,
    corrected_errors: Option<u64>,
    uncorrected_errors: Option<u64>,
    /// The processes that use it, each once, and how much of its memory they use.
    processes: Option<Vec<(u32, Option<u64>)>>,
}

/// What was found: the GPUs by their places on the bus, and what could not be read.
#[derive(Debug, Default)]
pub(super) struct Found {
    gpus: Vec<Gpu>,
    diagnostics: Vec<String>,
}

impl Found {
    /// Sorts and numbers the GPUs. GPUs that are there and were not asked have their numbers as well, so that a GPU
    /// keeps its own when another goes to sleep.
    fn number(&mut self, there: impl IntoIterator<Item = Address>) {
        let places: BTreeSet<_> = there.into_iter().chain(self.gpus.iter().map(|gpu| gpu.address)).collect();
        for gpu in &mut self.gpus {
            gpu.id = format!("gpu{}", places.range(..gpu.address).count());
        }
        self.gpus.sort_by_key(|gpu| gpu.address);
    }
}

/// Asks every GPU that is awake. `library` is NVIDIA's, where it is not in its usual place.
#[cfg(target_os = "linux")]
pub(super) fn collect(roots: &Roots, library: Option<&Path>) -> Found {
    let mut found = Found::default();
    let devices = pci::devices(&roots.sys);
    if pci::may_ask_nvml(devices.as_deref()) {
        nvml::collect(library, &mut found);
    }
    let devices = devices.unwrap_or_default();
    found.gpus.extend(devices.iter().filter_map(amd::read));
    found.number(devices.iter().filter(|device| device.is_known()).map(|device| device.address));
    found
}

/// Asks every GPU. `library` is NVIDIA's, where it is not in its usual place.
#[cfg(not(target_os = "linux"))]
pub(super) fn collect(library: Option<&Path>) -> Found {
    let mut found = Found::default();
    nvml::collect(library, &mut found);
    other::collect(&mut found);
    found.number([]);
    found
}

/// Pushes every reading. Whose processes use a GPU is looked up below `roots`.
#[cfg(target_os = "linux")]
pub(super) fn push(found: &Found, roots: &Roots, snapshot: &mut Snapshot) {
    let processes = Processes::of(roots);
    let name_and_owner = |pid| (processes.name(pid), processes.owner(pid));
    push_all(found, name_and_owner, snapshot);
}

/// Pushes every reading. Processes have no names here.
#[cfg(not(target_os = "linux"))]
pub(super) fn push(found: &Found, snapshot: &mut Snapshot) {
    push_all(found, |_| (None, None), snapshot);
}

fn push_all(found: &Found, name_and_owner: impl Fn(u32) -> (Option<String>, Option<String>), snapshot: &mut Snapshot) {
    for why in &found.diagnostics {
        snapshot.diagnose("gpu", why);
    }
    for gpu in &found.gpus {
        push_gpu(gpu, snapshot);
        for (pid, used_bytes) in gpu.processes.iter().flatten() {
            let Some(used_bytes) = used_bytes else { continue };
            let (name, owner) = name_and_owner(*pid);
            let labels: Labels = known(*pid, name, owner).chain([("hw.id", gpu.id.clone())]).collect();
            snapshot.push("process.gpu.memory.usage", labels, *used_bytes as f64);
        }
    }
}

fn push_gpu(gpu: &Gpu, snapshot: &mut Snapshot) {
    let name = clean::bounded(&gpu.name, NAME_CHARS);
    let hardware = [("hw.id", gpu.id.as_str()), ("hw.name", &name)];
    let bytes = |value: Option<u64>| value.map(|value| value as f64);
    let memory_utilization = match (gpu.memory_used_bytes, gpu.memory_limit_bytes) {
        (Some(used), Some(limit)) if limit > 0 => Some(used as f64 / limit as f64),
        _ => None,
    };
    let readings = [
        ("hw.gpu.utilization", gpu.utilization),
        ("hw.gpu.memory.usage", bytes(gpu.memory_used_bytes)),
        ("hw.gpu.memory.limit", bytes(gpu.memory_limit_bytes)),
        ("hw.gpu.memory.utilization", memory_utilization),
        ("hw.gpu.temperature", gpu.temperature_celsius),
        ("hw.gpu.power", gpu.power_w),
        ("hw.gpu.power.limit", gpu.power_limit_w),
        ("checkpost.gpu.process.count", gpu.processes.as_ref().map(|processes| processes.len() as f64)),
    ];
    for (metric, value) in readings {
        if let Some(value) = value {
            snapshot.push(metric, hardware, value);
        }
    }
    for (reason, is_throttled) in &gpu.throttled {
        let [id, name] = hardware;
        let labels = [("checkpost.gpu.throttle.reason", *reason), id, name];
        snapshot.push("checkpost.gpu.throttled", labels, f64::from(*is_throttled));
    }
    for (kind, count) in [("corrected", gpu.corrected_errors), ("uncorrected", gpu.uncorrected_errors)] {
        if let Some(count) = count {
            let [id, name] = hardware;
            snapshot.push("hw.errors", [("error.type", kind), id, name, ("hw.type", "gpu")], count as f64);
        }
    }
}

/// Per cent as a share. More than all is no reading.
fn ratio(percent: f64) -> Option<f64> {
    (0.0..=100.0).contains(&percent).then_some(percent / 100.0)
}

#[cfg(all(target_os = "linux", test))]
mod tests;
