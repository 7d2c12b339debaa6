//! The GPUs of a machine, as every driver describes them.

use std::collections::BTreeSet;

/// Address of a device on the PCI bus; addresses are ordered as on the bus.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Address {
    pub(super) domain: u32,
    pub(super) bus: u32,
    pub(super) device: u32,
    pub(super) function: u32,
}

/// One GPU; figures that it does not report are `None`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Gpu {
    /// `gpu0`, `gpu1`, in the order of their addresses.
    pub(super) id: String,
    pub(super) address: Address,
    /// Name by the manufacturer.
    pub(super) name: String,
    /// Busy share of time, 0..1, as the driver averages it.
    pub(super) utilization: Option<f64>,
    pub(super) memory_used_bytes: Option<u64>,
    pub(super) memory_limit_bytes: Option<u64>,
    pub(super) temperature_celsius: Option<f64>,
    pub(super) power_w: Option<f64>,
    pub(super) power_limit_w: Option<f64>,
    /// Reasons for throttling, each with whether it applies; empty if the GPU does not report them.
    pub(super) throttled: Vec<(&'static str, bool)>,
    pub(super) corrected_errors: Option<u64>,
    pub(super) uncorrected_errors: Option<u64>,
    /// The processes that use the GPU, each once, with the GPU memory that they use.
    pub(super) processes: Option<Vec<(u32, Option<u64>)>>,
}

/// The GPUs by address, and the diagnostics.
#[derive(Debug, Default)]
pub(crate) struct Inventory {
    pub(super) gpus: Vec<Gpu>,
    pub(super) diagnostics: Vec<String>,
}

impl Inventory {
    /// Sorts and numbers the GPUs. `present` are the addresses of all GPUs, including those that were not read, so that a
    /// GPU retains its number when another goes to sleep.
    pub(super) fn number(&mut self, present: impl IntoIterator<Item = Address>) {
        let addresses: BTreeSet<_> = present.into_iter().chain(self.gpus.iter().map(|gpu| gpu.address)).collect();
        for gpu in &mut self.gpus {
            gpu.id = format!("gpu{}", addresses.range(..gpu.address).count());
        }
        self.gpus.sort_by_key(|gpu| gpu.address);
    }
}

/// A percentage as a share. More than 100 per cent is invalid.
pub(super) fn ratio(percent: f64) -> Option<f64> {
    (0.0..=100.0).contains(&percent).then_some(percent / 100.0)
}
