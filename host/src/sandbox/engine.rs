//! The engine and what belongs to it for as long as it lives: the epoch ticker and the cache of compiled modules.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use wasmtime::component::Linker;
use wasmtime::{Config, Engine, WasmFeatures};

use crate::check::ModuleLock;

use super::cache::{Cache, CacheError};
use super::limits::{Limits, StoreState};

/// Stack of a guest. Host functions are none, so the rest of the thread's stack is ours.
const MAX_WASM_STACK_BYTES: usize = 512 << 10;

/// How often the wall clock is looked at.
pub(super) const EPOCH_TICK: Duration = Duration::from_millis(10);

/// Everything that modules share.
pub struct Sandbox {
    pub(super) engine: Engine,
    pub(super) linker: Linker<StoreState>,
    pub(super) limits: Limits,
    pub(super) cache: Option<Cache>,
    /// Which module files may be loaded.
    pub(super) lock: ModuleLock,
    /// The program that compiles others' modules: this one.
    pub(super) compiler: PathBuf,
    /// When all checks together must be done.
    pub(super) deadline: Option<Instant>,
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
    /// The thread that watches the clock could not be started.
    #[error("cannot start the sandbox's clock: {0}")]
    Ticker(std::io::Error),
}

impl Sandbox {
    /// A sandbox whose compiled modules are not kept.
    ///
    /// # Errors
    /// When the engine cannot be made on this machine.
    pub fn new(limits: Limits) -> Result<Self, SandboxError> {
        let engine = Engine::new(&config()).map_err(SandboxError::Engine)?;
        tick(&engine).map_err(SandboxError::Ticker)?;
        // Nothing is ever added to the linker: a check imports nothing.
        let linker = Linker::new(&engine);
        let compiler = std::env::current_exe().map_err(SandboxError::Compiler)?;
        Ok(Self { engine, linker, limits, cache: None, lock: ModuleLock::default(), compiler, deadline: None })
    }

    /// Ends every call at this moment, whatever time its own limit leaves: many slow checks together must not use up the
    /// time of the run that they are a part of.
    pub fn end_at(&mut self, deadline: Instant) {
        self.deadline = Some(deadline);
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

    /// Keeps compiled modules in a private directory.
    ///
    /// # Errors
    /// When the directory cannot be made, or is not private. The sandbox stays usable without it.
    pub fn cache_in(&mut self, directory: &Path) -> Result<(), CacheError> {
        self.cache = Some(Cache::open(directory, &self.engine)?);
        Ok(())
    }
}

/// What makes an evaluation reproducible and bounded. Part of the cache's key through wasmtime's compatibility hash.
pub(super) fn config() -> Config {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        .consume_fuel(true)
        .epoch_interruption(true)
        .cranelift_nan_canonicalization(true)
        .max_wasm_stack(MAX_WASM_STACK_BYTES)
        .wasm_relaxed_simd(false)
        .wasm_features(WasmFeatures::THREADS, false)
        .wasm_backtrace_max_frames(None);
    config
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
