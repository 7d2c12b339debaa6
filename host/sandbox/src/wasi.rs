//! An isolated WASI, for guests whose language runtimes import it.
//!
//! It has no files, sockets, name resolution, environment variables or arguments, and an empty standard input. The clocks
//! stand still at the cycle's time, waiting ends at once, and random numbers are the same in every evaluation, so that
//! verdicts remain a function of the input. The end of standard output and error is retained for the log.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use wasmtime::component::{Linker, Resource, ResourceTable};
use wasmtime::{Engine, Result, StoreContextMut};
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::pipe::MemoryOutputPipe;
use wasmtime_wasi::p2::{DynPollable, OutputStream, Pollable, StreamResult, subscribe};
use wasmtime_wasi::{
    Deterministic, HostMonotonicClock, HostWallClock, WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView, async_trait,
};

/// Whether checks may import WASI.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WasiPolicy {
    /// Checks may import the isolated WASI.
    #[default]
    Stub,
    /// A check that imports WASI is refused.
    Deny,
}

/// The interfaces that a check may import when the policy is [`WasiPolicy::Stub`]. There is no `wasi:http/` among them.
pub(crate) const INTERFACES: [&str; 6] =
    ["wasi:cli/", "wasi:clocks/", "wasi:filesystem/", "wasi:io/", "wasi:random/", "wasi:sockets/"];

/// The clock interface, in the version that wasmtime implements; the linker accepts every 0.2.
const MONOTONIC_CLOCK: &str = "wasi:clocks/monotonic-clock@0.2.12";

/// Bytes of standard output and error that are retained: the last ones, which name the error.
const OUTPUT_BYTES: usize = 4 << 10;

/// Streams, pollables and other resources of the host that a guest may hold at once.
const MAX_HANDLES: usize = 1_000;

/// Random bytes that one call may return.
const MAX_RANDOM_BYTES: u64 = 64 << 10;

/// A linker with the isolated WASI.
pub(crate) fn link<T: WasiView + 'static>(engine: &Engine) -> Result<Linker<T>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_sync(&mut linker)?;
    // wasmtime's own clock would let the guest sleep.
    linker.allow_shadowing(true);
    let mut clock = linker.instance(MONOTONIC_CLOCK)?;
    clock.func_wrap("subscribe-instant", |store, (_when,): (u64,)| past(store))?;
    clock.func_wrap("subscribe-duration", |store, (_duration,): (u64,)| past(store))?;
    Ok(linker)
}

/// A moment in the past, for which every wait is over.
struct Past;

#[async_trait]
impl Pollable for Past {
    async fn ready(&mut self) {}
}

fn past<T: WasiView>(mut store: StoreContextMut<'_, T>) -> Result<(Resource<DynPollable>,)> {
    let WasiCtxView { table, .. } = store.data_mut().ctx();
    let past = table.push(Past)?;
    Ok((subscribe(table, past)?,))
}

/// The WASI of one store. The first call to WASI creates its context: most guests make none.
pub(crate) struct Wasi {
    time: Duration,
    context: Option<Box<Context>>,
}

struct Context {
    wasi: WasiCtx,
    table: ResourceTable,
    output: Output,
}

impl Wasi {
    /// A WASI whose clocks stand at `time_ms`, milliseconds since the epoch.
    pub(crate) fn at(time_ms: u64) -> Self {
        Self { time: Duration::from_millis(time_ms), context: None }
    }

    /// The end of the guest's standard output and error.
    pub(crate) fn output(&self) -> Vec<u8> {
        self.context.as_ref().map(|context| context.output.end()).unwrap_or_default()
    }

    /// The view for wasmtime's implementation.
    pub(crate) fn view(&mut self) -> WasiCtxView<'_> {
        let context = self.context.get_or_insert_with(|| Box::new(Context::at(self.time)));
        WasiCtxView { ctx: &mut context.wasi, table: &mut context.table }
    }
}

impl Context {
    fn at(time: Duration) -> Self {
        let output = Output::default();
        let wasi = WasiCtxBuilder::new()
            .stdout(output.clone())
            .stderr(output.clone())
            .allow_tcp(false)
            .allow_udp(false)
            .allow_ip_name_lookup(false)
            .wall_clock(StoppedClock(time))
            .monotonic_clock(StoppedClock(time))
            .secure_random(Deterministic::new(random_bytes()))
            .insecure_random(Deterministic::new(random_bytes()))
            .insecure_random_seed(0)
            .max_random_size(MAX_RANDOM_BYTES)
            .build();
        let mut table = ResourceTable::new();
        table.set_max_capacity(MAX_HANDLES);
        Self { wasi, table, output }
    }
}

/// Bytes without a pattern that never change: a stream of BLAKE3, which its specification defines.
fn random_bytes() -> Vec<u8> {
    let mut bytes = vec![0; 4 << 10];
    blake3::Hasher::new_derive_key("checkpost 2026-11-23 random numbers of a guest").finalize_xof().fill(&mut bytes);
    bytes
}

/// A clock that stands still.
struct StoppedClock(Duration);

impl HostWallClock for StoppedClock {
    fn resolution(&self) -> Duration {
        Duration::from_millis(1)
    }

    fn now(&self) -> Duration {
        self.0
    }
}

impl HostMonotonicClock for StoppedClock {
    fn resolution(&self) -> u64 {
        1_000_000
    }

    fn now(&self) -> u64 {
        u64::try_from(self.0.as_nanos()).unwrap_or(u64::MAX)
    }
}

/// Accepts all output and retains its end.
#[derive(Clone, Default)]
struct Output(Arc<Mutex<VecDeque<u8>>>);

impl Output {
    fn end(&self) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect()
    }
}

impl OutputStream for Output {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        let mut retained = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        retained.extend(&bytes[bytes.len().saturating_sub(OUTPUT_BYTES)..]);
        let excess = retained.len().saturating_sub(OUTPUT_BYTES);
        retained.drain(..excess);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(OUTPUT_BYTES)
    }
}

#[async_trait]
impl Pollable for Output {
    async fn ready(&mut self) {}
}

impl IsTerminal for Output {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Output {
    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }

    /// Used by WASI 0.3, which is not linked.
    fn async_stream(&self) -> Box<dyn tokio::io::AsyncWrite + Send + Sync> {
        Box::new(MemoryOutputPipe::new(0))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn output_is_retained_from_its_end() {
        let output = Output::default();
        let mut stream = output.clone();
        stream.write(Bytes::from(vec![b'a'; 10_000])).unwrap();
        stream.write(Bytes::from_static(b"the error")).unwrap();
        let end = output.end();
        assert_eq!(end.len(), OUTPUT_BYTES);
        assert!(end.ends_with(b"aaathe error"));
    }

    #[test]
    fn random_numbers_never_change() {
        let bytes = random_bytes();
        assert_eq!(
            checkpost_model::digest::sha256_hex(&bytes),
            "6367f7c2508f0d01a12bfea5128fc57ff65919e510604c66b8a53166e8bf24cd"
        );
    }
}
