//! The `pressure` check: how much of the time tasks wait for CPUs, memory and disks.
//!
//! The kernel's pressure stall information tells what load averages and usage do not: whether anybody waits. It is judged
//! over the time since the last cycle, so that no stall falls between two cycles and none counts twice. In the first cycle
//! after a boot there is no such share; then it is the kernel's own average, of its longest window, which swings the least.
//!
//! `some` is the share of time in which at least one task waited, `full` that in which all did and nothing was done.

use checkpost_sdk::{Check, Input, Joint, Limits, Need, Reading, Status, Verdict, check, settings};

/// Share of time since the last cycle, 0..1.
const SHARE: &str = "checkpost.pressure.time.rate";
/// Share of time over a window, averaged by the kernel, 0..1.
const AVERAGE: &str = "checkpost.pressure.ratio";
/// The window of [`AVERAGE`] that is looked at.
const WINDOW: (&str, &str) = ("checkpost.pressure.window", "300s");

const RESOURCE: &str = "checkpost.pressure.resource";
const STALL: &str = "checkpost.pressure.stall";

settings! {
    /// Warns of tasks that wait.
    pub struct Pressure {
        // Any machine that computes has more tasks than CPUs now and then; at 80 % somebody waits nearly always.
        /// Share of time in which some task waited for a CPU above which it is a warning.
        cpu_some: f64 = 80.0, unit "%", range 0.0..=100.0;
        /// Share of time in which some task waited for a CPU above which a warning is critical. Not set: never.
        cpu_some_critical: Option<f64>, unit "%", range 0.0..=100.0;
        // Memory that is enough makes nobody wait; a fifth of the time is a host that pages its programs in and out.
        /// Share of time in which some task waited for memory above which it is a warning.
        memory_some: f64 = 20.0, unit "%", range 0.0..=100.0;
        /// Share of time in which some task waited for memory above which a warning is critical. Not set: never.
        memory_some_critical: Option<f64>, unit "%", range 0.0..=100.0;
        /// Share of time in which all tasks waited for memory above which it is a warning.
        memory_full: f64 = 10.0, unit "%", range 0.0..=100.0;
        // systemd-oomd kills at 60 % over half a minute; over whole cycles less is as bad.
        /// Share of time in which all tasks waited for memory above which a warning is critical.
        memory_full_critical: f64 = 40.0, unit "%", range 0.0..=100.0;
        // Backups and batch jobs wait for disks by their nature, and nobody with them.
        /// Share of time in which some task waited for a disk above which it is a warning.
        io_some: f64 = 60.0, unit "%", range 0.0..=100.0;
        /// Share of time in which some task waited for a disk above which a warning is critical. Not set: never.
        io_some_critical: Option<f64>, unit "%", range 0.0..=100.0;
        /// Share of time in which all tasks waited for a disk above which it is a warning.
        io_full: f64 = 40.0, unit "%", range 0.0..=100.0;
        /// Share of time in which all tasks waited for a disk above which a warning is critical. Not set: never.
        io_full_critical: Option<f64>, unit "%", range 0.0..=100.0;
        /// Share of its limit down to which every reading of a raised resource must come. Not set: all of it.
        clear: Option<f64>, unit "%", range 0.0..=100.0;
    }
}

/// What is looked at: a resource, and which tasks wait for it.
struct Stall {
    resource: &'static str,
    /// As the kernel calls it.
    name: &'static str,
    /// As messages and measures do.
    told: &'static str,
    /// The headline when it is too high.
    title: &'static str,
    limits: Limits,
}

impl Pressure {
    /// That all tasks wait for a CPU the kernel does not tell of a whole machine.
    fn stalls(&self) -> [Stall; 5] {
        let stall = |resource, name, title, threshold, critical| {
            let told = if name == "some" { "some_stalled" } else { "all_stalled" };
            let limits = Limits::clearing_at_share(threshold, critical, self.clear);
            Stall { resource, name, told, title, limits }
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
    const SUMMARY: &'static str = "Share of time in which tasks wait for CPUs, memory and disks";

    fn needs(&self) -> Result<Vec<Need>, String> {
        Ok(vec![Need::current(SHARE), Need::current(AVERAGE).label(WINDOW.0, WINDOW.1)])
    }

    fn evaluate(&self, input: &Input) -> Result<Vec<Verdict>, String> {
        if input.samples.named(SHARE).is_empty() && input.samples.named(AVERAGE).is_empty() {
            return Err(format!("no reading of {AVERAGE}: the kernel tells no pressure stall information"));
        }
        let stalls = self.stalls();
        let resources = [("cpu", "CPU pressure"), ("memory", "Memory pressure"), ("io", "I/O pressure")];
        Ok(resources.map(|(resource, title)| judge(resource, title, &stalls, input)).into())
    }
}

fn judge(resource: &str, title: &str, stalls: &[Stall], input: &Input) -> Verdict {
    let mut joint = Joint::on(resource, title, input.previous(resource));
    for stall in stalls.iter().filter(|stall| stall.resource == resource) {
        let labels = [(RESOURCE, resource), (STALL, stall.name), WINDOW];
        let since_last = input.samples.find_with(SHARE, &labels[..2]);
        if let Some(ratio) = since_last.or_else(|| input.samples.find_with(AVERAGE, &labels)) {
            let (value, limits) = (ratio * 100.0, Some(stall.limits));
            joint.hold(&Reading { name: stall.told, value, unit: "%", title: stall.title, limits });
        }
    }
    match joint.told() {
        Some(told) => joint.verdict(&told),
        None => {
            let message = format!("no reading of {AVERAGE} of {resource}");
            Verdict::new(Status::Unknown, title, message).subject(resource)
        }
    }
}

check!(Pressure);

#[cfg(test)]
mod tests;
