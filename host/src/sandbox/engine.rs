//! The engines that checks run in, and what they share: policy, threads, the cache of compiled modules.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use rayon::prelude::*;
use wasmtime::component::Linker;
use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, OperatorCost, PoolingAllocationConfig, WasmFeatures,
};

use crate::check::{Limits, ModuleLock};

use super::cache::{Cache, CacheError};
use super::compile::CompileLimits;
use super::limits::{MAX_TABLE_ELEMENTS, StoreState};
use super::wasi::{self, WasiPolicy};

/// How often the wall clock is looked at.
pub(super) const EPOCH_TICK: Duration = Duration::from_millis(10);

/// Evaluations, beyond the first of each module, from which on a pooled engine is worth the 2 ms that it takes to make: what
/// a pool keeps is of use to the next evaluation of the same module.
const WORTH_A_POOL: usize = 80;

/// More threads than this cost more to start than they save on checks that take microseconds.
const MAX_THREADS: usize = 8;

/// Stack of a thread that checks run on: the guest's at its utmost, and as much again for the host below and above it.
const THREAD_STACK_BYTES: usize = 2 * Limits::UTMOST.stack_bytes;

/// What a sandbox is made for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SandboxOptions {
    /// Whether checks may import WASI.
    pub wasi: WasiPolicy,
    /// What compiling one module may take.
    pub compile: CompileLimits,
    /// How many evaluations are ahead; this and the next decide how memory is allocated, and nothing that can be seen from
    /// outside.
    pub evaluations: usize,
    /// Of how many modules they are.
    pub modules: usize,
}

/// Everything that modules share.
pub struct Sandbox {
    pub(super) wasi: WasiPolicy,
    pub(super) compile: CompileLimits,
    pub(super) cache: Option<Cache>,
    /// Which module files may be loaded.
    pub(super) lock: ModuleLock,
    /// The program that compiles others' modules: this one.
    pub(super) compiler: PathBuf,
    /// When all checks together must be done.
    pub(super) deadline: Option<Instant>,
    /// Whether a pool is worth trying.
    pooled: AtomicBool,
    threads: rayon::ThreadPool,
    runtimes: Mutex<HashMap<RuntimeKey, Arc<Runtime>>>,
}

/// What tells engines apart.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct RuntimeKey {
    stack_bytes: usize,
    pooled: bool,
}

/// An engine and its linkers.
pub(super) struct Runtime {
    pub(super) engine: Engine,
    /// Nothing is ever added to it: a check imports nothing.
    nothing: Linker<StoreState>,
    /// Made when the first module imports WASI.
    wasi: OnceLock<Linker<StoreState>>,
}

/// A sandbox that could not be made. This is a failure of the host.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The engine refused its configuration on this machine.
    #[error("cannot make a WebAssembly engine: {0:#}")]
    Engine(wasmtime::Error),
    /// This program could not be found, to compile with.
    #[error("cannot find this program's own file: {0}")]
    Compiler(std::io::Error),
    /// The threads that checks run on could not be started.
    #[error("cannot start the sandbox's threads: {0}")]
    Threads(rayon::ThreadPoolBuildError),
}

impl Sandbox {
    /// A sandbox whose compiled modules are not kept.
    ///
    /// # Errors
    /// When the engine cannot be made on this machine.
    pub fn new(options: SandboxOptions) -> Result<Self, SandboxError> {
        let SandboxOptions { wasi, compile, evaluations, modules } = options;
        let threads = rayon::ThreadPoolBuilder::new()
            .num_threads(threads(evaluations))
            .stack_size(THREAD_STACK_BYTES)
            .thread_name(|number| format!("check-{number}"))
            .build()
            .map_err(SandboxError::Threads)?;
        let compiler = std::env::current_exe().map_err(SandboxError::Compiler)?;
        let sandbox = Self {
            wasi,
            compile,
            cache: None,
            lock: ModuleLock::default(),
            compiler,
            deadline: None,
            pooled: AtomicBool::new(evaluations.saturating_sub(modules) >= WORTH_A_POOL),
            threads,
            runtimes: Mutex::default(),
        };
        // One that cannot be made is found out here, not in the first check.
        sandbox.plain(Limits::DEFAULT.stack_bytes).map_err(SandboxError::Engine)?;
        Ok(sandbox)
    }

    /// Ends every call at this moment, whatever time its own limit leaves: many slow checks together must not use up the
    /// time of the run that they are a part of.
    pub fn end_at(&mut self, deadline: Instant) {
        self.deadline = Some(deadline);
    }

    /// Keeps compiled modules in a private directory.
    ///
    /// # Errors
    /// When the directory cannot be made, or is not private. The sandbox stays usable without it.
    pub fn cache_in(&mut self, directory: &Path) -> Result<(), CacheError> {
        let runtime = self.plain(Limits::DEFAULT.stack_bytes).map_err(CacheError::Engine)?;
        self.cache = Some(Cache::open(directory, &runtime.engine)?);
        Ok(())
    }

    /// Holds every module that is loaded from now on to these pins.
    pub fn lock_to(&mut self, lock: ModuleLock) {
        self.lock = lock;
    }

    /// Lets modules in quarantine be compiled again, those whose digest begins so; returns how many there were.
    ///
    /// # Errors
    /// When the cache directory cannot be read or written.
    pub fn release(&self, digest_prefix: &str) -> std::io::Result<usize> {
        self.cache.as_ref().map_or(Ok(0), |cache| cache.release(digest_prefix))
    }

    /// Does something with each item, on all cores, and keeps the order.
    pub fn map<T: Sync, R: Send>(&self, items: &[T], each: impl Fn(&T) -> R + Sync + Send) -> Vec<R> {
        self.threads.install(|| items.par_iter().map(each).collect())
    }

    /// The engines to try a module in, the better first. A pool has room of a certain shape, and a component that does not
    /// fit runs in the plain engine.
    pub(super) fn runtimes(&self, stack_bytes: usize) -> impl Iterator<Item = wasmtime::Result<Arc<Runtime>>> {
        self.pooled(stack_bytes).map(Ok).into_iter().chain(std::iter::once_with(move || self.plain(stack_bytes)))
    }

    /// The engine with a pool, when there are evaluations enough and there is room for one: under a limit on address space
    /// there is none, and nothing is lost but time.
    fn pooled(&self, stack_bytes: usize) -> Option<Arc<Runtime>> {
        if !self.pooled.load(Ordering::Relaxed) {
            return None;
        }
        let made = self.runtime(RuntimeKey { stack_bytes, pooled: true });
        if let Err(error) = &made {
            tracing::debug!("no pooled engine: {error:#}");
            self.pooled.store(false, Ordering::Relaxed);
        }
        made.ok()
    }

    /// The engine that takes everything.
    pub(super) fn plain(&self, stack_bytes: usize) -> wasmtime::Result<Arc<Runtime>> {
        self.runtime(RuntimeKey { stack_bytes, pooled: false })
    }

    fn runtime(&self, key: RuntimeKey) -> wasmtime::Result<Arc<Runtime>> {
        let mut runtimes = self.runtimes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(runtime) = runtimes.get(&key) {
            return Ok(Arc::clone(runtime));
        }
        let pool = key.pooled.then(|| pool(self.threads.current_num_threads() as u32));
        let runtime = Arc::new(Runtime::new(key.stack_bytes, pool)?);
        runtimes.insert(key, Arc::clone(&runtime));
        Ok(runtime)
    }
}

impl Runtime {
    fn new(stack_bytes: usize, pool: Option<PoolingAllocationConfig>) -> wasmtime::Result<Self> {
        let mut config = config();
        config.max_wasm_stack(stack_bytes);
        if let Some(pool) = pool {
            config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
        }
        let engine = Engine::new(&config)?;
        tick(&engine)?;
        Ok(Self { nothing: Linker::new(&engine), engine, wasi: OnceLock::new() })
    }

    /// What a component is linked to.
    pub(super) fn linker(&self, imports_wasi: bool) -> wasmtime::Result<&Linker<StoreState>> {
        if !imports_wasi {
            return Ok(&self.nothing);
        }
        if self.wasi.get().is_none() {
            // Another thread may have been quicker; both are the same.
            let _ = self.wasi.set(wasi::link(&self.engine)?);
        }
        Ok(self.wasi.get().unwrap_or(&self.nothing))
    }
}

fn threads(evaluations: usize) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    cores.min(MAX_THREADS).min(evaluations.max(1))
}

/// Room for as many evaluations at once as there are threads. Whatever a pool refuses runs in the plain engine, so that
/// nothing depends on its shape but speed.
fn pool(threads: u32) -> PoolingAllocationConfig {
    let (core_instances, memories, tables) = (8, 4, 8);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(threads)
        .max_core_instances_per_component(core_instances)
        .total_core_instances(threads * core_instances)
        .max_memories_per_component(memories)
        .total_memories(threads * memories)
        .max_tables_per_component(tables)
        .total_tables(threads * tables)
        .table_elements(MAX_TABLE_ELEMENTS)
        // More than any limit allows: the limiter is what refuses.
        .max_memory_size(4 << 30)
        .total_stacks(0)
        .linear_memory_keep_resident(64 << 10)
        .table_keep_resident(4 << 10)
        .pagemap_scan(Enabled::Auto);
    pool
}

/// What makes an evaluation reproducible and bounded. Part of the cache's key through wasmtime's compatibility hash.
pub(super) fn config() -> Config {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        .consume_fuel(true)
        .operator_cost(operator_cost())
        .epoch_interruption(true)
        .cranelift_nan_canonicalization(true)
        .wasm_relaxed_simd(false)
        .wasm_features(WasmFeatures::THREADS, false)
        .wasm_backtrace_max_frames(None);
    config
}

/// wasmtime charges one a wasm instruction and one a byte of a bulk copy. Growing is a call into the host, also by
/// nothing, and costs what some hundred instructions do. What is grown is not charged: it is bounded by the limiter, which
/// has the better reason.
fn operator_cost() -> OperatorCost {
    let mut cost = OperatorCost { MemoryGrow: 200, TableGrow: 200, ..OperatorCost::new() };
    cost.variable.table_grow_per_element = 0;
    cost
}

/// Advances the epoch until the engine is gone. A late tick is not caught up: a machine that slept, or is overloaded,
/// must not make checks overdue in one burst.
fn tick(engine: &Engine) -> std::io::Result<()> {
    let engine = Arc::new(engine.weak());
    let run = move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            std::thread::sleep(EPOCH_TICK);
        }
    };
    std::thread::Builder::new().name("epoch".to_owned()).spawn(run)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::hash::{DefaultHasher, Hash, Hasher};

    use super::*;

    #[test]
    fn what_one_engine_compiled_every_other_one_may_load() {
        let compatibility = |runtime: Runtime| {
            let mut hasher = DefaultHasher::new();
            runtime.engine.precompile_compatibility_hash().hash(&mut hasher);
            hasher.finish()
        };
        let plain = compatibility(Runtime::new(512 << 10, None).unwrap());
        assert_eq!(compatibility(Runtime::new(512 << 10, Some(pool(2))).unwrap()), plain);
        assert_eq!(compatibility(Runtime::new(64 << 10, None).unwrap()), plain);
    }
}
