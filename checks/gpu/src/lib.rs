//! The `gpu` check: memory, heat, power and faults of each graphics processor.

use std::collections::BTreeSet;

use checkpost_sdk::{
    Check, Input, Joint, Limits, Measure, Need, Reading, Status, Verdict, check, is_among, only_with, settings, whole,
};

/// Share of time in which a GPU was at work, 0..1.
const UTILIZATION: &str = "hw.gpu.utilization";
/// Used share of its memory, 0..1.
const MEMORY: &str = "hw.gpu.memory.utilization";
/// Degrees Celsius.
const TEMPERATURE: &str = "hw.gpu.temperature";
/// Watts that it draws, and that it may draw.
const POWER: &str = "hw.gpu.power";
const POWER_LIMIT: &str = "hw.gpu.power.limit";
/// 1 while it is slowed down for a reason.
const THROTTLED: &str = "checkpost.gpu.throttled";
/// What is read of each GPU; any of it tells that there is one.
const CURRENT: [&str; 6] = [UTILIZATION, MEMORY, TEMPERATURE, POWER, POWER_LIMIT, THROTTLED];
/// ECC errors since the driver was loaded.
const ERRORS: &str = "hw.errors";

const ID: &str = "hw.id";
const REASON: &str = "checkpost.gpu.throttle.reason";
const UNCORRECTED: (&str, &str) = ("error.type", "uncorrected");

settings! {
    /// Warns of GPUs that are full, hot, slowed down or faulty.
    pub struct Gpu {
        /// Used memory of a GPU above which it is a warning.
        memory_threshold: f64 = 90.0, unit "%", range 0.0..=100.0;
        /// Used memory of a GPU above which a warning is critical.
        memory_critical: f64 = 95.0, unit "%", range 0.0..=100.0;
        // What NVIDIA's data centre cards may work at for long is 85 °C as a rule; they slow down at about 89, and turn
        // themselves off at about 92. A critical line above that would never be told.
        /// Temperature of a GPU above which it is a warning.
        temperature_threshold: f64 = 85.0, unit "Cel", range 0.0..=150.0;
        /// Temperature of a GPU above which a warning is critical.
        temperature_critical: f64 = 90.0, unit "Cel", range 0.0..=150.0;
        /// Share of time at work above which it is a warning. Not set: none is too much.
        utilization_threshold: Option<f64>, unit "%", range 0.0..=100.0;
        /// Share of time at work above which a warning is critical. Not set: never.
        utilization_critical: Option<f64>, unit "%", range 0.0..=100.0;
        /// Drawn power, as a share of what a GPU may draw, above which it is a warning. Not set: none is too much.
        power_threshold: Option<f64>, unit "%", range 0.0..=1000.0;
        /// Drawn power, as a share of what a GPU may draw, above which a warning is critical. Not set: never.
        power_critical: Option<f64>, unit "%", range 0.0..=1000.0;
        /// Reasons for which a GPU that is slowed down is a warning; `*` stands for any text. Empty: none.
        throttle_reasons: Vec<String> =
            ["hw_slowdown", "hw_thermal_slowdown", "hw_power_brake_slowdown", "sw_thermal_slowdown"];
        /// Whether errors of its memory that could not be corrected are critical.
        ecc: bool = true;
        /// GPUs that must be there; fewer are critical.
        minimum: f64 = 0.0, unit "{gpu}", range 0.0..=1024.0;
        /// Share of its limit down to which every reading of a raised GPU must come. Not set: all of it.
        clear: Option<f64>, unit "%", range 0.0..=100.0;
    }
}

impl Gpu {
    fn judge(&self, id: &str, input: &Input) -> Verdict {
        let limits = |threshold, critical| Limits::clearing_at_share(threshold, critical, self.clear);
        let find = |metric| input.samples.find_with(metric, &[(ID, id)]);
        let percent = |ratio: Option<f64>| ratio.map(|ratio| ratio * 100.0);
        let power =
            find(POWER).zip(find(POWER_LIMIT)).filter(|(_, limit)| *limit > 0.0).map(|(drawn, may)| drawn / may);
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
        let mut joint = Joint::on(id, "GPU", input.previous(id));
        for (name, value, unit, title, threshold, critical) in readings {
            if let Some(value) = value {
                let limits = threshold.map(|threshold| limits(threshold, critical));
                joint.hold(&Reading { name, value, unit, title, limits });
            }
        }
        if let Some(reasons) = self.throttled(id, input) {
            joint.raise(Status::Warning, "GPU slowed down", &format!("slowed down ({reasons})"));
        }
        self.hold_errors(&mut joint, id, input);
        let told = joint.told();
        joint.verdict(told.as_deref().unwrap_or("no reading"))
    }

    /// Why it is slowed down, of the reasons that matter.
    fn throttled(&self, id: &str, input: &Input) -> Option<String> {
        let samples = input.samples.named(THROTTLED).iter();
        let active = samples.filter(|sample| sample.value > 0.0 && sample.label(ID) == Some(id));
        let reasons: Vec<_> =
            active.filter_map(|sample| sample.label(REASON)).filter(|reason| self.minds(reason)).collect();
        (!reasons.is_empty()).then(|| reasons.join(", "))
    }

    fn minds(&self, reason: &str) -> bool {
        !self.throttle_reasons.is_empty() && is_among(&self.throttle_reasons, reason)
    }

    fn hold_errors(&self, joint: &mut Joint, id: &str, input: &Input) {
        let samples = input.samples.named(ERRORS).iter().filter(|sample| sample.carries(&[UNCORRECTED, (ID, id)]));
        let errors: Vec<_> = samples.map(|sample| sample.value).collect();
        if self.ecc && !errors.is_empty() {
            // No hysteresis: it is a count, which falls with a reload of the driver only.
            let limits = Some(Limits { threshold: 0.0, critical: Some(0.0), clear: None });
            let value = errors.iter().sum();
            joint.hold(&Reading { name: "uncorrected_errors", value, unit: "1", title: "GPU memory errors", limits });
        }
    }

    /// About the GPUs together: whether there are enough, or none at all.
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
