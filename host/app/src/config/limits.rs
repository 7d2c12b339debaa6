//! `[limits]`, `[limits.ceiling]` and `[check.limits]`: the resources of an evaluation.

use std::time::Duration;

use checkpost_model::check::Limits;

use super::error::ConfigError;
use super::section::Section;

/// The keys of a table of limits, in the order in which an error lists them.
const KEYS: [&str; 11] = [
    "fuel",
    "evaluation_ms",
    "memory_bytes",
    "memory_grows",
    "stack_bytes",
    "history_points",
    "verdicts",
    "text_bytes",
    "output_bytes",
    "stored_bytes",
    "module_bytes",
];

/// `[limits.ceiling]`: the maximum of `[limits]` and of the `[check.limits]` of any instance.
pub(super) fn ceiling(root: &Section<'_>) -> Result<Limits, ConfigError> {
    let keys: Vec<_> = KEYS.into_iter().chain(["ceiling"]).collect();
    let limits = root.section("limits", &keys)?;
    let ceiling = limits.map(|limits| limits.section("ceiling", &KEYS)).transpose()?.flatten();
    ceiling.map_or(Ok(Limits::CEILING), |ceiling| read(&ceiling, &Limits::CEILING, &Limits::UTMOST))
}

/// The table `limits` at the top of the file or of a `[[check]]`. Only the one at the top has a ceiling.
pub(super) fn limits(parent: &Section<'_>, default: &Limits, ceiling: &Limits) -> Result<Limits, ConfigError> {
    let keys: Vec<_> = KEYS.into_iter().chain(parent.is_root().then_some("ceiling")).collect();
    let default = default.min(ceiling);
    parent.section("limits", &keys)?.map_or(Ok(default.clone()), |limits| read(&limits, &default, ceiling))
}

fn read(table: &Section<'_>, default: &Limits, ceiling: &Limits) -> Result<Limits, ConfigError> {
    let millis = |duration: Duration| duration.as_millis() as u64;
    let size = |key, default: usize, ceiling: usize| table.integer(key, 1..=ceiling as u64, default);
    Ok(Limits {
        fuel: table.integer("fuel", 1..=ceiling.fuel, default.fuel)?,
        evaluation: Duration::from_millis(table.integer(
            "evaluation_ms",
            1..=millis(ceiling.evaluation),
            millis(default.evaluation),
        )?),
        memory_bytes: size("memory_bytes", default.memory_bytes, ceiling.memory_bytes)?,
        memory_grows: size("memory_grows", default.memory_grows, ceiling.memory_grows)?,
        // Any call at all needs more than a page or two.
        stack_bytes: table.integer("stack_bytes", 16 << 10..=ceiling.stack_bytes as u64, default.stack_bytes)?,
        history_points: size("history_points", default.history_points, ceiling.history_points)?,
        verdicts: size("verdicts", default.verdicts, ceiling.verdicts)?,
        text_bytes: size("text_bytes", default.text_bytes, ceiling.text_bytes)?,
        output_bytes: size("output_bytes", default.output_bytes, ceiling.output_bytes)?,
        stored_bytes: size("stored_bytes", default.stored_bytes, ceiling.stored_bytes)?,
        module_bytes: table.integer("module_bytes", 1..=ceiling.module_bytes, default.module_bytes)?,
    })
}
