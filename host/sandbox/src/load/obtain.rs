//! Machine code for every module: what the cache lacks is compiled, module files in child processes.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use checkpost_model::check::{Failure, Reason};
use checkpost_model::digest::sha256_hex;

use crate::artifact::{self, Artifact};
use crate::cache::Cache;
use crate::compile::{Capacity, Compilation, Job, Product, capacity, compile, compile_in_child};
use crate::failure::invalid;
use crate::read::read;
use crate::sandbox::Sandbox;
use crate::turns::Turns;

use super::code::Code;
use super::identify::in_time;
use super::plan::Plan;

/// Time that every compilation may take, if the run has it: large modules need it, and from a hundred equal shares none
/// of them would ever be compiled.
const LEAST_TIME: Duration = Duration::from_secs(20);

/// Machine code of a module.
pub(super) enum Stock {
    /// In the cache under the digest of the module, with its size in bytes.
    Cached(u64, Code),
    /// In memory, because there is no cache or it could not be written.
    InMemory(Artifact),
}

impl Stock {
    pub(super) fn bytes(&self) -> u64 {
        match self {
            Self::Cached(bytes, _) => *bytes,
            Self::InMemory(artifact) => artifact.bytes().len() as u64,
        }
    }
}

/// The machine code of each module by its digest, or the failure that prevents it.
pub(super) fn obtain<'a>(sandbox: &Sandbox, plans: &[Plan<'a>]) -> HashMap<&'a str, Result<Stock, Failure>> {
    let mut seen = HashSet::new();
    let distinct = plans.iter().filter(|plan| seen.insert(plan.digest));
    let mut stocks = HashMap::new();
    let (mut builtins, mut files) = (Vec::new(), Vec::new());
    for plan in distinct {
        match known(sandbox.cache.as_ref(), plan) {
            Some(stock) => _ = stocks.insert(plan.digest, stock),
            None if plan.is_file() => files.push(plan),
            None => builtins.push(plan),
        }
    }
    stocks.extend(sandbox.map(&builtins, |plan| (plan.digest, compile_builtin(sandbox, plan))));
    stocks.extend(compile_files(sandbox, &files));
    stocks
}

/// What the cache knows of a module.
fn known(cache: Option<&Cache>, plan: &Plan<'_>) -> Option<Result<Stock, Failure>> {
    let cache = cache?;
    if let Some(bytes) = cache.artifact_bytes(plan.digest) {
        return Some(Ok(Stock::Cached(bytes, Code::Cached)));
    }
    cache.refusal(plan.digest).or_else(|| quarantined(cache, plan.digest)).map(Err)
}

fn quarantined(cache: &Cache, digest: &str) -> Option<Failure> {
    cache.quarantine_reason(digest).map(|reason| in_quarantine(&reason, digest))
}

fn in_quarantine(reason: &str, digest: &str) -> Failure {
    Failure::new(Reason::CompileLimit, format!("{reason}; in quarantine as {}", &digest[..16]))
}

/// Compiles a built-in module in this process.
pub(super) fn compile_builtin(sandbox: &Sandbox, plan: &Plan<'_>) -> Result<Stock, Failure> {
    let bytes = read(plan.source, u64::MAX)?;
    let artifact = compile(&sandbox.plain(plan.limits.stack_bytes).map_err(invalid)?.engine, &bytes)?;
    Ok(keep(sandbox, artifact, plan.digest))
}

/// Compiles module files, several at a time, the first ones first.
fn compile_files<'a>(sandbox: &Sandbox, files: &[&Plan<'a>]) -> Vec<(&'a str, Result<Stock, Failure>)> {
    if files.is_empty() {
        return Vec::new();
    }
    let capacity = capacity(&sandbox.compile);
    let turns = sandbox.deadline.map(|deadline| Turns::new(Instant::now(), deadline, capacity.children, files.len()));
    let (next, compiled) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        while let Some(plan) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            let stock = compile_file(sandbox, plan, capacity, turns.as_ref());
            compiled.lock().unwrap_or_else(PoisonError::into_inner).push((plan.digest, stock));
        }
    };
    // Threads that wait for children, and are no part of the pool that evaluates.
    thread::scope(|scope| {
        for _ in 1..capacity.children.min(files.len()) {
            // Without a thread to spare, the others do its work.
            let _ = thread::Builder::new().spawn_scoped(scope, work);
        }
        work();
    });
    compiled.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Compiles a module file in a child process, and remembers what it finds out about the module.
pub(super) fn compile_file(
    sandbox: &Sandbox,
    plan: &Plan<'_>,
    capacity: Capacity,
    turns: Option<&Turns>,
) -> Result<Stock, Failure> {
    in_time(sandbox.deadline)?;
    let bytes = read(plan.source, plan.limits.module_bytes)?;
    if sha256_hex(&bytes) != plan.digest {
        return Err(Failure::new(Reason::Unreadable, format!("{}: changed while it was read", plan.source)));
    }
    let began = Instant::now();
    let share = turns.map_or(Duration::MAX, |turns| turns.next().max(LEAST_TIME));
    let latest = began + sandbox.compile.wall.min(share);
    let until = sandbox.deadline.map_or(latest, |deadline| deadline.clamp(began, latest));
    let cache = sandbox.cache.as_ref();
    let compilation = compile_in_child(&Job {
        program: &sandbox.compiler,
        scratch: &|| cache.map_or_else(tempfile::tempfile, Cache::unnamed_file),
        product: Product::Artifact,
        bytes: &bytes,
        cpu_seconds: sandbox.compile.cpu_seconds,
        memory_bytes: capacity.memory_bytes,
        until,
    });
    match compilation {
        Compilation::Made(bytes) => {
            let artifact = Artifact::from_bytes(bytes, 0)
                .ok_or_else(|| Failure::new(Reason::CompileLimit, "the compiler made nothing"))?;
            // A later run could not use what this process cannot load, because another version of the program compiled it.
            artifact::load(&sandbox.plain(plan.limits.stack_bytes).map_err(invalid)?.engine, &artifact)
                .map_err(invalid)?;
            Ok(keep(sandbox, artifact, plan.digest))
        }
        Compilation::Failed(failure) => Err(failure),
        Compilation::Refused(failure) => {
            note(cache.map(|cache| cache.put_refusal(plan.digest, &failure)));
            Err(failure)
        }
        Compilation::Quarantine(failure) => {
            note(cache.map(|cache| cache.quarantine(plan.digest, &failure.detail)));
            Err(failure)
        }
        // A compilation that began late says nothing about its module.
        Compilation::Ended(failure) if until < latest && until - began < LEAST_TIME => Err(failure),
        Compilation::Ended(failure) => Err(ended(cache, plan.digest, failure)),
    }
}

/// A compilation that was killed, or ran out of time: the next run tries again, but not for ever. An overloaded machine is
/// given one more attempt than a machine without memory, which has to end other processes.
fn ended(cache: Option<&Cache>, digest: &str, failure: Failure) -> Failure {
    let Some(cache) = cache else { return failure };
    let attempts = if failure.reason == Reason::Deadline { 3 } else { 2 };
    match note(Some(cache.count_ended(digest))) {
        Some(times) if times >= attempts => {
            let detail = format!("{}, in {times} runs", failure.detail);
            note(Some(cache.quarantine(digest, &detail)));
            in_quarantine(&detail, digest)
        }
        _ => failure,
    }
}

/// What the cache says to a note of how a compilation ended; `None` without a cache, or when it cannot be written.
fn note<T>(written: Option<std::io::Result<T>>) -> Option<T> {
    let warn = |error: &std::io::Error| {
        tracing::warn!(%error, "cannot note in the cache how a compilation ended; the next run compiles the module again");
    };
    written?.inspect_err(warn).ok()
}

/// Caches machine code, or holds it for this run alone.
fn keep(sandbox: &Sandbox, artifact: Artifact, digest: &str) -> Stock {
    match sandbox.cache.as_ref().map(|cache| cache.put(digest, &artifact)) {
        Some(Ok(())) => return Stock::Cached(artifact.bytes().len() as u64, Code::Compiled),
        Some(Err(error)) => tracing::warn!(%error, "cannot cache a compiled module; the next run compiles it again"),
        None => {}
    }
    Stock::InMemory(artifact)
}
