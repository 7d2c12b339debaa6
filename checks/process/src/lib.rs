//! The `process` check: whether processes run, how many, and what they use.

use checkpost_sdk::{Check, Input, Joint, Limits, Need, Reading, Status, Verdict, check, only_with, settings, whole};

/// Processes whose name matches a pattern. The host counts those patterns that some check declares.
const COUNT: &str = "process.watched.count";
/// Share of all CPUs that they used together, 0..1.
const CPU: &str = "process.watched.cpu.utilization";
/// Their resident bytes together.
const MEMORY: &str = "process.watched.memory.usage";
/// Their open files together.
const OPEN_FILES: &str = "process.watched.open_file_descriptor.count";
/// How many of them ended and were replaced since the last cycle.
const RESTARTS: &str = "process.watched.restarts";

const PATTERN: &str = "process.watched.pattern";

settings! {
    /// Warns of processes that are not there, or use too much.
    pub struct Process {
        /// Names of the processes; `*` stands for any text, and what matches one entry is counted together. Required.
        processes: Vec<String> = [];
        /// Processes of each entry that must run; fewer are critical. With 0 and a maximum of 0 none may run.
        minimum: f64 = 1.0, unit "{process}", minimum 0.0;
        /// Processes of each entry that may run; more are critical. Not set: any number.
        maximum: Option<f64>, unit "{process}", minimum 0.0;
        /// What the processes of an entry use of all CPUs together (one of four CPUs is 25 %) above which it is a warning.
        /// Not set: none is too much.
        cpu_threshold: Option<f64>, unit "%", range 0.0..=100.0;
        /// What the processes of an entry use of all CPUs together above which a warning is critical. Not set: never.
        cpu_critical: Option<f64>, unit "%", range 0.0..=100.0;
        /// Resident memory of the processes of an entry together above which it is a warning. Not set: none is too much.
        memory_threshold: Option<f64>, unit "By", minimum 0.0;
        /// Resident memory of the processes of an entry together above which a warning is critical. Not set: never.
        memory_critical: Option<f64>, unit "By", minimum 0.0;
        /// Open files of the processes of an entry together above which it is a warning. Not set: none are too many.
        open_files_threshold: Option<f64>, unit "{file}", minimum 0.0;
        /// Whether it is a warning that a process ended and was replaced since the last cycle.
        restarts: bool = false;
        /// Share of its limit down to which every reading of a raised entry must come. Not set: all of it.
        clear: Option<f64>, unit "%", range 0.0..=100.0;
    }
}

/// A reading of the processes of an entry, and what it is held against.
struct Watched {
    metric: &'static str,
    /// In messages, and as the name of the measure.
    name: &'static str,
    /// The headline when it is too high.
    title: &'static str,
    unit: &'static str,
    /// From the unit of the metric to that of the limits.
    scale: f64,
    limits: Limits,
}

impl Process {
    /// What is looked at beside the number: only what there is a setting for.
    fn watched(&self) -> Vec<Watched> {
        let limits = |threshold, critical| Limits::clearing_at_share(threshold, critical, self.clear);
        let cpu = self.cpu_threshold.map(|threshold| Watched {
            metric: CPU,
            name: "cpu",
            title: "High CPU usage of a process",
            unit: "%",
            scale: 100.0,
            limits: limits(threshold, self.cpu_critical),
        });
        let memory = self.memory_threshold.map(|threshold| Watched {
            metric: MEMORY,
            name: "memory",
            title: "High memory usage of a process",
            unit: "By",
            scale: 1.0,
            limits: limits(threshold, self.memory_critical),
        });
        let open_files = self.open_files_threshold.map(|threshold| Watched {
            metric: OPEN_FILES,
            name: "open_files",
            title: "Many open files",
            unit: "1",
            scale: 1.0,
            limits: limits(threshold, None),
        });
        let restarts = self.restarts.then_some(Watched {
            metric: RESTARTS,
            name: "restarts",
            title: "Process restarted",
            unit: "1",
            scale: 1.0,
            limits: Limits { threshold: 0.0, critical: None, clear: None },
        });
        [cpu, memory, open_files, restarts].into_iter().flatten().collect()
    }

    fn judge(&self, pattern: &str, watched: &[Watched], input: &Input) -> Verdict {
        let find = |metric| input.samples.find_with(metric, &[(PATTERN, pattern)]);
        let Some(count) = find(COUNT) else {
            let message = format!("no reading of {COUNT} for {pattern}");
            return Verdict::new(Status::Unknown, "Processes not counted", message).subject(pattern);
        };
        let mut joint = Joint::on(pattern, "Process", input.previous(pattern));
        joint.hold(&Reading { name: "processes", value: count, unit: "1", title: "", limits: None });
        let noun = if count == 1.0 { "process" } else { "processes" };
        if count < self.minimum {
            let title = if count == 0.0 { "Process not running" } else { "Too few processes" };
            joint.raise(Status::Critical, title, &format!("{count} {noun} (minimum: {})", self.minimum));
        }
        if let Some(maximum) = self.maximum.filter(|maximum| count > *maximum) {
            let title = if maximum == 0.0 { "Process is running" } else { "Too many processes" };
            joint.raise(Status::Critical, title, &format!("{count} {noun} (maximum: {maximum})"));
        }
        for Watched { metric, name, title, unit, scale, limits } in watched {
            if let Some(value) = find(metric).map(|value| value * scale) {
                joint.hold(&Reading { name, value, unit, title, limits: Some(*limits) });
            }
        }
        let told = joint.told().unwrap_or_default();
        joint.verdict(&told)
    }

    /// Each entry once.
    fn patterns(&self) -> Vec<&str> {
        let mut patterns: Vec<_> = self.processes.iter().map(String::as_str).collect();
        patterns.sort_unstable();
        patterns.dedup();
        patterns
    }
}

impl Check for Process {
    const NAME: &'static str = "process";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = "Whether processes run, how many, and what they use";

    fn needs(&self) -> Result<Vec<Need>, String> {
        if self.processes.is_empty() || self.processes.iter().any(String::is_empty) {
            return Err(format!("processes is {:?}, allowed is a list of at least one name", self.processes));
        }
        whole("minimum", self.minimum)?;
        if let Some(maximum) = self.maximum {
            whole("maximum", maximum)?;
            if maximum < self.minimum {
                return Err(format!("maximum is {maximum}, allowed is at least the minimum, {}", self.minimum));
            }
        }
        only_with("cpu_critical", self.cpu_critical, "cpu_threshold", self.cpu_threshold)?;
        only_with("memory_critical", self.memory_critical, "memory_threshold", self.memory_threshold)?;
        let watched = self.watched();
        let metrics = || [COUNT].into_iter().chain(watched.iter().map(|watched| watched.metric));
        let patterns = self.patterns().into_iter();
        Ok(patterns.flat_map(|pattern| metrics().map(|name| Need::current(name).label(PATTERN, pattern))).collect())
    }

    fn evaluate(&self, input: &Input) -> Result<Vec<Verdict>, String> {
        if input.samples.named(COUNT).is_empty() {
            return Err(format!("no reading of {COUNT}"));
        }
        let watched = self.watched();
        Ok(self.patterns().into_iter().map(|pattern| self.judge(pattern, &watched, input)).collect())
    }
}

check!(Process);

#[cfg(test)]
mod tests;
