//! The `gpu` check: memory, temperature, power and faults of each GPU.

use std::collections::BTreeSet;

use checkpost_sdk::{
    Check, CombinedVerdict, Input, Measure, Need, Reading, Status, Thresholds, Verdict, check, is_among, only_with,
    settings, whole,
};

/// Share of the time that a GPU was busy, 0..1.
const UTILIZATION: &str = "hw.gpu.utilization";
/// Used share of the memory of a GPU, 0..1.
const MEMORY: &str = "hw.gpu.memory.utilization";
/// Degrees Celsius.
const TEMPERATURE: &str = "hw.gpu.temperature";
/// Power draw and power limit in watts.
const POWER: &str = "hw.gpu.power";
const POWER_LIMIT: &str = "hw.gpu.power.limit";
/// 1 while a GPU is slowed down for this reason, else 0.
const THROTTLED: &str = "checkpost.gpu.throttled";
/// The readings of each GPU. A GPU exists if it has any of them.
const CURRENT: [&str; 6] = [UTILIZATION, MEMORY, TEMPERATURE, POWER, POWER_LIMIT, THROTTLED];
/// ECC errors since the driver was loaded.
const ERRORS: &str = "hw.errors";

const ID: &str = "hw.id";
const REASON: &str = "checkpost.gpu.throttle.reason";
const UNCORRECTED: (&str, &str) = ("error.type", "uncorrected");

settings! {
    /// Warns of GPUs that are hot, slowed down, faulty or short of memory.
    pub struct Gpu {
        /// Memory usage of a GPU above which the status is warning.
        memory_threshold: f64 = 90.0, unit "%", range 0.0..=100.0;
        /// Memory usage of a GPU above which a warning becomes critical.
        memory_critical: f64 = 95.0, unit "%", range 0.0..=100.0;
        // NVIDIA data center cards are usually rated for continuous operation at up to 85 °C; they slow down at about 89 °C
        // and shut down at about 92 °C. A critical threshold above that would never be reported.
        /// Temperature of a GPU above which the status is warning.
        temperature_threshold: f64 = 85.0, unit "Cel", range 0.0..=150.0;
        /// Temperature of a GPU above which a warning becomes critical.
        temperature_critical: f64 = 90.0, unit "Cel", range 0.0..=150.0;
        /// Share of the time that a GPU was busy above which the status is warning. Off by default.
        utilization_threshold: Option<f64>, unit "%", range 0.0..=100.0;
        /// Share of the time that a GPU was busy above which a warning becomes critical. Off by default.
        utilization_critical: Option<f64>, unit "%", range 0.0..=100.0;
        /// Power draw, as a share of the power limit of a GPU, above which the status is warning. Off by default.
        power_threshold: Option<f64>, unit "%", range 0.0..=1000.0;
        /// Power draw, as a share of the power limit of a GPU, above which a warning becomes critical. Off by default.
        power_critical: Option<f64>, unit "%", range 0.0..=1000.0;
        /// Reasons for a slowdown that make the status warning; `*` matches any text. If empty, none.
        throttle_reasons: Vec<String> =
            ["hw_slowdown", "hw_thermal_slowdown", "hw_power_brake_slowdown", "sw_thermal_slowdown"];
        /// Whether uncorrected memory errors of a GPU are critical.
        ecc: bool = true;
        /// Minimum number of GPUs; fewer are critical.
        minimum: f64 = 0.0, unit "{gpu}", range 0.0..=1024.0;
        /// Share of its threshold to which every reading of a raised GPU must fall before the GPU clears. Defaults to 100.
        clear: Option<f64>, unit "%", range 0.0..=100.0;
    }
}

impl Gpu {
    fn judge(&self, id: &str, input: &Input) -> Verdict {
        let thresholds = |threshold, critical| Thresholds::clearing_at_share(threshold, critical, self.clear);
        let find = |metric| input.samples.find_with(metric, &[(ID, id)]);
        let percent = |ratio: Option<f64>| ratio.map(|ratio| ratio * 100.0);
        let power =
            find(POWER).zip(find(POWER_LIMIT)).filter(|(_, limit)| *limit > 0.0).map(|(drawn, limit)| drawn / limit);
        let readings = [
            (
                "memory",
                percent(find(MEMORY)),
                "%",
                "High GPU memory usage",
                Some(self.memory_threshold),
                Some(self.memory_critical),
            ),
            (
                "temperature",
                find(TEMPERATURE),
                "Cel",
                "Hot GPU",
                Some(self.temperature_threshold),
                Some(self.temperature_critical),
            ),
            (
                "utilization",
                percent(find(UTILIZATION)),
                "%",
                "Busy GPU",
                self.utilization_threshold,
                self.utilization_critical,
            ),
            ("power", percent(power), "%", "High GPU power", self.power_threshold, self.power_critical),
        ];
        let mut combined = CombinedVerdict::new(id, "GPU", input.previous(id));
        for (name, value, unit, title, threshold, critical) in readings {
            if let Some(value) = value {
                let thresholds = threshold.map(|threshold| thresholds(threshold, critical));
                combined.judge(&Reading { name, value, unit, title, thresholds });
            }
        }
        if let Some(reasons) = self.throttled(id, input) {
            combined.raise(Status::Warning, "GPU slowed down", &format!("slowed down ({reasons})"));
        }
        self.judge_errors(&mut combined, id, input);
        let summary = combined.summary();
        combined.finish(summary.as_deref().unwrap_or("no reading"))
    }

    /// The listed reasons for which a GPU is slowed down, if any.
    fn throttled(&self, id: &str, input: &Input) -> Option<String> {
        let samples = input.samples.named(THROTTLED).iter();
        let active = samples.filter(|sample| sample.value > 0.0 && sample.label(ID) == Some(id));
        let reasons: Vec<_> =
            active.filter_map(|sample| sample.label(REASON)).filter(|reason| self.is_listed(reason)).collect();
        (!reasons.is_empty()).then(|| reasons.join(", "))
    }

    fn is_listed(&self, reason: &str) -> bool {
        !self.throttle_reasons.is_empty() && is_among(&self.throttle_reasons, reason)
    }

    fn judge_errors(&self, combined: &mut CombinedVerdict, id: &str, input: &Input) {
        let samples = input.samples.named(ERRORS).iter().filter(|sample| sample.carries(&[UNCORRECTED, (ID, id)]));
        let errors: Vec<_> = samples.map(|sample| sample.value).collect();
        if self.ecc && !errors.is_empty() {
            // No hysteresis: the errors are a count, which falls only when the driver is reloaded.
            let thresholds = Some(Thresholds { threshold: 0.0, critical: Some(0.0), clear: None });
            let value = errors.iter().sum();
            combined.judge(&Reading {
                name: "uncorrected_errors",
                value,
                unit: "1",
                title: "GPU memory errors",
                thresholds,
            });
        }
    }

    /// The verdict on the number of GPUs, if there is a minimum or there are none.
    fn judge_number(&self, number: usize) -> Option<Verdict> {
        let noun = if number == 1 { "GPU" } else { "GPUs" };
        if self.minimum == 0.0 {
            return (number == 0).then(|| Verdict::new(Status::Ok, "GPU", "no GPU"));
        }
        let verdict = if (number as f64) < self.minimum {
            Verdict::new(Status::Critical, "GPU missing", format!("{number} {noun} (minimum: {})", self.minimum))
        } else {
            Verdict::new(Status::Ok, "GPU", format!("{number} {noun}"))
        };
        Some(verdict.measure(Measure::new("gpus", number as f64, "1")))
    }
}

impl Check for Gpu {
    const NAME: &'static str = "gpu";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = "Memory, temperature, power and faults of each GPU";

    fn needs(&self) -> Result<Vec<Need>, String> {
        only_with(
            "utilization_critical",
            self.utilization_critical,
            "utilization_threshold",
            self.utilization_threshold,
        )?;
        only_with("power_critical", self.power_critical, "power_threshold", self.power_threshold)?;
        whole("minimum", self.minimum)?;
        let mut needs: Vec<_> = CURRENT.map(Need::current).into();
        needs.push(Need::current(ERRORS).label(UNCORRECTED.0, UNCORRECTED.1));
        Ok(needs)
    }

    fn evaluate(&self, input: &Input) -> Result<Vec<Verdict>, String> {
        let samples = CURRENT.iter().flat_map(|metric| input.samples.named(metric));
        let ids: BTreeSet<_> = samples.filter_map(|sample| sample.label(ID)).collect();
        let number = self.judge_number(ids.len());
        Ok(number.into_iter().chain(ids.iter().map(|id| self.judge(id, input))).collect())
    }
}

check!(Gpu);

#[cfg(test)]
mod tests;
