//! WASI for guests whose language runtimes import it, linked to nothing.
//!
//! No file, no socket, no name, no variable, no argument, an empty standard input. The clocks stand at the cycle's time,
//! sleeping is over at once, and random numbers are the same in every evaluation: what a check says stays a function of
//! its input. What it writes to its standard output and error is kept, bounded, for the log.

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

use super::limits::StoreState;

/// Whether checks may import WASI.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WasiPolicy {
    /// It is there and leads nowhere.
    #[default]
    Stub,
    /// A check that imports it is refused.
    Deny,
}

/// The interfaces that a check may import when the policy is [`WasiPolicy::Stub`]. There is no `wasi:http/` among them.
pub(super) const INTERFACES: [&str; 6] =
    ["wasi:cli/", "wasi:clocks/", "wasi:filesystem/", "wasi:io/", "wasi:random/", "wasi:sockets/"];

/// The version of WASI in wasmtime; the linker takes every 0.2 for it.
const MONOTONIC_CLOCK: &str = "wasi:clocks/monotonic-clock@0.2.12";

/// What is kept of standard output and error, from the end: that is where an error is named.
const OUTPUT_BYTES: usize = 4 << 10;

/// Streams, pollables and other things of the host that a guest may hold at once.
const MAX_HANDLES: usize = 1_000;

/// Random bytes in one call.
const MAX_RANDOM_BYTES: u64 = 64 << 10;

/// Adds WASI to a linker.
pub(super) fn link(engine: &Engine) -> Result<Linker<StoreState>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_sync(&mut linker)?;
    // wasmtime's own would sleep for as long as it is told to.
    linker.allow_shadowing(true);
    let mut clock = linker.instance(MONOTONIC_CLOCK)?;
    clock.func_wrap("subscribe-instant", |store, (_when,): (u64,)| past(store))?;
    clock.func_wrap("subscribe-duration", |store, (_duration,): (u64,)| past(store))?;
    Ok(linker)
}

/// Every moment that a guest can wait for has come.
struct Past;

#[async_trait]
impl Pollable for Past {
    async fn ready(&mut self) {}
}

fn past(mut store: StoreContextMut<'_, StoreState>) -> Result<(Resource<DynPollable>,)> {
    let WasiCtxView { table, .. } = store.data_mut().ctx();
    let past = table.push(Past)?;
    Ok((subscribe(table, past)?,))
}

/// The WASI of one store, made when a guest first asks for it: most never do.
pub(super) struct Wasi {
    time: Duration,
    made: Option<Box<Made>>,
}

struct Made {
    context: WasiCtx,
    table: ResourceTable,
    output: Output,
}

impl Wasi {
    /// One whose clocks stand at `time_ms`, milliseconds since the epoch.
    pub(super) fn at(time_ms: u64) -> Self {
        Self { time: Duration::from_millis(time_ms), made: None }
    }

    /// The end of what the guest wrote to its standard output and error.
    pub(super) fn output(&self) -> Vec<u8> {
        self.made.as_ref().map(|made| made.output.end()).unwrap_or_default()
    }
}

impl WasiView for StoreState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let time = self.wasi.time;
        let made = self.wasi.made.get_or_insert_with(|| Box::new(Made::at(time)));
        WasiCtxView { ctx: &mut made.context, table: &mut made.table }
    }
}

impl Made {
    fn at(time: Duration) -> Self {
        let output = Output::default();
        let context = WasiCtxBuilder::new()
            .stdout(output.clone())
            .stderr(output.clone())
            .allow_tcp(false)
            .allow_udp(false)
            .allow_ip_name_lookup(false)
            .wall_clock(Standing(time))
            .monotonic_clock(Standing(time))
            .secure_random(Deterministic::new(random_bytes()))
            .insecure_random(Deterministic::new(random_bytes()))
            .insecure_random_seed(0)
            .max_random_size(MAX_RANDOM_BYTES)
            .build();
        let mut table = ResourceTable::new();
        table.set_max_capacity(MAX_HANDLES);
        Self { context, table, output }
    }
}

/// Bytes without a pattern that are the same for ever: BLAKE3's stream, which is what its specification says.
fn random_bytes() -> Vec<u8> {
    let mut bytes = vec![0; 4 << 10];
    blake3::Hasher::new_derive_key("checkpost 2026-11-23 random numbers of a guest").finalize_xof().fill(&mut bytes);
    bytes
}

/// A clock that stands.
struct Standing(Duration);

impl HostWallClock for Standing {
    fn resolution(&self) -> Duration {
        Duration::from_millis(1)
    }

    fn now(&self) -> Duration {
        self.0
    }
}

impl HostMonotonicClock for Standing {
    fn resolution(&self) -> u64 {
        1_000_000
    }

    fn now(&self) -> u64 {
        u64::try_from(self.0.as_nanos()).unwrap_or(u64::MAX)
    }
}

/// Takes all that is written and keeps its end.
#[derive(Clone, Default)]
struct Output(Arc<Mutex<VecDeque<u8>>>);

impl Output {
    fn end(&self) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect()
    }
}

impl OutputStream for Output {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend(&bytes[bytes.len().saturating_sub(OUTPUT_BYTES)..]);
        let excess = kept.len().saturating_sub(OUTPUT_BYTES);
        kept.drain(..excess);
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

    /// Of WASI 0.3, which is not linked.
    fn async_stream(&self) -> Box<dyn tokio::io::AsyncWrite + Send + Sync> {
        Box::new(MemoryOutputPipe::new(0))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn of_what_is_written_the_end_is_kept() {
        let output = Output::default();
        let mut stream = output.clone();
        stream.write(Bytes::from(vec![b'a'; 10_000])).unwrap();
        stream.write(Bytes::from_static(b"the error")).unwrap();
        let end = output.end();
        assert_eq!(end.len(), OUTPUT_BYTES);
        assert!(end.ends_with(b"aaathe error"));
    }

    #[test]
    fn random_numbers_are_the_same_for_ever() {
        let bytes = random_bytes();
        assert_eq!(
            crate::digest::sha256_hex(&bytes),
            "6367f7c2508f0d01a12bfea5128fc57ff65919e510604c66b8a53166e8bf24cd"
        );
    }
}
