//! The host's data in a store: the memory limiter and the isolated WASI.

use wasmtime_wasi::{WasiCtxView, WasiView};

use crate::limiter::MemoryLimiter;
use crate::wasi::Wasi;

/// The host's side of one store, which serves one call.
pub(crate) struct StoreState {
    pub(crate) limiter: MemoryLimiter,
    pub(crate) wasi: Wasi,
}

impl StoreState {
    /// The state of a store, whose clocks stand at `time_ms`, milliseconds since the epoch.
    pub(crate) fn new(limiter: MemoryLimiter, time_ms: u64) -> Self {
        Self { limiter, wasi: Wasi::at(time_ms) }
    }
}

impl WasiView for StoreState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        self.wasi.view()
    }
}
