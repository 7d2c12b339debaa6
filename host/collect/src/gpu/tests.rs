//! GPUs of a stand-in for NVIDIA's library, of a recorded `/sys`, and of this machine.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::process::Command;

use jiff::Timestamp;

use checkpost_model::metric::{Host, Labels, Sample, catalog};

use super::inventory::Gpu;
use super::*;

/// A machine with these files, and a directory for a library.
struct Machine {
    root: tempfile::TempDir,
    roots: Roots,
}

impl Machine {
    fn with(files: &[(&str, &str)]) -> Self {
        let root = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let roots = Roots::below(root.path());
        Self { root, roots }
    }

    /// A stand-in for NVML, compiled with these definitions; `None` without a compiler.
    fn library(&self, definitions: &[&str]) -> Option<PathBuf> {
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/nvml/nvml.c");
        let library = self.root.path().join("libnvidia-ml.so.1");
        let mut compiler = Command::new("cc");
        compiler.args(["-Wall", "-Werror", "-shared", "-fPIC", "-o"]).arg(&library).arg(source);
        compiler.args(definitions.iter().map(|definition| format!("-D{definition}")));
        match compiler.status() {
            Ok(status) => assert!(status.success(), "cc: {status}"),
            Err(error) => {
                eprintln!("skipped: cannot run cc: {error}");
                return None;
            }
        }
        Some(library)
    }

    fn pushed(&self, inventory: &Inventory) -> Snapshot {
        let mut snapshot = Snapshot::new(Timestamp::UNIX_EPOCH, Host::example("boot-1"));
        push(inventory, &self.roots, &mut snapshot);
        snapshot
    }
}

/// The GPUs of the stand-in, on a machine that does not show its bus; `None` without a compiler.
fn simulated(machine: &Machine, definitions: &[&str]) -> Option<Inventory> {
    Some(collect(&machine.roots, Some(&machine.library(definitions)?)))
}

fn assert_in_catalog(snapshot: &Snapshot) {
    for Sample { name, labels, .. } in &snapshot.samples {
        let metric = catalog::metric(name).unwrap_or_else(|| panic!("{name} is no metric"));
        assert_eq!(metric.source, catalog::Source::Gpu, "{name}");
        assert!(labels.iter().all(|(key, _)| metric.labels.contains(&key)), "{name} {labels:?}");
    }
}

const H100: [(&str, &str); 2] = [("hw.id", "gpu1"), ("hw.name", "NVIDIA H100 80GB HBM3")];
const T400: [(&str, &str); 2] = [("hw.id", "gpu0"), ("hw.name", "NVIDIA\\u{a}\\u{1b}[31mT400")];

fn with(labels: &[(&'static str, &str)], more: &[(&'static str, &str)]) -> Labels {
    labels.iter().chain(more).copied().collect()
}

#[test]
fn figures_are_in_base_units_and_gpus_in_the_order_of_the_bus() {
    let machine = Machine::with(&[("proc/4001/comm", "python\x1b3\n"), ("proc/4002/comm", "Xorg\n")]);
    let Some(inventory) = simulated(&machine, &[]) else { return };
    let snapshot = machine.pushed(&inventory);
    assert_eq!(snapshot.diagnostics, []);
    assert_in_catalog(&snapshot);
    for (metric, expected) in [
        ("hw.gpu.utilization", 0.87),
        ("hw.gpu.memory.usage", 20e9),
        ("hw.gpu.memory.limit", 80e9),
        ("hw.gpu.memory.utilization", 0.25),
        ("hw.gpu.temperature", 61.0),
        ("hw.gpu.power", 412.345),
        ("hw.gpu.power.limit", 700.0),
        ("checkpost.gpu.process.count", 3.0),
    ] {
        assert_eq!(snapshot.value(metric, &Labels::from(H100)), Some(expected), "{metric}");
    }
    for (reason, expected) in [
        ("sw_power_cap", 1.0),
        ("hw_slowdown", 0.0),
        ("sync_boost", 0.0),
        ("sw_thermal_slowdown", 0.0),
        ("hw_thermal_slowdown", 1.0),
        ("hw_power_brake_slowdown", 0.0),
        ("display_clock_setting", 0.0),
    ] {
        let labels = with(&H100, &[("checkpost.gpu.throttle.reason", reason)]);
        assert_eq!(snapshot.value("checkpost.gpu.throttled", &labels), Some(expected), "{reason}");
    }
    assert_eq!(snapshot.samples.iter().filter(|sample| sample.name == "checkpost.gpu.throttled").count(), 7);
    for (kind, expected) in [("corrected", 12.0), ("uncorrected", 1.0)] {
        let labels = with(&H100, &[("error.type", kind), ("hw.type", "gpu")]);
        assert_eq!(snapshot.value("hw.errors", &labels), Some(expected), "{kind}");
    }
    // One process uses two parts of the GPU, one is in both lists, and the memory of one is unknown.
    let memory: Vec<_> = snapshot.samples.iter().filter(|sample| sample.name == "process.gpu.memory.usage").collect();
    let labels_of = |pid: &str, name: &str| {
        let owner = fs::metadata(machine.roots.proc.join(pid)).unwrap().uid().to_string();
        let owner = ("process.owner", owner.as_str());
        Labels::from([("hw.id", "gpu1"), ("process.executable.name", name), owner, ("process.pid", pid)])
    };
    let [python, xorg] = memory[..] else { panic!("{memory:?}") };
    assert_eq!((&python.labels, python.value), (&labels_of("4001", "python\\u{1b}3"), 3_000.0));
    assert_eq!((&xorg.labels, xorg.value), (&labels_of("4002", "Xorg"), 500.0));
}

#[test]
fn figures_that_a_gpu_does_not_support_are_absent() {
    let machine = Machine::with(&[]);
    let Some(inventory) = simulated(&machine, &[]) else { return };
    let snapshot = machine.pushed(&inventory);
    let samples = snapshot.samples.iter().filter(|sample| sample.labels.contains(&Labels::from(T400)));
    let readings: Vec<_> = samples.map(|sample| (sample.name.as_ref(), sample.value)).collect();
    assert_eq!(readings, [("hw.gpu.temperature", 40.0)]);
    assert_eq!(snapshot.diagnostics, []);
}

#[test]
fn gpu_that_is_lost_is_a_diagnostic_and_the_other_is_read() {
    let machine = Machine::with(&[]);
    let Some(inventory) = simulated(&machine, &["LOST=1"]) else { return };
    assert_eq!(inventory.gpus.iter().map(|gpu| gpu.name.as_str()).collect::<Vec<_>>(), ["NVIDIA H100 80GB HBM3"]);
    let why = "cannot read NVIDIA GPU 2 of 2: device fell off the bus or has otherwise become inacessible";
    assert_eq!(inventory.diagnostics, [why]);
}

#[test]
fn gpu_that_fails_every_call_is_one_diagnostic() {
    let machine = Machine::with(&[]);
    let Some(inventory) = simulated(&machine, &["FAILING=0"]) else { return };
    let [diagnostic] = &inventory.diagnostics[..] else { panic!("{:?}", inventory.diagnostics) };
    assert!(
        diagnostic
            .starts_with("cannot read everything of NVIDIA H100 80GB HBM3 at 0000:41:00.0: memory: device fell off"),
        "{diagnostic}"
    );
    let snapshot = machine.pushed(&inventory);
    assert!(snapshot.samples.iter().all(|sample| sample.labels.get("hw.id") == Some("gpu0")), "{snapshot:?}");
}

#[test]
fn impossible_figure_is_a_diagnostic_and_no_reading() {
    let machine = Machine::with(&[]);
    let Some(inventory) = simulated(&machine, &["GLITCH"]) else { return };
    let snapshot = machine.pushed(&inventory);
    for metric in ["hw.gpu.utilization", "hw.gpu.temperature", "hw.gpu.power"] {
        assert!(snapshot.samples.iter().all(|sample| sample.name != metric), "{metric}");
    }
    assert_eq!(snapshot.value("hw.gpu.power.limit", &Labels::from(H100)), Some(700.0));
    assert_eq!(snapshot.diagnostics.len(), 2, "one for each GPU: {:?}", snapshot.diagnostics);
}

#[test]
fn driver_of_another_version_is_a_diagnostic() {
    let machine = Machine::with(&[]);
    let Some(inventory) = simulated(&machine, &["INIT_RETURNS=18"]) else { return };
    assert_eq!(inventory.gpus, []);
    let why = "cannot use the NVIDIA library: RM detects a driver/library version mismatch";
    assert_eq!(inventory.diagnostics, [why]);
}

#[test]
fn machine_without_the_driver_has_no_gpu_and_no_diagnostic() {
    let machine = Machine::with(&[]);
    let Some(inventory) = simulated(&machine, &["INIT_RETURNS=9"]) else { return };
    assert!(inventory.gpus.is_empty() && inventory.diagnostics.is_empty(), "{inventory:?}");
}

#[test]
fn machine_without_the_library_has_no_gpu_and_no_diagnostic() {
    let machine = Machine::with(&[]);
    let inventory = collect(&machine.roots, Some(&machine.root.path().join("libnvidia-ml.so.1")));
    assert!(inventory.gpus.is_empty() && inventory.diagnostics.is_empty(), "{inventory:?}");
}

#[test]
fn nvidia_library_is_loaded_only_for_a_gpu_that_is_awake() {
    let bus = "sys/bus/pci/devices";
    let device = |address: &str, vendor: &str, class: &str, status: &str| {
        [("vendor", vendor), ("class", class), ("power/runtime_status", status)]
            .map(|(file, text)| (format!("{bus}/{address}/{file}"), format!("{text}\n")))
    };
    let may_load = |devices: &[[(String, String); 3]]| {
        let files = devices.iter().flatten().map(|(name, text)| (name.as_str(), text.as_str()));
        let machine = Machine::with(&files.collect::<Vec<_>>());
        fs::create_dir_all(machine.root.path().join(bus)).unwrap();
        pci::may_load_nvml(pci::devices(&machine.roots.sys).as_deref())
    };
    let awake = || device("0000:01:00.0", "0x10de", "0x030200", "active");
    let asleep = || device("0000:02:00.0", "0x10de", "0x030000", "suspended");
    let audio = || device("0000:01:00.1", "0x10de", "0x040300", "active");
    let intel = || device("0000:00:02.0", "0x8086", "0x030000", "active");
    let subsystem = || device("8756:00:00.0", "0x1414", "0x030200", "active");
    assert!(may_load(&[awake()]));
    assert!(may_load(&[asleep(), awake()]));
    assert!(may_load(&[subsystem()]));
    assert!(!may_load(&[]));
    assert!(!may_load(&[intel()]));
    assert!(!may_load(&[asleep()]));
    assert!(!may_load(&[asleep(), audio(), intel()]));
    assert!(pci::may_load_nvml(pci::devices(&Machine::with(&[]).roots.sys).as_deref()), "the bus is not shown");
}

#[test]
fn gpu_that_sleeps_is_not_read_and_retains_its_number() {
    let bus = "sys/bus/pci/devices";
    let files = [
        ("0000:01:00.0", "vendor", "0x10de\n"),
        ("0000:01:00.0", "class", "0x030000\n"),
        ("0000:01:00.0", "power/runtime_status", "suspended\n"),
        ("0000:05:00.0", "vendor", "0x1002\n"),
        ("0000:05:00.0", "class", "0x030000\n"),
        ("0000:05:00.0", "device", "0x1636\n"),
        ("0000:05:00.0", "gpu_busy_percent", "42\n"),
        ("0000:05:00.0", "mem_info_vram_used", "100\n"),
        ("0000:05:00.0", "mem_info_vram_total", "400\n"),
        // The GPU of the management controller is not counted.
        ("0000:00:05.0", "vendor", "0x1a03\n"),
        ("0000:00:05.0", "class", "0x030000\n"),
    ]
    .map(|(address, file, text)| (format!("{bus}/{address}/{file}"), text));
    let files: Vec<_> = files.iter().map(|(name, text)| (name.as_str(), *text)).collect();
    let machine = Machine::with(&files);
    let Some(library) = machine.library(&[]) else { return };
    let snapshot = machine.pushed(&collect(&machine.roots, Some(&library)));
    assert_in_catalog(&snapshot);
    let readings: Vec<_> = snapshot.samples.iter().map(|sample| (sample.name.as_ref(), sample.value)).collect();
    assert_eq!(
        readings,
        [
            ("hw.gpu.utilization", 0.42),
            ("hw.gpu.memory.usage", 100.0),
            ("hw.gpu.memory.limit", 400.0),
            ("hw.gpu.memory.utilization", 0.25)
        ]
    );
    let labels = Labels::from([("hw.id", "gpu1"), ("hw.name", "AMD 1636")]);
    assert!(snapshot.samples.iter().all(|sample| sample.labels == labels), "{:?}", snapshot.samples);
    assert_eq!(snapshot.diagnostics, []);

    // A sleeping GPU of AMD is not read either.
    fs::create_dir(machine.roots.sys.join("bus/pci/devices/0000:05:00.0/power")).unwrap();
    fs::write(machine.roots.sys.join("bus/pci/devices/0000:05:00.0/power/runtime_status"), "suspended\n").unwrap();
    assert_eq!(collect(&machine.roots, Some(&library)).gpus, []);
}

#[test]
fn memory_of_size_zero_has_no_utilization() {
    let machine = Machine::with(&[]);
    let gpu = Gpu { memory_used_bytes: Some(0), memory_limit_bytes: Some(0), ..Gpu::default() };
    let snapshot = machine.pushed(&Inventory { gpus: vec![gpu], diagnostics: Vec::new() });
    assert!(snapshot.samples.iter().all(|sample| sample.name != "hw.gpu.memory.utilization"));
    assert_eq!(snapshot.samples.len(), 2);
}

#[test]
fn collection_can_run_in_a_thread() {
    let roots = Machine::with(&[]).roots;
    let inventory = std::thread::spawn(move || collect(&roots, Some(Path::new("/nonexistent/libnvidia-ml.so.1"))));
    assert_eq!(inventory.join().unwrap().gpus, []);
}

#[test]
fn gpus_of_this_machine_are_plausible() {
    let roots = Roots::real();
    let inventory = collect(&roots, None);
    if inventory.gpus.is_empty() {
        eprintln!("skipped: this machine has no GPU that can be read");
        return;
    }
    assert_eq!(inventory.diagnostics, [] as [String; 0]);
    let mut snapshot = Snapshot::new(Timestamp::UNIX_EPOCH, Host::example("boot-1"));
    push(&inventory, &roots, &mut snapshot);
    assert_in_catalog(&snapshot);
    for sample in &snapshot.samples {
        assert!(sample.value >= 0.0, "{sample:?}");
        assert!(!sample.name.ends_with("utilization") || sample.value <= 1.0, "{sample:?}");
    }
}

#[test]
fn gpus_of_sysinfo_exclude_nvidia_when_nvml_found_any() {
    let mut inventory = Inventory { gpus: vec![Gpu::default()], diagnostics: Vec::new() };
    other::collect(&mut inventory);
    let of_sysinfo = inventory.gpus.get(1..).unwrap();
    assert!(of_sysinfo.iter().all(|gpu| !gpu.name.contains("NVIDIA")), "{of_sysinfo:?}");
    assert!(of_sysinfo.iter().all(|gpu| gpu.utilization.is_none_or(|share| share <= 1.0)), "{of_sysinfo:?}");
}
