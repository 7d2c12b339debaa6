//! Settings of wasmtime's engine, which make evaluations reproducible and bounded.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use wasmtime::{Config, Enabled, Engine, OperatorCost, PoolingAllocationConfig, WasmFeatures};

use crate::limiter::MAX_TABLE_ELEMENTS;

/// Resolution of the wall-clock limit.
pub(crate) const EPOCH_TICK: Duration = Duration::from_millis(10);

/// Size of an image of a memory that may be mostly zeros.
const DENSE_IMAGE_BYTES: u64 = 256 << 10;

/// The settings of every engine. They are part of the cache's tags through wasmtime's compatibility hash.
pub(crate) fn config() -> Config {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        .consume_fuel(true)
        .operator_cost(operator_cost())
        .epoch_interruption(true)
        .cranelift_nan_canonicalization(true)
        .wasm_relaxed_simd(false)
        .wasm_features(WasmFeatures::THREADS, false)
        // A data segment at each end of a memory of 16 MiB would otherwise make an image of 16 MiB out of two bytes. Larger
        // images than this hold at most as many zeros as data.
        .memory_guaranteed_dense_image_size(DENSE_IMAGE_BYTES)
        .wasm_backtrace_max_frames(None);
    config
}

/// Fuel of operations that do not cost 1 per instruction and 1 per byte of a bulk copy, which is wasmtime's default.
/// Growing is a call into the host, even by zero, and takes as long as some hundred instructions. The amount that is
/// grown costs no fuel: the limiter bounds it, with a reason that says more.
fn operator_cost() -> OperatorCost {
    let mut cost = OperatorCost { MemoryGrow: 200, TableGrow: 200, ..OperatorCost::new() };
    cost.variable.table_grow_per_element = 0;
    cost
}

/// A pool with room for one evaluation per thread. A component that does not fit runs in the plain engine, so that the
/// shape of the pool affects only speed.
pub(crate) fn pool(threads: u32) -> PoolingAllocationConfig {
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
        // More than any limit allows, so that the limiter refuses first.
        .max_memory_size(4 << 30)
        .total_stacks(0)
        .linear_memory_keep_resident(64 << 10)
        .table_keep_resident(4 << 10)
        .pagemap_scan(Enabled::Auto);
    pool
}

/// Advances the epoch of an engine until the engine is dropped. Missed ticks are not caught up: after a suspend, or on an
/// overloaded machine, a burst of ticks would end checks before their time.
pub(crate) fn start_epoch(engine: &Engine) -> std::io::Result<()> {
    let engine = Arc::new(engine.weak());
    let run = move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            thread::sleep(EPOCH_TICK);
        }
    };
    thread::Builder::new().name("epoch".to_owned()).spawn(run)?;
    Ok(())
}
