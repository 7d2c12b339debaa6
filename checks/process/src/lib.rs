//! The `process` check: whether processes run, how many run, and the resources that they use.

use checkpost_sdk::{
    Check, CombinedVerdict, Input, Need, Reading, Status, Thresholds, Verdict, check, only_with, settings, whole,
};

/// Number of processes whose name matches a pattern. The host counts a pattern only when a check declares it.
const COUNT: &str = "process.watched.count";
/// Combined CPU usage of the processes, a share of all CPUs, 0..1.
const CPU: &str = "process.watched.cpu.utilization";
/// Combined resident memory of the processes, in bytes.
const MEMORY: &str = "process.watched.memory.usage";
/// Combined number of open files of the processes.
const OPEN_FILES: &str = "process.watched.open_file_descriptor.count";
/// Number of processes that ended and were replaced since the last cycle.
const RESTARTS: &str = "process.watched.restarts";

const PATTERN: &str = "process.watched.pattern";

settings! {
    /// Warns of processes that do not run or use too much.
    pub struct Process {
        /// Names of processes; `*` matches any text. All processes that match an entry are judged together. Required.
        processes: Vec<String> = [];
        /// Minimum number of processes of each entry; fewer are critical. With 0 and a `maximum` of 0, none may run.
        minimum: f64 = 1.0, unit "{process}", minimum 0.0;
        /// Maximum number of processes of each entry; more are critical. Off by default.
        maximum: Option<f64>, unit "{process}", minimum 0.0;
        /// CPU usage of the processes of an entry, as a share of all CPUs (one of four CPUs is 25 %), above which the status
        /// is warning. Off by default.
        cpu_threshold: Option<f64>, unit "%", range 0.0..=100.0;
        /// CPU usage of the processes of an entry above which a warning becomes critical. Off by default.
        cpu_critical: Option<f64>, unit "%", range 0.0..=100.0;
        /// Resident memory of the processes of an entry above which the status is warning. Off by default.
        memory_threshold: Option<f64>, unit "By", minimum 0.0;
        /// Resident memory of the processes of an entry above which a warning becomes critical. Off by default.
        memory_critical: Option<f64>, unit "By", minimum 0.0;
        /// Open files of the processes of an entry above which the status is warning. Off by default.
        open_files_threshold: Option<f64>, unit "{file}", minimum 0.0;
        /// Whether to warn when a process ended and was replaced since the last cycle.
        restarts: bool = false;
        /// Share of its threshold to which every reading of a raised entry must fall before the entry clears.
        /// Defaults to 100.
        clear: Option<f64>, unit "%", range 0.0..=100.0;
    }
}

/// A reading to judge for each entry, and its thresholds.
struct Watched {
    metric: &'static str,
    /// Name of the measure, also used in messages.
    name: &'static str,
    /// Title of the verdict when the reading is too high.
    title: &'static str,
    unit: &'static str,
    /// Factor from the unit of the metric to the unit of the thresholds.
    scale: f64,
    thresholds: Thresholds,
}

impl Process {
    /// The readings to judge in addition to the number of processes: those with a setting.
    fn watched(&self) -> Vec<Watched> {
        let thresholds = |threshold, critical| Thresholds::clearing_at_share(threshold, critical, self.clear);
        let cpu = self.cpu_threshold.map(|threshold| Watched {
            metric: CPU,
            name: "cpu",
            title: "High CPU usage of a process",
            unit: "%",
            scale: 100.0,
            thresholds: thresholds(threshold, self.cpu_critical),
        });
        let memory = self.memory_threshold.map(|threshold| Watched {
            metric: MEMORY,
            name: "memory",
            title: "High memory usage of a process",
            unit: "By",
            scale: 1.0,
            thresholds: thresholds(threshold, self.memory_critical),
        });
        let open_files = self.open_files_threshold.map(|threshold| Watched {
            metric: OPEN_FILES,
            name: "open_files",
            title: "Many open files",
            unit: "1",
            scale: 1.0,
            thresholds: thresholds(threshold, None),
        });
        let restarts = self.restarts.then_some(Watched {
            metric: RESTARTS,
            name: "restarts",
            title: "Process restarted",
            unit: "1",
            scale: 1.0,
            thresholds: Thresholds { threshold: 0.0, critical: None, clear: None },
        });
        [cpu, memory, open_files, restarts].into_iter().flatten().collect()
    }

    fn judge(&self, pattern: &str, watched: &[Watched], input: &Input) -> Verdict {
        let find = |metric| input.samples.find_with(metric, &[(PATTERN, pattern)]);
        let Some(count) = find(COUNT) else {
            let message = format!("no reading of {COUNT} for {pattern}");
            return Verdict::new(Status::Unknown, "Processes not counted", message).subject(pattern);
        };
        let mut combined = CombinedVerdict::new(pattern, "Process", input.previous(pattern));
        combined.judge(&Reading { name: "processes", value: count, unit: "1", title: "", thresholds: None });
        let noun = if count == 1.0 { "process" } else { "processes" };
        if count < self.minimum {
            let title = if count == 0.0 { "Process not running" } else { "Too few processes" };
            combined.raise(Status::Critical, title, &format!("{count} {noun} (minimum: {})", self.minimum));
        }
        if let Some(maximum) = self.maximum.filter(|maximum| count > *maximum) {
            let title = if maximum == 0.0 { "Process is running" } else { "Too many processes" };
            combined.raise(Status::Critical, title, &format!("{count} {noun} (maximum: {maximum})"));
        }
        for Watched { metric, name, title, unit, scale, thresholds } in watched {
            if let Some(value) = find(metric).map(|value| value * scale) {
                combined.judge(&Reading { name, value, unit, title, thresholds: Some(*thresholds) });
            }
        }
        let summary = combined.summary().unwrap_or_default();
        combined.finish(&summary)
    }

    /// The entries without duplicates.
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
    const SUMMARY: &'static str = "Whether processes run, how many run, and the resources that they use";

    fn needs(&self) -> Result<Vec<Need>, String> {
        if self.processes.is_empty() || self.processes.iter().any(String::is_empty) {
            return Err(format!(
                "processes is {:?}: must be a list of at least one name, and no name may be empty",
                self.processes
            ));
        }
        whole("minimum", self.minimum)?;
        if let Some(maximum) = self.maximum {
            whole("maximum", maximum)?;
            if maximum < self.minimum {
                return Err(format!("maximum is {maximum}: must be at least the minimum, {}", self.minimum));
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
