//! NVIDIA's GPUs, from its own library NVML, which is loaded while checkpost runs. A machine without the library, the
//! driver or a GPU has no GPU, and that is nothing to tell. What a GPU does not support is absent.

use std::collections::BTreeMap;
use std::path::Path;

use nvml_wrapper::bitmasks::device::ThrottleReasons;
use nvml_wrapper::enum_wrappers::device::{EccCounter, MemoryError, TemperatureSensor};
use nvml_wrapper::enums::device::UsedGpuMemory;
use nvml_wrapper::error::NvmlError;
use nvml_wrapper::struct_wrappers::device::ProcessInfo;
use nvml_wrapper::{Device, Nvml};

use super::{Address, Found, Gpu, ratio};

/// Why a GPU may be slower than it could be. That it has nothing to do, or was told to be slow, is no reason.
const REASONS: [(&str, ThrottleReasons); 7] = [
    ("sw_power_cap", ThrottleReasons::SW_POWER_CAP),
    ("hw_slowdown", ThrottleReasons::HW_SLOWDOWN),
    ("sync_boost", ThrottleReasons::SYNC_BOOST),
    ("sw_thermal_slowdown", ThrottleReasons::SW_THERMAL_SLOWDOWN),
    ("hw_thermal_slowdown", ThrottleReasons::HW_THERMAL_SLOWDOWN),
    ("hw_power_brake_slowdown", ThrottleReasons::HW_POWER_BRAKE_SLOWDOWN),
    ("display_clock_setting", ThrottleReasons::DISPLAY_CLOCK_SETTING),
];

/// Drivers have told impossible figures. 127 is what a sensor that is stuck says.
const HOTTEST_CELSIUS: u32 = 126;
/// Ten times what the largest GPU draws.
const MOST_POWER_MW: u32 = 20_000_000;

/// `NVML_ERROR_ARGUMENT_VERSION_MISMATCH` and `NVML_ERROR_DEPRECATED`, which the wrapper has no names for: the library
/// is too old or too new for this question.
const OTHER_VERSION: [u32; 2] = [25, 26];

/// Adds every GPU that the library knows.
pub(super) fn collect(library: Option<&Path>, found: &mut Found) {
    let mut builder = Nvml::builder();
    if let Some(library) = library {
        builder.lib_path(library.as_os_str());
    }
    let nvml = match builder.init() {
        Ok(nvml) => nvml,
        Err(error) if means_no_gpu(&error) => return,
        Err(error) => return found.diagnostics.push(format!("cannot use the library of NVIDIA: {error}")),
    };
    let count = match nvml.device_count() {
        Ok(count) => count,
        Err(error) => return found.diagnostics.push(format!("cannot count the GPUs of NVIDIA: {error}")),
    };
    for index in 0..count {
        match nvml.device_by_index(index).and_then(|device| Ok((address(&device)?, device))) {
            Ok((address, device)) => {
                let (gpu, problem) = read(&device, address);
                found.gpus.push(gpu);
                found.diagnostics.extend(problem);
            }
            Err(error) => {
                found.diagnostics.push(format!("cannot read GPU {} of {count} of NVIDIA: {error}", index + 1))
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

/// Takes answers, and keeps the first error that is more than "not supported": a GPU that is lost fails everything.
#[derive(Default)]
struct Answers {
    problem: Option<String>,
}

impl Answers {
    fn take<T>(&mut self, what: &str, answer: Result<T, NvmlError>) -> Option<T> {
        match answer {
            Ok(value) => Some(value),
            Err(NvmlError::NotSupported | NvmlError::FunctionNotFound | NvmlError::FailedToLoadSymbol(_)) => None,
            Err(NvmlError::UnexpectedVariant(code)) if OTHER_VERSION.contains(&code) => None,
            Err(error) => {
                self.fail(format!("{what}: {error}"));
                None
            }
        }
    }

    /// Takes a figure that may be as large as this.
    fn take_up_to(&mut self, most: u32, what: &str, answer: Result<u32, NvmlError>) -> Option<u32> {
        let value = self.take(what, answer)?;
        if value > most {
            self.fail(format!("{what}: {value} is impossible"));
            return None;
        }
        Some(value)
    }

    fn fail(&mut self, why: String) {
        self.problem.get_or_insert(why);
    }
}

/// Asks one GPU, and says what went wrong first.
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
        power_w: watts(answers.take_up_to(MOST_POWER_MW, "power", device.power_usage())),
        power_limit_w: watts(answers.take_up_to(MOST_POWER_MW, "power limit", device.enforced_power_limit())),
        throttled: throttle_reasons
            .map(|reasons| REASONS.map(|(label, reason)| (label, reasons.contains(reason))).to_vec())
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
    (gpu, answers.problem.map(|why| format!("cannot read all of {place}: {why}")))
}

/// Every process once. One that computes and draws is in both lists, with the same memory in each; one that uses
/// several parts of a GPU is in one list several times, with what it uses of each.
fn processes(compute: Option<Vec<ProcessInfo>>, graphics: Option<Vec<ProcessInfo>>) -> Option<Vec<(u32, Option<u64>)>> {
    if compute.is_none() && graphics.is_none() {
        return None;
    }
    let mut together: BTreeMap<u32, Option<u64>> = BTreeMap::new();
    for list in [compute, graphics].into_iter().flatten() {
        let mut used: BTreeMap<u32, Option<u64>> = BTreeMap::new();
        for process in list {
            let of_process = used.entry(process.pid).or_default();
            if let UsedGpuMemory::Used(bytes) = process.used_gpu_memory {
                *of_process = Some(of_process.unwrap_or(0).saturating_add(bytes));
            }
        }
        for (pid, bytes) in used {
            let of_process = together.entry(pid).or_default();
            *of_process = bytes.max(*of_process);
        }
    }
    Some(together.into_iter().collect())
}
