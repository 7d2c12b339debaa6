//! The sandbox: the engines in which checks run, and everything that they share: policy, threads, cache.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use rayon::prelude::*;

use checkpost_model::check::{Limits, PinPolicy};

use crate::cache::{Cache, CacheError};
use crate::compile::{CompileLimits, own_program};
use crate::engine::pool;
use crate::runtime::Runtime;
use crate::turns::Turns;
use crate::wasi::WasiPolicy;

/// The number of evaluations, beyond the first of each module, that justifies the 2 ms for creating a pooled engine: the
/// memory that a pool retains serves the next evaluation of the same module.
const MIN_EVALUATIONS_FOR_POOL: usize = 80;

/// More threads would cost more to start than they save on checks that take microseconds.
const MAX_THREADS: usize = 8;

/// Stack of a thread that runs checks: the largest stack of a guest, and as much again for the host.
const THREAD_STACK_BYTES: usize = 2 * Limits::UTMOST.stack_bytes;

/// Options of a sandbox.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SandboxOptions {
    /// Whether checks may import WASI.
    pub wasi: WasiPolicy,
    /// Limits on the compilation of one module.
    pub compile: CompileLimits,
    /// The expected number of evaluations. With `modules`, it decides how memory is allocated, and nothing that is
    /// visible outside.
    pub evaluations: usize,
    /// The number of modules among these evaluations.
    pub modules: usize,
}

/// Everything that modules share.
pub struct Sandbox {
    pub(crate) wasi: WasiPolicy,
    pub(crate) compile: CompileLimits,
    pub(crate) cache: Option<Cache>,
    /// The module files that may be loaded.
    pub(crate) pin_policy: PinPolicy,
    /// The program that compiles module files: this one.
    pub(crate) compiler: PathBuf,
    /// The end of loading module files.
    pub(crate) deadline: Option<Instant>,
    /// Whether to try a pooled engine.
    pooled: AtomicBool,
    threads: rayon::ThreadPool,
    runtimes: Mutex<HashMap<RuntimeKey, Arc<Runtime>>>,
}

/// The properties in which engines differ.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct RuntimeKey {
    stack_bytes: usize,
    pooled: bool,
}

/// A sandbox that could not be created. This is a failure of the host.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The engine refused its settings on this machine.
    #[error("cannot create a WebAssembly engine: {0:#}")]
    Engine(wasmtime::Error),
    /// This program, which also compiles, could not be found.
    #[error("cannot find the executable of checkpost: {0}")]
    Compiler(io::Error),
    /// The threads that run checks could not be started.
    #[error("cannot start the sandbox's threads: {0}")]
    Threads(rayon::ThreadPoolBuildError),
}

impl Sandbox {
    /// A sandbox without a cache.
    ///
    /// # Errors
    /// When the engine cannot be created on this machine.
    pub fn new(options: SandboxOptions) -> Result<Self, SandboxError> {
        let SandboxOptions { wasi, compile, evaluations, modules } = options;
        let threads = rayon::ThreadPoolBuilder::new()
            .num_threads(threads(evaluations))
            .stack_size(THREAD_STACK_BYTES)
            .thread_name(|number| format!("check-{number}"))
            .build()
            .map_err(SandboxError::Threads)?;
        let sandbox = Self {
            wasi,
            compile,
            cache: None,
            pin_policy: PinPolicy::default(),
            compiler: own_program().map_err(SandboxError::Compiler)?,
            deadline: None,
            pooled: AtomicBool::new(evaluations.saturating_sub(modules) >= MIN_EVALUATIONS_FOR_POOL),
            threads,
            runtimes: Mutex::default(),
        };
        // An engine that cannot be created is reported here, not as a failure of the first check.
        sandbox.plain(Limits::DEFAULT.stack_bytes).map_err(SandboxError::Engine)?;
        Ok(sandbox)
    }

    /// Sets the end of loading module files, which includes compiling them and asking them for their needs: many slow
    /// modules together must not use up the time of the run.
    pub fn set_deadline(&mut self, deadline: Instant) {
        self.deadline = Some(deadline);
    }

    /// The time until a deadline, for so many calls to module files.
    pub fn turns(&self, until: Instant, calls: usize) -> Turns {
        Turns::new(Instant::now(), until, self.threads.current_num_threads(), calls)
    }

    /// The time until loading ends.
    pub(crate) fn turns_to_load(&self, calls: usize) -> Option<Turns> {
        self.deadline.map(|deadline| self.turns(deadline, calls))
    }

    /// Caches compiled modules in a private directory.
    ///
    /// # Errors
    /// When the directory cannot be created, or is not private. The sandbox stays usable without a cache.
    pub fn open_cache(&mut self, directory: &Path) -> Result<(), CacheError> {
        let runtime = self.plain(Limits::DEFAULT.stack_bytes).map_err(CacheError::Engine)?;
        self.cache = Some(Cache::open(directory, &runtime.engine)?);
        Ok(())
    }

    /// Sets the pins for every module that is loaded from now on.
    pub fn set_pin_policy(&mut self, pin_policy: PinPolicy) {
        self.pin_policy = pin_policy;
    }

    /// Releases the modules in quarantine whose digest begins with `digest_prefix`, so that they are compiled again.
    /// Returns their number.
    ///
    /// # Errors
    /// When the cache directory cannot be read or written.
    pub fn release(&self, digest_prefix: &str) -> io::Result<usize> {
        self.cache.as_ref().map_or(Ok(0), |cache| cache.release(digest_prefix))
    }

    /// Maps the items on all cores, in their order.
    pub fn map<T: Sync, R: Send>(&self, items: &[T], each: impl Fn(&T) -> R + Sync + Send) -> Vec<R> {
        // Waking the threads costs more than most checks.
        if items.is_empty() {
            return Vec::new();
        }
        self.threads.install(|| items.par_iter().map(each).collect())
    }

    /// The engines for a module, the faster one first. A pool has room of a certain shape, and a component that does not
    /// fit runs in the plain engine.
    pub(crate) fn runtimes(&self, stack_bytes: usize) -> impl Iterator<Item = wasmtime::Result<Arc<Runtime>>> {
        self.pooled(stack_bytes).map(Ok).into_iter().chain(std::iter::once_with(move || self.plain(stack_bytes)))
    }

    /// The engine with a pool, if there are enough evaluations and enough address space. Under a limit on address space,
    /// the plain engine does the same work more slowly.
    fn pooled(&self, stack_bytes: usize) -> Option<Arc<Runtime>> {
        if !self.pooled.load(Ordering::Relaxed) {
            return None;
        }
        let runtime = self.runtime(RuntimeKey { stack_bytes, pooled: true });
        if let Err(error) = &runtime {
            tracing::debug!("no pooled engine: {error:#}");
            self.pooled.store(false, Ordering::Relaxed);
        }
        runtime.ok()
    }

    /// The engine without a pool, which has room for every component.
    pub(crate) fn plain(&self, stack_bytes: usize) -> wasmtime::Result<Arc<Runtime>> {
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

fn threads(evaluations: usize) -> usize {
    let cores = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    cores.min(MAX_THREADS).min(evaluations.max(1))
}
