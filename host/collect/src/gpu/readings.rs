//! The readings of the GPUs of a machine.

use checkpost_model::clean;
use checkpost_model::metric::{Labels, Snapshot};

use super::inventory::{Gpu, Inventory};
use crate::process::process_labels;

/// Length of the name of a GPU in a label.
const NAME_CHARS: usize = 128;

/// Adds every reading and diagnostic. `name_and_owner` looks up a process.
pub(super) fn push(
    inventory: &Inventory,
    name_and_owner: impl Fn(u32) -> (Option<String>, Option<String>),
    snapshot: &mut Snapshot,
) {
    for why in &inventory.diagnostics {
        snapshot.diagnose("gpu", why);
    }
    for gpu in &inventory.gpus {
        push_gpu(gpu, snapshot);
        for (pid, used_bytes) in gpu.processes.iter().flatten() {
            let Some(used_bytes) = used_bytes else { continue };
            let (name, owner) = name_and_owner(*pid);
            let labels: Labels = process_labels(*pid, name, owner).chain([("hw.id", gpu.id.clone())]).collect();
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
