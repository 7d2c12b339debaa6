//! NVIDIA's GPUs, from its library NVML, which is loaded at run time. A machine without the library, the driver or a GPU
//! has no readings and no diagnostic. Figures that a GPU does not support are absent.

use std::collections::BTreeMap;
use std::path::Path;

use nvml_wrapper::bitmasks::device::ThrottleReasons;
use nvml_wrapper::enum_wrappers::device::{EccCounter, MemoryError, TemperatureSensor};
use nvml_wrapper::enums::device::UsedGpuMemory;
use nvml_wrapper::error::NvmlError;
use nvml_wrapper::struct_wrappers::device::ProcessInfo;
use nvml_wrapper::{Device, Nvml};

use super::inventory::{Address, Gpu, Inventory, ratio};

/// The reasons for throttling. Idleness and clocks set by an application are not among them.
const THROTTLE_REASONS: [(&str, ThrottleReasons); 7] = [
    ("sw_power_cap", ThrottleReasons::SW_POWER_CAP),
    ("hw_slowdown", ThrottleReasons::HW_SLOWDOWN),
    ("sync_boost", ThrottleReasons::SYNC_BOOST),
    ("sw_thermal_slowdown", ThrottleReasons::SW_THERMAL_SLOWDOWN),
    ("hw_thermal_slowdown", ThrottleReasons::HW_THERMAL_SLOWDOWN),
    ("hw_power_brake_slowdown", ThrottleReasons::HW_POWER_BRAKE_SLOWDOWN),
    ("display_clock_setting", ThrottleReasons::DISPLAY_CLOCK_SETTING),
];

/// The highest temperature that is plausible: a stuck sensor reports 127. Drivers have reported impossible figures.
const HOTTEST_CELSIUS: u32 = 126;
/// The highest power that is plausible, ten times that of the largest GPU.
const HIGHEST_POWER_MW: u32 = 20_000_000;

/// `NVML_ERROR_ARGUMENT_VERSION_MISMATCH` and `NVML_ERROR_DEPRECATED`, for which the wrapper has no names: the library is
/// too old or too new for a function.
const OTHER_VERSION: [u32; 2] = [25, 26];

/// Adds every GPU of the library.
pub(super) fn collect(library: Option<&Path>, inventory: &mut Inventory) {
    let mut builder = Nvml::builder();
    if let Some(library) = library {
        builder.lib_path(library.as_os_str());
    }
    let nvml = match builder.init() {
        Ok(nvml) => nvml,
        Err(error) if means_no_gpu(&error) => return,
        Err(error) => return inventory.diagnostics.push(format!("cannot use the NVIDIA library: {error}")),
    };
    let count = match nvml.device_count() {
        Ok(count) => count,
        Err(error) => return inventory.diagnostics.push(format!("cannot count the NVIDIA GPUs: {error}")),
    };
    for index in 0..count {
        match nvml.device_by_index(index).and_then(|device| Ok((address(&device)?, device))) {
            Ok((address, device)) => {
                let (gpu, problem) = read(&device, address);
                inventory.gpus.push(gpu);
                inventory.diagnostics.extend(problem);
            }
            Err(error) => {
                inventory.diagnostics.push(format!("cannot read NVIDIA GPU {} of {count}: {error}", index + 1))
            }
        }
    }
}

fn means_no_gpu(error: &NvmlError) -> bool {
    matches!(
        error,
        NvmlError::LibloadingError(_) | NvmlError::LibraryNotFound | NvmlError::DriverNotLoaded | NvmlError::NotFound
    )
}

fn address(device: &Device) -> Result<Address, NvmlError> {
    let pci = device.pci_info()?;
    Ok(Address { domain: pci.domain, bus: pci.bus, device: pci.device, function: 0 })
}

/// Collects the first error that is more than "not supported". One error is enough, because a lost GPU fails every call.
#[derive(Default)]
struct Answers {
    problem: Option<String>,
}

impl Answers {
    fn take<T>(&mut self, figure: &str, answer: Result<T, NvmlError>) -> Option<T> {
        match answer {
            Ok(value) => Some(value),
            Err(NvmlError::NotSupported | NvmlError::FunctionNotFound | NvmlError::FailedToLoadSymbol(_)) => None,
            Err(NvmlError::UnexpectedVariant(code)) if OTHER_VERSION.contains(&code) => None,
            Err(error) => {
                self.fail(format!("{figure}: {error}"));
                None
            }
        }
    }

    /// Takes a figure that is at most `highest`.
    fn take_up_to(&mut self, highest: u32, figure: &str, answer: Result<u32, NvmlError>) -> Option<u32> {
        let value = self.take(figure, answer)?;
        if value > highest {
            self.fail(format!("{figure}: impossible value {value}"));
            return None;
        }
        Some(value)
    }

    fn fail(&mut self, why: String) {
        self.problem.get_or_insert(why);
    }
}

/// Reads one GPU. Also returns the first error.
fn read(device: &Device, address: Address) -> (Gpu, Option<String>) {
    let mut answers = Answers::default();
    let name = answers.take("name", device.name()).unwrap_or_else(|| "NVIDIA".to_owned());
    let memory = answers.take("memory", device.memory_info());
    let throttle_reasons = answers.take("throttle reasons", device.current_throttle_reasons());
    let errors = |kind| device.total_ecc_errors(kind, EccCounter::Volatile);
    let watts = |milliwatts: Option<u32>| milliwatts.map(|milliwatts| f64::from(milliwatts) / 1000.0);
    let busy_percent = answers.take_up_to(100, "utilization", device.utilization_rates().map(|rates| rates.gpu));
    let gpu = Gpu {
        address,
        utilization: busy_percent.and_then(|percent| ratio(f64::from(percent))),
        memory_used_bytes: memory.as_ref().map(|memory| memory.used),
        memory_limit_bytes: memory.as_ref().map(|memory| memory.total),
        temperature_celsius: answers
            .take_up_to(HOTTEST_CELSIUS, "temperature", device.temperature(TemperatureSensor::Gpu))
            .map(f64::from),
        power_w: watts(answers.take_up_to(HIGHEST_POWER_MW, "power", device.power_usage())),
        power_limit_w: watts(answers.take_up_to(HIGHEST_POWER_MW, "power limit", device.enforced_power_limit())),
        throttled: throttle_reasons
            .map(|reasons| THROTTLE_REASONS.map(|(label, reason)| (label, reasons.contains(reason))).to_vec())
            .unwrap_or_default(),
        corrected_errors: answers.take("corrected errors", errors(MemoryError::Corrected)),
        uncorrected_errors: answers.take("uncorrected errors", errors(MemoryError::Uncorrected)),
        processes: processes(
            answers.take("compute processes", device.running_compute_processes()),
            answers.take("graphics processes", device.running_graphics_processes()),
        ),
        name,
        ..Gpu::default()
    };
    let Address { domain, bus, device, function } = address;
    let place = format!("{} at {domain:04x}:{bus:02x}:{device:02x}.{function}", gpu.name);
    (gpu, answers.problem.map(|why| format!("cannot read everything of {place}: {why}")))
}

/// Merges both lists, so that every process occurs once. A process that computes and draws is in both lists, with the same
/// memory in each; a process that uses several parts of a GPU occurs several times in a list, with its memory in each.
fn processes(compute: Option<Vec<ProcessInfo>>, graphics: Option<Vec<ProcessInfo>>) -> Option<Vec<(u32, Option<u64>)>> {
    if compute.is_none() && graphics.is_none() {
        return None;
    }
    let mut merged: BTreeMap<u32, Option<u64>> = BTreeMap::new();
    for list in [compute, graphics].into_iter().flatten() {
        let mut used: BTreeMap<u32, Option<u64>> = BTreeMap::new();
        for process in list {
            let total = used.entry(process.pid).or_default();
            if let UsedGpuMemory::Used(bytes) = process.used_gpu_memory {
                *total = Some(total.unwrap_or(0).saturating_add(bytes));
            }
        }
        for (pid, bytes) in used {
            let highest = merged.entry(pid).or_default();
            *highest = bytes.max(*highest);
        }
    }
    Some(merged.into_iter().collect())
}
