//! Limits and grants of an instance: the operator's side of the sandbox.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::metric::name_matches;
use crate::millis;

/// Limits on one instance. All are inclusive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Fuel of one call into a check, in wasmtime's units (about one a wasm instruction, and one a byte of a bulk copy).
    /// Reproducible.
    pub fuel: u64,
    /// Wall-clock backstop of one call into a check, in whole milliseconds.
    #[serde(rename = "evaluation_ms", with = "millis")]
    pub evaluation: Duration,
    /// Size of all memories and tables of a store together.
    pub memory_bytes: usize,
    /// Number of times that memories and tables may be created or grow in one call.
    pub memory_grows: usize,
    /// Size of the guest's stack.
    pub stack_bytes: usize,
    /// Number of past readings that are passed to one evaluation.
    pub history_points: usize,
    /// Number of verdicts of one evaluation.
    pub verdicts: usize,
    /// Size of each string that a check returns.
    pub text_bytes: usize,
    /// Size of all that one call returns, as laid out in the guest's memory.
    pub output_bytes: usize,
    /// What the verdicts of one evaluation take in the database ([`Verdict::stored_bytes`](super::Verdict::stored_bytes)),
    /// and those of all instances of one module file in a cycle.
    #[serde(default = "default_stored_bytes")]
    pub stored_bytes: usize,
    /// Size of a module file.
    pub module_bytes: u64,
}

impl Limits {
    /// The limits of an instance that sets none. Fuel ends a loop within a fraction of a second, so that the wall clock
    /// matters only on an overloaded machine.
    pub const DEFAULT: Self = Self {
        fuel: 500_000_000,
        evaluation: Duration::from_secs(2),
        memory_bytes: 64 << 20,
        memory_grows: 2_000,
        stack_bytes: 512 << 10,
        history_points: 100_000,
        verdicts: 1_000,
        text_bytes: 4 << 10,
        output_bytes: 4 << 20,
        stored_bytes: 256 << 10,
        module_bytes: 64 << 20,
    };

    /// The default ceiling: instances cannot be given more unless the operator raises the ceiling.
    pub const CEILING: Self = Self {
        fuel: 100_000_000_000,
        evaluation: Duration::from_secs(60),
        memory_bytes: 1 << 30,
        memory_grows: 100_000,
        stack_bytes: 2 << 20,
        history_points: 1_000_000,
        verdicts: 10_000,
        text_bytes: 64 << 10,
        output_bytes: 64 << 20,
        stored_bytes: 16 << 20,
        module_bytes: 256 << 20,
    };

    /// The highest ceiling that an operator can set: beyond it the host could not enforce the limits.
    pub const UTMOST: Self = Self {
        fuel: 1_000_000_000_000,
        evaluation: Duration::from_secs(3_600),
        memory_bytes: 2 << 30,
        memory_grows: 1_000_000,
        stack_bytes: 4 << 20,
        history_points: 10_000_000,
        verdicts: 100_000,
        text_bytes: 1 << 20,
        output_bytes: 1 << 30,
        stored_bytes: 256 << 20,
        module_bytes: 1 << 30,
    };

    /// The lesser of both, limit by limit.
    pub fn min(&self, other: &Self) -> Self {
        self.each(other, u64::min)
    }

    /// The greater of both, limit by limit: the limits of a module that is loaded for several instances.
    pub fn max(&self, other: &Self) -> Self {
        self.each(other, u64::max)
    }

    fn each(&self, other: &Self, choose: fn(u64, u64) -> u64) -> Self {
        let size = |a: usize, b: usize| choose(a as u64, b as u64) as usize;
        let millis = |duration: Duration| duration.as_millis() as u64;
        Self {
            fuel: choose(self.fuel, other.fuel),
            evaluation: Duration::from_millis(choose(millis(self.evaluation), millis(other.evaluation))),
            memory_bytes: size(self.memory_bytes, other.memory_bytes),
            memory_grows: size(self.memory_grows, other.memory_grows),
            stack_bytes: size(self.stack_bytes, other.stack_bytes),
            history_points: size(self.history_points, other.history_points),
            verdicts: size(self.verdicts, other.verdicts),
            text_bytes: size(self.text_bytes, other.text_bytes),
            output_bytes: size(self.output_bytes, other.output_bytes),
            stored_bytes: size(self.stored_bytes, other.stored_bytes),
            module_bytes: choose(self.module_bytes, other.module_bytes),
        }
    }
}

/// For documents of before there was this limit.
fn default_stored_bytes() -> usize {
    Limits::DEFAULT.stored_bytes
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// The metrics that an instance may read, as names or as prefixes with `*`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Grants(pub Vec<String>);

impl Default for Grants {
    /// The metrics of the machine as a whole, and those that checkpost derives from them, such as rates. The processes of
    /// its users, `process.*`, are excluded.
    fn default() -> Self {
        Self(["system.*", "hw.*", "checkpost.*"].map(str::to_owned).to_vec())
    }
}

impl Grants {
    /// Grants for all metrics.
    pub fn everything() -> Self {
        Self(vec!["*".to_owned()])
    }

    /// Whether the instance may read this metric.
    pub fn allow(&self, metric: &str) -> bool {
        self.0.iter().any(|pattern| name_matches(pattern, metric))
    }

    /// Whether the instance may read every metric of a need, which is a name or a pattern.
    pub fn cover(&self, need: &str) -> bool {
        self.0.iter().any(|pattern| match (pattern.strip_suffix('*'), need.strip_suffix('*')) {
            (Some(granted), Some(needed)) => needed.starts_with(granted),
            _ => name_matches(pattern, need),
        })
    }
}

/// The limits and grants of one instance.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allowance {
    /// The resources that it may use.
    pub limits: Limits,
    /// The metrics that it may read.
    pub grants: Grants,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::json::assert_round_trip;

    fn grants(patterns: &[&str]) -> Grants {
        Grants(patterns.iter().map(|pattern| (*pattern).to_owned()).collect())
    }

    #[test]
    fn default_grants_cover_the_machine_and_not_its_processes() {
        let grants = Grants::default();
        assert!(grants.allow("system.cpu.utilization") && grants.allow("hw.temperature"));
        assert!(!grants.allow("process.watched.count") && !grants.allow("process.gpu.memory.usage"));
        assert!(!grants.allow("process.cpu.utilization"));
        assert!(!grants.allow("systemd.units"));
    }

    #[test]
    fn need_is_covered_when_all_of_its_metrics_are_granted() {
        let grants = grants(&["system.network.*", "hw.temperature"]);
        for (need, covered) in [
            ("system.network.io", true),
            ("system.network.*", true),
            ("system.network.packet.*", true),
            ("system.*", false),
            ("*", false),
            ("hw.temperature", true),
            ("hw.*", false),
        ] {
            assert_eq!(grants.cover(need), covered, "{need}");
        }
    }

    #[test]
    fn ceiling_bounds_every_limit() {
        let tight = Limits { fuel: 1, evaluation: Duration::from_millis(3), verdicts: 2, ..Limits::UTMOST };
        let bounded = Limits::DEFAULT.min(&tight);
        assert_eq!(bounded, Limits { fuel: 1, evaluation: Duration::from_millis(3), verdicts: 2, ..Limits::DEFAULT });
        assert_eq!(Limits::DEFAULT.max(&bounded), Limits::DEFAULT);
    }

    #[test]
    fn allowance_survives_json_with_its_units() {
        let allowance = Allowance { limits: Limits::UTMOST, grants: Grants::everything() };
        assert_round_trip(&allowance);
        let json = serde_json::to_value(&allowance).unwrap();
        assert_eq!(json["limits"]["evaluation_ms"], 3_600_000);
        assert_eq!(json["grants"], serde_json::json!(["*"]));
    }
}
