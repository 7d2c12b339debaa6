//! What one instance may use, and what it may be given: the operator's side of the sandbox.

use std::time::Duration;

use crate::metric::name_matches;

/// Limits on one instance. All are inclusive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Fuel of one call into a check, in wasmtime's units (about one a wasm instruction, and one a byte of a bulk copy).
    /// Reproducible.
    pub fuel: u64,
    /// Wall-clock backstop of one call into a check.
    pub evaluation: Duration,
    /// Memories and tables of a store, together.
    pub memory_bytes: usize,
    /// How often memories and tables may be made or grow in one call.
    pub memory_grows: usize,
    /// The guest's stack.
    pub stack_bytes: usize,
    /// Past readings that are passed to one evaluation.
    pub history_points: usize,
    /// Verdicts of one evaluation.
    pub verdicts: usize,
    /// Each string that a check returns.
    pub text_bytes: usize,
    /// All that one call returns, together, as laid out in the guest's memory.
    pub output_bytes: usize,
    /// Size of a module file.
    pub module_bytes: u64,
}

impl Limits {
    /// What holds when the operator says nothing. Fuel ends a loop in a fraction of a second, so that the wall clock only
    /// speaks on a machine that is overloaded.
    pub const DEFAULT: Self = Self {
        fuel: 500_000_000,
        evaluation: Duration::from_secs(10),
        memory_bytes: 64 << 20,
        memory_grows: 2_000,
        stack_bytes: 512 << 10,
        history_points: 100_000,
        verdicts: 1_000,
        text_bytes: 4 << 10,
        output_bytes: 4 << 20,
        module_bytes: 64 << 20,
    };

    /// How far an instance may be allowed to go when the operator sets no ceiling of their own.
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
        module_bytes: 256 << 20,
    };

    /// How far a ceiling can be raised: beyond, the host itself could no longer hold to it.
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
        module_bytes: 1 << 30,
    };

    /// The lesser of both, limit by limit.
    pub fn min(&self, other: &Self) -> Self {
        self.each(other, u64::min)
    }

    /// The greater of both, limit by limit: what a module may use while it is asked on behalf of several instances.
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
            module_bytes: choose(self.module_bytes, other.module_bytes),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// The metrics that an instance may read, as names or as beginnings of names with `*`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Grants(pub Vec<String>);

impl Default for Grants {
    /// What describes the machine as a whole, and what checkpost derives from that, such as rates. What its users run,
    /// `process.*`, is not in it.
    fn default() -> Self {
        Self(["system.*", "hw.*", "checkpost.*"].map(str::to_owned).to_vec())
    }
}

impl Grants {
    /// All metrics.
    pub fn everything() -> Self {
        Self(vec!["*".to_owned()])
    }

    /// Whether readings of this metric may be passed.
    pub fn allow(&self, metric: &str) -> bool {
        self.0.iter().any(|pattern| name_matches(pattern, metric))
    }

    /// Whether everything that a need asks for, a name or a pattern, may be passed.
    pub fn cover(&self, need: &str) -> bool {
        self.0.iter().any(|pattern| match (pattern.strip_suffix('*'), need.strip_suffix('*')) {
            (Some(granted), Some(needed)) => needed.starts_with(granted),
            _ => name_matches(pattern, need),
        })
    }
}

/// What the operator allows one instance: what it may use, and what it may see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allowance {
    /// What it may use.
    pub limits: Limits,
    /// What it may see.
    pub grants: Grants,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grants(patterns: &[&str]) -> Grants {
        Grants(patterns.iter().map(|pattern| (*pattern).to_owned()).collect())
    }

    #[test]
    fn the_machine_is_granted_and_its_processes_are_not() {
        let grants = Grants::default();
        assert!(grants.allow("system.cpu.utilization") && grants.allow("hw.temperature"));
        assert!(!grants.allow("process.watched.count") && !grants.allow("process.gpu.memory.usage"));
        assert!(!grants.allow("process.cpu.utilization"));
        assert!(!grants.allow("systemd.units"));
    }

    #[test]
    fn a_need_is_covered_when_nothing_of_it_is_held_back() {
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
    fn a_ceiling_bounds_every_limit() {
        let tight = Limits { fuel: 1, evaluation: Duration::from_millis(3), verdicts: 2, ..Limits::UTMOST };
        let bounded = Limits::DEFAULT.min(&tight);
        assert_eq!(bounded, Limits { fuel: 1, evaluation: Duration::from_millis(3), verdicts: 2, ..Limits::DEFAULT });
        assert_eq!(Limits::DEFAULT.max(&bounded), Limits::DEFAULT);
    }
}
