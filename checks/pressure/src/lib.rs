//! The `pressure` check: the share of the time that tasks wait for CPUs, memory and disks.
//!
//! The kernel's pressure stall information shows whether tasks wait, which load averages and usage do not. The check judges
//! the time since the last cycle, so that every stall counts exactly once. The first cycle after a boot has no such share;
//! the check then judges the kernel's own average over its longest window, which fluctuates least.
//!
//! `some` is the share of the time that at least one task waited; `full` is the share that all tasks waited, so that no work
//! was done.

use checkpost_sdk::{Check, CombinedVerdict, Input, Need, Reading, Status, Thresholds, Verdict, check, settings};

/// Share of the time since the last cycle, 0..1.
const SHARE: &str = "checkpost.pressure.time.rate";
/// The kernel's average share of the time over a window, 0..1.
const AVERAGE: &str = "checkpost.pressure.ratio";
/// The window of [`AVERAGE`] to judge.
const WINDOW: (&str, &str) = ("checkpost.pressure.window", "300s");

const RESOURCE: &str = "checkpost.pressure.resource";
const STALL: &str = "checkpost.pressure.stall";

settings! {
    /// Warns of tasks that wait for CPUs, memory or disks.
    pub struct Pressure {
        // A machine under load has more tasks than CPUs now and then; at 80 % a task waits almost all the time.
        /// Share of the time that at least one task waited for a CPU above which the status is warning.
        cpu_some: f64 = 80.0, unit "%", range 0.0..=100.0;
        /// Share of the time that at least one task waited for a CPU above which a warning becomes critical. Off by default.
        cpu_some_critical: Option<f64>, unit "%", range 0.0..=100.0;
        // With enough memory no task waits for it; at 20 % the host pages its programs in and out.
        /// Share of the time that at least one task waited for memory above which the status is warning.
        memory_some: f64 = 20.0, unit "%", range 0.0..=100.0;
        /// Share of the time that at least one task waited for memory above which a warning becomes critical. Off by default.
        memory_some_critical: Option<f64>, unit "%", range 0.0..=100.0;
        /// Share of the time that all tasks waited for memory above which the status is warning.
        memory_full: f64 = 10.0, unit "%", range 0.0..=100.0;
        // systemd-oomd kills at 60 % over 30 seconds; over whole cycles, a lower share is as bad.
        /// Share of the time that all tasks waited for memory above which a warning becomes critical.
        memory_full_critical: f64 = 40.0, unit "%", range 0.0..=100.0;
        // Backups and batch jobs naturally wait for disks without delaying anybody.
        /// Share of the time that at least one task waited for a disk above which the status is warning.
        io_some: f64 = 60.0, unit "%", range 0.0..=100.0;
        /// Share of the time that at least one task waited for a disk above which a warning becomes critical. Off by default.
        io_some_critical: Option<f64>, unit "%", range 0.0..=100.0;
        /// Share of the time that all tasks waited for a disk above which the status is warning.
        io_full: f64 = 40.0, unit "%", range 0.0..=100.0;
        /// Share of the time that all tasks waited for a disk above which a warning becomes critical. Off by default.
        io_full_critical: Option<f64>, unit "%", range 0.0..=100.0;
        /// Share of its threshold to which every reading of a raised resource must fall before the resource clears.
        /// Defaults to 100.
        clear: Option<f64>, unit "%", range 0.0..=100.0;
    }
}

/// A reading to judge: the tasks that wait for a resource.
struct Stall {
    resource: &'static str,
    /// Name in the kernel: `some` or `full`.
    name: &'static str,
    /// Name of the measure, also used in messages.
    measure: &'static str,
    /// Title of the verdict when the reading is too high.
    title: &'static str,
    thresholds: Thresholds,
}

impl Pressure {
    /// The stalls to judge. For CPUs there is no `full`, because the kernel does not report it for a whole machine.
    fn stalls(&self) -> [Stall; 5] {
        let stall = |resource, name, title, threshold, critical| {
            let measure = if name == "some" { "some_stalled" } else { "all_stalled" };
            let thresholds = Thresholds::clearing_at_share(threshold, critical, self.clear);
            Stall { resource, name, measure, title, thresholds }
        };
        let memory_full_critical = Some(self.memory_full_critical);
        [
            stall("cpu", "some", "High CPU pressure", self.cpu_some, self.cpu_some_critical),
            stall("memory", "some", "High memory pressure", self.memory_some, self.memory_some_critical),
            stall("memory", "full", "High memory pressure", self.memory_full, memory_full_critical),
            stall("io", "some", "High I/O pressure", self.io_some, self.io_some_critical),
            stall("io", "full", "High I/O pressure", self.io_full, self.io_full_critical),
        ]
    }
}

impl Check for Pressure {
    const NAME: &'static str = "pressure";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = "Share of the time that tasks wait for CPUs, memory and disks";

    fn needs(&self) -> Result<Vec<Need>, String> {
        Ok(vec![Need::current(SHARE), Need::current(AVERAGE).label(WINDOW.0, WINDOW.1)])
    }

    fn evaluate(&self, input: &Input) -> Result<Vec<Verdict>, String> {
        if input.samples.named(SHARE).is_empty() && input.samples.named(AVERAGE).is_empty() {
            return Err(format!("no reading of {AVERAGE}: the kernel provides no pressure stall information"));
        }
        let stalls = self.stalls();
        let resources = [("cpu", "CPU pressure"), ("memory", "Memory pressure"), ("io", "I/O pressure")];
        Ok(resources.map(|(resource, title)| judge(resource, title, &stalls, input)).into())
    }
}

fn judge(resource: &str, title: &str, stalls: &[Stall], input: &Input) -> Verdict {
    let mut combined = CombinedVerdict::new(resource, title, input.previous(resource));
    for stall in stalls.iter().filter(|stall| stall.resource == resource) {
        let labels = [(RESOURCE, resource), (STALL, stall.name), WINDOW];
        let since_last = input.samples.find_with(SHARE, &labels[..2]);
        if let Some(ratio) = since_last.or_else(|| input.samples.find_with(AVERAGE, &labels)) {
            let (value, thresholds) = (ratio * 100.0, Some(stall.thresholds));
            combined.judge(&Reading { name: stall.measure, value, unit: "%", title: stall.title, thresholds });
        }
    }
    match combined.summary() {
        Some(summary) => combined.finish(&summary),
        None => {
            let message = format!("no reading of {AVERAGE} for {resource}");
            Verdict::new(Status::Unknown, title, message).subject(resource)
        }
    }
}

check!(Pressure);

#[cfg(test)]
mod tests;
