//! Loads the modules of a run: each file is read once, and each digest is compiled and loaded once.
//!
//! ```text
//! identify ──▶ plan ──▶ obtain machine code ──▶ admit what fits into memory ──▶ load and link
//! ```
//!
//! Every step takes the modules in the order in which they are wanted, so that where something runs out it is the last
//! ones that go without.

pub(crate) mod code;
mod identify;
pub(crate) mod link;
mod obtain;
mod plan;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;

use checkpost_model::check::{Failure, Limits, ModuleSource, Reason};

use crate::artifact::Artifact;
use crate::compile::{capacity, memory_bytes};
use crate::failure::invalid;
use crate::module::Module;
use crate::sandbox::Sandbox;
use crate::turns::Turns;

use code::Code;
use link::{Loaded, load};
use obtain::Stock;
use plan::Plan;

pub(crate) use plan::Wanted;

/// Loads one module with its description, from the cache if possible.
///
/// # Errors
/// When the module cannot be read, compiled or linked, or does not return a description. All of these are failures of the
/// check.
pub fn load_module(sandbox: &Sandbox, source: &ModuleSource, limits: &Limits) -> Result<Arc<Module>, Failure> {
    let not_loaded = || Err(Failure::new(Reason::Unreadable, "not loaded"));
    load_all(sandbox, &[Wanted { source, limits }]).pop().unwrap_or_else(not_loaded)
}

/// The modules, in order. Instances whose modules have the same bytes share one.
pub(crate) fn load_all(sandbox: &Sandbox, wanted: &[Wanted<'_>]) -> Vec<Result<Arc<Module>, Failure>> {
    let sources = sources(wanted);
    let found = identify::identify(sandbox, &sources);
    let identities = sources.iter().map(|(source, _)| *source).zip(found).collect();
    let (plans, positions) = plan::plan(wanted, &identities);
    let mut stocks = obtain::obtain(sandbox, &plans);
    admit(&plans, &mut stocks);
    let turns = sandbox.turns_to_load(plans.iter().filter(|plan| plan.is_file()).count());
    let modules =
        sandbox.map(&plans, |plan| load_one(sandbox, plan, &stocks[plan.digest], turns.as_ref()).map(Arc::new));
    if let Some(cache) = &sandbox.cache {
        cache.evict(plans.iter().map(|plan| plan.digest));
    }
    positions.into_iter().map(|position| position.and_then(|position| modules[position].clone())).collect()
}

/// Each source once, in order, with the largest size that an instance allows.
fn sources<'a>(wanted: &[Wanted<'a>]) -> Vec<(&'a ModuleSource, u64)> {
    let mut sources: Vec<(&ModuleSource, u64)> = Vec::new();
    let mut positions = HashMap::new();
    for Wanted { source, limits } in wanted {
        let position = *positions.entry(*source).or_insert(sources.len());
        match sources.get_mut(position) {
            Some((_, max_bytes)) => *max_bytes = limits.module_bytes.max(*max_bytes),
            None => sources.push((source, limits.module_bytes)),
        }
    }
    sources
}

/// Machine code of module files that any machine loads.
const LEAST_LOADED_BYTES: u64 = 64 << 20;

/// Machine code of module files that one run loads, as a share of the machine's memory.
const LOADED_SHARE: u64 = 8;

/// Machine code of module files that one run loads, at most. The cache has room for it.
const MOST_LOADED_BYTES: u64 = 1 << 30;

/// Refuses the machine code that does not fit into memory together with that of the modules before it.
fn admit<'a>(plans: &[Plan<'a>], stocks: &mut HashMap<&'a str, Result<Stock, Failure>>) {
    let mut loaded_bytes = 0;
    let mut limit = None;
    for plan in plans.iter().filter(|plan| plan.is_file()) {
        let Some(Ok(stock)) = stocks.get(plan.digest) else { continue };
        let bytes = stock.bytes();
        // The machine is asked only when the question comes up.
        let limit = match loaded_bytes + bytes {
            total if total <= LEAST_LOADED_BYTES => LEAST_LOADED_BYTES,
            _ => *limit.get_or_insert_with(max_loaded_bytes),
        };
        if loaded_bytes + bytes <= limit {
            loaded_bytes += bytes;
            continue;
        }
        let detail = format!(
            "has {} MiB of machine code, and that of the modules before it has {} MiB: the limit on this machine is {} MiB",
            bytes.div_ceil(1 << 20),
            loaded_bytes.div_ceil(1 << 20),
            limit >> 20
        );
        stocks.insert(plan.digest, Err(Failure::new(Reason::MemoryLimit, detail)));
    }
}

fn max_loaded_bytes() -> u64 {
    let share = memory_bytes().map_or(MOST_LOADED_BYTES, |bytes| bytes / LOADED_SHARE);
    share.clamp(LEAST_LOADED_BYTES, MOST_LOADED_BYTES)
}

fn load_one(
    sandbox: &Sandbox,
    plan: &Plan<'_>,
    stock: &Result<Stock, Failure>,
    turns: Option<&Turns>,
) -> Result<Module, Failure> {
    let (loaded, code) = match stock.as_ref().map_err(Clone::clone)? {
        Stock::InMemory(artifact) => (load_artifact(sandbox, artifact, plan)?, Code::Uncached),
        Stock::Cached(_, code) => match load_cached(sandbox, plan) {
            Some(loaded) => (loaded, *code),
            None => recompile(sandbox, plan)?,
        },
    };
    let turns = turns.filter(|_| plan.is_file());
    Module::with_description(sandbox, (loaded, code), plan.digest.to_owned(), plan.size_bytes, &plan.limits, turns)
}

fn load_artifact(sandbox: &Sandbox, artifact: &Artifact, plan: &Plan<'_>) -> Result<Loaded, Failure> {
    load(sandbox, artifact, plan.limits.stack_bytes).map_err(invalid)
}

fn load_cached(sandbox: &Sandbox, plan: &Plan<'_>) -> Option<Loaded> {
    let artifact = sandbox.cache.as_ref()?.get(plan.digest)?;
    match load(sandbox, &artifact, plan.limits.stack_bytes) {
        Ok(loaded) => Some(loaded),
        Err(error) => {
            tracing::warn!(%error, digest = plan.digest, "compiled module cannot be loaded and is compiled again");
            None
        }
    }
}

/// Compiles a module whose file in the cache is damaged, or was made by another version of the program.
fn recompile(sandbox: &Sandbox, plan: &Plan<'_>) -> Result<(Loaded, Code), Failure> {
    let stock = match plan.is_file() {
        true => obtain::compile_file(sandbox, plan, capacity(&sandbox.compile), None)?,
        false => obtain::compile_builtin(sandbox, plan)?,
    };
    match stock {
        Stock::InMemory(artifact) => Ok((load_artifact(sandbox, &artifact, plan)?, Code::Uncached)),
        Stock::Cached(_, code) => {
            let unreadable = || Failure::new(Reason::Unreadable, "its machine code cannot be read back from the cache");
            load_cached(sandbox, plan).map(|loaded| (loaded, code)).ok_or_else(unreadable)
        }
    }
}
