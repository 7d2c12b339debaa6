//! A runtime: an engine for one stack size and the linkers of its modules.

use std::sync::OnceLock;

use wasmtime::component::Linker;
use wasmtime::{Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::engine;
use crate::state::StoreState;
use crate::wasi;

/// An engine and its linkers.
pub(crate) struct Runtime {
    pub(crate) engine: Engine,
    /// For modules that import nothing: it stays empty.
    empty: Linker<StoreState>,
    /// Created for the first module that imports WASI.
    wasi: OnceLock<Linker<StoreState>>,
}

impl Runtime {
    pub(crate) fn new(stack_bytes: usize, pool: Option<PoolingAllocationConfig>) -> wasmtime::Result<Self> {
        let mut config = engine::config();
        config.max_wasm_stack(stack_bytes);
        if let Some(pool) = pool {
            config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
        }
        let engine = Engine::new(&config)?;
        engine::start_epoch(&engine)?;
        Ok(Self { empty: Linker::new(&engine), engine, wasi: OnceLock::new() })
    }

    /// The linker for a component.
    pub(crate) fn linker(&self, imports_wasi: bool) -> wasmtime::Result<&Linker<StoreState>> {
        if !imports_wasi {
            return Ok(&self.empty);
        }
        if self.wasi.get().is_none() {
            // Another thread may have set an equal one in the meantime.
            let _ = self.wasi.set(wasi::link(&self.engine)?);
        }
        Ok(self.wasi.get().unwrap_or(&self.empty))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::cache::engine_digest;

    #[test]
    fn artifact_of_one_engine_loads_in_every_other_one() {
        let compatibility = |runtime: Runtime| engine_digest(&runtime.engine);
        let plain = compatibility(Runtime::new(512 << 10, None).unwrap());
        assert_eq!(compatibility(Runtime::new(512 << 10, Some(engine::pool(2))).unwrap()), plain);
        assert_eq!(compatibility(Runtime::new(64 << 10, None).unwrap()), plain);
    }
}
